"""OpenAI's calls beside chat and responses: completions, embeddings and moderations, assistants, pictures, sound, files."""

import json

import pytest
from wire_samples.notations import MULTIPART, as_multipart
from wire_samples.openai_family import BATCH
from wire_samples.sample import event

from lockgate.apps.formats.registry import FORMATS
from lockgate.facts.traffic import Body


def test_code_before_and_after_the_cursor(read, said):
    document = {"model": "gpt-3.5-turbo-instruct", "prompt": "def add(a, b):", "suffix": "return result"}
    assert said(read("openai-completions", document)) == [
        ("user", "text", "def add(a, b):"),
        ("user", "file", "return result"),
    ]


def test_several_prompts_and_prompts_as_numbers(read, said):
    assert said(read("openai-completions", {"model": "m", "prompt": ["one", "two"]})) == [
        ("user", "text", "one"),
        ("user", "text", "two"),
    ]
    for numbers in ([1, 2, 3], [[1, 2], [3]]):
        assert read("openai-completions", {"model": "m", "prompt": numbers}).unread == ("prompt as token numbers",)


def test_an_engine_in_the_path_is_the_model(read):
    document = {"prompt": "def", "suffix": "", "stream": True}
    conversation = read("openai-completions", document, "/v1/engines/gpt-41-copilot/completions")
    assert (conversation.model, conversation.wants_stream) == ("gpt-41-copilot", True)


def test_a_fill_in_the_middle_is_answered_like_a_completion_or_like_a_chat(answer, sse):
    assert answer("openai-completions", sse({"choices": [{"text": "a"}]}, {"choices": [{"text": "b"}]}, done=True)).text == "ab"
    chat = {"choices": [{"index": 0, "delta": {"content": "return 1"}, "finish_reason": "stop"}]}
    assert answer("openai-completions", sse(chat)).text == "return 1"


def test_what_is_embedded_is_read_whatever_its_notation(read, said):
    image = {"type": "image_url", "image_url": {"url": "https://example.com/cat.png"}}
    for given, texts in (
        ("one text", ["one text"]),
        (["one", "two"], ["one", "two"]),
        ([{"type": "text", "text": "three"}, image], ["three", "https://example.com/cat.png"]),
    ):
        conversation = read("openai-embeddings", {"model": "m", "input": given}, "/v1/embeddings")
        assert [text for _, _, text in said(conversation)] == texts
        assert not conversation.unread
    assert read("openai-embeddings", {"model": "m", "input": [[1, 2], [3]]}).unread == ("input as token numbers",)
    assert read("openai-embeddings", {"model": "m", "input": [1, 2]}).unread == ("input as token numbers",)


def test_a_moderation_goes_out_around_a_prompt(read):
    document = {"model": "omni-moderation-latest", "input": "is this fine"}
    assert read("openai-embeddings", document, "/v1/moderations").background
    assert not read("openai-embeddings", document, "/v1/embeddings").background


def test_a_deployment_embeds(read):
    path = "/openai/deployments/vectors/embeddings"
    assert read("openai-embeddings", {"input": "x"}, path).model == "vectors"


def test_an_embedding_says_nothing_but_came(answer):
    heard = answer("openai-embeddings", '{"data":[{"embedding":"AAAA"}],"model":"v"}', "application/json")
    assert (heard.text, heard.model, heard.finished) == ("", "v", True)
    refused = answer("openai-embeddings", '{"error":{"message":"no"}}', "application/json", 400)
    assert (refused.error, refused.finished) == ("no", False)


def test_a_message_of_a_thread(read, said):
    document = {"role": "user", "content": "and in French?", "attachments": [{"file_id": "file-abc"}]}
    conversation = read("openai-assistants", document, "/v1/threads/thread_abc/messages")
    assert conversation.id == "thread_abc"
    assert said(conversation)[0] == ("user", "text", "and in French?")
    assert [file.reference for file in conversation.turns[-1].attachments] == ["file-abc"]


def test_instructions_messages_and_results_of_a_run(read, said):
    document = {
        "assistant_id": "asst_1", "instructions": "be brief", "additional_instructions": "and polite", "stream": True,
        "additional_messages": [{"role": "user", "content": [{"type": "image_file", "image_file": {"file_id": "file-1"}}]}],
    }  # fmt: skip
    conversation = read("openai-assistants", document, "/v1/threads/thread_abc/runs")
    assert said(conversation)[:2] == [("system", "text", "be brief"), ("system", "text", "and polite")]
    assert conversation.turns[-1].attachments[0].reference == "file-1"
    assert conversation.wants_stream
    results = {"tool_outputs": [{"tool_call_id": "call_1", "output": "42 degrees"}]}
    conversation = read("openai-assistants", results, "/v1/threads/thread_abc/runs/run_1/submit_tool_outputs")
    assert said(conversation) == [("tool", "tool_result", "42 degrees")]


