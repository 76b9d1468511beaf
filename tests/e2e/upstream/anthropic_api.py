"""Anthropic's Messages API: messages and token counting. Its stream is also what the Claude web app reads."""

from collections.abc import Iterator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from upstream.answering import answer_to, body_of, event, form_of, json, stream, text_of, words


async def messages(request: Request) -> Response:
    body = await body_of(request)
    model, text = body.get("model", ""), answer_to(_prompt_of(body))
    if body.get("stream"):
        return stream(request, model, message_events(model, text))
    return json(_message(model, [{"type": "text", "text": text, "citations": None}], "end_turn"))


def _prompt_of(body: dict[str, Any]) -> str:
    said = [message for message in body.get("messages", []) if message.get("role") == "user"]
    return text_of(said[-1]["content"]) if said else ""


def _message(model: str, content: list[dict[str, Any]], stop: str | None) -> dict[str, Any]:
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": model, "content": content, "stop_reason": stop,
        "stop_sequence": None, "usage": {"input_tokens": 1, "output_tokens": 1},
    }  # fmt: skip


def message_events(model: str, text: str) -> Iterator[bytes]:
    """The named events of one streamed message."""
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": _message(model, [], None)},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "ping"},
        *({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word}} for word in words(text)),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": {"output_tokens": 1}},
        {"type": "message_stop"},
    ]
    yield from (event(data, data["type"]) for data in events)


async def count_tokens(request: Request) -> Response:
    body = await body_of(request)
    return json({"input_tokens": len(_prompt_of(body).split())})


_AT = "2026-11-24T00:00:00Z"


async def batches(_request: Request) -> Response:
    counts = {"processing": 1, "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0}
    return json(
        {
            "id": "msgbatch_1", "type": "message_batch", "processing_status": "in_progress", "request_counts": counts,
            "created_at": _AT, "expires_at": _AT, "ended_at": None, "archived_at": None, "cancel_initiated_at": None,
            "results_url": None,
        }
    )  # fmt: skip


async def files(request: Request) -> Response:
    file = (await form_of(request))["file"]
    return json(
        {
            "id": "file_011", "type": "file", "filename": file.name, "mime_type": "text/plain", "size_bytes": len(file.content),
            "created_at": _AT, "downloadable": False,
        }
    )  # fmt: skip


async def complete(request: Request) -> Response:
    """The first generation's call."""
    body = await body_of(request)
    said = str(body.get("prompt", "")).rpartition("\n\nHuman:")[2].partition("\n\nAssistant:")[0].strip()
    text, common = answer_to(said), {"type": "completion", "id": "compl_1", "model": body.get("model", "")}
    if not body.get("stream"):
        return json(common | {"completion": text, "stop_reason": "stop_sequence"})
    pieces = (event(common | {"completion": word, "stop_reason": None}, "completion") for word in words(text))
    last = event(common | {"completion": "", "stop_reason": "stop_sequence"}, "completion")
    return stream(request, body.get("model", ""), (*pieces, last))


ROUTES: list[BaseRoute] = [
    Route("/v1/messages", messages, methods=["POST"]),
    Route("/v1/messages/count_tokens", count_tokens, methods=["POST"]),
    Route("/v1/messages/batches", batches, methods=["POST"]),
    Route("/v1/files", files, methods=["POST"]),
    Route("/v1/complete", complete, methods=["POST"]),
]
