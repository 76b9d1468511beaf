"""A server that speaks HTTP/1.1 only sees exactly the requests that were judged, and nothing a client or a server sends is kept
without a bound.
"""

import json
import zlib
from collections.abc import Iterator
from pathlib import Path

import h2.events
import h2.exceptions
import pytest
from harness.gateway import Gateway, StartGateway
from harness.policies import ALLOW_ALL, DETECTOR_FILES, GUARDED, SECRET
from harness.upstream import Upstream
from harness.waiting import until
from harness.wire import OK, Http2, RawServer, all_said, answer_to, dial, encrypted

CHAT = "/v1/chat/completions"
JSON = ("content-type", "application/json")
HARMLESS = json.dumps({"model": "gpt-5", "messages": [{"role": "user", "content": "harmless"}]}).encode()
HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com\r\nContent-Type: application/json\r\n"
WHOLE = HEAD + b"Content-Length: %d\r\n\r\n" % len(HARMLESS) + HARMLESS
ENDLESS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"
RESPONSE_RULE = "  - {id: no-empty, when: {response.status: 204}, then: block}\n"
MIB = 1 << 20


@pytest.fixture(scope="module")
def running(upstream: Upstream) -> Iterator[RawServer]:
    server = RawServer(upstream)
    yield server
    server.close()


@pytest.fixture
def server(running: RawServer) -> RawServer:
    running.forget()
    return running


@pytest.fixture(scope="module")
def gateway(start_gateway: StartGateway, upstream: Upstream, running: RawServer) -> Gateway:
    return start_gateway(
        GUARDED + RESPONSE_RULE, files=DETECTOR_FILES, examination={"max_body_mib": 1, "deadline_ms": 10_000},
        upstream={"trust": [str(upstream.root)], "connect_to": {"*": running.address}},
    )  # fmt: skip


def is_framed(received: bytes) -> bool:
    head = received.partition(b"\r\n\r\n")[0].lower()
    return b"\r\ncontent-length: " in head or b"\r\ntransfer-encoding: chunked" in head


def test_an_http2_body_is_no_second_request(gateway: Gateway, server: RawServer) -> None:
    """Telemetry is not held, so its body passes as it comes; without a frame of its own it would be the next request."""
    said = json.dumps({"messages": [{"author": {"role": "user"}, "content": {"parts": [SECRET]}}]}).encode()
    inside = b"POST /backend-api/f/conversation HTTP/1.1\r\nHost: chatgpt.com\r\nContent-Length: %d\r\n\r\n" % len(said) + said
    with Http2(gateway, "chatgpt.com") as client:
        client.head(1, "POST", "/ces/v1/t", JSON)
        client.body(1, inside)
        assert client.status() == "200"
    assert is_framed(server.received)


def test_an_examined_http2_prompt_without_a_length_arrives_whole(gateway: Gateway, server: RawServer) -> None:
    with Http2(gateway) as client:
        client.head(1, "POST", CHAT, JSON)
        client.body(1, HARMLESS)
        assert client.status() == "200"
    assert b"\r\ncontent-length: %d\r\n" % len(HARMLESS) in server.received.lower()
    assert server.received.endswith(b"\r\n\r\n" + HARMLESS)


def test_trailers_of_an_http2_request_are_left_out(gateway: Gateway, server: RawServer) -> None:
    with Http2(gateway) as client:
        client.head(1, "POST", CHAT, JSON)
        client.connection.send_data(1, HARMLESS)
        client.connection.send_headers(1, [("x-after", SECRET)], end_stream=True)
        client.flush()
        assert client.status() == "200"
    assert server.received.endswith(b"\r\n\r\n" + HARMLESS)


def test_trailers_of_an_http1_request_are_left_out(gateway: Gateway, server: RawServer) -> None:
    chunks = b"%x\r\n%s\r\n0\r\nX-After: %s\r\n\r\n" % (len(HARMLESS), HARMLESS, SECRET.encode())
    assert answer_to(encrypted(gateway), HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks).startswith(b"HTTP/1.1 200")
    assert HARMLESS in server.received
    assert SECRET.encode() not in server.received


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "https://www.perplexity.ai/x"),
        ("GET", "/v1/models HTTP/1.1"),
        ("GET /v1/x HTTP/1.1", "/v1/models"),
        ("GET", "v1/models"),
        ("GET", ""),
    ],
    ids=["an absolute path", "a blank in the path", "a blank in the method", "no slash", "nothing"],
)
def test_an_http2_head_that_http1_would_read_otherwise_reaches_nobody(
    method: str, path: str, gateway: Gateway, server: RawServer
) -> None:
    with Http2(gateway) as client:
        client.head(1, method, path, end=True)
        assert client.status() in ("", "400")
    assert server.received == b""


