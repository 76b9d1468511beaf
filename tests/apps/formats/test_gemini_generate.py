"""Gemini generateContent, its wrappers and its two framings."""

import base64

import pytest

from lockgate.apps.formats.registry import FORMATS

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()
PATH = "/v1beta/models/gemini-2.5-flash:generateContent"


def test_every_kind_of_part_is_read_in_both_spellings(read, said):
    document = {
        "system_instruction": {"parts": {"text": "be brief"}},
        "contents": [
            {"role": "user", "parts": [
                {"text": "a question"},
                {"inlineData": {"mimeType": "image/png", "data": PNG}},
                {"inline_data": {"mime_type": "image/png", "data": "not base64!"}},
                {"file_data": {"mime_type": "video/mp4", "file_uri": "gs://bucket/film.mp4"}},
            ]},
            {"role": "model", "parts": [
                {"text": "a thought", "thought": True, "thoughtSignature": "b3BhcXVl"},
                {"function_call": {"name": "f", "args": {"q": "x", "list": ["y"]}}},
                {"executableCode": {"language": "PYTHON", "code": "print(1)"}},
                {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}},
            ]},
            {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"files": ["z"]}}}]},
        ],
    }  # fmt: skip
    conversation = read("gemini-generate", document, PATH)
    assert said(conversation) == [
        ("system", "text", "be brief"),
        ("user", "text", "a question"),
        ("user", "machine", "not base64!"),
        ("user", "machine", "video/mp4"),
        ("user", "machine", "gs://bucket/film.mp4"),
        ("assistant", "reasoning", "a thought"),
        ("assistant", "tool_call", "x"),
        ("assistant", "tool_call", "y"),
        ("assistant", "tool_call", "print(1)"),
        ("assistant", "tool_result", "1"),
        ("assistant", "machine", "b3BhcXVl"),
        ("assistant", "machine", "OUTCOME_OK"),
        ("user", "tool_result", "z"),
    ]
    assert conversation.unread == ("inline file",)
    assert conversation.model == "gemini-2.5-flash"
    assert not conversation.wants_stream


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("/v1/models/m:countTokens", {"generateContentRequest": {"contents": [{"parts": [{"text": "say hi"}]}]}}),
        ("/v1/models/m:embedContent", {"content": {"parts": [{"text": "say hi"}]}}),
        ("/v1/models/m:batchEmbedContents", {"requests": [{"content": {"parts": [{"text": "say hi"}]}}]}),
        (
            "/v1internal:generateContent",
            {"model": "m", "request": {"contents": [{"role": "user", "parts": [{"text": "say hi"}]}]}},
        ),
        ("/v1/projects/p/models/m:generateContent", {"contents": {"role": "user", "parts": {"text": "say hi"}}}),
    ],
)
def test_wrappers(read, path, document):
    assert FORMATS["gemini-generate"].recognises(None, document)
    conversation = read("gemini-generate", document, path)
    assert conversation.prompt.typed_text == "say hi"
    assert conversation.model == "m"


def test_a_stream_of_events_and_of_the_wrapper(answer, sse):
    def part(**fields):
        return {"candidates": [{"content": {"parts": [fields]}}]}

    end = {"candidates": [{"finishReason": "STOP"}], "modelVersion": "gemini-x"}
    call = part(functionCall={"name": "f", "args": {"a": 1}})
    events = (part(text="hm", thought=True), part(text="Hel"), part(text="lo"), call, end)
    for stream in (sse(*events), sse(*({"response": event} for event in events))):
        heard = answer("gemini-generate", stream)
        assert (heard.text, heard.reasoning, heard.tool_calls) == ("Hello", "hm", ('f {"a":1}',))
        assert (heard.model, heard.finished) == ("gemini-x", True)


def test_errors(answer, sse):
    error = '{"error":{"code":400,"message":"bad","status":"INVALID_ARGUMENT"}}'
    assert answer("gemini-generate", error, "application/json", 400).error == "bad"
    assert answer("gemini-generate", f"[{error}]", "application/json", 400).error == "bad"
    assert "SAFETY" in answer("gemini-generate", sse({"promptFeedback": {"blockReason": "SAFETY"}})).error
