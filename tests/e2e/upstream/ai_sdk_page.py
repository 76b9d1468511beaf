"""A page built with the AI SDK: its message stream (version 5 on) and its data stream (version 4)."""

from collections.abc import Iterator
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from upstream.answering import answer_to, body_of, event, stream, text_of, words


def _prompt_of(body: dict[str, Any]) -> str:
    said = [message for message in body.get("messages", []) if message.get("role") == "user"]
    return text_of(said[-1].get("parts") or said[-1].get("content")) if said else ""


async def messages(request: Request) -> Response:
    answer = stream(request, "page", map(event, _parts(answer_to(_prompt_of(await body_of(request))))))
    answer.headers["x-vercel-ai-ui-message-stream"] = "v1"
    return answer


def _parts(text: str) -> Iterator[Any]:
    yield {"type": "start", "messageId": "m-1"}
    yield {"type": "text-start", "id": "t-1"}
    for word in words(text):
        yield {"type": "text-delta", "id": "t-1", "delta": word}
    yield {"type": "text-end", "id": "t-1"}
    yield {"type": "finish"}
    yield b"[DONE]"


async def lines(request: Request) -> Response:
    answer = stream(request, "page", _lines(answer_to(_prompt_of(await body_of(request)))), "text/plain; charset=utf-8")
    answer.headers["x-vercel-ai-data-stream"] = "v1"
    return answer


def _lines(text: str) -> Iterator[bytes]:
    yield b'f:{"messageId":"m-1"}\n'
    for word in words(text):
        yield b"0:" + orjson.dumps(word) + b"\n"
    yield b'd:{"finishReason":"stop","usage":{"promptTokens":1,"completionTokens":1}}\n'


ROUTES: list[BaseRoute] = [
    Route("/api/chat", messages, methods=["POST"]),
    Route("/api/chat-v4", lines, methods=["POST"]),
]
