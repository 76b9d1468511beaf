"""Calls and results of tools carry the tool's name, however a format says it."""

import json

import pytest

from lockgate.apps.formats.registry import FORMATS
from lockgate.facts.prompt import Conversation, PartKind
from lockgate.facts.traffic import Body, Request

ARGUMENTS = {"query": "the blue notebook", "name": "not the tool's name"}
CALL = {"id": "call_1", "type": "function", "function": {"name": "search", "arguments": json.dumps(ARGUMENTS)}}

DOCUMENTS = {
    "openai-chat": {
        "model": "m",
        "messages": [
            {"role": "user", "content": "look"},
            {"role": "assistant", "content": None, "tool_calls": [CALL]},
            {"role": "tool", "tool_call_id": "call_1", "content": [{"type": "text", "text": "two pages"}]},
        ],
    },
    "openai-responses": {
        "model": "m",
        "input": [
            {"type": "message", "role": "user", "content": "look"},
            {"type": "function_call", "call_id": "c1", "name": "search", "arguments": json.dumps(ARGUMENTS)},
            {"type": "function_call_output", "call_id": "c1", "output": "two pages"},
        ],
    },
    "anthropic-messages": {
        "model": "m",
        "max_tokens": 5,
        "messages": [
            {"role": "user", "content": "look"},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "search", "input": ARGUMENTS}]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "two pages"}]},
            ]},
        ],
    },
    "gemini-generate": {
        "contents": [
            {"role": "user", "parts": [{"text": "look"}]},
            {"role": "model", "parts": [{"functionCall": {"name": "search", "args": ARGUMENTS}}]},
            {"role": "user", "parts": [{"functionResponse": {"name": "search", "response": {"output": "two pages"}}}]},
        ],
    },
    "ollama": {
        "model": "m",
        "options": {},
        "messages": [
            {"role": "user", "content": "look"},
            {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "search", "arguments": ARGUMENTS}}]},
            {"role": "tool", "tool_name": "search", "content": "two pages"},
        ],
    },
}  # fmt: skip


def read(format_id, document):
    to = Request(method="POST", scheme="https", host="x.example", port=443, path="/v1/models/m:generateContent")
    said = FORMATS[format_id].read_request(to, Body(content=json.dumps(document).encode()))
    assert isinstance(said, Conversation)
    return said


@pytest.mark.parametrize("format_id", DOCUMENTS)
def test_a_call_and_its_result_are_named(format_id):
    said = read(format_id, DOCUMENTS[format_id])
    named = {
        (part.kind, part.name, part.text) for turn in said.turns for part in turn.parts
        if part.kind in (PartKind.TOOL_CALL, PartKind.TOOL_RESULT)
    }  # fmt: skip
    assert named == {
        (PartKind.TOOL_CALL, "search", "the blue notebook"),
        (PartKind.TOOL_CALL, "search", "not the tool's name"),
        (PartKind.TOOL_RESULT, "search", "two pages"),
    }
    assert said.tools == {"search"}


def test_results_of_several_calls_go_to_the_call_they_answer():
    calls = [{"type": "tool_use", "id": name, "name": name, "input": {"q": f"words for {name}"}} for name in ("one", "two")]
    results = [{"type": "tool_result", "tool_use_id": name, "content": f"result of {name}"} for name in ("two", "one")]
    messages = [{"role": "assistant", "content": calls}, {"role": "user", "content": results}]
    said = read("anthropic-messages", {"model": "m", "max_tokens": 1, "messages": messages})
    assert [(part.name, part.text) for part in said.turns[-1].parts] == [("two", "result of two"), ("one", "result of one")]


def test_a_result_whose_call_was_not_sent_along_has_no_name():
    result = {"type": "function_call_output", "call_id": "c9", "output": "two pages"}
    assert read("openai-responses", {"model": "m", "input": [result]}).tools == frozenset()
