"""Where the typed words are in the bodies of the agents people use, and what stays inspected beside them."""

import pytest

REMINDER = "<system-reminder>\nAs you answer, you can use the following context.\n</system-reminder>"
CLAUDE_CODE = {
    "model": "claude-sonnet-4-5",
    "max_tokens": 32000,
    "stream": True,
    "metadata": {"user_id": "user_ab_account__session_0a0a0a0a-0a0a-0a0a-0a0a-0a0a0a0a0a0a"},
    "system": [{"type": "text", "text": "You are a coding tool.", "cache_control": {"type": "ephemeral"}}],
    "messages": [
        {
            "role": "user",
            "content": [
                *({"type": "text", "text": f"{REMINDER}"} for _ in range(4)),
                {"type": "text", "text": "say hi", "cache_control": {"type": "ephemeral"}},
            ],
        }
    ],
    "tools": [{"name": "Bash", "description": "Runs a command.", "input_schema": {"type": "object"}}],
}
CODEX = {
    "model": "gpt-5-codex",
    "instructions": "You are a coding agent.",
    "stream": True,
    "previous_response_id": "resp_0123456789abcdef0123",
    "input": [
        {"type": "additional_tools", "tools": [{"name": "shell", "description": "Runs a shell command"}]},
        {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "Sandbox rules apply."}]},
        {
            "type": "message",
            "role": "user",
            "content": [{"type": "input_text", "text": "<environment_context>\n  <cwd>/srv</cwd>\n</environment_context>"}],
        },
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "say hi"}]},
    ],
}
GEMINI_CLI = {
    "contents": [{"role": "user", "parts": [{"text": "<session_context>\nToday\n</session_context>"}, {"text": "say hi"}]}],
    "systemInstruction": {"role": "user", "parts": [{"text": "You are an interactive agent."}]},
    "tools": [{"functionDeclarations": [{"name": "read_file", "description": "Reads a file."}]}],
}
COPILOT_CLI = {
    "model": "gpt-5",
    "instructions": "You are a terminal assistant.",
    "input": [
        {
            "role": "user",
            "content": [{"type": "input_text", "text": "<current_datetime>2026-11-22</current_datetime>\n\nsay hi"}],
        }
    ],
}
OPEN_CODE = {
    "model": "claude-sonnet-4-5",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": [{"type": "text", "text": '"say hi"'}]}],
}
OPEN_CODE_TITLE = {
    "model": "claude-haiku",
    "max_tokens": 20,
    "messages": [{"role": "user", "content": 'Generate a title for this conversation:\n"say hi"'}],
}
QWEN_CODE = {
    "model": "qwen3-coder",
    "messages": [
        {"role": "system", "content": "You are an agent."},
        {"role": "user", "content": "This is the set-up of my machine."},
        {"role": "assistant", "content": "Got it."},
        {"role": "user", "content": [{"type": "text", "text": "say hi"}]},
    ],
}
CLINE = {
    "model": "gpt-5",
    "input": [
        {"role": "developer", "content": "You are a coding assistant."},
        {"role": "user", "content": [{"type": "input_text", "text": "<task>\nsay hi\n</task>"}]},
    ],
}
VS_CODE = {
    "model": "gpt-5",
    "messages": [
        {"role": "system", "content": "You are a programming assistant."},
        {
            "role": "user",
            "content": "<context>\nThe date is today.\n</context>\n<editorContext>\na.py\n</editorContext>\n"
            "<reminderInstructions>\n</reminderInstructions>\n<userRequest>\nsay hi\n</userRequest>\n",
        },
    ],
}
SHELL_GPT = {
    "model": "gpt-4o-mini",
    "messages": [{"role": "system", "content": "Provide bash commands."}, {"role": "user", "content": "say hi"}],
}

AGENTS = {
    "claude-code": ("anthropic-messages", "/v1/messages", CLAUDE_CODE),
    "codex": ("openai-responses", "/backend-api/codex/responses", CODEX),
    "gemini-cli": ("gemini-generate", "/v1beta/models/gemini-2.5-flash:streamGenerateContent", GEMINI_CLI),
    "gemini-cli-signed-in": ("gemini-generate", "/v1internal:streamGenerateContent", {"model": "g", "request": GEMINI_CLI}),
    "copilot-cli": ("openai-responses", "/responses", COPILOT_CLI),
    "opencode": ("anthropic-messages", "/v1/messages", OPEN_CODE),
    "opencode-title": ("anthropic-messages", "/v1/messages", OPEN_CODE_TITLE),
    "qwen-code": ("openai-chat", "/v1/chat/completions", QWEN_CODE),
    "cline": ("openai-responses", "/v1/responses", CLINE),
    "vs-code": ("openai-chat", "/chat/completions", VS_CODE),
    "shell-gpt": ("openai-chat", "/v1/chat/completions", SHELL_GPT),
}


@pytest.mark.parametrize("agent", AGENTS)
def test_the_prompt_is_what_the_person_typed(agent, read):
    format_id, path, document = AGENTS[agent]
    prompt = read(format_id, document, path).prompt
    assert prompt is not None
    assert prompt.typed_text == "say hi"


@pytest.mark.parametrize("agent", AGENTS)
def test_everything_around_it_is_still_inspected(agent, read):
    """Every word of every string of eight characters and more is in some part."""
    format_id, path, document = AGENTS[agent]
    seen = " ".join(part.text for turn in read(format_id, document, path).turns for part in turn.parts)

    def check(value):
        if isinstance(value, dict):
            for child in value.values():
                check(child)
        elif isinstance(value, list):
            for child in value:
                check(child)
        elif isinstance(value, str) and " " in value:
            wrapping = ("<task>", "</task>", "<userRequest>", "</userRequest>")
            assert all(word.strip('"') in seen for word in value.split() if word not in wrapping)

    check(document)


def test_machine_text_is_told_apart(read, said):
    rows = said(read("anthropic-messages", CLAUDE_CODE, "/v1/messages"))
    assert rows.count(("user", "reminder", REMINDER)) == 4
    assert ("user", "text", "say hi") in rows
    assert ("system", "machine", "Runs a command.") in rows
    assert ("system", "text", "You are a coding tool.") in rows


def test_the_next_call_of_an_agent_repeats_the_digests_of_the_first(read):
    """Moving a cache mark, adding turns and changing settings makes no old turn new."""
    first = read("anthropic-messages", CLAUDE_CODE, "/v1/messages")
    old = [{**message, "content": [{"type": b["type"], "text": b["text"]} for b in message["content"]]}
           for message in CLAUDE_CODE["messages"]]  # fmt: skip
    new = {"role": "assistant", "content": "hi"}, {"role": "user", "content": "thanks a lot"}
    second = read(
        "anthropic-messages", {**CLAUDE_CODE, "messages": [*old, *new], "metadata": {"user_id": "changed-now"}}, "/v1/messages"
    )
    known = {turn.digest for turn in first.turns}
    fresh = [turn for turn in second.turns if turn.digest not in known]
    assert [[part.text for part in turn.parts] for turn in fresh] == [["changed-now"], ["hi"], ["thanks a lot"]]


def test_the_session_of_an_agent_is_the_conversation(read):
    by_body = read("anthropic-messages", CLAUDE_CODE, "/v1/messages")
    assert by_body.id == "0a0a0a0a-0a0a-0a0a-0a0a-0a0a0a0a0a0a"
    assert read("anthropic-messages", CLAUDE_CODE, "/v1/messages", x_claude_code_session_id="s-1").id == "s-1"
    assert read("openai-responses", CODEX, "/v1/responses", session_id="s-2").id == "s-2"
