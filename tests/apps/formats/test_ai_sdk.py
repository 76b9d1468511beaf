"""Pages built with the AI SDK, both of its streams."""

import json

import pytest

from lockgate.apps.formats.base import Refusal
from lockgate.apps.formats.registry import FORMATS, sniff
from lockgate.facts.traffic import Body

REFUSAL = Refusal(message="Not allowed here.", code="rule", reference="abc")


def test_the_one_new_message_of_a_chat(read, said):
    message = {"role": "user", "parts": [{"type": "text", "text": "hi"}]}
    document = {"id": "chat-1", "message": message, "selectedChatModel": "m"}
    conversation = read("ai-sdk-ui", document)
    assert said(conversation) == [("user", "text", "hi")]
    assert (conversation.id, conversation.model) == ("chat-1", "m")


def test_tools_files_and_thoughts_of_every_version(read, said):
    parts = [
        {"type": "dynamic-tool", "toolName": "maps", "input": {"q": "town"}, "output": "a map"},
        {"type": "tool-invocation", "toolInvocation": {"toolName": "clock", "args": {"zone": "utc"}, "result": "noon"}},
        {"type": "reasoning", "reasoning": "old thought"},
        {"type": "file", "mimeType": "text/plain", "data": "d29yZHM="},
    ]
    conversation = read("ai-sdk-ui", {"messages": [{"role": "assistant", "parts": parts}]})
    for row in (
        ("assistant", "tool_call", "town"), ("assistant", "tool_result", "a map"), ("assistant", "tool_call", "utc"),
        ("assistant", "tool_result", "noon"), ("assistant", "reasoning", "old thought"), ("assistant", "file", "words"),
    ):  # fmt: skip
        assert row in said(conversation)
    names = {part.text: part.name for turn in conversation.turns for part in turn.parts}
    assert (names["town"], names["a map"], names["noon"]) == ("maps", "maps", "clock")


def test_a_completion_page(read, said):
    assert said(read("ai-sdk-data", {"prompt": "write a poem"})) == [("user", "text", "write a poem")]


def test_typed_events(answer, sse):
    heard = answer(
        "ai-sdk-ui",
        sse(
            {"type": "reasoning-delta", "id": "r", "delta": "hm"},
            {"type": "tool-input-start", "toolCallId": "c", "toolName": "maps"},
            {"type": "tool-input-delta", "toolCallId": "c", "inputTextDelta": '{"q"'},
            {"type": "tool-input-available", "toolCallId": "c", "toolName": "maps", "input": {"q": "town"}},
            {"type": "text-delta", "id": "t", "delta": "Here."},
            {"type": "finish"},
            done=True,
        ),
    )
    assert (heard.text, heard.reasoning, heard.tool_calls, heard.finished) == ("Here.", "hm", ('maps {"q":"town"}',), True)


@pytest.mark.parametrize("format_id", ["ai-sdk-ui", "ai-sdk-data"])
def test_coded_lines(answer, format_id):
    lines = 'g:"hm"\n9:{"toolCallId":"c","toolName":"maps","args":{"q":"town"}}\n0:"Here"\n2:[{"any":"data"}]\n0:"."\nd:{}\n'
    heard = answer(format_id, lines, "text/plain")
    assert (heard.text, heard.reasoning, heard.tool_calls, heard.finished) == ("Here.", "hm", ('maps {"q":"town"}',), True)
    assert answer(format_id, '3:"went wrong"\n', "text/plain").error == "went wrong"


@pytest.mark.parametrize(
    ("format_id", "content", "header"),
    [
        ("ai-sdk-ui", b'data: {"type":"error","errorText":"Not allowed here."}\n\ndata: [DONE]\n\n',
         "x-vercel-ai-ui-message-stream"),
        ("ai-sdk-data", b'3:"Not allowed here."\n', "x-vercel-ai-data-stream"),
    ],
)  # fmt: skip
def test_a_refusal_is_an_error_in_the_stream(make_request, format_id, content, header):
    given = FORMATS[format_id].refuse(REFUSAL, make_request("/api/chat"), None)
    assert (given.status, given.content, given.headers.get(header)) == (200, content, "v1")


@pytest.mark.parametrize(
    "document",
    [
        {"messages": [{"id": 1, "parts": ["a"]}]},
        {"messages": [{"role": "user", "parts": [{"sku": 1}]}]},
        {"message": {"content": "a note to a colleague"}},
        {"messages": []},
    ],
)
def test_ordinary_messages_are_not_taken_for_it(make_request, document):
    assert sniff(make_request("/api/chat"), Body(content=json.dumps(document).encode())) is None
