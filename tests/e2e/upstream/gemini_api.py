"""Google's Gemini API: generateContent, and streamGenerateContent as server-sent events or as one JSON array sent piece
by piece.
"""

from collections.abc import Iterator
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from upstream.answering import answer_to, body_of, event, json, stream, words


async def generate(request: Request) -> Response:
    model, _, verb = request.path_params["call"].partition(":")
    body = await body_of(request)
    said = [turn for turn in body.get("contents", []) if turn.get("role", "user") == "user"]
    prompt = " ".join(part.get("text", "") for part in said[-1]["parts"]) if said else ""
    text = answer_to(prompt)
    if verb == "countTokens":
        return json({"totalTokens": len(prompt.split())})
    if verb == "generateContent":
        return json(_candidate(model, text, "STOP"))
    if verb != "streamGenerateContent":
        return json({"error": {"code": 404, "message": "no such method", "status": "NOT_FOUND"}}, 404)
    if request.query_params.get("alt") == "sse":
        return stream(request, model, map(event, _pieces(model, text)))
    return stream(request, model, _array(_pieces(model, text)), "application/json")


def _candidate(model: str, text: str, finish: str | None) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"parts": [{"text": text}], "role": "model"}, "index": 0}
    if finish:
        candidate["finishReason"] = finish
    usage = {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": model, "responseId": "resp-1"}


def _pieces(model: str, text: str) -> Iterator[dict[str, Any]]:
    *first, last = words(text)
    for word in first:
        yield _candidate(model, word, None)
    yield _candidate(model, last, "STOP")


def _array(pieces: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    opening = b"["
    for piece in pieces:
        yield opening + orjson.dumps(piece)
        opening = b",\r\n"
    yield b"]"


async def live(socket: WebSocket) -> None:
    """The Live API, whose server sends its JSON in binary messages."""
    await socket.accept()
    try:
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            data = orjson.loads(message.get("text") or message["bytes"])
            if "setup" in data:
                await socket.send_bytes(orjson.dumps({"setupComplete": {}}))
            for content in (data.get("clientContent") or data.get("client_content"),):
                if content is None:
                    continue
                said = " ".join(part.get("text", "") for turn in content["turns"] for part in turn["parts"])
                for word in words(answer_to(said)):
                    turn = {"modelTurn": {"role": "model", "parts": [{"text": word}]}}
                    await socket.send_bytes(orjson.dumps({"serverContent": turn}))
                await socket.send_bytes(orjson.dumps({"serverContent": {"turnComplete": True}}))
    except WebSocketDisconnect:
        return


ROUTES: list[BaseRoute] = [
    WebSocketRoute(f"{slashes}ws/google.ai.generativelanguage.{version}.GenerativeService.BidiGenerateContent", live)
    for version in ("v1", "v1beta", "v1alpha")
    for slashes in ("/", "//")  # as Google's own library writes it
]
ROUTES += [Route(f"/{version}/models/{{call:path}}", generate, methods=["POST"]) for version in ("v1beta", "v1")]
