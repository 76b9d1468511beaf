"""Ollama's own API."""

import base64

import pytest

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()


def test_a_chat_is_read(read, said):
    document = {
        "model": "llama3",
        "messages": [
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": "what is it", "images": [PNG]},
            {
                "role": "assistant",
                "thinking": "hm",
                "content": "",
                "tool_calls": [{"function": {"name": "f", "arguments": {"a": "x"}}}],
            },
            {"role": "tool", "tool_name": "f", "content": "a result"},
        ],
    }
    conversation = read("ollama", document, "/api/chat")
    assert said(conversation) == [
        ("system", "text", "be brief"),
        ("user", "text", "what is it"),
        ("assistant", "reasoning", "hm"),
        ("assistant", "tool_call", "x"),
        ("tool", "tool_result", "a result"),
    ]
    assert conversation.turns[1].attachments[0].content == b"\x89PNG\r\n\x1a\n"
    assert conversation.wants_stream
    assert conversation.model == "llama3"


def test_a_prompt_is_read(read, said):
    document = {
        "model": "m",
        "system": "s",
        "prompt": "complete this",
        "suffix": "end",
        "stream": False,
        "images": ["not base64!"],
    }
    conversation = read("ollama", document, "/api/generate")
    assert said(conversation) == [
        ("system", "machine", "not base64!"),
        ("system", "text", "s"),
        ("user", "text", "complete this"),
        ("user", "text", "end"),
    ]
    assert not conversation.wants_stream
    assert conversation.unread == ("inline image",)


def test_a_stream_and_a_single_answer(answer):
    lines = (
        '{"model":"m","message":{"thinking":"hm","content":""},"done":false}\n'
        '{"message":{"content":"Hel"}}\n{"message":{"content":"lo","tool_calls":[{"function":{"name":"f","arguments":{"a":1}}}]}}\n'
        '{"done":true}\n'
    )
    heard = answer("ollama", lines, "application/x-ndjson")
    assert (heard.text, heard.reasoning, heard.tool_calls, heard.finished) == ("Hello", "hm", ('f {"a":1}',), True)
    assert answer("ollama", '{"response":"x","done":true}', "application/json").text == "x"


@pytest.mark.parametrize("status", [200, 400])
def test_errors(answer, status):
    assert answer("ollama", '{"error":"no such model"}', "application/json", status).error == "no such model"
