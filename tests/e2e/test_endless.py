"""A request that is refused while it goes on learns of it at once: the client here never ends what it sends, or not before it
has read its answer.
"""

import contextlib
import json
import ssl
import threading
from collections.abc import Iterator
from typing import Any

import h2.events
import h2.settings
import pytest
from harness import names
from harness.gateway import Gateway, StartGateway
from harness.policies import DETECTOR_FILES, GUARDED, MESSAGE, SECRET
from harness.upstream import Since
from harness.waiting import until
from harness.wire import SECONDS, Http2, encrypted
from upstream.protobuf import envelope, message

BLOCKED = "www.perplexity.ai"
HEAD = b"POST /rest/sse/perplexity_ask HTTP/1.1\r\nHost: www.perplexity.ai\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
ONE_CHUNK = b'9\r\n{"query":\r\n'
REFUSED = f"\r\n{names.REASON_HEADER}: rule\r\n".encode()
RUN = "/agent.v1.AgentService/Run"
RUN_HOST = "agentn.us.api5.cursor.sh"
CHAT_HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com\r\nContent-Type: application/json\r\n"
CHAT = CHAT_HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
GROK = ("api.x.ai", "/xai_api.Chat/Converse")
NEXT = b"GET / HTTP/1.1\r\nHost: www.perplexity.ai\r\n\r\n"


@pytest.fixture(scope="module")
def gateway(share_gateway: StartGateway) -> Gateway:
    return share_gateway(GUARDED, DETECTOR_FILES)


def one_answer(client: Any) -> tuple[bytes, bytes]:
    """Head and body of the next answer, of which the head says the length."""
    said = b""
    while b"\r\n\r\n" not in said:
        said += client.recv(65536) or pytest.fail(f"closed after {said!r}")
    head, _, body = said.partition(b"\r\n\r\n")
    (length,) = [int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    while len(body) < length:
        body += client.recv(65536) or pytest.fail(f"closed after {said!r}")
    assert len(body) == length
    return head.lower(), body


def is_refused_once(watch: Any, reached: Since, **fields: str) -> None:
    record = watch.record(kind="request", method="POST")
    assert record["verdict"] == "block"
    assert {name: record[name] for name in fields} == fields
    assert not record["upstream_contacted"]
    assert reached.arrivals() == []


def test_an_open_chunked_request_is_answered_while_it_goes_on(gateway: Gateway, reached: Since) -> None:
    watch = gateway.watch()
    with encrypted(gateway, host=BLOCKED) as client:
        client.sendall(CHUNKED + ONE_CHUNK)
        head, body = one_answer(client)
        assert REFUSED in head
        assert b"\r\nconnection: close" in head
        assert b"Perplexity is not approved." in body
        client.sendall(ONE_CHUNK + b"0\r\n\r\n")
        assert client.recv(65536) == b""
    is_refused_once(watch, reached, rule="no-perplexity")


def test_whoever_never_stops_sending_can_read_the_refusal_and_is_then_cut_off(gateway: Gateway, reached: Since) -> None:
    watch = gateway.watch()
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    with encrypted(gateway, host=BLOCKED) as client:
        client.sendall(CHUNKED + ONE_CHUNK)
        head, _ = one_answer(client)
        assert REFUSED in head
        with pytest.raises(OSError):
            for _ in range(4096):
                client.sendall(chunk)
    is_refused_once(watch, reached, rule="no-perplexity")


def test_a_short_body_that_comes_later_does_not_cost_the_connection(gateway: Gateway, reached: Since) -> None:
    with encrypted(gateway, host=BLOCKED) as client:
        client.sendall(HEAD + b"Content-Length: 20\r\n\r\n" + b"x" * 10)
        head, _ = one_answer(client)
        assert b"\r\nconnection: close" not in head
        client.sendall(b"x" * 10 + NEXT)
        assert one_answer(client)[0].startswith(b"http/1.1 4")
    assert reached.arrivals() == []


def test_a_body_that_came_with_its_head_does_not_cost_the_connection(gateway: Gateway) -> None:
    with encrypted(gateway, host=BLOCKED) as client:
        client.sendall(CHUNKED + ONE_CHUNK + b"0\r\n\r\n" + NEXT)
        assert b"\r\nconnection: close" not in one_answer(client)[0]
        assert one_answer(client)[0].startswith(b"http/1.1 4")


def test_whoever_asks_first_whether_to_go_on_is_not_told_to(gateway: Gateway) -> None:
    with encrypted(gateway, host=BLOCKED) as client:
        client.sendall(HEAD + b"Expect: 100-continue\r\nContent-Length: 20\r\n\r\n")
        head, _ = one_answer(client)
        assert REFUSED in head
        assert b"\r\nconnection: close" in head


def heard(client: Http2, stream: int) -> tuple[str, bytes, list[str], int | None]:
    """Status, body, the order of what happened, and the code of the reset, up to that."""
    status, body, order = "", b"", []
    for event in client.events():
        if getattr(event, "stream_id", None) != stream:
            continue
        order.append(type(event).__name__)
        if isinstance(event, h2.events.ResponseReceived):
            status = next(str(value) for name, value in event.headers if name == ":status")
        elif isinstance(event, h2.events.DataReceived):
            body += event.data
        elif isinstance(event, h2.events.StreamReset):
            return status, body, order, event.error_code
    return status, body, order, None


def test_an_open_http2_request_is_answered_and_stopped_without_an_error(gateway: Gateway, reached: Since) -> None:
    watch = gateway.watch()
    with Http2(gateway, BLOCKED) as client:
        client.head(1, "POST", "/rest/sse/perplexity_ask", ("content-type", "application/json"))
        client.connection.send_data(1, b'{"query":')
        client.flush()
        status, body, order, code = heard(client, 1)
        assert (status, code) == ("200", 0)  # an answer of its own stream, as its pages show it
        assert b"Perplexity is not approved." in body
        assert order.index("StreamEnded") < order.index("StreamReset")
        client.head(3, "GET", "/", end=True)
        assert client.status().startswith("4")
    is_refused_once(watch, reached, rule="no-perplexity")


def test_an_answer_that_waits_for_the_clients_window_is_not_taken_back(gateway: Gateway) -> None:
    with Http2(gateway, BLOCKED) as client:
        client.connection.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 0})
        client.head(1, "POST", "/rest/sse/perplexity_ask", ("content-type", "application/json"))
        next(event for event in client.events() if isinstance(event, h2.events.ResponseReceived))
        client.connection.increment_flow_control_window(65536, 1)
        client.flush()
        _, body, _, code = heard(client, 1)
    assert b"Perplexity is not approved." in body
    assert code == 0


