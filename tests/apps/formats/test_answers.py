"""Refusals told as an answer of the model: read back by the format's own reader, and shown by the vendors' own clients."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

import anthropic
import httpx
import httpx2
import openai
import pytest
from botocore.eventstream import EventStreamBuffer
from google import genai

from lockgate.apps.formats.base import AnswersItself, AnswersMessage, Refusal
from lockgate.apps.formats.registry import FORMATS, SOCKET_FORMATS
from lockgate.facts.prompt import Conversation
from lockgate.facts.traffic import Answer, Body, Headers, Request, Response, SocketMessage

REFUSAL = Refusal(message='Not "allowed" here:\nask. Reference abc123', code="rule", reference="abc123")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request, as much of it as an answer depends on."""

    id: str
    format: str
    path: str
    query: str = ""
    stream: bool = False
    model: str = "some-model"
    tells_model: bool = True

    @property
    def request(self) -> Request:
        return Request(
            method="POST", scheme="https", host="x.example", port=443, path=self.path, query=self.query, headers=Headers()
        )

    @property
    def conversation(self) -> Conversation:
        return Conversation(turns=(), model=self.model, wants_stream=self.stream)


def both(format_id: str, path: str) -> tuple[Asked, Asked]:
    return (
        Asked(id=f"{format_id} {path}", format=format_id, path=path),
        Asked(id=f"{format_id} {path} streamed", format=format_id, path=path, stream=True),
    )


ASKED = (
    *both("openai-chat", "/v1/chat/completions"),
    *both("openai-completions", "/v1/completions"),
    *both("openai-responses", "/v1/responses"),
    *both("anthropic-messages", "/v1/messages"),
    *both("github-copilot", "/chat/completions"),
    *both("github-copilot", "/v1/messages"),
    *both("github-copilot", "/responses"),
    *both("ollama", "/api/chat"),
    *both("ollama", "/api/generate"),
    *(replace(asked, tells_model=False) for asked in both("cohere-chat", "/v2/chat")),
    *(replace(asked, tells_model=False) for asked in both("ai-sdk-ui", "/api/chat")),
    *(replace(asked, tells_model=False) for asked in both("ai-sdk-data", "/api/chat")),
    *both("llama-server", "/completion"),
    *(replace(asked, tells_model=False) for asked in both("text-generation", "/generate")),
    *both("mistral-conversations", "/v1/conversations"),
    *both("gemini-interactions", "/v1beta/interactions"),
    Asked(id="assistants", format="openai-assistants", path="/v1/threads/thread_1/runs", stream=True),
    Asked(id="converse", format="bedrock-converse", path="/model/m/converse", tells_model=False),
    Asked(id="converse streamed", format="bedrock-converse", path="/model/m/converse-stream", stream=True, tells_model=False),
    *(
        Asked(id=f"invoke {model} {path}", format="bedrock-invoke", path=path, model=model, stream=stream, tells_model=tells)
        for model, tells in (
            ("us.anthropic.claude-sonnet-4-20250514-v1:0", True),
            ("amazon.nova-lite-v1:0", False),
            ("openai.gpt-oss-20b-1:0", True),
        )
        for path, stream in (("/model/m/invoke", False), ("/model/m/invoke-with-response-stream", True))
    ),
    Asked(id="gemini", format="gemini-generate", path="/v1beta/models/g:generateContent"),
    Asked(id="gemini array", format="gemini-generate", path="/v1beta/models/g:streamGenerateContent", stream=True),
    Asked(
        id="gemini events",
        format="gemini-generate",
        path="/v1beta/models/g:streamGenerateContent",
        query="alt=sse",
        stream=True,
    ),
    Asked(id="code assist", format="gemini-generate", path="/v1internal:generateContent"),
    Asked(
        id="code assist events",
        format="gemini-generate",
        path="/v1internal:streamGenerateContent",
        query="alt=sse",
        stream=True,
    ),
)

every_answer = pytest.mark.parametrize("asked", ASKED, ids=lambda asked: asked.id)


def answered(asked: Asked) -> Answer:
    known = FORMATS[asked.format]
    assert isinstance(known, AnswersItself)
    given = known.answer(REFUSAL, asked.request, asked.conversation)
    assert given is not None
    return given


def test_every_format_that_answers_is_among_these():
    assert {asked.format for asked in ASKED} == {known.id for known in FORMATS.values() if isinstance(known, AnswersItself)}


@every_answer
def test_an_answer_is_read_back_as_a_finished_one_that_says_the_message(asked):
    given = answered(asked)
    heard = FORMATS[asked.format].read_response(Response(status=200, headers=given.headers), Body(content=given.content))
    assert (heard.text, heard.finished, heard.error) == (REFUSAL.message, True, "")
    assert (heard.reasoning, heard.tool_calls) == ("", ())
    assert heard.model == (asked.model if asked.tells_model else None)