def test_an_assistants_answer_is_heard_from_events_and_from_objects(answer, sse):
    text = [{"type": "text", "text": {"value": "Bonjour", "annotations": []}}]
    message = {"id": "msg_1", "object": "thread.message", "role": "assistant", "thread_id": "thread_1", "content": text}
    heard = answer("openai-assistants", json.dumps(message), "application/json")
    assert (heard.text, heard.conversation, heard.finished) == ("Bonjour", "thread_1", True)
    typed = {"object": "thread.message", "role": "user", "content": [{"type": "text", "text": {"value": "mine"}}]}
    heard = answer("openai-assistants", json.dumps({"object": "list", "data": [message, typed]}), "application/json")
    assert heard.text == "Bonjour"
    assert answer("openai-assistants", '{"object":"thread","id":"thread_2"}', "application/json").conversation == "thread_2"
    failed = {"object": "thread.run", "status": "failed", "last_error": {"code": "x", "message": "no quota"}}
    assert answer("openai-assistants", sse(failed)).error == "no quota"


def test_a_tool_call_of_a_run_is_joined(answer, sse):
    def step(**function):
        calls = [{"index": 0, "type": "function", "function": function}]
        return {"id": "step_1", "object": "thread.run.step.delta", "delta": {"step_details": {"tool_calls": calls}}}

    heard = answer("openai-assistants", sse(step(name="weather", arguments=""), step(arguments='{"a":'), step(arguments="1}")))
    assert heard.tool_calls == ('weather {"a":1}',)


def form(read, format_id, fields, path):
    return read(format_id, as_multipart(fields), path, content_type=MULTIPART["content-type"])


PICTURE = "\x89PNG\r\n\x1a\n\0\0"


def test_pictures_of_a_form_are_attachments_and_their_words_the_prompt(read):
    fields = {"model": "gpt-image-1", "prompt": "make it blue", "image[]": ["a.png", "image/png", PICTURE], "n": "1"}
    conversation = form(read, "openai-images", fields, "/v1/images/edits")
    assert conversation.prompt is not None
    assert conversation.prompt.typed_text == "make it blue"
    assert conversation.model == "gpt-image-1"
    (file,) = (file for turn in conversation.turns for file in turn.attachments)
    assert (file.name, file.media_type, file.content) == ("a.png", "image/png", PICTURE.encode())


def test_pictures_of_a_json_body_by_url_data_and_id(read):
    document = {
        "prompt": "x", "image": ["https://example.com/a.png", "data:image/png;base64,iVBORw0KGgoAAAA="],
        "input_reference": {"file_id": "file-17"}, "images": [{"image_url": "https://example.com/b.png"}],
    }  # fmt: skip
    files = [file for turn in read("openai-images", document, "/v1/videos").turns for file in turn.attachments]
    shown = {(file.reference, file.media_type, file.content is not None) for file in files}
    assert shown == {
        ("https://example.com/a.png", "", False), ("", "image/png", True), ("https://example.com/b.png", "", False),
        ("file-17", "", False),
    }  # fmt: skip


def test_a_picture_without_words_is_read_too(read):
    fields = {"image": ["a.png", "image/png", PICTURE]}
    conversation = form(read, "openai-images", fields, "/v1/images/variations")
    assert conversation.prompt is None
    assert [file.name for turn in conversation.turns for file in turn.attachments] == ["a.png"]


def test_what_a_picture_model_understood_is_heard(answer):
    whole = '{"created": 1, "data": [{"b64_json": "AAAA", "revised_prompt": "a red kite"}]}'
    heard = answer("openai-images", whole, "application/json")
    assert (heard.text, heard.finished) == ("a red kite", True)
    job = '{"id": "video_1", "object": "video", "model": "sora-2", "status": "queued", "progress": 0}'
    assert answer("openai-images", job, "application/json").finished
    failed = '{"id": "video_1", "status": "failed", "error": {"code": "x", "message": "not allowed"}}'
    assert answer("openai-images", failed, "application/json").error == "not allowed"


def test_words_to_be_spoken(read, said, answer):
    document = {"model": "tts-1", "voice": "alloy", "input": "good morning", "instructions": "cheerful voice"}
    conversation = read("openai-audio", document, "/v1/audio/speech")
    assert conversation.prompt is not None
    assert conversation.prompt.typed_text == "good morning"
    assert ("system", "text", "cheerful voice") in said(conversation)
    assert answer("openai-audio", b"\xff\xfb" * 100, "audio/mpeg").finished


