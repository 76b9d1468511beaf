"""Trust on both sides, and the places the gateway goes to for nobody."""

import os
import socket
import ssl

import pytest
from cryptography import x509
from harness import names
from harness.clients import http_client
from harness.gateway import Gateway, StartGateway
from harness.policies import ALLOW_ALL
from harness.upstream import Since, Upstream
from test_passthrough import tunnel
from upstream.certificates import WRONG

AI_HOST_OF = dict(zip(WRONG, ("api.openai.com", "api.anthropic.com", "chatgpt.com", "claude.ai", "ollama.com"), strict=True))


@pytest.fixture(scope="module")
def gateway(start_gateway: StartGateway, upstream: Upstream) -> Gateway:
    """One AI host per wrong certificate; nothing else is sent anywhere, so that ordinary names and addresses are judged."""
    connect_to = {AI_HOST_OF[kind]: address for kind, address in upstream.wrong.items()}
    connect_to["generativelanguage.googleapis.com"] = upstream.tls
    return start_gateway(ALLOW_ALL, upstream={"trust": [str(upstream.root)], "connect_to": connect_to})


def leaf_of(gateway: Gateway, host: str) -> x509.Certificate:
    """What the gateway shows a client that asked for `host`."""
    with (
        tunnel(gateway.device, f"{host}:443") as connection,
        gateway.device.tls.wrap_socket(connection, server_hostname=host) as secure,
    ):
        return x509.load_der_x509_certificate(secure.getpeercert(binary_form=True) or b"")


@pytest.mark.parametrize("kind", WRONG)
def test_an_upstream_that_cannot_prove_its_name_gets_nothing(kind: str, gateway: Gateway, reached: Since) -> None:
    watch = gateway.watch()
    host = AI_HOST_OF[kind]
    with http_client(gateway.device) as client:
        answer = client.post(f"https://{host}/echo", content=b"private")
    assert answer.status_code == 502
    assert reached.body_bytes() == 0
    record = watch.record(kind="request")
    assert (record["host"], record["reason"], record["status"]) == (host, "upstream_untrusted", 502)
    assert record["error"]


def test_an_upstream_that_proves_its_name_is_used(gateway: Gateway) -> None:
    with http_client(gateway.device) as client:
        assert client.post("https://generativelanguage.googleapis.com/echo", content=b"hello").content == b"hello"


def test_the_leaf_is_what_browsers_accept(gateway: Gateway) -> None:
    leaf = leaf_of(gateway, "generativelanguage.googleapis.com")
    validity = leaf.not_valid_after_utc - leaf.not_valid_before_utc
    assert validity.days < names.CERTIFICATES_BROWSERS_ACCEPT_DAYS
    alternative = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert alternative.get_values_for_type(x509.DNSName) == ["generativelanguage.googleapis.com"]
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca if _has_constraints(leaf) else True
    assert leaf.signature_hash_algorithm is not None
    assert leaf.signature_hash_algorithm.name in {"sha256", "sha384", "sha512"}


def _has_constraints(leaf: x509.Certificate) -> bool:
    return any(extension.oid == x509.BasicConstraints.oid for extension in leaf.extensions)


def test_a_client_that_does_not_trust_the_gateway_leaves_a_record_that_says_so(gateway: Gateway) -> None:
    watch = gateway.watch()
    distrusting = ssl.create_default_context()
    with (
        tunnel(gateway.device, "generativelanguage.googleapis.com:443") as connection,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        distrusting.wrap_socket(connection, server_hostname="generativelanguage.googleapis.com")
    record = watch.record(kind="tunnel")
    assert (record["reason"], record["host"]) == ("client_distrusts_ca", "generativelanguage.googleapis.com")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_old_tls_is_not_spoken(version: ssl.TLSVersion, gateway: Gateway) -> None:
    context = gateway.device.tls
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.maximum_version = version
    context.set_ciphers("ALL:@SECLEVEL=0")
    with tunnel(gateway.device, "generativelanguage.googleapis.com:443") as connection, pytest.raises(ssl.SSLError):
        context.wrap_socket(connection, server_hostname="generativelanguage.googleapis.com")


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "10.0.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "0.0.0.0",
        "[::ffff:127.0.0.1]",
        "2130706433",
    ],
)
@pytest.mark.parametrize("method", ["CONNECT", "GET"])
def test_private_destinations_are_refused(method: str, host: str, gateway: Gateway, upstream: Upstream, reached: Since) -> None:
    """Even where somebody listens: the upstream's own ports are used, so that a hole would be seen."""
    port = (upstream.tls if method == "CONNECT" else upstream.plain).rpartition(":")[2]
    watch = gateway.watch()
    assert ask_proxy(gateway, method, f"{host}:{port}") in (400, 403)
    assert reached.arrivals() == []
    record = watch.record()
    assert (record["verdict"], record["reason"]) == ("block", "private_destination")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0.0.0.0"])
def test_the_gateways_own_ports_are_refused(host: str, gateway: Gateway) -> None:
    watch = gateway.watch()
    assert ask_proxy(gateway, "CONNECT", f"{host}:{gateway.port}") == 403
    record = watch.record()
    assert (record["verdict"], record["reason"]) == ("block", "gateway_own_address")


def ask_proxy(gateway: Gateway, method: str, authority: str) -> int:
    """The status of one raw proxy request; libraries write some of these addresses in ways of their own."""
    target = authority if method == "CONNECT" else f"http://{authority}/"
    host, _, port = gateway.device.address.partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(f"{method} {target} HTTP/1.1\r\nHost: {authority}\r\n\r\n".encode())
        return int(connection.recv(65536).split()[1])


def test_a_host_header_that_names_another_host_is_refused(gateway: Gateway, reached: Since) -> None:
    """The name that was judged must be the name the upstream serves."""
    watch = gateway.watch()
    with http_client(gateway.device) as client:
        answer = client.get("https://generativelanguage.googleapis.com/", headers={"host": "chatgpt.com"})
    assert answer.status_code >= 400
    assert reached.arrivals() == []
    assert watch.record(kind="request")["reason"] == "malformed_request"


def test_the_key_of_the_authority_is_for_its_owner_only(gateway: Gateway) -> None:
    for key in (gateway.home / "certs").glob("*.key*"):
        assert key.stat().st_mode & 0o777 == 0o600
        assert key.stat().st_uid == os.getuid()
    assert b"PRIVATE" not in names.ca_file(gateway.home).read_bytes()


def test_something_that_is_no_http_gets_no_connection(gateway: Gateway, reached: Since) -> None:
    host, _, port = gateway.device.address.partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(b"\x16\x03\x01 nonsense\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        answer = connection.recv(65536)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400")
    assert reached.arrivals() == []
