"""The ChatGPT web app."""

PATH = "/backend-api/f/conversation"


def message(*parts, role="user", **more):
    return {"id": "m1", "author": {"role": role}, "content": {"content_type": "text", "parts": list(parts)}, **more}


def test_a_prompt_with_files_is_read(read, said):
    pointer = {"content_type": "image_asset_pointer", "asset_pointer": "sediment://file_00000001", "size_bytes": 5}
    files = [{"id": "file-Abc", "name": "plan.pdf", "mimeType": "application/pdf", "size": 1}]
    document = {
        "action": "next",
        "conversation_id": "c-1",
        "model": "auto",
        "messages": [message(pointer, "what is this", {"content_type": "audio_transcription", "text": "spoken words"})],
        "system_hints": ["a custom hint"],
    }
    document["messages"][0]["metadata"] = {"attachments": files}
    conversation = read("chatgpt-web", document, PATH)
    assert conversation.prompt.typed_text == "what is this\nspoken words"
    assert (conversation.id, conversation.model, conversation.wants_stream) == ("c-1", "auto", True)
    found = [(file.name, file.media_type, file.reference) for file in conversation.prompt.attachments]
    assert found == [("", "", "file_00000001"), ("plan.pdf", "application/pdf", "file-Abc")]
    assert conversation.unread == ()
    assert ("system", "machine", "a custom hint") in said(conversation)


def test_a_draft_is_read_from_the_prepare_call(read):
    conversation = read("chatgpt-web", {"partial_query": message("half a prom"), "model": "auto"}, f"{PATH}/prepare")
    assert conversation.prompt.typed_text == "half a prom"
    assert (conversation.wants_stream, conversation.background) == (False, True)
    assert read("chatgpt-web", {"partial_query": "as a string"}, f"{PATH}/prepare").prompt.typed_text == "as a string"
    assert read("chatgpt-web", {"action": "next"}, f"{PATH}/prepare").prompt is None


def test_what_was_selected_is_not_what_was_typed(read, said):
    asked = message(
        "shorten this", metadata={"targeted_reply": "a long sentence", "canvas": {"textdoc_content": "the document"}}
    )
    rows = said(read("chatgpt-web", {"messages": [asked], "conversation_mode": {"kind": "primary_assistant"}}, PATH))
    assert rows == [
        ("user", "text", "shorten this"), ("user", "file", "a long sentence"), ("user", "file", "the document"),
    ]  # fmt: skip


def test_words_that_are_looked_for_completed_or_given_to_an_agent(read):
    assert read("chatgpt-web", {"query": "old plans"}, "/backend-api/conversations/search").prompt.typed_text == "old plans"
    completing = read(
        "chatgpt-web", {"input_text": "how do I", "num_completions": 4}, "/backend-api/conversation/experimental/x"
    )
    assert (completing.prompt.typed_text, completing.background) == ("how do I", True)
    item = {"type": "message", "role": "user", "content": [{"content_type": "text", "text": "fix the test"}]}
    task = read("chatgpt-web", {"new_task": {"branch": "main"}, "input_items": [item]}, "/backend-api/wham/tasks")
    assert (task.prompt.typed_text, task.background) == ("fix the test", False)


def test_a_stream_that_is_handed_off_is_not_complete_and_names_its_conversation(answer, sse):
    begun = {"v": {"message": assistant("Hel"), "conversation_id": "c-9"}}
    heard = answer("chatgpt-web", sse(begun, {"type": "stream_handoff", "conversation_id": "c-9"}, done=True))
    assert (heard.text, heard.finished, heard.conversation) == ("Hel", False, "c-9")


