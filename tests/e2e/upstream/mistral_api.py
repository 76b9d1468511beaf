"""Mistral's API: chat and fill in the middle in OpenAI's shape, conversations, embeddings, document reading, transcripts."""

from collections.abc import Iterator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from upstream import openai_text
from upstream.answering import answer_to, body_of, event, form_of, json, stream, text_of, words

_NOW = 1_790_000_000
_AT = "2026-11-24T00:00:00Z"
_USAGE = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}


async def chat(request: Request) -> Response:
    """Chats, agents' chats, and fill in the middle, which is answered like a chat."""
    body = await body_of(request)
    said = [message for message in body.get("messages", []) if message.get("role") == "user"]
    text = answer_to(text_of(said[-1]["content"]) if said else body.get("prompt", ""))
    model = body.get("model") or body.get("agent_id", "")
    common = {"id": "cmpl-1", "created": _NOW, "model": model}
    if body.get("stream"):
        return stream(request, model, _chunks(common, text))
    message = {"role": "assistant", "content": text, "tool_calls": None, "prefix": False}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return json(common | {"object": "chat.completion", "choices": [choice], "usage": _USAGE})


def _chunks(common: dict[str, Any], text: str) -> Iterator[bytes]:
    for word in words(text):
        choice = {"index": 0, "delta": {"role": "assistant", "content": word}, "finish_reason": None}
        yield event(common | {"object": "chat.completion.chunk", "choices": [choice]})
    last = {"index": 0, "delta": {"content": ""}, "finish_reason": "stop"}
    yield event(common | {"object": "chat.completion.chunk", "choices": [last], "usage": _USAGE})
    yield event(b"[DONE]")


async def conversations(request: Request) -> Response:
    body = await body_of(request)
    given = body.get("inputs", "")
    text = answer_to(given if isinstance(given, str) else text_of(given[-1].get("content", "")))
    name = request.path_params.get("conversation", "conv_1")
    if body.get("stream"):
        return stream(request, body.get("model", ""), (event(data, data["type"]) for data in _entries(name, text)))
    entry = {
        "object": "entry", "type": "message.output", "id": "msg_1", "role": "assistant", "content": text, "created_at": _AT,
        "model": body.get("model", "mistral-medium"),
    }  # fmt: skip
    return json(
        {
            "object": "conversation.response",
            "conversation_id": name,
            "outputs": [entry],
            "usage": _USAGE | {"connector_tokens": 0},
        }
    )


def _entries(name: str, text: str) -> Iterator[dict[str, Any]]:
    yield {"type": "conversation.response.started", "conversation_id": name, "created_at": _AT}
    for word in words(text):
        yield {
            "type": "message.output.delta", "id": "msg_1", "content": word, "created_at": _AT, "output_index": 0,
            "content_index": 0, "role": "assistant", "model": "mistral-medium",
        }  # fmt: skip
    yield {"type": "conversation.response.done", "usage": _USAGE | {"connector_tokens": 0}, "created_at": _AT}


async def read_document(request: Request) -> Response:
    body = await body_of(request)
    page = {
        "index": 0, "markdown": answer_to(str(body["document"].get("document_name") or "")), "images": [],
        "dimensions": {"dpi": 200, "height": 10, "width": 10},
    }  # fmt: skip
    return json({"pages": [page], "model": body.get("model", ""), "usage_info": {"pages_processed": 1, "doc_size_bytes": 1}})


async def transcriptions(request: Request) -> Response:
    form = await form_of(request)
    text = answer_to(form["file"].name if "file" in form else "")
    model = form["model"].text
    if "stream" in form and form["stream"].text.lower() == "true":
        return stream(request, model, (event(data, data["type"]) for data in _heard(model, text)))
    return json({"model": model, "text": text, "segments": [], "usage": _USAGE, "language": "en"})


def _heard(model: str, text: str) -> Iterator[dict[str, Any]]:
    for word in words(text):
        yield {"type": "transcription.text.delta", "text": word}
    yield {"type": "transcription.done", "model": model, "text": text, "usage": _USAGE, "segments": [], "language": "en"}


ROUTES: list[BaseRoute] = [
    *(Route(f"/v1/{call}/completions", chat, methods=["POST"]) for call in ("chat", "agents", "fim")),
    Route("/v1/conversations", conversations, methods=["POST"]),
    Route("/v1/conversations/{conversation}", conversations, methods=["POST"]),
    Route("/v1/embeddings", openai_text.embeddings, methods=["POST"]),
    Route("/v1/ocr", read_document, methods=["POST"]),
    Route("/v1/audio/transcriptions", transcriptions, methods=["POST"]),
]