@pytest.mark.parametrize(
    "head",
    [
        b"GET http://api.openai.com/x HTTP/2.0\r\nHost: www.perplexity.ai\r\n",
        b"GET /x HTTP/2.0\r\nHost: api.openai.com\r\n",
        b"GET /x HTTP/1.1\r\nHost: api.openai.com\r\nHost: www.perplexity.ai\r\n",
        b"GET /x HTTP/1.1\r\nHost: api.openai.com\r\nX-A: b\r\n c\r\n",
        b"GET /x HTTP/1.1\r\nHost: api.openai.com\r\nX-A: b\x00c\r\n",
        b"GET /x HTTP/1.1\r\nHost: api.openai.com\r\nX-A: b\rHost: www.perplexity.ai\r\n",
    ],
    ids=["another host under a false version", "a false version", "two hosts", "a folded line", "a NUL", "a bare CR"],
)
def test_an_http1_head_that_can_be_read_in_two_ways_reaches_nobody(head: bytes, gateway: Gateway, server: RawServer) -> None:
    watch = gateway.watch()
    assert b" 400 " in answer_to(encrypted(gateway), head + b"\r\n").partition(b"\r\n")[0]
    assert server.received == b""
    assert watch.record(kind="request")["reason"] == "malformed_request"


def test_a_false_version_names_no_other_host_to_a_plain_proxy_either(gateway: Gateway, server: RawServer) -> None:
    head = b"GET http://plain.example.com/ HTTP/2.0\r\nHost: chatgpt.com\r\n\r\n"
    assert b" 400 " in answer_to(dial(gateway), head).partition(b"\r\n")[0]
    assert server.received == b""


def test_a_refused_head_request_has_no_body(gateway: Gateway) -> None:
    client = encrypted(gateway, host="www.perplexity.ai")
    client.sendall(b"HEAD / HTTP/1.1\r\nHost: www.perplexity.ai\r\n\r\n")
    assert client.recv(65536).endswith(b"\r\n\r\n")
    client.sendall(b"GET / HTTP/1.1\r\nHost: www.perplexity.ai\r\n\r\n")
    assert client.recv(65536).startswith(b"HTTP/1.1 4")
    client.close()


def test_a_refused_empty_response_has_the_body_it_announces(gateway: Gateway, server: RawServer) -> None:
    server.reply = lambda _received: b"HTTP/1.1 204 No Content\r\n\r\n"
    client = encrypted(gateway)
    client.sendall(b"GET /v1/models HTTP/1.1\r\nHost: api.openai.com\r\n\r\n")
    head, _, body = all_said(client).partition(b"\r\n\r\n")
    client.close()
    assert b"no-empty" in body
    assert b"content-length: %d" % len(body) in head.lower()


def test_an_early_hint_is_not_the_answer(gateway: Gateway, server: RawServer) -> None:
    watch = gateway.watch()
    server.reply = lambda _received: (
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + OK
    )
    client = encrypted(gateway)
    client.sendall(b"GET /v1/models HTTP/1.1\r\nHost: api.openai.com\r\n\r\n")
    assert all_said(client).startswith(b"HTTP/1.1 200 OK")
    client.close()
    assert watch.record(kind="request")["status"] == 200


def test_a_prompt_that_left_without_an_answer_counts_as_sent(gateway: Gateway, server: RawServer) -> None:
    watch = gateway.watch()
    server.reply = lambda _received: None
    client = encrypted(gateway)
    client.sendall(WHOLE)
    until(lambda: HARMLESS in server.received, what="the prompt arrives")
    client.close()
    record = watch.record(kind="request")
    assert record["upstream_contacted"]
    assert (record["verdict"], record["error"]) == ("allow", "Client disconnected.")


def test_whoever_stops_an_answer_over_http2_has_left(gateway: Gateway, server: RawServer) -> None:
    watch = gateway.watch()
    server.reply = lambda received: ENDLESS if HARMLESS in received else None
    with Http2(gateway) as client:
        client.head(1, "POST", CHAT, JSON, ("content-length", str(len(HARMLESS))))
        client.body(1, HARMLESS)
        next(event for event in client.events() if isinstance(event, h2.events.DataReceived))
        client.connection.reset_stream(1, 8)
        client.flush()
        record = watch.record(kind="request")
    assert (record["verdict"], record["reason"]) == ("allow", "default")
    assert record["error"].startswith("stream reset by client")