@every_answer
def test_an_answer_succeeds_and_still_says_that_the_gateway_gave_it(asked):
    given = answered(asked)
    assert given.status == 200
    assert given.headers.get("x-lockgate-reason") == "rule"
    assert given.headers.get("x-lockgate-reference") == "abc123"
    assert given.headers.get("cache-control") == "no-store"


@every_answer
def test_an_answer_says_the_same_byte_by_byte(asked):
    given = answered(asked)
    reader = FORMATS[asked.format].stream_reader(Response(status=200, headers=given.headers))
    pieces = [given.content[at : at + 1] for at in range(len(given.content))]
    for piece in pieces:
        reader.feed(piece)
    heard = reader.finish()
    assert (heard.text, heard.finished) == (REFUSAL.message, True)


@every_answer
@pytest.mark.parametrize("model", [None, "", "\ud800", "m" * 5000, 'a"b\n'])
def test_a_hostile_name_of_a_model_is_only_text(asked, model):
    known = FORMATS[asked.format]
    assert isinstance(known, AnswersItself)
    given = known.answer(REFUSAL, asked.request, replace(asked.conversation, model=model))
    if given is not None:
        heard = known.read_response(Response(status=200, headers=given.headers), Body(content=given.content))
        assert (heard.text, heard.finished) == (REFUSAL.message, True)


@pytest.mark.parametrize(
    ("format_id", "path", "background"),
    [
        ("anthropic-messages", "/v1/messages/count_tokens", True),
        ("anthropic-messages", "/v1/messages/batches", False),
        ("openai-responses", "/v1/responses/input_tokens", True),
        ("openai-responses", "/v1/conversations/c/items", False),
        ("openai-completions", "/v1/fim/completions", False),
        ("gemini-generate", "/v1beta/models/g:countTokens", True),
        ("gemini-generate", "/v1beta/models/g:batchEmbedContents", False),
        ("ollama", "/api/embed", False),
        ("cohere-chat", "/v1/chat", False),
        ("bedrock-converse", "/model/m/count-tokens", True),
        ("bedrock-invoke", "/model/m/invoke", False),
        ("github-copilot", "/v1/engines/copilot/completions", False),
    ],
)
def test_what_nobody_answers_in_words_gets_the_usual_refusal(format_id, path, background):
    known = FORMATS[format_id]
    assert isinstance(known, AnswersItself)
    asked = Asked(id="", format=format_id, path=path)
    assert known.answer(REFUSAL, asked.request, replace(asked.conversation, background=background)) is None


def over_http(format_id: str, *, stream: bool) -> Callable[[httpx2.Request], httpx2.Response]:
    def handle(request: httpx2.Request) -> httpx2.Response:
        given = answered(Asked(id="", format=format_id, path=request.url.path, stream=stream))
        return httpx2.Response(given.status, headers=list(given.headers.pairs), content=given.content)

    return handle


@pytest.mark.parametrize("stream", [False, True])
def test_the_openai_sdk_shows_a_chat_as_normal_text(stream):
    transport = openai.DefaultHttpxClient(transport=httpx2.MockTransport(over_http("openai-chat", stream=stream)))
    chat = openai.OpenAI(api_key="test", http_client=transport).chat.completions
    if stream:
        with chat.stream(model="m", messages=[{"role": "user", "content": "hi"}]) as events:
            completion = events.get_final_completion()
    else:
        completion = chat.create(model="m", messages=[{"role": "user", "content": "hi"}])
    (choice,) = completion.choices
    assert (choice.message.content, choice.finish_reason, completion.model) == (REFUSAL.message, "stop", "some-model")


@pytest.mark.parametrize("stream", [False, True])
def test_the_openai_sdk_shows_a_response_as_normal_text(stream):
    transport = openai.DefaultHttpxClient(transport=httpx2.MockTransport(over_http("openai-responses", stream=stream)))
    responses = openai.OpenAI(api_key="test", http_client=transport).responses
    if stream:
        with responses.stream(model="m", input="hi") as events:
            response = events.get_final_response()
    else:
        response = responses.create(model="m", input="hi")
    assert (response.output_text, response.status) == (REFUSAL.message, "completed")


@pytest.mark.parametrize("stream", [False, True])
def test_the_anthropic_sdk_shows_a_message_as_normal_text(stream):
    transport = anthropic.DefaultHttpxClient(transport=httpx2.MockTransport(over_http("anthropic-messages", stream=stream)))
    messages = anthropic.Anthropic(api_key="test", http_client=transport).messages
    if stream:
        with messages.stream(model="m", max_tokens=5, messages=[{"role": "user", "content": "hi"}]) as events:
            message = events.get_final_message()
    else:
        message = messages.create(model="m", max_tokens=5, messages=[{"role": "user", "content": "hi"}])
    assert [block.text for block in message.content if block.type == "text"] == [REFUSAL.message]
    assert message.stop_reason == "end_turn"


