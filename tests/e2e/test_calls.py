"""Apps that call services (Connect, gRPC) through the real proxy: recognised, read, answered in the stream, refused in kind."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import grpc
import httpx
import pytest
from harness.clients import http_client
from harness.gateway import Gateway, StartGateway
from harness.policies import DETECTOR_FILES, MESSAGE, NO_CODENAMES, SECRET
from harness.upstream import Since, Upstream
from upstream.answering import TAIL, answer_to
from upstream.protobuf import at, envelope, message

KEEP_ALL = f"""
version: 1
default: allow
on_uninspectable: block
rules:
{NO_CODENAMES}
  - id: keep
    when: {{app.known: true}}
    then: {{capture: full}}
"""
STREAM_ID = "0a0a0a0a-0a0a-0a0a-0a0a-0a0a0a0a0a0d"
CHAT = "19a0b1c2-d3e4-8f00-9000-0000abcdef01"
GRPC = "/xai_api.Chat/GetCompletionChunk"


@pytest.fixture(scope="module")
def gateway(share_gateway: StartGateway) -> Gateway:
    return share_gateway(KEEP_ALL, DETECTOR_FILES)


def frames(content: bytes) -> list[tuple[int, bytes]]:
    """The envelopes of an answer."""
    found = []
    while content:
        end = 5 + int.from_bytes(content[1:5], "big")
        found.append((content[0], content[5:end]))
        content = content[end:]
    return found


def kimi(prompt: str) -> tuple[str, str, bytes]:
    said = {
        "chat_id": CHAT,
        "scenario": "SCENARIO_K2D5",
        "message": {"role": "user", "blocks": [{"text": {"content": prompt}}]},
    }
    path = "/apiv2/kimi.gateway.chat.v1.ChatService/Chat"
    return f"https://www.kimi.com{path}", "application/connect+json", envelope(json.dumps(said).encode())


def windsurf(prompt: str) -> tuple[str, str, bytes]:
    said = {
        1: {1: "windsurf", 10: CHAT},
        2: "You help.",
        3: [{2: 1, 3: "before"}, {2: 2, 3: "I see."}, {2: 1, 3: prompt}],
        21: "swe-2",
    }
    path = "/exa.api_server_pb.ApiServerService/GetChatMessage"
    return f"https://server.codeium.com{path}", "application/connect+proto", envelope(message(said))


def cursor(prompt: str) -> tuple[str, str, bytes]:
    run = message({1: {2: {1: {1: {1: prompt}, 2: {2: {1: "a.py", 2: "x = 1"}}}}, 3: {1: "composer-1"}, 5: CHAT}})
    path = "/aiserver.v1.BidiService/BidiAppend"
    return f"https://api2.cursor.sh{path}", "application/proto", message({1: run.hex(), 2: {1: STREAM_ID}, 3: 1})


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """An app, how it asks, and where in a message of the answer its text is."""

    id: str
    ask: Callable[[str], tuple[str, str, bytes]]
    format: str
    model: str
    text: Callable[[bytes], str]


def kimi_text(payload: bytes) -> str:
    return json.loads(payload).get("block", {}).get("text", {}).get("content", "")


APPS = (
    App(id="kimi", ask=kimi, format="kimi-web", model="SCENARIO_K2D5", text=kimi_text),
    App(id="windsurf", ask=windsurf, format="windsurf/prompt", model="swe-2", text=lambda payload: at(payload, 3).decode()),
)
every_app = pytest.mark.parametrize("app", APPS, ids=lambda app: app.id)


def send(gateway: Gateway, asked: tuple[str, str, bytes], **options: Any) -> httpx.Response:
    url, media_type, content = asked
    with http_client(gateway.device, **options) as client:
        return client.post(url, content=content, headers={"content-type": media_type, "connect-protocol-version": "1"})


@every_app
@pytest.mark.parametrize("http2", [False, True])
def test_a_call_is_read_and_its_stream_is_heard(gateway: Gateway, reached: Since, app: App, http2: bool) -> None:
    watch = gateway.watch()
    asked = app.ask("which is longer")
    answer = send(gateway, asked, http2=http2)
    *messages, end = frames(answer.content)
    assert "".join(app.text(payload) for _, payload in messages) == answer_to("which is longer")
    assert end == (2, b"{}")
    record = watch.record(kind="request")
    assert (record["verdict"], record["app"], record["operation"]) == ("allow", app.id, "send_prompt")
    assert (record["format"], record["model"], record["conversation"]) == (app.format, app.model, CHAT)
    assert record["examination"] == "complete"
    assert [arrival.body for arrival in reached.arrivals()] == [asked[2]]


@every_app
def test_a_call_with_a_secret_is_refused_as_the_end_of_its_stream(gateway: Gateway, reached: Since, app: App) -> None:
    watch = gateway.watch()
    answer = send(gateway, app.ask(f"what is {SECRET} about?"))
    assert answer.status_code == 200
    ((flags, end),) = frames(answer.content)
    error = json.loads(end)["error"]
    assert (flags, error["code"]) == (2, "permission_denied")
    assert MESSAGE in error["message"]
    record = watch.record(kind="request")
    assert (record["verdict"], record["rule"], record["upstream_contacted"]) == ("block", "no-codenames", False)
    assert reached.arrivals() == []


def test_cursor_asks_in_one_call_and_hears_the_answer_in_another(gateway: Gateway) -> None:
    watch = gateway.watch()
    assert send(gateway, cursor("rename it")).status_code == 200
    url, media_type = "https://api2.cursor.sh/agent.v1.AgentService/RunSSE", "application/connect+proto"
    answer = send(gateway, (url, media_type, envelope(message({1: STREAM_ID}))))
    text = "".join(at(payload, 1, 1, 1).decode() for flags, payload in frames(answer.content) if flags == 0)
    assert text == answer_to("rename it")
    append, run = watch.records(kind="request")
    assert (append["format"], append["operation"], append["model"]) == ("cursor/prompt-append", "agent_task", "composer-1")
    assert (run["format"], run["verdict"]) == ("cursor/prompt-answer", "allow")


def test_cursor_is_told_why_in_the_details_that_it_shows(gateway: Gateway, reached: Since) -> None:
    answer = send(gateway, cursor(f"what is {SECRET} about?"))
    assert answer.status_code == 403
    (detail,) = answer.json()["details"]
    assert detail["type"] == "aiserver.v1.ErrorDetails"
    assert MESSAGE in detail["debug"]["details"]["detail"]
    assert reached.arrivals() == []


def test_a_stream_in_both_directions_counts_as_something_nobody_can_read(gateway: Gateway, reached: Since) -> None:
    watch = gateway.watch()
    asked = ("https://agentn.us.api5.cursor.sh/agent.v1.AgentService/Run", "application/connect+proto", envelope(b""))
    ((flags, end),) = frames(send(gateway, asked).content)
    assert (flags, json.loads(end)["error"]["code"]) == (2, "permission_denied")
    record = watch.record(kind="request")
    assert (record["verdict"], record["reason"], record["examination"]) == ("block", "uninspectable", "opaque")
    assert reached.arrivals() == []


@pytest.fixture(scope="module")
def grpc_gateway(start_gateway: StartGateway, upstream: Upstream) -> Iterator[Gateway]:
    """A gateway whose api.x.ai is a server of gRPC's own library, which says what it was asked."""

    def chunks(request: bytes, _context: Any) -> Iterator[bytes]:
        prompt = at(request, 1, 1, 1).decode()
        for word in answer_to(prompt).split(" "):
            yield message({1: "r-1", 2: [{1: {1: f"{word} "}}], 4: "grok-4"})

    server = grpc.server(ThreadPoolExecutor(2))
    handler = grpc.unary_stream_rpc_method_handler(chunks)
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("xai_api.Chat", {"GetCompletionChunk": handler})])
    leaf = upstream.root.parent
    key, certificate = ((leaf / name).read_bytes() for name in ("leaf.key.pem", "leaf.pem"))
    port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([(key, certificate)]))
    server.start()
    reaches = {"trust": [str(upstream.root)], "connect_to": {"*": upstream.tls, "api.x.ai": f"127.0.0.1:{port}"}}
    yield start_gateway(KEEP_ALL, files=DETECTOR_FILES, upstream=reaches)
    server.stop(None)