def test_a_recording_cannot_be_read_but_is_seen(read):
    fields = {"file": ["talk.wav", "audio/wav", "RIFF\0\0\0\0WAVE"], "model": "whisper-1", "stream": "true"}
    conversation = form(read, "openai-audio", fields, "/v1/audio/transcriptions")
    assert [(file.name, file.content is not None) for turn in conversation.turns for file in turn.attachments] == [
        ("talk.wav", True)
    ]
    assert conversation.wants_stream


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        ('{"text": "words said"}', "application/json"),
        ('{"task": "transcribe", "language": "en", "duration": 1.0, "text": "words said", "segments": [{"text": "words"}]}',
         "application/json"),
        ("words said", "text/plain; charset=utf-8"),
        (event({"type": "transcription.text.delta", "text": "words"})
         + event({"type": "transcription.done", "text": "words said"}), "text/event-stream"),
    ],
)  # fmt: skip
def test_a_transcript_is_heard_in_every_notation(answer, content, media_type):
    heard = answer("openai-audio", content, media_type)
    assert (heard.text, heard.finished) == ("words said", True)


def test_every_prompt_of_a_batch_is_read_and_can_be_rewritten(read, said, make_request):
    fields = {"purpose": "batch", "file": ["requests.jsonl", "application/jsonl", BATCH]}
    conversation = form(read, "openai-files", fields, "/v1/files")
    for row in (("system", "text", "Be terse."), ("user", "text", "first question"), ("user", "text", "second question")):
        assert row in said(conversation)
    assert [file.name for turn in conversation.turns for file in turn.attachments] == ["requests.jsonl"]
    path = next(part.path for turn in conversation.turns for part in turn.parts if part.text == "first question")
    request = make_request("/v1/files", content_type=MULTIPART["content-type"])
    rewritten = FORMATS["openai-files"].rewrite_request(request, Body(content=as_multipart(fields)), {path: "masked"})
    assert b"first question" not in rewritten
    again = read("openai-files", rewritten, "/v1/files", content_type=MULTIPART["content-type"])
    assert ("user", "text", "masked") in said(again)
    assert ("user", "text", "second question") in said(again)


@pytest.mark.parametrize(
    ("line", "typed"),
    [
        ({"custom_id": "a", "params": {"system": "s", "messages": [{"role": "user", "content": "ask"}]}}, "ask"),
        ({"key": "a", "request": {"contents": [{"parts": [{"text": "ask"}]}]}}, "ask"),
        ({"custom_id": "a", "body": {"model": "m", "input": "ask"}}, "ask"),
        ({"custom_id": "a", "body": {"model": "m", "input": [{"role": "user", "content": "ask"}]}}, "ask"),
        ({"custom_id": "a", "body": {"model": "m", "input": ["ask", "more"]}}, "ask\nmore"),
        ({"prompt": "ask", "completion": " answer"}, "ask"),
        ({"messages": [{"role": "user", "content": "ask"}, {"role": "assistant", "content": "answer"}]}, "ask"),
        ({"recordId": "a", "modelInput": {"prompt": "ask"}}, "ask"),
    ],
)  # fmt: skip
def test_lines_of_every_vendor_are_read(read, line, typed):
    fields = {"purpose": "fine-tune", "file": ["lines.jsonl", "", json.dumps(line) + "\n" + json.dumps(line)]}
    prompt = form(read, "openai-files", fields, "/v1/files").prompt
    assert prompt is not None
    assert typed in prompt.typed_text


def test_any_other_text_file_is_the_text_of_a_file(read, said):
    for content in ("plain words\nof a file", '{"a": "broken\n{"b": 1}', "[1]\n[2]", '{"one": "line"}\nplain words'):
        conversation = form(
            read, "openai-files", {"purpose": "user_data", "file": ["a.txt", "text/plain", content]}, "/v1/files"
        )
        assert ("user", "file", content) in said(conversation)


def test_a_piece_of_a_file_is_a_partial_look(read):
    fields = {"data": ["part", "application/octet-stream", "the first megabyte"]}
    conversation = form(read, "openai-files", fields, "/v1/uploads/upload_abc/parts")
    assert conversation.unread == ("a file that is sent in pieces",)
    assert conversation.turns[-1].attachments[0].reference == "upload_abc"


def test_files_that_are_announced_or_pointed_at(read, answer):
    def attached(document, path):
        return [(file.name, file.reference) for turn in read("openai-files", document, path).turns for file in turn.attachments]

    announced = {"filename": "big.csv", "purpose": "assistants", "bytes": 10, "mime_type": "text/csv"}
    assert attached(announced, "/v1/uploads") == [("big.csv", "")]
    assert attached({"input_file_id": "file-1", "endpoint": "/v1/responses"}, "/v1/batches") == [("", "file-1")]
    assert attached({"file_ids": ["file-1", "file-2"]}, "/v1/vector_stores") == [("", "file-1"), ("", "file-2")]
    assert answer("openai-files", '{"id": "file-9", "object": "file"}', "application/json").references == ("file-9",)
