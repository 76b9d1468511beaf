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


def test_a_delta_that_is_also_beside_itself_as_text_is_not_heard_twice(answer, sse):
    """Together's way, in chats and in completions."""
    pieces = [{"choices": [{"index": 0, "text": said, "delta": {"token_id": 9, "content": said}}]} for said in ("One", " two")]
    assert answer("openai-chat", sse(*pieces, done=True)).text == "One two"
    assert answer("openai-completions", sse(*pieces, done=True)).text == "One two"


def test_a_whole_message_at_the_end_of_its_own_pieces_is_not_heard_twice(answer, sse):
    """MiniMax's way; a stream of nothing but whole messages is heard (Heroku's agents)."""
    whole = {"choices": [{"index": 0, "finish_reason": "stop", "message": {"content": "One two"}}]}
    begun = {"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]}
    pieces = [{"choices": [{"index": 0, "delta": {"content": said}}]} for said in ("One", " two")]
    assert answer("openai-chat", sse(begun, *pieces, whole)).text == "One two"
    assert answer("openai-chat", sse(begun, whole)).text == "One two"


def test_an_error_beside_status_200(answer):
    failed = '{"base_resp":{"status_code":1008,"status_msg":"insufficient balance"}}'
    assert answer("openai-chat", failed, "application/json").error == "insufficient balance"
    fine = (
        '{"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}],"base_resp":{"status_code":0,"status_msg":"success"}}'
    )
    assert (answer("openai-chat", fine, "application/json").text, answer("openai-chat", fine, "application/json").error) == (
        "Hi",
        "",
    )


def test_an_empty_reason_to_finish_finishes_nothing(answer, sse):
    piece = {"choices": [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": ""}]}
    assert not answer("openai-chat", sse(piece)).finished
    assert answer("openai-chat", sse(piece, {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})).finished


def test_thoughts_of_other_vendors(answer, sse):
    def heard(delta):
        answered = answer("openai-chat", sse({"choices": [{"index": 0, "delta": delta}]}, done=True))
        return answered.text, answered.reasoning

    assert heard({"content": [{"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}]}]}) == ("", "hm")
    assert heard({"content": "hm", "type": "think"}) == ("", "hm")
    assert heard({"content": "Hi", "type": "text"}) == ("Hi", "")
    assert heard({"reasoning": {"thinking": "hm", "signature": "abc"}}) == ("", "hm")
    details = [{"type": "reasoning.text", "text": "hm"}, {"type": "reasoning.encrypted", "data": "abc"}]
    assert heard({"reasoning_details": details}) == heard({"reasoning": "hm", "reasoning_details": details}) == ("", "hm")


def test_thoughts_that_are_sent_back_in_details(read, said):
    message = {"role": "assistant", "content": "Yes", "reasoning_details": [{"type": "reasoning.text", "text": "hm"}]}
    assert ("assistant", "reasoning", "hm") in said(read("openai-chat", {"messages": [message]}))


def test_a_function_call_of_the_first_kind_with_arguments_as_text_or_object(answer, sse):
    def called(arguments):
        delta = {"role": "assistant", "function_call": {"name": "f", "arguments": arguments}}
        return answer("openai-chat", sse({"choices": [{"index": 0, "delta": delta}]}, done=True)).tool_calls

    assert called('{"a":1}') == called({"a": 1}) == ('f {"a":1}',)


def test_meta_s_own_shape(answer, sse):
    whole = (
        '{"id":"a","completion_message":{"role":"assistant","stop_reason":"stop","content":{"type":"text","text":"Hi"},'
        '"tool_calls":[{"id":"c","function":{"name":"f","arguments":"{}"}}]},"metrics":[]}'
    )
    heard = answer("openai-chat", whole, "application/json")
    assert (heard.text, heard.tool_calls, heard.finished) == ("Hi", ("f {}",), True)

    def event(delta, kind="progress"):
        return {"id": "a", "event": {"event_type": kind, "delta": delta}}

    heard = answer(
        "openai-chat",
        sse(
            event({"type": "text", "text": ""}, "start"),
            event({"type": "reasoning", "reasoning": "hm"}),
            event({"type": "text", "text": "H"}),
            event({"type": "text", "text": "i"}),
            event({"type": "tool_call", "id": "c", "function": {"name": "f"}}),
            event({"type": "tool_call", "function": {"arguments": "{}"}}),
            event({"type": "text", "text": ""}, "complete"),
        ),
    )
    assert (heard.text, heard.reasoning, heard.tool_calls, heard.finished) == ("Hi", "hm", ("f {}",), True)


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
        {"type": "file_url", "file_url": {"url": "https://files.example.com/b.pdf"}, "file_name": "b.pdf"},
    ]
    conversation = read("openai-chat", {"messages": [{"role": "user", "content": chunks}]})
    assert ("user", "reasoning", "earlier thought") in said(conversation)
    assert [(file.name, file.media_type) for file in conversation.turns[-1].attachments] == [
        ("a.pdf", ""),
        ("", "audio/*"),
        ("b.pdf", ""),
    ]
