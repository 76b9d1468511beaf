"""Ollama's own API: chat and generate, one JSON object per line, and embeddings."""

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


async def generate(request: Request) -> Response:
    """As chat, with the words under `response`."""
    body = await body_of(request)
    model, text = body.get("model", ""), answer_to(body.get("prompt", ""))

    def line(piece: str, *, done: bool) -> dict[str, Any]:
        return {"model": model, "created_at": "2026-11-24T00:00:00Z", "response": piece, "done": done}

    if not body.get("stream", True):
        return json(line(text, done=True))
    pieces = (orjson.dumps(line(word, done=False)) + b"\n" for word in words(text))
    return stream(request, model, (*pieces, orjson.dumps(line("", done=True)) + b"\n"), "application/x-ndjson")


async def embed(request: Request) -> Response:
    body = await body_of(request)
    given = body.get("input", "")
    vectors = [[0.25, -0.5, 0.125] for _ in (given if isinstance(given, list) else [given])]
    return json({"model": body.get("model", ""), "embeddings": vectors})


ROUTES: list[BaseRoute] = [
    Route("/api/chat", chat, methods=["POST"]),
    Route("/api/generate", generate, methods=["POST"]),
    Route("/api/embed", embed, methods=["POST"]),
]
