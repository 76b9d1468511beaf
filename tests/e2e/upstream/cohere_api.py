"""Cohere's API: chat of both generations, embeddings and ranks."""

from collections.abc import Iterator
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from upstream.answering import answer_to, body_of, event, json, stream, text_of, words

_USAGE = {"billed_units": {"input_tokens": 1, "output_tokens": 1}, "tokens": {"input_tokens": 1, "output_tokens": 1}}


async def chat(request: Request) -> Response:
    """The second generation: named events, or one message."""
    body = await body_of(request)
    said = [message for message in body.get("messages", []) if message.get("role") == "user"]
    text = answer_to(text_of(said[-1]["content"]) if said else "")
    if body.get("stream"):
        return stream(request, body.get("model", ""), (event(data, data["type"]) for data in _events(text)))
    message = {"role": "assistant", "content": [{"type": "text", "text": text}]}
    return json({"id": "chat-1", "finish_reason": "COMPLETE", "message": message, "usage": _USAGE})


def _events(text: str) -> Iterator[dict[str, Any]]:
    def content(piece: dict[str, Any]) -> dict[str, Any]:
        return {"index": 0, "delta": {"message": {"content": piece}}}

    start = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
    yield {"type": "message-start", "id": "chat-1", "delta": {"message": start}}
    yield {"type": "content-start", **content({"type": "text", "text": ""})}
    for word in words(text):
        yield {"type": "content-delta", **content({"text": word})}
    yield {"type": "content-end", "index": 0}
    yield {"type": "message-end", "id": "chat-1", "delta": {"finish_reason": "COMPLETE", "usage": _USAGE}}


async def chat_v1(request: Request) -> Response:
    """The first generation: one object per line, or one object."""
    body = await body_of(request)
    text = answer_to(body.get("message", ""))
    whole = {"response_id": "r-1", "generation_id": "g-1", "text": text, "chat_history": [], "finish_reason": "COMPLETE"}
    if not body.get("stream"):
        return json(whole)
    pieces: list[dict[str, Any]] = [
        {"event_type": "stream-start", "generation_id": "g-1"},
        *({"event_type": "text-generation", "text": word} for word in words(text)),
        {"event_type": "stream-end", "finish_reason": "COMPLETE", "response": whole},
    ]
    last = len(pieces) - 1
    lines = (orjson.dumps({"is_finished": number == last} | piece) + b"\n" for number, piece in enumerate(pieces))
    return stream(request, body.get("model", ""), lines, "application/stream+json")


async def embed(request: Request) -> Response:
    texts = (await body_of(request)).get("texts", [])
    vectors = {"float": [[0.25, -0.5, 0.125] for _ in texts]}
    meta = {"api_version": {"version": "2"}, "billed_units": {"input_tokens": 1}}
    return json({"id": "e-1", "response_type": "embeddings_by_type", "texts": texts, "embeddings": vectors, "meta": meta})


async def rerank(request: Request) -> Response:
    documents = (await body_of(request)).get("documents", [])
    results = [{"index": index, "relevance_score": 0.5} for index in range(len(documents))]
    return json({"id": "k-1", "results": results, "meta": {"api_version": {"version": "2"}}})


ROUTES: list[BaseRoute] = [
    Route("/v2/chat", chat, methods=["POST"]),
    Route("/v1/chat", chat_v1, methods=["POST"]),
    *(Route(f"/{version}/embed", embed, methods=["POST"]) for version in ("v1", "v2")),
    *(Route(f"/{version}/rerank", rerank, methods=["POST"]) for version in ("v1", "v2")),
]
