"""Chat Completions, and legacy completions."""

import base64

import pytest

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()
NOTE = base64.b64encode(b"a note with words").decode()


def test_every_kind_of_message_is_read(read, said):
    document = {
        "model": "gpt-5",
        "messages": [
            {"role": "developer", "content": "be brief"},
            {"role": "user", "name": "a long name", "content": "list the files"},
            {
                "role": "assistant", "reasoning_content": "let me think", "content": None, "refusal": "no, sorry",
                "tool_calls": [
                    {"id": "call_0123456789abcdef", "function": {"name": "shell", "arguments": '{"cmd": "ls\\n-la"}'}},
                    {"id": "c", "type": "custom", "custom": {"name": "patch", "input": "*** begin"}},
                ],
            },
            {"role": "tool", "tool_call_id": "c", "content": [{"type": "text", "text": "a.txt"}]},
            {"role": "function", "name": "f", "content": "old style result"},
            {"role": "assistant", "function_call": {"name": "f", "arguments": "not json"}},
        ],
    }  # fmt: skip
    assert said(read("openai-chat", document)) == [
        ("system", "text", "be brief"),
        ("user", "text", "list the files"),
        ("user", "machine", "a long name"),
        ("assistant", "reasoning", "let me think"),
        ("assistant", "text", "no, sorry"),
        ("assistant", "tool_call", "ls\n-la"),
        ("assistant", "tool_call", "*** begin"),
        ("tool", "tool_result", "a.txt"),
        ("tool", "tool_result", "old style result"),
        ("assistant", "tool_call", "not json"),
    ]


def test_files_are_decoded_and_references_reported(read):
    content = [
        {"type": "text", "text": "look"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
        {"type": "image_url", "image_url": {"url": "https://example.com/cat.png?q=words"}},
        {"type": "input_audio", "input_audio": {"data": base64.b64encode(b"RIFF\x00\xff").decode(), "format": "wav"}},
        {"type": "file", "file": {"filename": "note.txt", "file_data": f"data:text/plain;base64,{NOTE}"}},
        {"type": "file", "file": {"file_id": "file-abc"}},
    ]
    conversation = read("openai-chat", {"model": "m", "messages": [{"role": "user", "content": content}]})
    (turn,) = conversation.turns
    found = [(file.name, file.media_type, file.content, file.reference) for file in turn.attachments]
    assert found == [
        ("", "image/png", b"\x89PNG\r\n\x1a\n", ""),
        ("", "", None, "https://example.com/cat.png?q=words"),
        ("", "audio/wav", b"RIFF\x00\xff", ""),
        ("note.txt", "text/plain", None, ""),
        ("", "", None, "file-abc"),
    ]
    assert conversation.unread == ()
    words = ["look", "a note with words", "https://example.com/cat.png?q=words", "note.txt", "file-abc"]
    assert [part.text for part in turn.parts] == words


@pytest.mark.parametrize("hidden", ["AKIAIOSFODNN7EXAMPLE", "plain words", "data:,plain words"])
def test_an_image_url_that_is_no_image_is_inspected_as_text(read, hidden):
    document = {"model": "m", "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": hidden}}]}]}
    (turn,) = read("openai-chat", document).turns
    assert [part.text for part in turn.parts] == [hidden]


def test_one_message_of_a_thread_is_read(read, said):
    assert said(read("openai-chat", {"role": "user", "content": "into the thread"})) == [("user", "text", "into the thread")]


def test_stream_flag_and_model(read):
    conversation = read(
        "openai-chat", {"model": "org/model:free", "stream": True, "messages": [{"role": "user", "content": "a"}]}
    )
    assert (conversation.model, conversation.wants_stream) == ("org/model:free", True)


