"""Devices: what a trusted hop in front says is believed, what anybody else says is not, and none of it reaches an app."""

import base64
import socket
from collections.abc import Iterator

import httpx
import pytest
from harness.clients import CHAT_URL, http_client, new_body
from harness.gateway import Gateway, StartGateway
from harness.hop import ADDRESS, Hop
from harness.upstream import Since
from harness.wire import Http2

from lockgate.testing.device_certificates import FOR_SERVERS, authority, device_certificate

HEADER = "x-lockgate-device"
ENROLLED = 'id="laptop-17", enrolled, posture=("disk_encrypted" "os_supported")'
OURS = f"{HEADER}: {ENROLLED}"
DEVICES = authority()
CERTIFICATE = f"Client-Cert: :{base64.b64encode(device_certificate(DEVICES)).decode()}:"
POLICY = """
version: 1
default: allow
rules:
  - id: managed-devices-only
    message: Use a managed device.
    when:
      app.id: openai-api
      not: {device.enrolled: true, device.posture: {all: [disk_encrypted]}}
    then: block
  - id: seen-from-the-laboratory
    when: {source.network: laboratory, source.country: CH}
    then: {tag: laboratory}
"""
PLAIN = "http://plain.example.com/"


@pytest.fixture(scope="module")
def gateway(start_gateway: StartGateway) -> Gateway:
    networks = f"networks:\n  - {{name: laboratory, network: {ADDRESS}/32, country: CH}}\n"
    files = {"users.yaml": networks, "certs/devices.pem": DEVICES.pem.decode()}
    return start_gateway(POLICY, files=files, clients={"trusted_hops": [f"{ADDRESS}/32"]})


@pytest.fixture
def hop(gateway: Gateway) -> Iterator[Hop]:
    running = Hop(gateway, OURS)
    yield running
    running.close()


def chat(proxy: Hop | Gateway, **headers: str) -> httpx.Response:
    with http_client(proxy.device) as client:
        return client.post(CHAT_URL, json=new_body(), headers=headers)


def test_the_word_of_a_trusted_hop_counts_and_stays_here(gateway: Gateway, hop: Hop, reached: Since) -> None:
    watch = gateway.watch()
    assert chat(hop).status_code == 200
    record = watch.record(kind="request")
    assert (record["device"], record["device_enrolled"], record["device_trust"]) == ("laptop-17", True, "header")
    assert record["device_posture"] == ["disk_encrypted", "os_supported"]
    assert (record["client_address"], record["networks"], record["country"]) == (ADDRESS, ["laboratory"], "CH")
    assert record["tags"] == ["laboratory"]
    (arrival,) = reached.arrivals()
    assert not any("laptop-17" in value for value in arrival.headers.values())


@pytest.mark.parametrize(
    "says", ['id="laptop-17", posture=("disk_encrypted")', 'id="laptop-17", enrolled', "enrolled, posture=()"]
)
def test_what_a_trusted_hop_does_not_say_is_not_assumed(says: str, hop: Hop, reached: Since) -> None:
    hop.says = (f"{HEADER}: {says}",)
    assert "Use a managed device." in chat(hop).text
    assert reached.arrivals() == []


@pytest.mark.parametrize(
    "says", [(OURS, OURS), (f"{HEADER}: laptop-17",), (f"{OURS}, id=again",), (OURS, f"{HEADER}: ")], ids=range(4)
)
def test_a_header_that_can_be_read_in_two_ways_says_nothing(
    says: tuple[str, ...], gateway: Gateway, hop: Hop, reached: Since
) -> None:
    hop.says = says
    watch = gateway.watch()
    assert "Use a managed device." in chat(hop).text
    assert watch.record(kind="request")["device_problem"] == "malformed_header"
    assert reached.arrivals() == []


def test_anybody_elses_word_counts_for_nothing(gateway: Gateway, reached: Since) -> None:
    watch = gateway.watch()
    proxy = httpx.Proxy(gateway.device.proxy, headers={HEADER: ENROLLED, "Client-Cert": CERTIFICATE.partition(": ")[2]})
    with httpx.Client(proxy=proxy, verify=gateway.device.tls, trust_env=False) as client:
        assert "Use a managed device." in client.post(CHAT_URL, json=new_body()).text
    record = watch.record(kind="request")
    assert (record["device"], record["device_enrolled"], record["device_problem"]) == ("", False, "not_a_trusted_hop")
    assert reached.arrivals() == []


