"""What is not decrypted: it passes with the destination's own certificate, and is still recorded with host and bytes."""

import socket
import ssl

import pytest
from cryptography import x509
from harness.clients import http_client
from harness.device import Device
from harness.gateway import Gateway, StartGateway
from harness.policies import DETECTOR_FILES, GUARDED
from harness.upstream import Since, Upstream


@pytest.fixture(scope="module")
def gateway(share_gateway: StartGateway) -> Gateway:
    return share_gateway(GUARDED, DETECTOR_FILES)


def tunnel(device: Device, authority: str) -> socket.socket:
    """A raw tunnel; fails unless the proxy opens it."""
    host, _, port = device.address.partition(":")
    connection = socket.create_connection((host, int(port)), timeout=20)
    connection.sendall(f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n".encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        piece = connection.recv(1)
        assert piece, head
        head += piece
    assert b" 200 " in head.splitlines()[0], head
    return connection


def issuer(device: Device, host: str, name: str | None = None) -> str:
    """Who vouches for `host` at the other end of a tunnel."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with tunnel(device, f"{host}:443") as connection, context.wrap_socket(connection, server_hostname=name or host) as secure:
        return x509.load_der_x509_certificate(secure.getpeercert(binary_form=True) or b"").issuer.rfc4514_string()


@pytest.mark.parametrize("host", ["www.example.org", "login.bank.example"])
def test_the_destination_shows_its_own_certificate(host: str, gateway: Gateway) -> None:
    assert "Test root" in issuer(gateway.device, host)


def test_an_app_of_the_library_shows_the_gateways(gateway: Gateway) -> None:
    assert "Test root" not in issuer(gateway.device, "api.openai.com")


PASSED = {"www.example.org": ("not_in_library", ""), "login.bank.example": ("do_not_inspect", "banking")}
"""Hosts that pass, with the reason and the rule of their records."""


@pytest.mark.parametrize("host", PASSED)
def test_what_passed_is_recorded_with_host_and_bytes(host: str, gateway: Gateway, upstream: Upstream, reached: Since) -> None:
    watch = gateway.watch()
    through = Device(address=gateway.device.address, ca=upstream.root)
    with http_client(through) as client:
        assert client.post(f"https://{host}/echo", content=b"x" * 5000).content == b"x" * 5000
    record = watch.record(kind="tunnel")
    assert (record["host"], record["port"], record["verdict"]) == (host, 443, "tunnel")
    assert (record["reason"], record["rule"]) == PASSED[host]
    assert record["request_bytes"] > 5000
    assert record["response_bytes"] > 5000
    assert record["path"] == ""
    (arrival,) = reached.arrivals()
    assert arrival.host == host


def test_a_long_exchange_passes_whole_in_both_directions(gateway: Gateway, upstream: Upstream) -> None:
    """Many pieces each way over one tunnel, again and again, and a close that both sides notice."""
    watch = gateway.watch()
    content = bytes(range(256)) * 8192
    through = Device(address=gateway.device.address, ca=upstream.root)
    with http_client(through) as client:
        for _ in range(3):
            assert client.post("https://www.example.org/echo", content=content).content == content
    record = watch.record(kind="tunnel")
    assert record["request_bytes"] > 3 * len(content)
    assert record["response_bytes"] > 3 * len(content)
    assert record["error"] == ""


def test_a_tunnel_whose_server_closes_is_closed_to_the_client(gateway: Gateway, upstream: Upstream) -> None:
    watch = gateway.watch()
    context = ssl.create_default_context(cafile=str(upstream.root))
    with (
        tunnel(gateway.device, "www.example.org:443") as raw,
        context.wrap_socket(raw, server_hostname="www.example.org") as client,
    ):
        client.sendall(b"GET / HTTP/1.1\r\nHost: www.example.org\r\nConnection: close\r\n\r\n")
        said = b""
        while more := client.recv(65536):
            said += more
    assert said.startswith(b"HTTP/1.1 200")
    assert watch.record(kind="tunnel")["response_bytes"] > len(said)


def test_the_name_in_the_tls_hello_counts_not_the_one_in_the_connect(gateway: Gateway) -> None:
    """A CONNECT to a harmless name does not smuggle an app past the gate."""
    assert "Test root" not in issuer(gateway.device, "www.example.org", name="api.openai.com")


def test_a_site_over_plain_http_is_an_exchange_like_any_other(gateway: Gateway, reached: Since) -> None:
    watch = gateway.watch()
    with http_client(gateway.device) as client:
        answer = client.get("http://plain.example.com/hello")
    assert "Welcome to plain.example.com" in answer.text
    record = watch.record(host="plain.example.com")
    assert (record["kind"], record["scheme"], record["path"]) == ("request", "http", "/hello")
    (arrival,) = reached.arrivals()
    assert arrival.scheme == "http"
