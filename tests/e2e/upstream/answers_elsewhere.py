"""Vendors that answer elsewhere than in the response: turns of ChatGPT that are handed off, predictions by Replicate."""

from collections.abc import Iterable, Iterator
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from upstream.answering import answer_to, body_of, event, json

HANDED_OFF = "handed-off"
"""The model whose answers do not come with the response."""
PREDICTION = "pred0001"
PICTURE = "https://replicate.delivery/x/out-0.png"
_CHAT = "7f8a1c1e-0000-4000-8000-00000000000d"
_MISSED = 3


def hand_off(app: Starlette, events: Iterable[bytes]) -> Iterator[bytes]:
    """Say that the answer comes elsewhere, and keep it for whoever listens there."""
    turns: dict[str, list[bytes]] = getattr(app.state, "turns", {})
    app.state.turns = turns
    turn = f"7f8a1c1e-0000-4000-8000-{len(turns):012}"
    topic = f"conversation-turn-{turn}"
    turns[topic] = list(events)
    yield event({"type": "resume_conversation_token", "kind": "topic", "token": "token-3", "conversation_id": _CHAT})
    options = [{"type": "resume_sse_endpoint", "topic_id": topic}, {"type": "subscribe_ws_topic", "topic_id": topic}]
    yield event({"type": "stream_handoff", "conversation_id": _CHAT, "turn_exchange_id": turn, "options": options})
    yield event(b"[DONE]")


async def topics(socket: WebSocket) -> None:
    """A client says which topics it wants; what it has missed of one comes with the reply, the rest piece by piece."""
    await socket.accept()
    try:
        while True:
            for said in orjson.loads(await socket.receive_text()):
                await _subscribe(socket, said["id"], said["command"])
    except WebSocketDisconnect:
        return


async def _subscribe(socket: WebSocket, number: int, command: Any) -> None:
    topic = command.get("topic_id", "")
    pieces = [_piece(topic, data) for data in getattr(socket.app.state, "turns", {}).get(topic, [])]
    reply = {"type": command["type"], "topic_id": topic, "recovered": True, "catchups": pieces[:_MISSED]}
    await socket.send_text(orjson.dumps([{"type": "reply", "id": number, "reply": reply}]).decode())
    for piece in pieces[_MISSED:]:
        await socket.send_text(orjson.dumps([{"type": "message", **piece}]).decode())


def _piece(topic: str, data: bytes) -> Any:
    item = {"type": "stream-item", "conversation_id": _CHAT, "turn_id": "t-1", "encoded_item": data.decode()}
    return {"topic_id": topic, "payload": {"type": "conversation-turn-stream", "payload": item}}


async def predict(request: Request) -> Response:
    """Takes what is wanted, and says under which id it is worked on."""
    body = await body_of(request)
    request.app.state.predictions = {"prompt": body["input"]["prompt"], "asked": 0}
    return json({"id": PREDICTION, "status": "starting", "output": None}, 201)


async def prediction(request: Request) -> Response:
    """Is under way when it is first asked after, and done from then on."""
    known = request.app.state.predictions
    known["asked"] += 1
    if known["asked"] == 1:
        return json({"id": PREDICTION, "status": "processing", "output": None})
    output = [answer_to(known["prompt"]), f"{PICTURE}?sig=signed"]
    return json({"id": PREDICTION, "status": "succeeded", "output": output})


TOPICS: list[BaseRoute] = [WebSocketRoute("/ws/user/{user}", topics)]
REPLICATE: list[BaseRoute] = [
    Route("/v1/predictions", predict, methods=["POST"]),
    Route("/v1/predictions/{prediction}", prediction, methods=["GET"]),
]
