"""What looks like a chat with a model on a host nobody described, and what does not."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.apps.discovery import answer_signs, legible, request_signs, together
from lockgate.apps.formats.registry import sniff
from lockgate.facts.traffic import Body, Headers, Request, Response

CHAT = {"model": "acme-1", "messages": [{"role": "user", "content": "hello"}], "stream": True}
DELTA = 'data: {"choices": [{"index": 0, "delta": {"content": "hi"}}]}\n\n'


def signs(document, *, host="app.example.com", path="/api/send", **headers):
    pairs = (("content-type", "application/json"), *((name.replace("_", "-"), value) for name, value in headers.items()))
    request = Request(method="POST", scheme="https", host=host, port=443, path=path, headers=Headers(pairs))
    found = sniff(request, Body(content=json.dumps(document).encode()))
    return request_signs(request, found.id if found else "", document)


def answered(content: str, media_type="text/event-stream"):
    return answer_signs(Response(status=200, headers=Headers((("content-type", media_type),))), content.encode())


@pytest.mark.parametrize(
    ("document", "more"),
    [
        (CHAT, {}),
        ({"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}, {"path": "/v1/models/x:generateContent"}),
        ({"model": "x", "max_tokens": 9, "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]}, {}),
        ({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "t", "arguments": {}}}, {}),
        ({"model": "mistral-small", "prompt": "once upon"}, {"path": "/v1/completions"}),
        ({"modelId": "gpt-4o", "q": "hi"}, {"path": "/v1/chat/completions"}),
        ({"text": "hi"}, {"host": "chat.acme.ai", "anthropic_version": "2023-06-01"}),
    ],
)
def test_a_request_to_a_model_is_discovered(document, more):
    found = signs(document, **more)
    assert found.is_ai, found


SAID = "name a river in the north"


@pytest.mark.parametrize(
    ("document", "more"),
    [
        ({"prompt": SAID, "temperature": 0.2}, {}),
        ({"userInput": SAID, "conversationId": "c-1", "stream": True}, {}),
        ({"data": {"prompt": SAID, "modelName": "nimbus"}}, {}),
        ({"chatRequest": {"messages": [{"role": "USER", "content": SAID}]}}, {"path": "/actions/chat"}),
        ({"question": SAID, "chat_history": [], "session_id": "s"}, {}),
        ({"turns": [{"role": "assistant", "text": "hello"}, {"role": "user", "text": SAID}]}, {}),
        ({"m": "claude-sonnet-4-5", "q": SAID}, {"path": "/api/assistant/ask"}),
        ({"q": SAID}, {"path": "/models/llama-3-70b-instruct/invoke"}),
        ({"text": SAID, "voice_id": "v-1", "x": "eleven_multilingual_v2"}, {}),
        ({"prompt": SAID, "aspect_ratio": "16:9"}, {}),
        ({"body": json.dumps({"prompt": SAID, "max_tokens": 5})}, {}),
        ({"operationName": "ChatbotSend", "variables": {"input": {"userInput": SAID}}}, {}),
        ({"q": SAID}, {"path": "/api/chat", "user_agent": "openai/python 1.2"}),
        ({"q": SAID}, {"path": "/api/chat", "authorization": "Bearer gsk_x"}),
    ],
)
def test_a_new_app_with_a_notation_of_its_own_is_discovered_by_several_signs(document, more):
    found = signs(document, **more)
    assert found.is_ai, found
    assert "river" not in repr(found)


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"messages": [{"role": "agent", "content": "your parcel is on its way"}]}, "/api/chat/send"),
        ({"messages": [{"role": "customer", "content": "where is it"}, {"role": "agent", "content": "soon"}]}, "/api/chat"),
        ({"messages": [{"role": "user", "content": "where is my parcel"}]}, "/api/messages"),
        ({"contents": [{"parts": [{"text": "a page of a lesson"}]}]}, "/api/pages"),
        ({"users": [{"name": "ada", "role": "assistant"}, {"name": "bela", "role": "system"}]}, "/api/staff"),
        ({"name": "ada", "role": "assistant", "text": "works on the early shift"}, "/api/assistants"),
        ({"temperature": 21.5, "hvac_mode": "heat"}, "/api/climate"),
        ({"conversationId": "c", "text": "is it still for sale"}, "/api/conversations/c/messages"),
        ({"events": [{"name": "Prompt Submitted", "properties": {"model": "gpt-5-mini"}}]}, "/v1/t"),
        ({"operationName": "SendMessage", "variables": {"input": {"text": "is it still for sale"}}}, "/graphql"),
        ({"instances": [[1.0, 2.0]]}, "/v1/models/churn:predict"),
    ],
)
def test_what_is_nearly_a_chat_with_a_model_is_not(document, path):
    found = signs(document, path=path)
    assert not found.is_ai, found


def test_messages_of_users_need_one_more_sign():
    document = {"messages": [{"role": "user", "content": SAID}]}
    assert not signs(document, path="/api/tickets").is_ai
    assert signs(document, path="/api/chat").is_ai
    assert signs({**document, "stream": True}, path="/api/tickets").is_ai


@pytest.mark.parametrize(
    "document",
    [
        {"query": "query { me { name } }", "variables": {"id": 4}},
        {"channel": "C1", "text": "hello team", "thread_ts": "1.2"},
        {"jsonrpc": "2.0", "id": 1, "method": "eth_call", "params": [{"to": "0x0"}, "latest"]},
        {"jsonrpc": "2.0", "id": 1, "method": "textDocument/hover", "params": {}},
        {"messages": [{"id": 1, "body": "see you", "sender": "ada"}], "cursor": "x"},
        {"messages": [{"to": "x@example.com", "subject": "hi", "content": "text"}]},
        {"prompt": "Choose a colour", "options": ["red", "blue"]},
        {"input": "some text", "settings": {"lang": "en"}},
        {"model": "Model 3", "colour": "red", "year": 2024},
        {"q": "shoes", "page": 2},
        {"events": [{"type": "click", "content": "x"}], "model": "pixel-9"},
        [],
        "text",
    ],
)
def test_an_ordinary_request_is_not(document):
    assert not signs(document, path="/api/messages").is_ai


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (DELTA, "text/event-stream"),
        (
            'event: x\ndata: {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta"}}\n\n',
            "text/event-stream",
        ),
        ('{"model": "m", "message": {"role": "assistant", "content": "h"}, "done": false}\n', "application/x-ndjson"),
        ('{"choices": [{"message": {"role": "assistant", "content": "h"}}]}', "application/json"),
        ('{"candidates": [{"content": {"role": "model", "parts": [{"text": "h"}]}}]}', "application/json"),
        ('data: {"text": "The "}\n\ndata: {"text": "Elbe."}\n\n', "text/event-stream"),
        ('data: {"d": {"content": "The"}}\n\ndata: {"d": {"content": "The Elbe."}}\n\n', "text/event-stream"),
        ("event: token\ndata: The\n\nevent: token\ndata:  Elbe\n\n", "text/event-stream"),
        ('{"token": "The"}\n{"token": " Elbe"}\n', "application/x-ndjson"),
        ('f:{"messageId":"m"}\n0:"The "\n0:"Elbe."\n', "text/plain"),
        (
            '{"reply": "The Elbe.", "usage": {"promptTokens": 3, "outputTokens": 9, "totalTokens": 12, "inputTokens": 3}}',
            "application/json",
        ),
        ('{"output": [{"text": "The Elbe.", "finishReason": "STOP"}]}', "application/json"),
        ('[{"generated_text": "The Elbe."}]', "application/json"),
    ],
)
def test_an_answer_of_a_model_is_enough_by_itself(content, media_type):
    assert answered(content, media_type).is_ai
    assert together(signs({"question": "why?"}), answered(content, media_type)).is_ai


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        ('data: {"type": "price", "delta": 0.4}\n\ndata: {"choices": ["a", "b"]}\n\n', "text/event-stream"),
        ('{"choices": [{"id": 1, "label": "red"}]}', "application/json"),
        ('{"role": "admin", "content": "x"}', "application/json"),
        ('{"candidates": [{"name": "Ada"}]}', "application/json"),
        ("data: [DONE", "text/event-stream"),
        ('data: {"message": "Installing packages"}\n\ndata: {"message": "Running tests"}\n\n', "text/event-stream"),
        ('data: {"value": "101.2 "}\n\ndata: {"value": "99.1 "}\n\n', "text/event-stream"),
        ("data: Starting deployment\n\ndata: Done\n\n", "text/event-stream"),
        ('{"stream": "Step 1/3 : FROM alpine\\n"}\n{"stream": " ---> 1a2b\\n"}\n', "application/x-ndjson"),
        ("f:something else\n", "text/plain"),
    ],
)
def test_other_streams_are_not(content, media_type):
    assert not answered(content, media_type).is_ai


@given(
    st.binary(max_size=400), st.sampled_from(["text/event-stream", "application/json", "application/x-ndjson", "text/plain"])
)
def test_hostile_answers_never_raise(content, media_type):
    response = Response(status=200, headers=Headers((("content-type", media_type),)))
    assert answer_signs(response, content).weight >= 0


def test_signs_never_say_what_was_said():
    found = signs({**CHAT, "messages": [{"role": "user", "content": "a very private thing"}]})
    assert "private" not in repr(found)
    assert found.signs


def test_a_machine_and_what_it_is_fed_is_no_model_and_its_prompt():
    for document, known in (
        ({"model": "size42", "input": "red", "query": "shoes"}, False),
        ({"model": "gpt-5", "input": "hello"}, True),
        ({"model": "size42", "input": [{"role": "user", "content": "hello"}]}, True),
    ):
        assert signs(document, host="shop.example", path="/api/items").is_ai is known


@given(
    st.binary(max_size=400),
    st.sampled_from(
        ["application/json", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "application/grpc"]
    ),
)
def test_hostile_requests_never_raise(content, media_type):
    request = Request(
        method="POST", scheme="https", host="a.example", port=443, path="/x", headers=Headers((("content-type", media_type),))
    )
    assert request_signs(request, "", legible(request, content)).weight >= 0


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(max_size=20), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_any_document_is_weighed(document):
    assert signs(document).weight >= 0


def test_of_a_large_body_only_the_beginning_is_weighed():
    many = {f"field{number}": number for number in range(700)}
    assert signs({"prompt": SAID, "temperature": 1, **many}).is_ai
    assert not signs({**many, "prompt": SAID, "temperature": 1}).is_ai


def test_of_an_answer_only_the_first_events_are_weighed():
    events = 'data: {"n": 1}\n\n' * 60
    assert not answered(events + DELTA).is_ai
