"""Cohere, Mistral's conversations, llama.cpp's server, and text generation with `inputs`."""

import json

import pytest


def test_coheres_second_generation(read, said):
    messages = [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": [{"type": "text", "text": "what is it"}]},
        {"role": "assistant", "tool_plan": "I look", "tool_calls": [{"function": {"name": "look", "arguments": '{"q":"it"}'}}]},
        {"role": "tool", "tool_call_id": "t", "content": [{"type": "document", "document": {"data": "a found text"}}]},
    ]  # fmt: skip
    texts = ["a text", {"data": {"text": "another"}}]
    document = {"model": "command-a", "stream": True, "messages": messages, "documents": texts}
    conversation = read("cohere-chat", document, "/v2/chat")
    for row in (
        ("system", "text", "be brief"), ("user", "text", "what is it"), ("assistant", "reasoning", "I look"),
        ("assistant", "tool_call", "it"), ("tool", "file", "a found text"), ("user", "file", "a text"),
        ("user", "file", "another"),
    ):  # fmt: skip
        assert row in said(conversation)
    assert (conversation.model, conversation.wants_stream) == ("command-a", True)


def test_coheres_named_events(answer):
    def event(kind, **more):
        return f"event: {kind}\ndata: {json.dumps({'type': kind, **more})}\n\n"

    def delta(**message):
        return {"index": 0, "delta": {"message": message}}

    heard = answer(
        "cohere-chat",
        event("message-start", id="m", delta={"message": {"role": "assistant", "content": []}})
        + event("tool-plan-delta", **delta(tool_plan="hm"))
        + event("tool-call-start", **delta(tool_calls={"id": "t", "function": {"name": "look", "arguments": ""}}))
        + event("tool-call-delta", **delta(tool_calls={"function": {"arguments": '{"q":1}'}}))
        + event("content-start", **delta(content={"type": "text", "text": ""}))
        + event("content-delta", **delta(content={"text": "Here"}))
        + event("content-delta", **delta(content={"text": " it is"}))
        + event("message-end", delta={"finish_reason": "COMPLETE"}),
    )
    assert (heard.text, heard.reasoning, heard.tool_calls, heard.finished) == ("Here it is", "hm", ('look {"q":1}',), True)


@pytest.mark.parametrize(
    "whole",
    [
        {"id": "1", "finish_reason": "COMPLETE", "message": {"content": [{"type": "text", "text": "said"}]}},
        {"text": "said", "generation_id": "g", "finish_reason": "COMPLETE"},
        {"generations": [{"id": "g", "text": "said"}]},
        {"summary": "said", "id": "s"},
    ],
)
def test_coheres_whole_answers(answer, whole):
    heard = answer("cohere-chat", json.dumps(whole), "application/json")
    assert (heard.text, heard.finished, heard.error) == ("said", True, "")


def test_coheres_error(answer):
    heard = answer("cohere-chat", '{"message": "invalid request"}', "application/json", 400)
    assert heard.error == "invalid request"


def test_documents_for_mistral_to_read(read, answer):
    held = "data:application/pdf;base64,JVBERi0xLjQK"
    document = {"model": "ocr", "document": {"type": "document_url", "document_url": held, "document_name": "a.pdf"}}
    (file,) = (file for turn in read("mistral-conversations", document, "/v1/ocr").turns for file in turn.attachments)
    assert (file.name, file.media_type, file.content) == ("a.pdf", "application/pdf", b"%PDF-1.4\n")
    named = {"document": {"type": "file", "file_id": "f-1"}}
    (file,) = (file for turn in read("mistral-conversations", named, "/v1/ocr").turns for file in turn.attachments)
    assert file.reference == "f-1"
    heard = answer("mistral-conversations", '{"pages": [{"markdown": "# Title"}], "model": "ocr"}', "application/json")
    assert (heard.text, heard.model, heard.finished) == ("# Title", "ocr", True)


def test_a_conversation_is_begun_and_answered_whole(read, said, answer):
    document = {"model": "mistral-medium", "inputs": "hello there", "stream": False}
    conversation = read("mistral-conversations", document, "/v1/conversations")
    assert said(conversation) == [("user", "text", "hello there")]
    assert (conversation.id, conversation.model) == (None, "mistral-medium")
    whole = {"conversation_id": "conv_1", "outputs": [
        {"type": "function.call", "name": "look", "arguments": "{}"},
        {"type": "message.output", "model": "mistral-medium", "content": [{"type": "text", "text": "Hello"}]},
    ]}  # fmt: skip
    heard = answer("mistral-conversations", json.dumps(whole), "application/json")
    assert (heard.text, heard.tool_calls, heard.conversation, heard.finished) == ("Hello", ("look {}",), "conv_1", True)


def test_code_around_the_cursor_and_prompts_of_every_kind(read, said):
    extra = [{"filename": "a.py", "text": "import os"}]
    document = {"input_prefix": "def add(", "input_suffix": "return a", "input_extra": extra, "prompt": "", "n_predict": 1}
    rows = said(read("llama-server", document, "/infill"))
    assert [row for row in rows if row[2] != "a.py"] == [
        ("user", "file", "import os"), ("user", "text", "def add("), ("user", "file", "return a"),
    ]  # fmt: skip
    picture = {"prompt_string": "what is on it", "multimodal_data": ["iVBORw0KGgoAAAA="]}
    conversation = read("llama-server", {"prompt": picture}, "/completion")
    assert ("user", "text", "what is on it") in said(conversation)
    assert [file.content is not None for turn in conversation.turns for file in turn.attachments] == [True]
    assert read("llama-server", {"prompt": [1, 2, 3]}, "/completion").unread == ("prompt as token numbers",)
    assert read("llama-server", {"content": "count me"}, "/tokenize").background


def test_llamas_whole_answer(answer):
    heard = answer("llama-server", '{"content": "the end", "stop": true, "model": "m.gguf"}', "application/json")
    assert (heard.text, heard.model, heard.finished) == ("the end", "m.gguf", True)


@pytest.mark.parametrize(
    ("inputs", "rows"),
    [
        ("words", [("user", "text", "words")]),
        (["one", "two"], [("user", "text", "one"), ("user", "text", "two")]),
        ({"question": "who", "context": "a text"}, [("user", "text", "who"), ("user", "file", "a text")]),
        ({"source_sentence": "a", "sentences": ["b"]}, [("user", "text", "a"), ("user", "file", "b")]),
        ([["premise", "hypothesis"]], [("user", "text", "premise"), ("user", "text", "hypothesis")]),
    ],
)
def test_inputs_of_every_task(read, said, inputs, rows):
    conversation = read("text-generation", {"inputs": inputs}, "/models/example-org/small-1")
    assert said(conversation) == rows
    assert conversation.model == "example-org/small-1"


@pytest.mark.parametrize(
    "whole",
    [
        {"generated_text": "said"}, [{"generated_text": "said"}], [{"summary_text": "said"}], [{"translation_text": "said"}],
        {"answer": "said", "score": 0.9}, {"text": "said"},
    ],
)  # fmt: skip
def test_results_of_every_task(answer, whole):
    heard = answer("text-generation", json.dumps(whole), "application/json")
    assert (heard.text, heard.finished) == ("said", True)
