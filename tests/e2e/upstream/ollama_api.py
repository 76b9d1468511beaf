"""Ollama's native chat: one JSON object per line."""

from collections.abc import Iterator
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from upstream.answering import answer_to, body_of, json, stream, text_of, words


async def chat(request: Request) -> Response:
    body = await body_of(request)
    model = body.get("model", "")
    said = [message for message in body.get("messages", []) if message.get("role") == "user"]
    text = answer_to(text_of(said[-1]["content"]) if said else "")
    if body.get("stream", True):
        return stream(request, model, _lines(model, text), "application/x-ndjson")
    return json(_line(model, text, done=True))


def _line(model: str, text: str, *, done: bool) -> dict[str, Any]:
    line: dict[str, Any] = {
        "model": model, "created_at": "2026-11-24T00:00:00Z", "message": {"role": "assistant", "content": text}, "done": done,
    }  # fmt: skip
    return line | {"done_reason": "stop"} if done else line


def _lines(model: str, text: str) -> Iterator[bytes]:
    for word in words(text):
        yield orjson.dumps(_line(model, word, done=False)) + b"\n"
    yield orjson.dumps(_line(model, "", done=True)) + b"\n"


ROUTES: list[BaseRoute] = [Route("/api/chat", chat, methods=["POST"])]
