"""Anthropic's calls beside messages, and what batches and token counts carry."""

import json

import pytest

from lockgate.apps.formats.registry import FORMATS
from lockgate.facts.traffic import Body


def test_every_prompt_of_a_batch_is_read(read, said):
    def asking(words):
        params = {
            "model": "claude-sonnet-4-5",
            "max_tokens": 9,
            "messages": [{"role": "user", "content": words}],
            "system": "s.",
        }
        return {"custom_id": f"id-{words}", "params": params}

    conversation = read("anthropic-messages", {"requests": [asking("one"), asking("two")]}, "/v1/messages/batches")
    rows = said(conversation)
    assert [row for row in rows if row[1] == "text"] == [
        ("system", "text", "s."), ("user", "text", "one"), ("system", "text", "s."), ("user", "text", "two"),
    ]  # fmt: skip
    assert conversation.model == "claude-sonnet-4-5"


def test_counting_tokens_is_no_prompt_of_its_own(read):
    document = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
    assert read("anthropic-messages", document, "/v1/messages/count_tokens").background
    assert read("anthropic-messages", document, "/v1/projects/p/models/count-tokens:rawPredict").background
    assert not read("anthropic-messages", document, "/v1/messages").background


def test_documents_and_search_results_are_text_of_files(read, said):
    blocks = [
        {"type": "document", "title": "plan", "source": {"type": "text", "media_type": "text/plain", "data": "plan words"}},
        {"type": "search_result", "title": "t", "source": "s", "content": [{"type": "text", "text": "found words"}]},
        {"type": "container_upload", "file_id": "file_011"},
        {"type": "text", "text": "compare them"},
    ]
    conversation = read("anthropic-messages", {"messages": [{"role": "user", "content": blocks}], "max_tokens": 1})
    for row in (("user", "file", "plan words"), ("user", "file", "found words"), ("user", "text", "compare them")):
        assert row in said(conversation)
    assert [(file.name, file.reference) for file in conversation.turns[-1].attachments] == [("plan", ""), ("", "file_011")]


def test_the_answers_to_counts_and_batches_are_complete(answer):
    assert answer("anthropic-messages", '{"input_tokens": 12}', "application/json").finished
    assert answer("anthropic-messages", '{"id": "msgbatch_1", "type": "message_batch"}', "application/json").finished


@pytest.mark.parametrize(
    ("prompt", "rows"),
    [
        ("\n\nHuman: hi\n\nAssistant:", [("user", "hi")]),
        ("Human: hi\n\nAssistant: oh\n\nHuman:  bye \n\nAssistant:", [("user", "hi"), ("assistant", "oh"), ("user", "bye")]),
        ("just words", [("user", "just words")]),
        ("be kind\n\nHuman: a Human: inside\n\nAssistant: {",
         [("system", "be kind"), ("user", "a Human: inside"), ("assistant", "{")]),
    ],
)  # fmt: skip
def test_turns_of_the_first_call(read, said, prompt, rows):
    conversation = read("anthropic-complete", {"prompt": prompt, "max_tokens_to_sample": 9})
    assert [(role, text) for role, _, text in said(conversation)] == rows


def test_one_turn_of_the_first_call_can_be_rewritten(read, make_request):
    document = {
        "prompt": "\n\nHuman: a secret\n\nAssistant: ok\n\nHuman: again a secret\n\nAssistant:",
        "max_tokens_to_sample": 9,
    }
    body = Body(content=json.dumps(document).encode())
    last = read("anthropic-complete", document).turns[-1].parts[0]
    rewritten = json.loads(
        FORMATS["anthropic-complete"].rewrite_request(make_request("/v1/complete"), body, {last.path: "a mask"})
    )
    assert rewritten["prompt"] == "\n\nHuman: a secret\n\nAssistant: ok\n\nHuman: a mask\n\nAssistant:"


def test_a_whole_completion_is_heard(answer):
    whole = '{"completion": " Yes.", "stop_reason": "stop_sequence", "model": "claude-2.1"}'
    heard = answer("anthropic-complete", whole, "application/json")
    assert (heard.text, heard.model, heard.finished) == (" Yes.", "claude-2.1", True)


def test_what_goes_into_a_session(read, said):
    files = [{"type": "document", "source": {"type": "file", "file_id": "file_1"}}, {"type": "text", "text": "read it"}]
    document = {
        "agent": "agent_1", "environment_id": "env_1", "title": "Holidays",
        "initial_events": [{"type": "user.message", "content": files},
                           {"type": "user.define_outcome", "description": "a packed bag", "rubric": {"content": "light"}}],
        "resources": [{"type": "file", "file_id": "file_2"}],
    }  # fmt: skip
    conversation = read("anthropic-sessions", document, "/v1/sessions")
    for row in (
        ("user", "text", "read it"),
        ("user", "text", "a packed bag"),
        ("user", "text", "light"),
        ("system", "machine", "Holidays"),
    ):
        assert row in said(conversation)
    assert [file.reference for turn in conversation.turns for file in turn.attachments] == ["file_1", "file_2"]
    result = {"events": [{"type": "user.tool_result", "content": [{"type": "text", "text": "42"}]}]}
    conversation = read("anthropic-sessions", result, "/v1/sessions/sesn_1/events")
    assert said(conversation) == [("tool", "tool_result", "42")]
    assert conversation.id == "sesn_1"
    agent = {"name": "packer", "model": "claude-opus-5", "system": "You pack bags."}
    conversation = read("anthropic-sessions", agent, "/v1/agents")
    assert (conversation.model, ("system", "text", "You pack bags.") in said(conversation)) == ("claude-opus-5", True)
    memory = {"content": "likes trains", "path": "/notes.md"}
    assert ("user", "file", "likes trains") in said(read("anthropic-sessions", memory, "/v1/memory_stores/m/memories"))


def test_what_an_agent_says_and_does_is_heard(answer, sse):
    heard = answer(
        "anthropic-sessions",
        sse(
            {"type": "agent.tool_use", "id": "e1", "name": "bash", "input": {"command": "ls"}},
            {"type": "agent.message", "id": "e2", "content": [{"type": "text", "text": "Two files."}]},
            {"type": "session.status_idle"},
        ),
    )
    assert (heard.text, heard.tool_calls, heard.finished) == ("Two files.", ('bash {"command":"ls"}',), True)
    assert answer("anthropic-sessions", sse({"type": "session.error", "error": {"message": "no budget"}})).error == "no budget"
    begun = '{"id": "sesn_1", "type": "session", "agent": {"model": {"id": "claude-opus-5"}}}'
    heard = answer("anthropic-sessions", begun, "application/json")
    assert (heard.conversation, heard.model, heard.finished) == ("sesn_1", "claude-opus-5", True)
