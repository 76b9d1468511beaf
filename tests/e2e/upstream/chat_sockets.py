"""Chats over WebSockets: Microsoft's two Copilots and Character.AI."""

from typing import Any

import orjson
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from upstream.answering import answer_to, words

_RECORD_END = "\x1e"


def _text(data: Any) -> str:
    return orjson.dumps(data).decode()


async def copilot(socket: WebSocket) -> None:
    await socket.accept()
    try:
        while True:
            said = orjson.loads(await socket.receive_text())
            if said.get("event") != "send":
                continue
            prompt = " ".join(part["text"] for part in said["content"] if part["type"] == "text")
            await socket.send_text(_text({"event": "received", "conversationId": said["conversationId"]}))
            for word in words(answer_to(prompt)):
                await socket.send_text(_text({"event": "appendText", "messageId": "m1", "partId": "0", "text": word}))
            await socket.send_text(_text({"event": "done", "messageId": "m1"}))
    except WebSocketDisconnect:
        return


async def m365(socket: WebSocket) -> None:
    await socket.accept()
    try:
        while True:
            for record in filter(None, (await socket.receive_text()).split(_RECORD_END)):
                await _hub(socket, orjson.loads(record))
    except WebSocketDisconnect:
        return


async def _hub(socket: WebSocket, said: Any) -> None:
    if "protocol" in said:
        await socket.send_text("{}" + _RECORD_END)
    if said.get("type") != 4:
        return
    for word in words(answer_to(said["arguments"][0]["message"]["text"])):
        update = {"type": 1, "target": "update", "arguments": [{"writeAtCursor": word}]}
        await socket.send_text(_text(update) + _RECORD_END)
    await socket.send_text(_text({"type": 3, "invocationId": said["invocationId"]}) + _RECORD_END)


async def character(socket: WebSocket) -> None:
    await socket.accept()
    try:
        while True:
            said = orjson.loads(await socket.receive_text())
            if said.get("command") != "create_and_generate_turn":
                continue
            turn = said["payload"]["turn"]
            await socket.send_text(_text({"command": "add_turn", "turn": {**turn, "author": {"is_human": True}}}))
            text = ""
            pieces = words(answer_to(turn["candidates"][0]["raw_content"]))
            for number, word in enumerate(pieces):
                text += word
                candidate = {"raw_content": text, "is_final": number == len(pieces) - 1}
                answer = {"turn_key": {"turn_id": "t2"}, "author": {"author_id": "pilot"}, "candidates": [candidate]}
                await socket.send_text(_text({"command": "update_turn", "turn": answer}))
    except WebSocketDisconnect:
        return


COPILOT: list[BaseRoute] = [WebSocketRoute("/c/api/chat", copilot)]
M365: list[BaseRoute] = [WebSocketRoute("/m365Copilot/Chathub/{who}", m365)]
CHARACTER: list[BaseRoute] = [WebSocketRoute("/ws/", character)]