@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/2"])
def test_cursors_stream_in_both_directions_is_told_why_before_it_ends(gateway: Gateway, reached: Since, version: str) -> None:
    watch = gateway.watch()
    if version == "HTTP/2":
        with Http2(gateway, RUN_HOST) as client:
            client.head(1, "POST", RUN, ("content-type", "application/connect+proto"), ("connect-protocol-version", "1"))
            client.connection.send_data(1, envelope(b""))
            client.flush()
            status, body, _, _ = heard(client, 1)
            assert status == "200"
    else:
        head = f"POST {RUN} HTTP/1.1\r\nHost: {RUN_HOST}\r\nContent-Type: application/connect+proto\r\n"
        with encrypted(gateway, host=RUN_HOST) as client:
            client.sendall(head.encode() + b"Transfer-Encoding: chunked\r\n\r\n5\r\n" + envelope(b"") + b"\r\n")
            _, body = one_answer(client)
    assert body[0] == 2
    assert json.loads(body[5:])["error"]["code"] == "permission_denied"
    is_refused_once(watch, reached, reason="uninspectable", examination="opaque")


def refused_by_grpc(gateway: Gateway, host: str, path: str, *said: bytes) -> Any:
    """How gRPC's own client tells of the refusal of a call that says this and then goes on without saying more."""
    import grpc

    over = threading.Event()

    def for_ever() -> Iterator[bytes]:
        yield from said
        over.wait()

    credentials = grpc.ssl_channel_credentials(gateway.device.ca.read_bytes())
    options = [("grpc.http_proxy", gateway.device.proxy)]
    with grpc.secure_channel(f"{host}:443", credentials, options=options) as channel:
        try:
            with pytest.raises(grpc.RpcError) as shown:
                list(channel.stream_stream(path)(for_ever(), timeout=60))
        finally:
            over.set()
    assert shown.value.code() is grpc.StatusCode.PERMISSION_DENIED
    return shown.value


def test_grpc_in_both_directions_gets_its_status_while_it_still_sends(gateway: Gateway, reached: Since) -> None:
    watch = gateway.watch()
    shown = refused_by_grpc(gateway, BLOCKED, "/ask.Service/Converse", message({1: "hello"}))
    assert "Perplexity is not approved." in shown.details()
    is_refused_once(watch, reached, rule="no-perplexity")


def chunk(content: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(content), content)


def prompt(said: str) -> bytes:
    return json.dumps({"model": "gpt-5", "messages": [{"role": "user", "content": said}]}).encode()


@pytest.fixture(scope="module")
def narrow(start_gateway: StartGateway) -> Gateway:
    """Holds one MiB of a body, and of all bodies together."""
    return start_gateway(
        GUARDED, files=DETECTOR_FILES, examination={"max_body_mib": 1, "max_held_mib": 1, "deadline_ms": 10_000}, workers=1
    )


