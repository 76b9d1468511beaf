"""Answers in the shapes of Bedrock, for prompts that the gateway answers itself: Converse's own, and those of models' vendors.

Separate from reading them because both calls share the binary framing, and an invoked model is known by its name alone.
"""

import base64
from collections.abc import Iterable

from lockgate.apps.formats.answering import answer_in_json, model_of
from lockgate.apps.formats.anthropic_said import message_events, whole_message
from lockgate.apps.formats.aws_event_stream import MEDIA_TYPE, write_event
from lockgate.apps.formats.base import Refusal
from lockgate.apps.formats.json_text import write_json
from lockgate.apps.formats.openai_said import chat_chunks, chat_completion
from lockgate.apps.formats.refusal import refuse_with
from lockgate.facts.prompt import Conversation
from lockgate.facts.traffic import Answer, Request

_CHATS = ("openai.", "deepseek.", "qwen.", "moonshot", "minimax.", "zai.")
"""Vendors whose models answer as OpenAI's chat does."""
_COMPLETES = ("anthropic.claude-v2", "anthropic.claude-instant")
"""Models that may have been asked in an older way, which their name does not tell."""


def converse_answer(refusal: Refusal, request: Request, conversation: Conversation) -> Answer:
    """A whole message of Converse, or its events."""
    if conversation.wants_stream:
        return _stream(refusal, request, _converse_events(refusal))
    return answer_in_json(refusal, request, _conversed(refusal))


def invoke_answer(refusal: Refusal, request: Request, conversation: Conversation) -> Answer | None:
    """What the model's vendor would answer, or None where the model's name does not tell how."""
    model = model_of(conversation)
    events: Iterable[object]
    if "anthropic." in model and not any(name in model for name in _COMPLETES):
        whole, events = whole_message(refusal, model), message_events(refusal, model)
    elif "amazon.nova" in model:
        whole, events = _conversed(refusal), [{name: data} for name, data in _converse_events(refusal)]
    elif any(name in model for name in _CHATS):
        whole, events = chat_completion(refusal, model), chat_chunks(refusal, model)
    else:
        return None
    if not conversation.wants_stream:
        return answer_in_json(refusal, request, whole)
    chunks = (base64.b64encode(write_json(event)).decode() for event in events)
    return _stream(refusal, request, (("chunk", {"bytes": chunk}) for chunk in chunks))


def _conversed(refusal: Refusal) -> dict[str, object]:
    said = {"role": "assistant", "content": [{"text": refusal.message}]}
    return {"output": {"message": said}, "stopReason": "end_turn", "usage": _NO_USAGE, "metrics": {"latencyMs": 0}}


_NO_USAGE = {"inputTokens": 0, "outputTokens": 0, "totalTokens": 0}


def _converse_events(refusal: Refusal) -> tuple[tuple[str, object], ...]:
    return (
        ("messageStart", {"role": "assistant"}),
        ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": refusal.message}}),
        ("contentBlockStop", {"contentBlockIndex": 0}),
        ("messageStop", {"stopReason": "end_turn"}),
        ("metadata", {"usage": _NO_USAGE, "metrics": {"latencyMs": 0}}),
    )


def _stream(refusal: Refusal, request: Request, events: Iterable[tuple[str, object]]) -> Answer:
    content = b"".join(write_event(name, write_json(data)) for name, data in events)
    return refuse_with(refusal, request, status=200, content=content, content_type=MEDIA_TYPE)
