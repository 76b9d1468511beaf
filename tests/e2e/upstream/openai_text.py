"""What OpenAI answers to text beside chat and responses: completions, embeddings, moderations, threads of assistants."""

import base64
import struct
from collections.abc import Iterator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from upstream.answering import answer_to, body_of, event, json, stream, text_of, words

_NOW = 1_790_000_000
_VECTOR = (0.25, -0.5, 0.125)
_CATEGORIES = ("harassment", "hate", "illicit", "self-harm", "sexual", "violence")


async def completions(request: Request) -> Response:
    body = await body_of(request)
    model, prompt = body.get("model", ""), body.get("prompt", "")
    text = answer_to(prompt if isinstance(prompt, str) else " ".join(map(str, prompt)))
    common = {"id": "cmpl-1", "object": "text_completion", "created": _NOW, "model": model}

    def choice(piece: str, finish: str | None) -> dict[str, Any]:
        return common | {"choices": [{"index": 0, "text": piece, "finish_reason": finish, "logprobs": None}]}

    if body.get("stream"):
        pieces = (event(choice(word, None)) for word in words(text))
        return stream(request, model, (*pieces, event(choice("", "stop")), event(b"[DONE]")))
    return json(choice(text, "stop") | {"usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}})


async def embeddings(request: Request) -> Response:
    """A vector for each input, as floats or (what the official client asks for) as their bytes in base64."""
    body = await body_of(request)
    given = body.get("input", "")
    count = len(given) if isinstance(given, list) and not all(isinstance(item, int) for item in given) else 1
    packed = base64.b64encode(struct.pack(f"<{len(_VECTOR)}f", *_VECTOR)).decode()
    vector = packed if body.get("encoding_format") == "base64" else list(_VECTOR)
    data = [{"object": "embedding", "index": index, "embedding": vector} for index in range(count)]
    usage = {"prompt_tokens": 1, "total_tokens": 1}
    return json({"id": "embd-1", "object": "list", "data": data, "model": body.get("model", ""), "usage": usage})


async def moderations(request: Request) -> Response:
    body = await body_of(request)
    result = {
        "flagged": False, "categories": dict.fromkeys(_CATEGORIES, False), "category_scores": dict.fromkeys(_CATEGORIES, 0.0),
        "category_applied_input_types": {name: ["text"] for name in _CATEGORIES},
    }  # fmt: skip
    return json({"id": "modr-1", "model": body.get("model") or "omni-moderation-latest", "results": [result]})


_threads: dict[str, str] = {}
"""What was last said in each thread."""


def _thread_message(thread: str, role: str, text: str, number: int) -> dict[str, Any]:
    content = [{"type": "text", "text": {"value": text, "annotations": []}}]
    return {
        "id": f"msg_{number}", "object": "thread.message", "created_at": _NOW, "thread_id": thread, "role": role,
        "content": content, "status": "completed", "assistant_id": None, "run_id": None, "attachments": [], "metadata": {},
        "completed_at": _NOW, "incomplete_at": None, "incomplete_details": None,
    }  # fmt: skip


async def threads(request: Request) -> Response:
    body = await body_of(request)
    for message in body.get("messages", []):
        _threads["thread_1"] = text_of(message["content"])
    return json({"id": "thread_1", "object": "thread", "created_at": _NOW, "metadata": {}, "tool_resources": {}})


async def thread_messages(request: Request) -> Response:
    thread = request.path_params["thread"]
    if request.method == "GET":
        said = _thread_message(thread, "assistant", answer_to(_threads.get(thread, "")), 2)
        return json({"object": "list", "data": [said], "first_id": "msg_2", "last_id": "msg_2", "has_more": False})
    text = text_of((await body_of(request))["content"])
    _threads[thread] = text
    return json(_thread_message(thread, "user", text, 1))


def _run(thread: str, body: dict[str, Any], status: str) -> dict[str, Any]:
    return {
        "id": "run_1", "object": "thread.run", "created_at": _NOW, "thread_id": thread, "status": status, "model": "gpt-5",
        "assistant_id": body.get("assistant_id", ""), "instructions": body.get("instructions") or "", "tools": [],
        "metadata": {}, "parallel_tool_calls": True, "required_action": None, "last_error": None, "usage": None,
        "started_at": _NOW, "completed_at": None, "cancelled_at": None, "failed_at": None, "expires_at": None,
        "incomplete_details": None, "max_completion_tokens": None, "max_prompt_tokens": None, "response_format": "auto",
        "tool_choice": "auto", "truncation_strategy": {"type": "auto", "last_messages": None},
    }  # fmt: skip


async def runs(request: Request) -> Response:
    body = await body_of(request)
    thread = request.path_params.get("thread", "thread_1")
    for message in (body.get("thread") or {}).get("messages", []) + (body.get("additional_messages") or []):
        _threads[thread] = text_of(message["content"])
    if not body.get("stream"):
        return json(_run(thread, body, "completed"))
    return stream(request, "gpt-5", _run_events(thread, body))


async def run_status(request: Request) -> Response:
    return json(_run(request.path_params["thread"], {}, "completed"))


def _run_events(thread: str, body: dict[str, Any]) -> Iterator[bytes]:
    text = answer_to(_threads.get(thread, ""))
    yield event(_run(thread, body, "in_progress"), "thread.run.created")
    yield event(_thread_message(thread, "assistant", "", 2) | {"content": []}, "thread.message.created")
    for word in words(text):
        content = [{"index": 0, "type": "text", "text": {"value": word}}]
        yield event({"id": "msg_2", "object": "thread.message.delta", "delta": {"content": content}}, "thread.message.delta")
    yield event(_thread_message(thread, "assistant", text, 2), "thread.message.completed")
    yield event(_run(thread, body, "completed"), "thread.run.completed")
    yield event(b"[DONE]", "done")


ROUTES: list[BaseRoute] = [
    Route("/v1/completions", completions, methods=["POST"]),
    Route("/v1/embeddings", embeddings, methods=["POST"]),
    Route("/v1/moderations", moderations, methods=["POST"]),
    Route("/v1/threads", threads, methods=["POST"]),
    Route("/v1/threads/runs", runs, methods=["POST"]),
    Route("/v1/threads/{thread}/messages", thread_messages, methods=["GET", "POST"]),
    Route("/v1/threads/{thread}/runs", runs, methods=["POST"]),
    Route("/v1/threads/{thread}/runs/{run}", run_status, methods=["GET"]),
]
