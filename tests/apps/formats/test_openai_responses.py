"""OpenAI Responses."""

import base64

PDF = base64.b64encode(b"%PDF-1.7 words").decode()


def test_a_string_is_the_prompt(read):
    conversation = read("openai-responses", {"model": "gpt-5", "input": "say hi", "stream": True})
    assert conversation.prompt.typed_text == "say hi"
    assert conversation.wants_stream


def test_every_kind_of_item_is_read(read, said):
    document = {
        "model": "gpt-5",
        "instructions": "be brief",
        "input": [
            "bare string",
            {"role": "user", "content": "easy message"},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "an answer"}]},
            {
                "type": "reasoning",
                "summary": [{"type": "summary_text", "text": "a thought"}],
                "encrypted_content": "gAAAAABopaque",
            },
            {"type": "function_call", "call_id": "c", "name": "f", "arguments": '{"path": "/srv/x"}'},
            {"type": "custom_tool_call", "call_id": "c", "name": "patch", "input": "*** Begin Patch"},
            {"type": "local_shell_call", "call_id": "c", "action": {"type": "exec", "command": ["cat", "secret.txt"]}},
            {"type": "function_call_output", "call_id": "c", "output": [{"type": "input_text", "text": "a result"}]},
            {"type": "custom_tool_call_output", "call_id": "c", "output": "patched"},
            {"type": "mcp_call", "name": "n", "arguments": "{}", "output": "from the server"},
            {"type": "something_new_in_2027", "payload": {"note": "future words"}},
        ],
    }
    assert said(read("openai-responses", document)) == [
        ("system", "text", "be brief"),
        ("user", "text", "bare string"),
        ("user", "text", "easy message"),
        ("assistant", "text", "an answer"),
        ("assistant", "reasoning", "a thought"),
        ("assistant", "machine", "gAAAAABopaque"),
        ("assistant", "tool_call", "/srv/x"),
        ("assistant", "tool_call", "*** Begin Patch"),
        ("assistant", "tool_call", "exec"),
        ("assistant", "tool_call", "cat"),
        ("assistant", "tool_call", "secret.txt"),
        ("tool", "tool_result", "a result"),
        ("tool", "tool_result", "patched"),
        ("assistant", "tool_call", "{}"),
        ("assistant", "tool_result", "from the server"),
        ("system", "machine", "something_new_in_2027"),
        ("system", "machine", "future words"),
    ]


def test_files(read):
    content = [
        {"type": "input_file", "filename": "a.pdf", "file_data": f"data:application/pdf;base64,{PDF}"},
        {"type": "input_image", "image_url": "https://example.com/a.png"},
        {"type": "input_file", "file_id": "file-1"},
    ]
    conversation = read("openai-responses", {"model": "m", "input": [{"role": "user", "content": content}]})
    (turn,) = conversation.turns
    assert [(file.name, file.media_type, file.content) for file in turn.attachments] == [
        ("a.pdf", "application/pdf", b"%PDF-1.7 words"),
        ("", "", None),
        ("", "", None),
    ]
    assert conversation.unread == ()


def test_only_the_new_turn_with_a_previous_response(read):
    conversation = read(
        "openai-responses", {"previous_response_id": "resp_1", "input": "and now", "conversation": {"id": "conv_9"}}
    )
    assert conversation.prompt.typed_text == "and now"
    assert conversation.id == "conv_9"


def test_a_frame_of_the_websocket_and_a_prewarm_are_read(read):
    frame = {"type": "response.create", "model": "gpt-5", "input": [{"role": "user", "content": "say hi"}]}
    assert read("openai-responses", frame).prompt.typed_text == "say hi"
    assert read("openai-responses", {"type": "response.create", "generate": False, "input": []}).turns == ()


def test_conversation_items_and_token_numbers(read):
    assert read("openai-responses", {"items": [{"role": "user", "content": "kept"}]}).prompt.typed_text == "kept"
    assert read("openai-responses", {"model": "m", "input": [[1, 2], [3]]}).unread == ("input as token numbers",)


def test_a_stream_with_tools_and_thoughts_repeats_nothing(answer, sse):
    item = {"type": "function_call", "name": "f", "arguments": '{"a":1}'}
    message = {"type": "message", "content": [{"type": "output_text", "text": "Hello"}]}
    thought = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}]}
    heard = answer(
        "openai-responses",
        sse(
            {"type": "response.created", "response": {"model": "gpt-5", "output": []}},
            {"type": "response.reasoning_summary_text.delta", "output_index": 0, "summary_index": 0, "delta": "hm"},
            {"type": "response.output_item.done", "output_index": 0, "item": thought},
            {"type": "response.output_text.delta", "output_index": 1, "content_index": 0, "delta": "Hel"},
            {"type": "response.output_text.delta", "output_index": 1, "content_index": 0, "delta": "lo"},
            {"type": "response.output_text.done", "output_index": 1, "content_index": 0, "text": "Hello"},
            {"type": "response.output_item.done", "output_index": 1, "item": message},
            {"type": "response.output_item.added", "output_index": 2, "item": {**item, "arguments": ""}},
            {"type": "response.function_call_arguments.delta", "output_index": 2, "delta": '{"a":'},
            {"type": "response.function_call_arguments.delta", "output_index": 2, "delta": "1}"},
            {"type": "response.output_item.done", "output_index": 2, "item": item},
            {"type": "response.completed", "response": {"status": "completed", "output": [thought, message, item]}},
        ),
    )
    assert (heard.text, heard.reasoning, heard.tool_calls) == ("Hello", "hm", ('f {"a":1}',))
    assert (heard.model, heard.finished) == ("gpt-5", True)


def test_failures(answer, sse):
    failed = answer("openai-responses", sse({"type": "response.failed", "response": {"error": {"message": "boom"}}}))
    assert (failed.error, failed.finished) == ("boom", False)
    assert answer("openai-responses", sse({"type": "error", "message": "bad"})).error == "bad"
    assert answer("openai-responses", '{"error":{"message":"no"}}', "application/json", 400).error == "no"


def test_a_whole_answer(answer):
    heard = answer(
        "openai-responses",
        '{"object":"response","status":"completed","model":"m","output":[{"type":"message","content":[{"type":"output_text","text":"x"}]}]}',
        "application/json",
    )
    assert (heard.text, heard.finished, heard.model) == ("x", True, "m")
