"""Answers in the shape of Anthropic's messages, for prompts that the gateway answers itself.

Separate from reading them because Bedrock carries the same events in a framing of its own.
"""

from lockgate.apps.formats.base import Refusal

_NO_USAGE = {"input_tokens": 0, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 0}


def whole_message(refusal: Refusal, model: str) -> dict[str, object]:
    """A whole message."""
    return _started(refusal, model) | {"content": [{"type": "text", "text": refusal.message}], "stop_reason": "end_turn"}


def message_events(refusal: Refusal, model: str) -> tuple[dict[str, object], ...]:
    """The events of a streamed one."""
    return (
        {"type": "message_start", "message": _started(refusal, model)},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": refusal.message}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": _NO_USAGE},
        {"type": "message_stop"},
    )


def _started(refusal: Refusal, model: str) -> dict[str, object]:
    return {
        "id": f"msg_{refusal.reference}", "type": "message", "role": "assistant", "model": model, "content": [],
        "stop_reason": None, "stop_sequence": None, "usage": _NO_USAGE,
    }  # fmt: skip
