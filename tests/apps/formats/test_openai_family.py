"""OpenAI's calls beside chat and responses: completions, embeddings and moderations, assistants."""

import json


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
