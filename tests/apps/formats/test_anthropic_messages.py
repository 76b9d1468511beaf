"""Anthropic Messages."""

import base64

import pytest

from lockgate.apps.formats.registry import FORMATS

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()
TOOL = "toolu_01A09q90qw90lq917835lq9"
NOTE = base64.b64encode(b"inline note").decode()


def body(*messages, **more):
    return {"model": "claude-sonnet-4-5", "max_tokens": 9, "messages": list(messages), **more}


def test_every_kind_of_block_is_read(read, said):
    document = body(
        {"role": "user", "content": "a plain question"},
        {"role": "assistant", "content": [
            {"type": "thinking", "thinking": "a thought", "signature": "sIgNaTuRe=="},
            {"type": "redacted_thinking", "data": "opaque-state"},
            {"type": "text", "text": "an answer"},
            {"type": "tool_use", "id": TOOL, "name": "f", "input": {"path": "x", "edits": [{"new": "y"}]}},
            {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "words to search"}},
        ]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": TOOL, "content": [{"type": "text", "text": "a result"}]},
            {"type": "tool_result", "tool_use_id": "t", "content": "plain result"},
            {"type": "document", "title": "the plan", "source": {"type": "text", "data": "its text"}},
            {"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": "chunk one"}]}},
            {"type": "brand_new_block", "inside": {"deep": ["future words"]}},
        ]},
        system="You are helpful.",
    )  # fmt: skip
    assert said(read("anthropic-messages", document)) == [
        ("system", "text", "You are helpful."),
        ("user", "text", "a plain question"),
        ("assistant", "reasoning", "a thought"),
        ("assistant", "text", "an answer"),
        ("assistant", "tool_call", "x"),
        ("assistant", "tool_call", "y"),
        ("assistant", "tool_call", "words to search"),
        ("assistant", "machine", "sIgNaTuRe=="),
        ("assistant", "machine", "opaque-state"),
        ("assistant", "machine", "srvtoolu_1"),
        ("user", "tool_result", "a result"),
        ("user", "tool_result", "plain result"),
        ("user", "file", "its text"),
        ("user", "file", "text"),
        ("user", "file", "chunk one"),
        ("user", "machine", "the plan"),
        ("user", "machine", "brand_new_block"),
        ("user", "machine", "future words"),
    ]


def test_files(read):
    sources = [
        {"type": "base64", "media_type": "image/png", "data": PNG},
        {"type": "base64", "media_type": "text/plain", "data": NOTE},
        {"type": "base64", "media_type": "image/png", "data": "not base64!"},
        {"type": "url", "url": "https://example.com/a.png"},
        {"type": "file", "file_id": "file_1"},
    ]
    content = [{"type": "image", "source": source} for source in sources]
    conversation = read("anthropic-messages", body({"role": "user", "content": content}))
    (turn,) = conversation.turns
    assert [(file.media_type, file.content, file.reference) for file in turn.attachments] == [
        ("image/png", b"\x89PNG\r\n\x1a\n", ""),
        ("text/plain", None, ""),
        ("", None, "https://example.com/a.png"),
        ("", None, "file_1"),
    ]
    assert [part.text for part in turn.parts] == ["inline note", "not base64!", "https://example.com/a.png"]
    assert conversation.unread == ("inline file",)


def test_the_prompt_is_before_the_tool_results(read):
    """Tool results are in the user's role, so the last user turn need not hold anything a person typed."""
    document = body(
        {"role": "user", "content": "fix the bug"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "file text"}]},
    )
    assert read("anthropic-messages", document).prompt.typed_text == "fix the bug"


def test_vertex_has_the_model_in_its_path(read):
    path = "/v1/projects/p/locations/l/publishers/anthropic/models/claude-sonnet-4-5:streamRawPredict"
    document = {"anthropic_version": "vertex-2023-10-16", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 1}
    conversation = read("anthropic-messages", document, path)
    assert (conversation.model, conversation.wants_stream) == ("claude-sonnet-4-5", True)


@pytest.mark.parametrize(
    ("path", "headers", "document", "expected"),
    [
        ("/x", {}, body({"role": "user", "content": "a"}, system="s"), True),
        ("/v1/messages/count_tokens", {}, {"model": "m", "messages": [{"role": "user", "content": "a"}]}, True),
        ("/x", {"anthropic_version": "2023-06-01"}, {"messages": [{"role": "user", "content": "a"}]}, True),
        ("/x", {}, {"model": "m", "messages": [{"role": "user", "content": "a"}]}, False),
        ("/v1/messages", {}, {"messages": [{"id": 1, "body": "mail"}]}, False),
        ("/v1/messages", {}, {"messages": "text"}, False),
    ],
)
def test_recognition(make_request, path, headers, document, expected):
    assert FORMATS["anthropic-messages"].recognises(make_request(path, **headers), document) is expected


def test_a_stream_keeps_text_thought_and_tools_apart(answer, sse):
    heard = answer(
        "anthropic-messages",
        sse(
            {"type": "message_start", "message": {"model": "claude-x", "content": []}},
            {"type": "ping"},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "hm"}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "zzz"}},
            {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
            {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "Hello"}},
            {"type": "content_block_start", "index": 2, "content_block": {"type": "tool_use", "name": "f", "input": {}}},
            {"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": '{"a":'}},
            {"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": "1}"}},
            {"type": "message_stop"},
        ),
    )
    assert (heard.text, heard.reasoning, heard.tool_calls) == ("Hello", "hm", ('f {"a":1}',))
    assert (heard.model, heard.finished) == ("claude-x", True)


def test_a_whole_answer(answer):
    heard = answer(
        "anthropic-messages",
        '{"type":"message","model":"m","content":[{"type":"text","text":"a"},{"type":"tool_use","name":"f","input":{"b":2}}]}',
        "application/json",
    )
    assert (heard.text, heard.tool_calls, heard.finished) == ("a", ('f {"b":2}',), True)


def test_errors(answer, sse):
    overloaded = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    assert answer("anthropic-messages", sse(overloaded)).error == "Overloaded"
    assert not answer("anthropic-messages", sse(overloaded)).finished