@pytest.fixture(scope="module")
def impatient(start_gateway: StartGateway) -> Gateway:
    return start_gateway(GUARDED, files=DETECTOR_FILES, examination={"body_pause_ms": 300}, breakable=True)


def test_a_held_body_that_becomes_too_long_is_refused_while_it_goes_on(narrow: Gateway, reached: Since) -> None:
    watch = narrow.watch()
    with encrypted(narrow) as client:
        client.sendall(CHAT)
        for _ in range(17):
            client.sendall(chunk(b"x" * 65536))
        head, _ = one_answer(client)
    assert head.startswith(b"http/1.1 400")
    is_refused_once(watch, reached, reason="uninspectable", examination="truncated")


def test_the_beginning_of_a_body_that_is_too_long_still_shows_what_is_in_it(narrow: Gateway, reached: Since) -> None:
    watch = narrow.watch()
    with encrypted(narrow) as client:
        client.sendall(CHAT + chunk(prompt(f"what is {SECRET}? ")[:-4]))
        for _ in range(17):
            client.sendall(chunk(b"x " * 32768))
        _, body = one_answer(client)
    assert MESSAGE.encode() in body
    is_refused_once(watch, reached, rule="no-codenames")


def test_bodies_that_are_too_much_together_cost_the_newest_its_look(narrow: Gateway, reached: Since) -> None:
    watch, half = narrow.watch(), prompt("x" * (600 << 10))
    with encrypted(narrow) as first, encrypted(narrow) as second:
        first.sendall(CHAT + chunk(half[:-1]))
        second.sendall(CHAT + chunk(half[:-1]))
        refused, said = first_heard(first, second)
        assert said.startswith(b"HTTP/1.1 400")
        other = first if refused is second else second
        other.sendall(chunk(half[-1:]) + b"0\r\n\r\n")
        assert other.recv(65536).startswith(b"HTTP/1.1 200")
    assert watch.record(kind="request", verdict="block")["examination"] == "truncated"
    assert [arrival.body for arrival in reached.arrivals()] == [half]


def first_heard(*clients: ssl.SSLSocket) -> tuple[ssl.SSLSocket, bytes]:
    """Who of them hears something first, and what. That a socket can be read may mean no more than a ticket for its session."""

    def heard() -> tuple[ssl.SSLSocket, bytes] | None:
        for client in clients:
            with contextlib.suppress(ssl.SSLWantReadError):
                return client, client.recv(65536)
        return None

    for client in clients:
        client.settimeout(0)
    found = until(heard, what="an answer")
    for client in clients:
        client.settimeout(SECONDS)
    return found


def test_grpc_that_waits_for_an_answer_before_its_end_is_not_waited_for(impatient: Gateway, reached: Since) -> None:
    watch = impatient.watch()
    refused_by_grpc(impatient, *GROK, message({1: [{1: [{1: "hello"}], 2: 1}]}))
    is_refused_once(watch, reached, reason="uninspectable", examination="streamed")


def test_the_beginning_of_a_call_that_goes_on_still_shows_what_is_in_it(impatient: Gateway, reached: Since) -> None:
    watch = impatient.watch()
    shown = refused_by_grpc(impatient, *GROK, message({1: [{1: [{1: f"what is {SECRET} about?"}], 2: 1}]}))
    assert MESSAGE in shown.details()
    is_refused_once(watch, reached, rule="no-codenames")


@pytest.mark.parametrize("stage", ["requestheaders", "cut"])
def test_a_failure_while_deciding_is_told_at_once_as_well(stage: str, impatient: Gateway, reached: Since) -> None:
    watch = impatient.watch()
    with impatient.broken(f"{stage}:crash"), encrypted(impatient) as client:
        client.sendall(CHAT + chunk(b"{"))
        head, _ = one_answer(client)
    assert f"{names.REASON_HEADER}: gate_failed".encode() in head
    is_refused_once(watch, reached, reason="gate_failed")


def test_a_body_that_pauses_goes_on_to_whom_it_may_go_unread(start_own_gateway: StartGateway, reached: Since) -> None:
    policy = GUARDED.replace("on_uninspectable: block", "on_uninspectable: allow")
    gateway = start_own_gateway(policy, files=DETECTOR_FILES, examination={"body_pause_ms": 300})
    watch, said = gateway.watch(), prompt("nothing wrong with this one")
    with encrypted(gateway) as client:
        client.sendall(CHAT + chunk(said[:20]))
        until(reached.arrivals, what="the request goes on")
        client.sendall(chunk(said[20:]) + b"0\r\n\r\n")
        assert client.recv(65536).startswith(b"HTTP/1.1 200")
    record = watch.record(kind="request")
    assert (record["verdict"], record["examination"], record["request_bytes"]) == ("allow", "streamed", len(said))
    assert [arrival.body for arrival in reached.arrivals()] == [said]
