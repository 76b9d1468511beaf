"""Google's Gemini API: generateContent, and streamGenerateContent as server-sent events or as one JSON array sent piece
by piece.
"""

from collections.abc import Callable, Iterator
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from upstream.answering import answer_to, body_of, event, json, stream, text_of, words


async def generate(request: Request) -> Response:
    model, _, verb = request.path_params["call"].partition(":")
    body = await body_of(request)
    said = [turn for turn in body.get("contents", []) if turn.get("role", "user") == "user"]
    prompt = " ".join(part.get("text", "") for part in said[-1]["parts"]) if said else ""
    text = answer_to(prompt)
    if verb in _OTHER_CALLS:
        return json(_OTHER_CALLS[verb](body))
    if verb == "generateContent":
        return json(_candidate(model, text, "STOP"))
    if verb != "streamGenerateContent":
        return json({"error": {"code": 404, "message": "no such method", "status": "NOT_FOUND"}}, 404)
    if request.query_params.get("alt") == "sse":
        return stream(request, model, map(event, _pieces(model, text)))
    return stream(request, model, _array(_pieces(model, text)), "application/json")


def _predictions(body: dict[str, Any]) -> dict[str, Any]:
    return {"predictions": [{"mimeType": "image/png", "bytesBase64Encoded": _PIXEL} for _ in body.get("instances", [])]}


_PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
_VECTOR = {"values": [0.25, -0.5, 0.125]}
_OTHER_CALLS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "countTokens": lambda _: {"totalTokens": 7},
    "embedContent": lambda _: {"embedding": _VECTOR},
    "batchEmbedContents": lambda body: {"embeddings": [_VECTOR for _ in body.get("requests", [])]},
    "predict": _predictions,
    "predictLongRunning": lambda _: {"name": "models/veo/operations/op-1"},
}
"""Calls that are answered with something else than words."""


async def interactions(request: Request) -> Response:
    """An interaction, whole or step by step."""
    body = await body_of(request)
    model, given = body.get("model", ""), body.get("input", "")
    last = given[-1] if isinstance(given, list) and given else given
    prompt = last if isinstance(last, str) else text_of(last.get("content") or [last])
    text = answer_to(prompt)
    if body.get("stream"):
        return stream(request, model, (event(data, data["event_type"]) for data in _steps(model, text)))
    step = {"type": "model_output", "content": [{"type": "text", "text": text}]}
    return json({"id": "i-1", "status": "completed", "model": model, "steps": [step], "object": "interaction"})


def _steps(model: str, text: str) -> Iterator[dict[str, Any]]:
    whole = {"id": "i-1", "status": "in_progress", "model": model, "object": "interaction"}
    yield {"event_type": "interaction.created", "interaction": whole}
    yield {"event_type": "step.start", "index": 0, "step": {"type": "model_output"}}
    for word in words(text):
        yield {"event_type": "step.delta", "index": 0, "delta": {"type": "text", "text": word}}
    yield {"event_type": "step.stop", "index": 0}
    yield {"event_type": "interaction.completed", "interaction": whole | {"status": "completed"}}


async def upload(request: Request) -> Response:
    """A resumable upload: where to, then the bytes."""
    if "start" in request.headers.get("x-goog-upload-command", ""):
        there = f"https://{request.headers['host']}/upload/v1beta/files?upload_id=up-1&upload_protocol=resumable"
        return Response(b"{}", headers={"x-goog-upload-url": there, "x-goog-upload-status": "active"})
    content = await request.body()
    file = {
        "name": "files/f-1", "uri": "https://generativelanguage.googleapis.com/v1beta/files/f-1", "mimeType": "text/plain",
        "sizeBytes": str(len(content)), "state": "ACTIVE",
    }  # fmt: skip
    answer = json({"file": file})
    answer.headers["x-goog-upload-status"] = "final"
    return answer


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
ROUTES += [Route(f"/{version}/interactions", interactions, methods=["POST"]) for version in ("v1beta", "v1")]
ROUTES += [Route(f"/upload/{version}/files", upload, methods=["POST"]) for version in ("v1beta", "v1")]
