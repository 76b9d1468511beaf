"""Google's model calls beside generateContent."""

import json

import pytest


def test_counts_are_no_prompts_of_their_own(read):
    document = {"contents": [{"parts": [{"text": "x"}]}]}
    assert read("gemini-generate", document, "/v1beta/models/g:countTokens").background
    assert not read("gemini-generate", document, "/v1beta/models/g:generateContent").background
    assert read("google-predict", {"instances": [{"content": "x"}]}, "/v1/publishers/google/models/g:countTokens").background


def test_every_text_of_a_batch_is_read(read, said):
    one = {"model": "models/embed-1", "content": {"parts": [{"text": "first"}]}}
    two = {"model": "models/embed-1", "content": {"parts": [{"text": "second"}]}}
    rows = said(read("gemini-generate", {"requests": [one, two]}, "/v1beta/models/embed-1:batchEmbedContents"))
    assert [text for _, kind, text in rows if kind == "text"] == ["first", "second"]
    asked = {
        "batch": {"input_config": {"requests": {"requests": [{"request": {"contents": [{"parts": [{"text": "third"}]}]}}]}}}
    }
    assert ("user", "text", "third") in said(read("gemini-generate", asked, "/v1beta/models/g:batchGenerateContent"))


def test_cached_contents_name_their_model(read):
    kept = {"model": "models/gemini-2.5-pro", "contents": [{"parts": [{"text": "a book"}]}], "systemInstruction": "read"}
    assert read("gemini-generate", kept, "/v1beta/cachedContents").model == "gemini-2.5-pro"


@pytest.mark.parametrize("whole", [{"totalTokens": 3}, {"embedding": {"values": [0.1]}}, {"name": "cachedContents/abc"}])
def test_answers_without_words_are_complete(answer, whole):
    heard = answer("gemini-generate", json.dumps(whole), "application/json")
    assert (heard.text, heard.finished) == ("", True)


@pytest.mark.parametrize(
    ("given", "rows"),
    [
        ("plain words", [("user", "text", "plain words")]),
        ({"type": "text", "text": "one content"}, [("user", "text", "one content")]),
        ([{"type": "text", "text": "a"}, {"type": "image", "uri": "gs://bucket/a.png", "mime_type": "image/png"}],
         [("user", "text", "a"), ("user", "machine", "gs://bucket/a.png"), ("user", "machine", "image/png")]),
        ([{"role": "user", "content": "earlier"}, {"role": "model", "content": [{"type": "text", "text": "answer"}]}],
         [("user", "text", "earlier"), ("assistant", "text", "answer")]),
    ],
)  # fmt: skip
def test_every_notation_of_an_input(read, said, given, rows):
    found = said(read("gemini-interactions", {"model": "g", "input": given}))
    assert [row for row in rows if row[1:] != ("machine", "image/png")] == [row for row in found if row[2] != "image/png"]


def test_steps_of_tools_are_told_apart(read, said):
    steps = [
        {"type": "google_search_call", "arguments": {"queries": ["tallest tower"]}},
        {"type": "google_search_result", "result": [{"title": "Towers of the world"}]},
        {"type": "model_output", "content": [{"type": "document", "data": "aGVsbG8=", "mime_type": "text/plain"}]},
    ]
    rows = said(read("gemini-interactions", {"agent": "deep-research", "input": steps}))
    for row in (
        ("assistant", "tool_call", "tallest tower"), ("tool", "tool_result", "Towers of the world"),
        ("assistant", "file", "hello"),
    ):  # fmt: skip
        assert row in rows


def test_steps_of_an_answer_are_joined(answer, sse):
    heard = answer(
        "gemini-interactions",
        sse(
            {"event_type": "interaction.created", "interaction": {"id": "i", "model": "gemini-x"}},
            {"event_type": "step.start", "index": 0, "step": {"type": "thought"}},
            {"event_type": "step.delta", "index": 0, "delta": {"type": "thought_summary", "content": {"text": "hm"}}},
            {"event_type": "step.start", "index": 1, "step": {"type": "function_call", "name": "atlas"}},
            {"event_type": "step.delta", "index": 1, "delta": {"type": "arguments_delta", "arguments": '{"a":1}'}},
            {"event_type": "step.delta", "index": 2, "delta": {"type": "text", "text": "The Alps"}},
            {"event_type": "interaction.completed", "interaction": {"id": "i"}},
        ),
    )
    assert (heard.text, heard.reasoning, heard.tool_calls) == ("The Alps", "hm", ('atlas {"a":1}',))
    assert (heard.model, heard.finished) == ("gemini-x", True)
    assert answer("gemini-interactions", sse({"event_type": "error", "error": {"message": "no"}})).error == "no"


def test_a_whole_interaction_is_heard(answer):
    whole = {"id": "i", "model": "gemini-x", "status": "completed", "steps": [
        {"type": "thought", "summary": [{"type": "text", "text": "hm"}]},
        {"type": "model_output", "content": [{"type": "text", "text": "The "}, {"type": "text", "text": "Alps"}]},
    ]}  # fmt: skip
    heard = answer("gemini-interactions", json.dumps(whole), "application/json")
    assert (heard.text, heard.reasoning, heard.finished) == ("The Alps", "hm", True)


def test_instances_of_every_kind(read, said):
    document = {"instances": [
        {"prompt": "a fox", "image": {"bytesBase64Encoded": "iVBORw0KGgoAAAA=", "mimeType": "image/png"}},
        {"content": "embed me", "title": "a title of a text"},
        {"context": "be brief", "messages": [{"author": "user", "content": "hi"}, {"author": "bot", "content": "hello"}]},
        {"prompt": "b", "referenceImages": [{"referenceImage": {"gcsUri": "gs://bucket/b.png"}}]},
    ], "parameters": {"negativePrompt": "no hats"}}  # fmt: skip
    path = "/v1/projects/p/locations/l/publishers/google/models/m:predict"
    conversation = read("google-predict", document, path)
    for row in (
        ("user", "text", "a fox"), ("user", "text", "embed me"), ("user", "file", "a title of a text"),
        ("system", "text", "be brief"), ("user", "text", "hi"), ("assistant", "text", "hello"), ("user", "text", "no hats"),
    ):  # fmt: skip
        assert row in said(conversation)
    files = [(file.media_type, file.reference) for turn in conversation.turns for file in turn.attachments]
    assert files == [("image/png", ""), ("", "gs://bucket/b.png")]
    assert conversation.model == "m"
