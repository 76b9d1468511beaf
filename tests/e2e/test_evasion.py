"""However a request is framed, addressed or broken off: a forbidden prompt does not leave, and what happened has one record.

What becomes of it at a server that speaks HTTP/1.1 only is in `test_wire.py`.
"""

import contextlib
import gzip
import json
import socket
import urllib.request

import pytest
from harness.gateway import Gateway, StartGateway, free_port
from harness.policies import DETECTOR_FILES, GUARDED, SECRET
from harness.upstream import Since
from harness.waiting import until
from harness.wire import HOST, SECONDS, Http2, answer_to, dial, encrypted, tunnel

SAID = json.dumps({"model": "gpt-5", "messages": [{"role": "user", "content": f"what is {SECRET}?"}]}).encode()
HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com\r\nContent-Type: application/json\r\n"
LENGTH = b"Content-Length: %d\r\n" % len(SAID)
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n" + b"".join(b"1\r\n%c\r\n" % byte for byte in SAID) + b"0\r\n\r\n"


@pytest.fixture(scope="module")
def metrics() -> str:
    return f"127.0.0.1:{free_port()}"


@pytest.fixture(scope="module")
def gateway(start_gateway: StartGateway, metrics: str) -> Gateway:
    return start_gateway(GUARDED, files=DETECTOR_FILES, metrics={"listen": metrics})


@pytest.mark.parametrize(
    "request_bytes",
    [
        pytest.param(HEAD + LENGTH + b"\r\n" + SAID, id="a length"),
        pytest.param(HEAD + CHUNKED, id="chunks of one byte"),
        pytest.param(HEAD.replace(b"HTTP/1.1", b"HTTP/1.0") + LENGTH + b"\r\n" + SAID, id="HTTP/1.0"),
        pytest.param(HEAD.replace(b"POST", b"post") + LENGTH + b"\r\n" + SAID, id="a method in lower case"),
        pytest.param(HEAD.replace(b"POST", b"QUERY") + LENGTH + b"\r\n" + SAID, id="a method few know"),
        pytest.param(HEAD + b"X-HTTP-Method-Override: GET\r\n" + LENGTH + b"\r\n" + SAID, id="a method that is overridden"),
        pytest.param(HEAD.replace(b": api.openai.com", b": API.OpenAI.com.:443") + LENGTH + b"\r\n" + SAID, id="host spelling"),
        pytest.param(HEAD.replace(b"/v1/chat", b"/v1/models/%2e%2e/chat") + LENGTH + b"\r\n" + SAID, id="dots in the path"),
        pytest.param(HEAD + b"Connection: Upgrade\r\nUpgrade: h2c\r\n" + LENGTH + b"\r\n" + SAID, id="upgrade to h2c"),
        pytest.param(HEAD + b"Connection: Upgrade\r\nUpgrade: websocket\r\n" + LENGTH + b"\r\n" + SAID, id="upgrade on POST"),
        pytest.param(HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(gzip.compress(SAID, mtime=0))
                     + gzip.compress(SAID, mtime=0), id="gzip"),
        pytest.param(HEAD + b"Content-Encoding: aes128gcm\r\n" + LENGTH + b"\r\n" + SAID, id="a coding nobody knows"),
        pytest.param(HEAD.replace(b"application/json", b"image/png") + LENGTH + b"\r\n" + SAID, id="a false media type"),
    ],
)  # fmt: skip
def test_no_framing_of_a_request_takes_a_forbidden_prompt_out(request_bytes: bytes, gateway: Gateway, reached: Since) -> None:
    assert answer_to(encrypted(gateway), request_bytes).startswith(b"HTTP/1.1 400")
    assert reached.arrivals() == []