def test_a_whole_answer(answer):
    heard = answer(
        "openai-chat",
        '{"model":"gpt-5","choices":[{"index":0,"finish_reason":"tool_calls","message":{"content":"Hi","reasoning":"hm",'
        '"tool_calls":[{"function":{"name":"f","arguments":"{}"}},{"function":{"name":"g","arguments":"[]"}}]}}]}',
        "application/json",
    )
    assert (heard.text, heard.reasoning, heard.tool_calls) == ("Hi", "hm", ("f {}", "g []"))
    assert (heard.model, heard.finished) == ("gpt-5", True)


def test_tool_calls_are_joined_by_index_and_several_choices_kept_apart(answer, sse):
    def call(index, **function):
        return {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": index, "function": function}]}}]}

    heard = answer(
        "openai-chat",
        sse(
            call(0, name="f", arguments='{"a'),
            call(1, name="g", arguments="{"),
            call(0, arguments='":1}'),
            call(1, arguments="}"),
            {"choices": [{"index": 0, "delta": {"content": "one"}}, {"index": 1, "delta": {"content": "two"}}]},
            {"choices": [{"index": 0, "delta": {"content": " more"}}]},
            done=True,
        ),
    )  # fmt: skip
    assert heard.tool_calls == ('f {"a":1}', "g {}")
    assert heard.text == "one more\ntwo"


def test_errors(answer, sse):
    assert answer("openai-chat", sse({"error": {"message": "overloaded"}})).error == "overloaded"
    assert answer("openai-chat", '{"error":"plain"}', "application/json", 500).error == "plain"
    assert not answer("openai-chat", sse({"error": {"message": "overloaded"}}, done=True)).finished


def test_content_in_chunks_with_thoughts_between(answer, sse):
    """Mistral's way."""
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}
    heard = answer(
        "openai-chat",
        sse(
            {"choices": [{"index": 0, "delta": {"content": [thought]}}]},
            {"choices": [{"index": 0, "delta": {"content": [{"type": "text", "text": "Yes"}]}}]},
            {"choices": [{"index": 0, "delta": {"content": "!"}, "finish_reason": "stop"}]},
        ),
    )
    assert (heard.text, heard.reasoning, heard.finished) == ("Yes!", "hm", True)


def test_an_answer_so_far_beside_each_delta_is_not_heard_twice(answer, sse):
    """Perplexity's way."""
    heard = answer(
        "openai-chat",
        sse(
            {"choices": [{"index": 0, "delta": {"content": "One"}, "message": {"content": "One"}}]},
            {
                "choices": [
                    {"index": 0, "delta": {"content": " two"}, "message": {"content": "One two"}, "finish_reason": "stop"}
                ]
            },
        ),
    )
    assert heard.text == "One two"


def test_what_was_spoken_is_heard_as_text(answer):
    spoken = '{"choices":[{"message":{"content":null,"audio":{"id":"a","transcript":"good morning"}},"finish_reason":"stop"}]}'
    assert answer("openai-chat", spoken, "application/json").text == "good morning"


def test_a_deployment_in_the_path_is_the_model_that_the_body_does_not_name(read):
    document = {"messages": [{"role": "user", "content": "hi"}]}
    path = "/openai/deployments/team-gpt/chat/completions"
    assert read("openai-chat", document, path).model == "team-gpt"
    assert read("openai-chat", {**document, "model": "gpt-5"}, path).model == "gpt-5"
    assert read("openai-chat", document, "/v1/chat/completions").model is None
    assert read("openai-chat", document, "/v1beta/models/small-1:chat").model == "small-1"
    assert read("openai-chat", document, "/model/vendor.small-v1:0/invoke").model == "vendor.small-v1:0"


def test_thoughts_documents_and_sounds_among_the_chunks(read, said):
    chunks = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "earlier thought"}]},
        {"type": "document_url", "document_url": "https://files.example.com/a.pdf", "document_name": "a.pdf"},
        {"type": "input_audio", "input_audio": "////"},
    ]
    conversation = read("openai-chat", {"messages": [{"role": "user", "content": chunks}]})
    assert ("user", "reasoning", "earlier thought") in said(conversation)
    assert [(file.name, file.media_type) for file in conversation.turns[-1].attachments] == [("a.pdf", ""), ("", "audio/*")]