def test_a_turn_is_named_by_whatever_names_it_and_tokens_are_not_kept(answer, sse):
    topics = [{"type": kind, "topic_id": "conversation-turn-t1"} for kind in ("resume_sse_endpoint", "subscribe_ws_topic")]
    handed_off = answer(
        "chatgpt-web",
        sse(
            {"type": "resume_conversation_token", "token": "t", "conversation_id": "c"},
            {
                "type": "stream_handoff",
                "conversation_id": "c",
                "turn_exchange_id": "t1",
                "options": [*topics, None, {"topic_id": 3}],
            },
        ),
    )
    assert (handed_off.tasks, handed_off.references) == (("t1", "conversation-turn-t1"), ())
    for named in ({"turn_exchange_id": "t1"}, {"metadata": {"turn_exchange_id": "t1"}}):
        assert answer("chatgpt-web", sse({"type": "server_ste_metadata", **named})).tasks == ("t1",)


def assistant(text="", kind="text", identifier="a", **more):
    content = {"content_type": kind, "parts": [text]} if kind == "text" else {"content_type": kind, **more.pop("content")}
    return {"id": identifier, "author": {"role": "assistant"}, "content": content, "recipient": "all", **more}


def test_patches_repeat_path_and_operation(answer, sse):
    heard = answer(
        "chatgpt-web",
        sse(
            "v1",
            {"type": "resume_conversation_token", "token": "t"},
            {"type": "input_message", "input_message": message("my prompt")},
            {"p": "", "o": "add", "v": {"message": message("my prompt"), "conversation_id": "c"}},
            {"v": {"message": assistant("", metadata={"model_slug": "gpt-5"})}},
            {"type": "message_marker", "marker": "first_token"},
            {"p": "/message/content/parts/0", "o": "append", "v": "Hel"},
            {"v": "lo"},
            {"p": "", "o": "patch", "v": [
                {"p": "/message/content/parts/0", "o": "append", "v": " there"},
                {"p": "/message/metadata", "o": "append", "v": {"resolved_model_slug": "gpt-5-mini"}},
            ]},
            {"v": [{"p": "/message/content/parts/0", "o": "append", "v": "\ue200cite\ue202turn0search0\ue201."},
                   {"p": "/message/status", "o": "replace", "v": "finished_successfully"},
                   {"p": "/message/end_turn", "o": "replace", "v": True}]},
            {"type": "message_stream_complete"},
            done=True,
        ),
    )  # fmt: skip
    assert (heard.text, heard.model, heard.finished) == ("Hello there.", "gpt-5-mini", True)


def test_thoughts_and_tool_calls_are_told_apart(answer, sse):
    thoughts = assistant(kind="thoughts", identifier="t", content={"thoughts": []})
    code = {**assistant(kind="code", identifier="c", content={"language": "python", "text": ""}), "recipient": "python"}
    result = {"id": "r", "author": {"role": "tool"}, "content": {"content_type": "execution_output", "text": "1"}}
    heard = answer(
        "chatgpt-web",
        sse(
            {"p": "", "o": "add", "v": {"message": thoughts}},
            {"p": "/message/content/thoughts", "o": "append", "v": [{"summary": "Plan", "content": "first"}]},
            {"p": "/message/content/thoughts/0/content", "o": "append", "v": " then"},
            {"p": "", "o": "add", "v": {"message": code}},
            {"p": "/message/content/text", "o": "append", "v": "print(1)"},
            {"p": "", "o": "add", "v": {"message": result}},
            {"p": "", "o": "add", "v": {"message": assistant("It is 1")}},
            done=True,
        ),
    )
    assert heard.text == "It is 1"
    assert heard.reasoning == "Plan\nfirst then"
    assert heard.tool_calls == ("print(1)",)
    assert not heard.finished, "[DONE] alone does not mean that the answer is complete"


def test_older_streams_with_whole_messages_are_not_repeated(answer, sse):
    heard = answer(
        "chatgpt-web",
        sse(
            {"message": message("my prompt"), "conversation_id": "c", "error": None},
            {"message": assistant("Hel"), "error": None},
            {"message": assistant("Hello"), "error": None},
            {"message": assistant("Hello", end_turn=True), "error": None},
            done=True,
        ),
    )
    assert (heard.text, heard.finished) == ("Hello", True)


def test_errors(answer, sse):
    assert answer("chatgpt-web", sse({"message": None, "error": "too many"})).error == "too many"
    assert answer("chatgpt-web", '{"detail":"no"}', "application/json", 403).error == "no"