def test_many_requests_at_once_leave_a_turn_to_others(gateway: Gateway) -> None:
    (worker,) = gateway.workers()
    one = b"GET / HTTP/1.1\r\nHost: www.perplexity.ai\r\n\r\n"
    with encrypted(gateway, host="www.perplexity.ai") as flooding:
        flooding.sendall(one * (128 * 1024 // len(one)))
        answer = answer_to(dial(gateway), b"GET http://lockgate.internal/trusted HTTP/1.1\r\nHost: lockgate.internal\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200")
    assert gateway.workers() == [worker]


def test_a_small_body_of_many_pieces_is_not_read_for_long(gateway: Gateway, server: RawServer) -> None:
    watch, (worker,) = gateway.watch(), gateway.workers()
    pieces = b'{"messages":[{"role":"user","content":"x"}],"a":[' + b",".join([b'"[1]"'] * (MIB // 6 - 20)) + b"]}"
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    body = packer.compress(pieces) + packer.flush()
    answer = answer_to(encrypted(gateway), HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    assert answer.startswith(b"HTTP/1.1 400")
    record = watch.record(host="api.openai.com")
    assert (record["reason"], record["examination"]) == ("uninspectable", "undecodable")
    assert gateway.workers() == [worker]
    assert server.received == b""


def resident(gateway: Gateway) -> int:
    (worker,) = gateway.workers()
    return int(Path(f"/proc/{worker}/statm").read_text().split()[1]) * 4096


def is_cut_off(send, times: int = 1200) -> bool:
    """Whether the other side has had enough before 64 KiB were sent so many times."""
    try:
        for _ in range(times):
            send(b"x" * 65536)
    except OSError:
        return True
    return False


@pytest.mark.parametrize("kind", ["behind a request whose answer streams", "a chunk's size", "trailers"])
def test_endless_bytes_of_a_client_are_not_kept(kind: str, gateway: Gateway, server: RawServer) -> None:
    server.reply = lambda received: ENDLESS if received.startswith(b"GET") else None
    begin = b"POST /ces/v1/t HTTP/1.1\r\nHost: chatgpt.com\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n"
    before = resident(gateway)
    with encrypted(gateway, host="chatgpt.com") as client:
        if kind.startswith("behind"):
            client.sendall(b"GET /robots.txt HTTP/1.1\r\nHost: chatgpt.com\r\n\r\n")
            assert client.recv(1000)
        else:
            client.sendall(begin + (b"0\r\nX: " if kind == "trailers" else b"1;"))
        assert is_cut_off(client.sendall)
        after = resident(gateway)
    assert after - before < 30 * MIB


def test_an_endless_head_of_a_server_is_not_kept(gateway: Gateway, server: RawServer) -> None:
    watch, before = gateway.watch(), resident(gateway)
    server.reply = lambda _received: b"HTTP/1.1 200 OK\r\nX: " + b"x" * (60 * MIB)
    assert answer_to(encrypted(gateway), b"GET /v1/models HTTP/1.1\r\nHost: api.openai.com\r\n\r\n").startswith(b"HTTP/1.1 502")
    assert watch.record(kind="request")["reason"] == "upstream_failed"
    assert resident(gateway) - before < 30 * MIB


ENOUGH = 80 * MIB
"""More than that, with what the system buffers."""


def test_streams_that_were_reset_leave_no_allowance_behind(gateway: Gateway) -> None:
    """However soon the last one is refused: 32 MiB may wait for a decision, and as many are tolerated after a refusal."""
    sent = 0
    with Http2(gateway) as client:
        for number in range(60):
            client.head(2 * number + 1, "POST", CHAT, JSON)
            client.connection.reset_stream(2 * number + 1, 8)
        client.head(121, "POST", CHAT, JSON)
        try:
            for event in client.events():
                if isinstance(event, h2.events.StreamReset | h2.events.ConnectionTerminated):
                    break
                while sent < ENOUGH and client.connection.local_flow_control_window(121) >= 16384:
                    client.connection.send_data(121, b"x" * 16384)
                    client.flush()
                    sent += 16384
                if sent >= ENOUGH:
                    break
        except (OSError, h2.exceptions.ProtocolError):
            pass
    assert sent < ENOUGH


def test_messages_of_a_websocket_are_not_inflated(
    start_own_gateway: StartGateway, upstream: Upstream, server: RawServer
) -> None:
    """Which would take memory without a bound: nobody is offered compression."""
    trust = {"trust": [str(upstream.root)], "connect_to": {"*": server.address}}
    gateway = start_own_gateway(ALLOW_ALL, upstream=trust)
    upgrade = b"GET /v1/realtime HTTP/1.1\r\nHost: api.openai.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    fields = b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    asked = b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
    answer_to(encrypted(gateway), upgrade + fields + asked)
    assert b"upgrade: websocket" in server.received.lower()
    assert b"sec-websocket-extensions" not in server.received.lower()