@pytest.mark.parametrize(
    "framing",
    [
        pytest.param(b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", id="both"),
        pytest.param(b"Content-Length: 5\r\nContent-Length: 6\r\n", id="two lengths"),
        pytest.param(b"Content-Length: +5\r\n", id="a signed length"),
        pytest.param(b"Content-Length: 5, 5\r\n", id="a list of lengths"),
        pytest.param(b"Transfer-Encoding: chunked, identity\r\n", id="chunked, but not last"),
        pytest.param(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", id="chunked twice"),
        pytest.param(b"Transfer-Encoding : chunked\r\n", id="a blank before the colon"),
    ],
)
def test_a_request_that_two_readers_frame_differently_reaches_nobody(framing: bytes, gateway: Gateway, reached: Since) -> None:
    assert b" 400 " in answer_to(encrypted(gateway), HEAD + framing + b"\r\n" + SAID).partition(b"\r\n")[0]
    assert reached.arrivals() == []


def test_a_prompt_behind_a_harmless_request_is_judged_by_itself(gateway: Gateway, reached: Since) -> None:
    with encrypted(gateway) as client:
        client.sendall(b"GET /v1/models HTTP/1.1\r\nHost: api.openai.com\r\n\r\n" + HEAD + LENGTH + b"\r\n" + SAID)
        answered = b""
        while b"HTTP/1.1 400" not in answered:
            more = client.recv(65536)
            assert more, answered
            answered += more
    assert [(arrival.method, arrival.path, arrival.body) for arrival in reached.arrivals()] == [("GET", "/v1/models", b"")]


def test_a_prompt_without_encryption_inside_a_tunnel_is_judged_as_well(gateway: Gateway, reached: Since) -> None:
    watch = gateway.watch()
    assert answer_to(tunnel(gateway, port=80), HEAD + LENGTH + b"\r\n" + SAID).startswith(b"HTTP/1.1 400")
    assert watch.record(kind="request")["rule"] == "no-codenames"
    assert reached.arrivals() == []


def test_a_tunnel_inside_a_tunnel_is_refused(gateway: Gateway, reached: Since) -> None:
    answer = answer_to(encrypted(gateway), b"CONNECT www.example.org:443 HTTP/1.1\r\nHost: api.openai.com\r\n\r\n")
    assert b" 400 " in answer.partition(b"\r\n")[0]
    assert reached.arrivals() == []


@pytest.mark.parametrize("said", [b"SSH-2.0-OpenSSH_9.9\r\n", b"\x00\x01\x02\x03\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"])
def test_another_protocol_to_an_app_reaches_nobody(said: bytes, gateway: Gateway, reached: Since) -> None:
    with tunnel(gateway) as client:
        client.sendall(said)
        client.shutdown(socket.SHUT_WR)
        while client.recv(65536):
            pass
    assert reached.arrivals() == []


def http2(gateway: Gateway, method: str, *more: tuple[str, str], body: bytes = SAID) -> str:
    """The status of an HTTP/2 request without a length; empty when the gateway ends the connection."""
    with Http2(gateway) as client, contextlib.suppress(ConnectionError):
        client.head(1, method, "/v1/chat/completions", *more)
        client.body(1, body)
        return client.status()
    return ""


@pytest.mark.parametrize("method", ["POST", "post", "PUT", "QUERY"])
def test_a_prompt_over_http2_needs_no_length_to_be_judged(method: str, gateway: Gateway, reached: Since) -> None:
    assert http2(gateway, method, ("content-type", "application/json")) == "400"
    assert reached.arrivals() == []


@pytest.mark.parametrize(
    "field",
    [
        ("host", "www.perplexity.ai"),
        ("transfer-encoding", "chunked"),
        ("x-a", "b\r\n\r\nPOST / HTTP/1.1"),
        ("content-length", "1"),
    ],
    ids=["another host", "chunked", "line breaks", "a false length"],
)
def test_http2_fields_that_would_mean_something_else_in_http1_reach_nobody(
    field: tuple[str, str], gateway: Gateway, reached: Since
) -> None:
    assert http2(gateway, "POST", field, body=b"{}") == ""
    assert reached.arrivals() == []


@pytest.mark.parametrize(
    "path", [b"/v1/\xff\xfe", b"/v1/\x1b[31mred\x07", b"/v1/" + b"a" * 20_000], ids=["bytes", "escapes", "long"]
)
def test_a_hostile_address_still_has_its_record(path: bytes, gateway: Gateway) -> None:
    watch = gateway.watch()
    answer_to(encrypted(gateway), b"GET " + path + b" HTTP/1.1\r\nHost: api.openai.com\r\n\r\n")
    assert watch.record(kind="request")["host"] == HOST


def test_whoever_leaves_whenever_no_exchange_is_left_without_a_record(gateway: Gateway, metrics: str) -> None:
    for _ in range(4):
        dial(gateway).close()
        tunnel(gateway).close()
        encrypted(gateway).close()
        for sent in (HEAD, HEAD + LENGTH + b"\r\n", HEAD + LENGTH + b"\r\n" + SAID[:9], HEAD + LENGTH + b"\r\n" + SAID):
            with encrypted(gateway) as client:
                client.sendall(sent)

    def figures() -> dict[str, float]:
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(f"http://{metrics}/metrics", timeout=SECONDS) as answer:
            lines = [line.rpartition(" ") for line in answer.read().decode().splitlines() if not line.startswith("#")]
        return {name.partition("{")[0]: float(value) for name, _, value in lines if name.startswith("lockgate_exchanges_")}

    def settled() -> bool:
        told = figures()
        return told["lockgate_exchanges_in_flight"] == 0 and told["lockgate_exchanges_opened_total"] > 0

    until(settled, what="every exchange has ended", every=0.2)
    told = figures()
    assert told["lockgate_exchanges_without_record"] == 0
    assert told["lockgate_exchanges_opened_total"] == told["lockgate_exchanges_recorded_total"]


@pytest.mark.parametrize("method", ["GET", "DELETE", "OPTIONS"])
def test_a_body_over_http2_is_judged_whatever_the_method(method: str, gateway: Gateway, reached: Since) -> None:
    assert http2(gateway, method) == "400"
    assert reached.arrivals() == []


@pytest.mark.parametrize("method", [b"GET", b"DELETE"])
def test_a_body_is_judged_whatever_the_method(method: bytes, gateway: Gateway, reached: Since) -> None:
    request = HEAD.replace(b"POST", method) + LENGTH + b"\r\n" + SAID
    assert answer_to(encrypted(gateway), request).startswith(b"HTTP/1.1 400")
    assert reached.arrivals() == []


@pytest.mark.parametrize("name", ["www.example.org", "bank.example", "claude.ai"])
def test_another_name_in_the_hello_takes_no_app_out_of_sight(name: str, gateway: Gateway, reached: Since) -> None:
    context = gateway.device.tls
    client = context.wrap_socket(tunnel(gateway), server_hostname=name)
    assert answer_to(client, HEAD + LENGTH + b"\r\n" + SAID).startswith(b"HTTP/1.1 400")
    assert reached.arrivals() == []


def test_an_absolute_target_cannot_name_another_host(gateway: Gateway, reached: Since) -> None:
    request = b"GET http://www.perplexity.ai/x HTTP/1.1\r\nHost: api.openai.com\r\n\r\n"
    assert answer_to(encrypted(gateway), request).startswith(b"HTTP/1.1 400")
    assert reached.arrivals() == []


def test_a_head_that_never_ends_is_not_kept(gateway: Gateway) -> None:
    with dial(gateway) as client, pytest.raises(OSError):
        client.sendall(b"GET http://plain.example.com/ HTTP/1.1\r\nX: ")
        for _ in range(1024):
            client.sendall(b"x" * 65536)


def test_a_hello_that_never_ends_is_not_kept(gateway: Gateway) -> None:
    with tunnel(gateway) as client, pytest.raises(OSError):
        client.sendall(b"\x16\x03\x01\x04\x00\x01\xff\xff\xff" + bytes(1020))
        for _ in range(8192):
            client.sendall(b"\x16\x03\x01\x04\x00" + bytes(1024))


def test_a_refused_body_is_not_kept_for_ever(gateway: Gateway) -> None:
    with encrypted(gateway) as client, pytest.raises(OSError):
        client.sendall(HEAD.replace(b"/v1/chat", b"/v1/chat") + b"Content-Length: 300000000\r\n\r\n")
        for _ in range(3200):
            client.sendall(b"x" * 65536)
