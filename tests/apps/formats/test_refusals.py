"""Refusals, in each format's own dialect."""

import json
from collections.abc import Callable
from dataclasses import replace

import anthropic
import httpx2
import openai
import pytest
from wire_samples import WIRE_SAMPLES

from lockgate.apps.formats.base import Refusal
from lockgate.apps.formats.generic import GENERIC
from lockgate.apps.formats.registry import FORMATS
from lockgate.facts.prompt import Conversation
from lockgate.facts.traffic import Answer, Body, Headers, Request, Response

REFUSAL = Refusal(message="Not allowed here. Reference abc123", code="rule", reference="abc123")
PATHS = {
    "openai-chat": "/v1/chat/completions",
    "openai-responses": "/v1/responses",
    "anthropic-messages": "/v1/messages",
    "gemini-generate": "/v1beta/models/g:generateContent",
    "ollama": "/api/chat",
    "chatgpt-web": "/backend-api/f/conversation",
    "claude-web": "/api/organizations/o/chat_conversations/c/completion",
    "gemini-web": "/_/BardChatUi/data/assistant.lamda.BardFrontendService/StreamGenerate",
    **{found.id: found.path for found in WIRE_SAMPLES.values()},
}

OPENAI_ERROR = {"message": REFUSAL.message, "type": "policy_violation", "param": None, "code": "blocked_by_policy"}

every_format = pytest.mark.parametrize("format_id", FORMATS)


def refused(format_id: str) -> Answer:
    own = WIRE_SAMPLES[format_id].headers if format_id in WIRE_SAMPLES else {}
    return FORMATS[format_id].refuse(REFUSAL, request_to(PATHS[format_id], **own), None)


def request_to(path: str, **headers: str) -> Request:
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Request(method="POST", scheme="https", host="x.example", port=443, path=path, headers=Headers(pairs))


@every_format
def test_a_refusal_says_why_and_is_neither_cached_nor_retried(format_id):
    given = refused(format_id)
    assert REFUSAL.message.encode() in given.content or REFUSAL.message == given.headers.get("grpc-message")
    assert given.headers.get("x-should-retry") == "false"
    assert given.headers.get("cache-control") == "no-store"
    assert given.headers.get("x-lockgate-reason") == "rule"
    assert given.headers.get("x-lockgate-reference") == "abc123"
    assert given.headers.get("content-type")
    assert not given.headers.get("access-control-allow-origin")


@pytest.mark.parametrize("wire_format", [*FORMATS.values(), GENERIC], ids=lambda known: known.id)
def test_a_refusal_to_a_page_carries_the_headers_that_let_the_page_read_it(wire_format):
    headers = wire_format.refuse(REFUSAL, request_to("/", origin="https://page.example"), None).headers
    assert headers.get("access-control-allow-origin") == "https://page.example"
    assert headers.get("access-control-allow-credentials") == "true"
    assert "x-lockgate-reference" in headers.get("access-control-expose-headers")
    assert headers.get("vary").lower() == "origin"


@pytest.mark.parametrize("origin", ["https://page.example\r\nset-cookie: a=b", "https://" + "x" * 600, "https://exämple"])
def test_an_origin_that_no_browser_sends_is_not_copied(origin):
    headers = FORMATS["openai-chat"].refuse(REFUSAL, request_to("/", origin=origin), None).headers
    assert not headers.get("access-control-allow-origin")


@every_format
def test_a_refusal_reads_back_as_what_it_is(format_id):
    """To the format's own reader it is a finished answer or an error, and an error with any status but 200."""
    given = refused(format_id)
    heard = FORMATS[format_id].read_response(Response(status=given.status, headers=given.headers), Body(content=given.content))
    if given.status == 200 and not heard.error:
        assert (heard.text, heard.finished) == (REFUSAL.message, True)
    else:
        assert heard.error == REFUSAL.message


@pytest.mark.parametrize(("query", "is_array"), [("", True), ("key=k", True), ("alt=sse", False)])
def test_a_stream_of_gemini_that_is_an_array_is_refused_with_one(query, is_array):
    """Clients that read it element by element look for the error in an element."""
    request = replace(request_to("/v1beta/models/m:streamGenerateContent"), query=query)
    given = json.loads(FORMATS["gemini-generate"].refuse(REFUSAL, request, None).content)
    error = {"error": {"code": 403, "message": REFUSAL.message, "status": "PERMISSION_DENIED"}}
    assert given == ([error] if is_array else error)


@pytest.mark.parametrize(
    ("format_id", "status", "body"),
    [
        ("openai-chat", 400, {"error": OPENAI_ERROR}),
        ("openai-responses", 400, {"error": OPENAI_ERROR}),
        ("anthropic-messages", 400, {"type": "error", "error": {"type": "permission_error", "message": REFUSAL.message}}),
        ("gemini-generate", 400, {"error": {"code": 403, "message": REFUSAL.message, "status": "PERMISSION_DENIED"}}),
        ("ollama", 400, {"error": REFUSAL.message}),
        ("claude-web", 403, {"type": "error", "error": {"type": "permission_error", "message": REFUSAL.message}}),
    ],
)  # fmt: skip
def test_clients_of_an_api_get_the_vendors_error_object(format_id, status, body):
    given = refused(format_id)
    assert (given.status, json.loads(given.content)) == (status, body)
    assert given.headers.get("content-type") == "application/json"