@pytest.mark.filterwarnings("ignore:.*Assistants API is deprecated:DeprecationWarning")
def test_the_openai_sdk_shows_an_assistants_run_as_normal_text():
    transport = openai.DefaultHttpxClient(transport=httpx2.MockTransport(over_http("openai-assistants", stream=True)))
    runs = openai.OpenAI(api_key="test", http_client=transport).beta.threads.runs
    with runs.stream(thread_id="thread_1", assistant_id="a") as events:
        events.until_done()
        (message,) = events.get_final_messages()
    assert [block.text.value for block in message.content if block.type == "text"] == [REFUSAL.message]


@pytest.mark.parametrize("stream", [False, True])
def test_googles_sdk_shows_an_interaction_as_normal_text(stream):
    def handle(request: httpx.Request) -> httpx.Response:
        given = answered(Asked(id="", format="gemini-interactions", path=request.url.path, stream=stream))
        return httpx.Response(given.status, headers=list(given.headers.pairs), content=given.content)

    with httpx.Client(transport=httpx.MockTransport(handle)) as transport:
        client = genai.Client(api_key="test", http_options=genai.types.HttpOptions(httpx_client=transport))
        if stream:
            deltas = [
                event.delta
                for event in client.interactions.create(model="m", input="hi", stream=True)
                if hasattr(event, "delta")
            ]
            assert [delta.text for delta in deltas] == [REFUSAL.message]
        else:
            assert client.interactions.create(model="m", input="hi").output_text == REFUSAL.message


def say(document: object) -> SocketMessage:
    return SocketMessage(content=json.dumps(document).encode())


def test_a_message_of_a_socket_is_answered_by_the_events_of_a_response_and_the_end():
    """The server knows nothing of that response, so a client that goes on from it has to begin anew."""
    socket = SOCKET_FORMATS["openai-responses"]
    assert isinstance(socket, AnswersMessage)
    asked = say({"type": "response.create", "model": "some-model", "input": "hi"})
    given = socket.answer_message(REFUSAL, Asked(id="", format="", path="/v1/responses").request, asked)
    assert given is not None
    assert given.close
    reader = socket.answer_reader()
    for reply in given.replies:
        assert not reader.done
        reader.feed(reply)
    heard = reader.finish()
    assert (heard.text, heard.finished, heard.model) == (REFUSAL.message, True, "some-model")


def test_copilots_agent_goes_on_by_itself_and_is_answered_as_a_person_is():
    socket = SOCKET_FORMATS["openai-responses"]
    assert isinstance(socket, AnswersMessage)
    request = Asked(id="", format="", path="/responses").request
    for initiator, background in (("agent", True), ("user", False)):
        asked = say({"type": "response.create", "model": "some-model", "input": "hi", "initiator": initiator})
        read = socket.read_message(request, asked)
        assert isinstance(read, Conversation)
        assert read.background is background
        assert socket.answer_message(REFUSAL, request, asked) is not None


@pytest.mark.parametrize(
    ("format_id", "path", "stream"),
    [
        ("llama-server", "/infill", False),
        ("llama-server", "/tokenize", False),
        ("llama-server", "/embedding", False),
        ("text-generation", "/models/some/model", False),
        ("mistral-conversations", "/v1/ocr", False),
        ("openai-assistants", "/v1/threads/thread_1/messages", False),
    ],
)
def test_what_nobody_answers_in_words_is_not_answered(format_id, path, stream):
    known = FORMATS[format_id]
    assert isinstance(known, AnswersItself)
    asked = Asked(id="", format=format_id, path=path, stream=stream)
    assert known.answer(REFUSAL, asked.request, asked.conversation) is None


@pytest.mark.parametrize(
    "asked", [{"type": "response.cancel"}, {"type": "response.create", "input": "hi", "generate": False}, "not an object"]
)
def test_a_message_that_asks_for_no_answer_gets_none(asked):
    socket = SOCKET_FORMATS["openai-responses"]
    assert isinstance(socket, AnswersMessage)
    assert socket.answer_message(REFUSAL, Asked(id="", format="", path="/v1/responses").request, say(asked)) is None


@pytest.mark.parametrize(
    "asked", [asked for asked in ASKED if asked.format.startswith("bedrock") and asked.stream], ids=lambda asked: asked.id
)
def test_amazons_own_reader_accepts_the_framing(asked):
    """It compares both checksums of every message."""
    buffer = EventStreamBuffer()
    buffer.add_data(answered(asked).content)
    assert {event.headers[":message-type"] for event in buffer} == {"event"}