def ask_grok(gateway: Gateway, prompt: str) -> str:
    import grpc

    credentials = grpc.ssl_channel_credentials(gateway.device.ca.read_bytes())
    options = [("grpc.http_proxy", gateway.device.proxy)]
    with grpc.secure_channel("api.x.ai:443", credentials, options=options) as channel:
        call = channel.unary_stream(GRPC)(message({1: [{1: [{1: prompt}], 2: 1}], 2: "grok-4"}), timeout=30)
        return "".join(at(chunk, 2, 1, 1).decode() for chunk in call)


def test_grpc_is_read_and_answered_with_its_trailers(grpc_gateway: Gateway) -> None:
    watch = grpc_gateway.watch()
    assert TAIL in ask_grok(grpc_gateway, "name a river")
    record = watch.record(kind="request")
    assert (record["format"], record["model"], record["verdict"]) == ("xai-api/grpc-stream", "grok-4", "allow")


def test_grpc_is_refused_with_a_status_that_its_client_shows(grpc_gateway: Gateway) -> None:
    import grpc

    with pytest.raises(grpc.RpcError) as shown:
        ask_grok(grpc_gateway, f"what is {SECRET} about?")
    assert shown.value.code() is grpc.StatusCode.PERMISSION_DENIED
    assert MESSAGE in shown.value.details()
