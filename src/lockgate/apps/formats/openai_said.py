"""Answers in the shapes of OpenAI's APIs, for prompts that the gateway answers itself.

Separate from reading them because a written one has all that the vendor's has, in its order: clients with strict types need it.
"""

from collections.abc import Iterator

from lockgate.apps.formats.answering import answer_in_events, answer_in_json, model_of
from lockgate.apps.formats.base import Refusal
from lockgate.facts.prompt import Conversation
from lockgate.facts.traffic import Answer, Request

_NO_USAGE = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
_NO_RESPONSE_USAGE = {
    "input_tokens": 0, "input_tokens_details": {"cached_tokens": 0},
    "output_tokens": 0, "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 0,
}  # fmt: skip


def chat_answer(refusal: Refusal, request: Request, conversation: Conversation) -> Answer:
    """A chat completion, or its chunks."""
    if conversation.wants_stream:
        return answer_in_events(refusal, request, chat_chunks(refusal, model_of(conversation)), end="[DONE]")
    return answer_in_json(refusal, request, chat_completion(refusal, model_of(conversation)))


def chat_completion(refusal: Refusal, model: str) -> dict[str, object]:
    """A whole chat completion."""
    message = {"role": "assistant", "content": refusal.message, "refusal": None, "annotations": []}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    return _head(refusal, model, "chat.completion") | {"choices": [choice], "usage": _NO_USAGE}


def chat_chunks(refusal: Refusal, model: str) -> Iterator[dict[str, object]]:
    """The chunks of a streamed one. The last has the usage: a chunk without choices breaks clients that never asked for it."""
    for delta, finish in (({"role": "assistant", "content": ""}, None), ({"content": refusal.message}, None), ({}, "stop")):
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        usage = {"usage": _NO_USAGE} if finish else {}
        yield _head(refusal, model, "chat.completion.chunk") | {"choices": [choice]} | usage


def completion_answer(refusal: Refusal, request: Request, conversation: Conversation) -> Answer:
    """A text completion, or its chunks."""
    head = _head(refusal, model_of(conversation), "text_completion")
    choice = {"index": 0, "text": refusal.message, "logprobs": None, "finish_reason": "stop"}
    if conversation.wants_stream:
        first = choice | {"finish_reason": None}
        chunks = [head | {"choices": [first]}, head | {"choices": [choice | {"text": ""}], "usage": _NO_USAGE}]
        return answer_in_events(refusal, request, chunks, end="[DONE]")
    return answer_in_json(refusal, request, head | {"choices": [choice], "usage": _NO_USAGE})


def response_answer(refusal: Refusal, request: Request, conversation: Conversation) -> Answer:
    """A response, or its events."""
    model = model_of(conversation)
    if conversation.wants_stream:
        return answer_in_events(refusal, request, response_events(refusal, model), named=True)
    return answer_in_json(refusal, request, _response(refusal, model, "completed"))


def response_events(refusal: Refusal, model: str) -> Iterator[dict[str, object]]:
    """The events of a streamed response, down to the words."""
    started, part, item = _response(refusal, model, "in_progress"), _part(refusal.message), _item(refusal, "completed")
    inside = {"item_id": item["id"], "output_index": 0, "content_index": 0}
    events: tuple[dict[str, object], ...] = (
        {"type": "response.created", "response": started},
        {"type": "response.in_progress", "response": started},
        {"type": "response.output_item.added", "output_index": 0, "item": _item(refusal, "in_progress")},
        {"type": "response.content_part.added", **inside, "part": _part("")},
        {"type": "response.output_text.delta", **inside, "delta": refusal.message, "logprobs": []},
        {"type": "response.output_text.done", **inside, "text": refusal.message, "logprobs": []},
        {"type": "response.content_part.done", **inside, "part": part},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": _response(refusal, model, "completed")},
    )
    for number, event in enumerate(events):
        yield {**event, "sequence_number": number}


def _head(refusal: Refusal, model: str, kind: str) -> dict[str, object]:
    return {"id": f"chatcmpl-{refusal.reference}", "object": kind, "created": 0, "model": model}


def _response(refusal: Refusal, model: str, status: str) -> dict[str, object]:
    done = status == "completed"
    return {
        "id": f"resp_{refusal.reference}", "object": "response", "created_at": 0, "status": status, "background": False,
        "error": None, "incomplete_details": None, "instructions": None, "max_output_tokens": None, "model": model,
        "output": [_item(refusal, status)] if done else [], "parallel_tool_calls": True, "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None}, "store": False, "temperature": 1.0,
        "text": {"format": {"type": "text"}}, "tool_choice": "auto", "tools": [], "top_p": 1.0, "truncation": "disabled",
        "usage": _NO_RESPONSE_USAGE if done else None, "metadata": {},
    }  # fmt: skip


def _item(refusal: Refusal, status: str) -> dict[str, object]:
    content = [_part(refusal.message)] if status == "completed" else []
    return {"id": f"msg_{refusal.reference}", "type": "message", "status": status, "role": "assistant", "content": content}


def _part(text: str) -> dict[str, object]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
