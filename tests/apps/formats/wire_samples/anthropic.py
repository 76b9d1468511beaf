from wire_samples.sample import WireSample, event

DENIED = (400, {"type": "error", "error": {"type": "permission_error", "message": "{message}"}})

SAMPLES = (
    WireSample(
        id="anthropic-complete",
        path="/v1/complete",
        document={
            "model": "claude-2.1",
            "prompt": "Speak plainly.\n\nHuman: name a colour\n\nAssistant: red\n\nHuman: another one\n\nAssistant:",
            "max_tokens_to_sample": 100,
            "stream": True,
        },
        prompt="another one",
        answer=(
            event({"type": "completion", "completion": " Grü", "stop_reason": None, "model": "claude-2.1"}, name="completion"),
            event({"type": "ping"}, name="ping"),
            event({"type": "completion", "completion": "ße 😀", "stop_reason": "stop_sequence"}, name="completion"),
        ),
        heard=" Grüße 😀",
        refused=DENIED,
    ),
    WireSample(
        id="anthropic-sessions",
        path="/v1/sessions/session_abc/events",
        document={
            "events": [
                {"type": "user.custom_tool_result", "custom_tool_use_id": "tool_1",
                 "content": [{"type": "text", "text": "sunny and warm"}]},
                {"type": "user.message", "content": [{"type": "text", "text": "what should be packed"}]},
                {"type": "system.message", "content": [{"type": "text", "text": "Mind the budget."}]},
            ],
        },
        prompt="what should be packed",
        answer=(
            event({"type": "session.status_running", "id": "evt_0"}),
            event({"type": "agent.thinking", "id": "evt_1"}),
            event({"type": "agent.message", "id": "evt_2", "content": [{"type": "text", "text": "Grüße 😀"}]}, end="\r\n"),
            event({"type": "session.status_idle", "id": "evt_3", "stop_reason": {"type": "end_turn"}}),
        ),
        refused=DENIED,
    ),
)  # fmt: skip