def test_a_header_inside_the_tunnel_counts_for_nothing_and_goes_nowhere(gateway: Gateway, hop: Hop, reached: Since) -> None:
    inside = {"X-Lockgate-Device": ENROLLED, "Client-Cert": CERTIFICATE.partition(": ")[2], "client-cert-chain": ":AA==:"}
    hop.says = ()
    for proxy in (gateway, hop):
        assert "Use a managed device." in chat(proxy, **inside).text
    assert reached.arrivals() == []
    hop.says = (f"{HEADER}: id=phone-3",)
    watch = gateway.watch()
    with http_client(hop.device) as client:
        assert client.get("https://api.anthropic.com/v1/models", headers=inside).status_code == 200
    assert watch.record(kind="request")["device"] == "phone-3"
    (arrival,) = reached.arrivals()
    assert not {HEADER, "client-cert", "client-cert-chain"} & set(arrival.headers)


def test_nor_does_one_in_http2(gateway: Gateway, reached: Since) -> None:
    with Http2(gateway) as client:
        client.head(1, "POST", "/v1/chat/completions", ("content-type", "application/json"), (HEADER, ENROLLED))
        client.body(1, b'{"model": "gpt-5", "messages": []}')
        assert client.status() == "400"
    with Http2(gateway, "api.anthropic.com") as client:
        client.head(1, "GET", "/v1/models", (HEADER, ENROLLED), end=True)
        assert client.status() == "200"
    (arrival,) = reached.arrivals()
    assert HEADER not in arrival.headers


def test_a_connection_that_was_once_told_of_a_device_is_not_told_for_the_next_request(gateway: Gateway, hop: Hop) -> None:
    """The hop writes into the first head only; a proxy that shares connections would tell of another device next."""
    watch = gateway.watch()
    with http_client(hop.device) as client:
        assert [client.get(PLAIN).status_code for _ in range(2)] == [200, 200]
    records = watch.several(2, host="plain.example.com")
    assert sorted(record["device"] for record in records) == ["", "laptop-17"]


def test_on_plain_http_it_counts_from_a_trusted_hop_alone_and_stays_here(gateway: Gateway, hop: Hop, reached: Since) -> None:
    watch = gateway.watch()
    with http_client(hop.device) as client:
        assert client.get(PLAIN).status_code == 200
    assert watch.record(host="plain.example.com")["device"] == "laptop-17"
    watch = gateway.watch()
    with http_client(gateway.device, headers={HEADER: ENROLLED}) as client:
        assert client.get(PLAIN).status_code == 200
    assert watch.record(host="plain.example.com")["device_problem"] == "not_a_trusted_hop"
    assert [HEADER in arrival.headers for arrival in reached.arrivals()] == [False, False]


def test_plain_text_inside_a_tunnel_is_inside_it(gateway: Gateway, reached: Since) -> None:
    """From a trusted address: the tunnel is told of no device, and what is asked in it cannot tell of one."""
    with socket.create_connection(("127.0.0.1", gateway.port), 10, source_address=(ADDRESS, 0)) as client:
        client.sendall(b"CONNECT api.openai.com:80 HTTP/1.1\r\nHost: api.openai.com:80\r\n\r\n")
        assert client.recv(4096).startswith(b"HTTP/1.1 200")
        client.sendall(f"GET /v1/models HTTP/1.1\r\nHost: api.openai.com\r\n{OURS}\r\n\r\n".encode())
        told = b""
        while b"Use a managed device." not in told and (more := client.recv(65536)):
            told += more
    assert b"Use a managed device." in told
    assert reached.arrivals() == []


def test_a_certificate_that_a_trusted_hop_passes_on_is_verified(gateway: Gateway, hop: Hop) -> None:
    hop.says = (CERTIFICATE, f"{HEADER}: posture=(disk_encrypted)")
    watch = gateway.watch()
    assert chat(hop).status_code == 200
    record = watch.record(kind="request")
    assert (record["device"], record["device_enrolled"], record["device_trust"]) == ("laptop-17", True, "certificate")


@pytest.mark.parametrize("kind", ["for servers", "of strangers"])
def test_one_that_proves_nothing_takes_the_header_with_it(kind: str, gateway: Gateway, hop: Hop, reached: Since) -> None:
    issuer, purposes = (DEVICES, {"purposes": FOR_SERVERS}) if kind == "for servers" else (authority(), {})
    wrong = base64.b64encode(device_certificate(issuer, **purposes)).decode()
    hop.says = (OURS, f"Client-Cert: :{wrong}:")
    watch = gateway.watch()
    assert "Use a managed device." in chat(hop).text
    assert watch.record(kind="request")["device_problem"] == "untrusted_certificate"
    assert reached.arrivals() == []