@pytest.mark.parametrize("format_id", [found.id for found in WIRE_SAMPLES.values() if found.refused])
def test_a_refusal_has_the_body_its_clients_show(format_id):
    expected = json.dumps(WIRE_SAMPLES[format_id].refused).replace("{message}", REFUSAL.message)
    given = refused(format_id)
    assert [given.status, json.loads(given.content)] == json.loads(expected)


def test_the_chatgpt_page_gets_a_finished_message_in_its_conversation():
    known = Conversation(turns=(), id="0a0a0a0a-0a0a-0a0a-0a0a-0a0a0a0a0a0a")
    given = FORMATS["chatgpt-web"].refuse(REFUSAL, request_to("/backend-anon/conversation"), known)
    first, last, _ = given.content.decode().split("\n\n")
    frame = json.loads(first.removeprefix("data: "))
    assert given.status == 200
    assert given.headers.get("content-type").startswith("text/event-stream")
    assert frame["conversation_id"] == known.id
    assert frame["message"]["author"]["role"] == "assistant"
    assert frame["message"]["status"] == "finished_successfully"
    assert frame["message"]["end_turn"] is True
    assert last == "data: [DONE]"


def test_the_chatgpt_page_gets_json_where_it_does_not_expect_a_stream():
    given = FORMATS["chatgpt-web"].refuse(REFUSAL, request_to("/backend-api/f/conversation/prepare"), None)
    assert (given.status, json.loads(given.content)) == (422, {"detail": REFUSAL.message})


def test_one_refusal_has_the_same_made_up_ids_each_time():
    answers = {FORMATS["chatgpt-web"].refuse(REFUSAL, request_to("/backend-api/conversation"), None).content for _ in range(3)}
    assert len(answers) == 1


@pytest.mark.parametrize(
    ("headers", "is_json"),
    [
        ({"content_type": "application/json"}, True),
        ({"accept": "application/json"}, True),
        ({"accept": "text/html"}, False),
        ({}, False),
    ],
)  # fmt: skip
def test_an_unknown_client_gets_json_when_it_speaks_it_and_text_otherwise(headers, is_json):
    given = GENERIC.refuse(REFUSAL, request_to("/", **headers), None)
    assert given.status == 400
    if is_json:
        assert json.loads(given.content)["error"]["message"] == REFUSAL.message
    else:
        assert given.content.decode() == REFUSAL.message
        assert given.headers.get("content-type").startswith("text/plain")


def over_http(format_id: str, tries: list[str]) -> Callable[[httpx2.Request], httpx2.Response]:
    def handle(request: httpx2.Request) -> httpx2.Response:
        tries.append(request.url.path)
        given = FORMATS[format_id].refuse(REFUSAL, request_to(request.url.path), None)
        return httpx2.Response(given.status, headers=list(given.headers.pairs), content=given.content)

    return handle


@pytest.mark.parametrize("format_id", ["openai-chat", "openai-responses"])
@pytest.mark.parametrize("stream", [False, True])
def test_the_openai_sdk_shows_the_message_and_tries_once(format_id, stream):
    tries: list[str] = []
    transport = openai.DefaultHttpxClient(transport=httpx2.MockTransport(over_http(format_id, tries)))
    client = openai.OpenAI(api_key="test", http_client=transport)
    ask = {
        "openai-chat": lambda: client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": "hi"}], stream=stream
        ),
        "openai-responses": lambda: client.responses.create(model="m", input="hi", stream=stream),
    }
    with pytest.raises(openai.BadRequestError, match="Not allowed here"):
        ask[format_id]()
    assert len(tries) == 1


CALLS_OF_THE_SDK = {
    "openai-completions": lambda client: client.completions.create(model="m", prompt="hi", stream=True),
    "openai-embeddings": lambda client: client.embeddings.create(model="m", input="hi"),
    "openai-images": lambda client: client.images.edit(model="m", prompt="hi", image=("a.png", b"x", "image/png")),
    "openai-audio": lambda client: client.audio.transcriptions.create(model="m", file=("a.wav", b"x")),
    "openai-files": lambda client: client.files.create(file=("a.txt", b"x"), purpose="user_data"),
}


@pytest.mark.parametrize("format_id", CALLS_OF_THE_SDK)
def test_the_other_calls_of_the_openai_sdk_show_the_message_and_try_once(format_id):
    tries: list[str] = []
    transport = openai.DefaultHttpxClient(transport=httpx2.MockTransport(over_http(format_id, tries)))
    client = openai.OpenAI(api_key="test", http_client=transport)
    with pytest.raises(openai.BadRequestError, match="Not allowed here"):
        CALLS_OF_THE_SDK[format_id](client)
    assert len(tries) == 1


@pytest.mark.parametrize("stream", [False, True])
def test_the_anthropic_sdk_shows_the_message_and_tries_once(stream):
    tries: list[str] = []
    transport = anthropic.DefaultHttpxClient(transport=httpx2.MockTransport(over_http("anthropic-messages", tries)))
    client = anthropic.Anthropic(api_key="test", http_client=transport)
    with pytest.raises(anthropic.BadRequestError, match="Not allowed here"):
        client.messages.create(model="m", max_tokens=5, messages=[{"role": "user", "content": "hi"}], stream=stream)
    assert len(tries) == 1
