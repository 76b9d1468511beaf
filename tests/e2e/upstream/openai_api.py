"""OpenAI's model API: chat completions, responses, models, files, and the responses WebSocket."""

from collections.abc import Iterator
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from upstream import openai_media, openai_text
from upstream.answering import answer_to, body_of, event, json, stream, text_of, words

_NOW = 1_790_000_000


async def chat_completions(request: Request) -> Response:
    body = await body_of(request)
    model = body.get("model", "")
    said = [message for message in body.get("messages", []) if message.get("role") == "user"]
    text = answer_to(text_of(said[-1]["content"]) if said else "")
    common = {"id": "chatcmpl-1", "created": _NOW, "model": model}
    if body.get("stream"):
        return stream(request, model, _chat_events(common, text))
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text, "refusal": None},
        "finish_reason": "stop",
        "logprobs": None,
    }
    return json(common | {"object": "chat.completion", "choices": [choice], "usage": usage})


def _chat_events(common: dict[str, Any], text: str) -> Iterator[bytes]:
    def chunk(delta: dict[str, str], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return event(common | {"object": "chat.completion.chunk", "choices": [choice]})

    yield chunk({"role": "assistant", "content": ""})
    for word in words(text):
        yield chunk({"content": word})
    yield chunk({}, "stop")
    yield event(b"[DONE]")


def _prompt_of(body: dict[str, Any]) -> str:
    given = body.get("input", "")
    if isinstance(given, str):
        return given
    said = [item for item in given if item.get("role") == "user"]
    return text_of(said[-1]["content"]) if said else ""


def _response(model: str, status: str, output: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": "resp_1", "object": "response", "created_at": _NOW, "status": status, "error": None, "incomplete_details": None,
        "instructions": None, "metadata": {}, "model": model, "output": output, "parallel_tool_calls": True, "temperature": 1.0,
        "tool_choice": "auto", "tools": [], "top_p": 1.0,
    }  # fmt: skip


def _message(status: str, text: str | None) -> dict[str, Any]:
    content = [] if text is None else [{"type": "output_text", "text": text, "annotations": [], "logprobs": []}]
    return {"id": "msg_1", "type": "message", "role": "assistant", "status": status, "content": content}


async def responses(request: Request) -> Response:
    body = await body_of(request)
    model, text = body.get("model", ""), answer_to(_prompt_of(body))
    if body.get("stream"):
        return stream(request, model, (event(data, data["type"]) for data in response_events(model, text)))
    return json(_response(model, "completed", [_message("completed", text)]))


def response_events(model: str, text: str) -> Iterator[dict[str, Any]]:
    """The typed events of one streamed response, which the WebSocket sends as frames."""
    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    part = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
    whole = _message("completed", text)
    body: list[dict[str, Any]] = [
        {"type": "response.created", "response": _response(model, "in_progress", [])},
        {"type": "response.output_item.added", "output_index": 0, "item": _message("in_progress", None)},
        {"type": "response.content_part.added", **place, "part": part},
        *({"type": "response.output_text.delta", **place, "delta": word, "logprobs": []} for word in words(text)),
        {"type": "response.output_text.done", **place, "text": text, "logprobs": []},
        {"type": "response.content_part.done", **place, "part": part | {"text": text}},
        {"type": "response.output_item.done", "output_index": 0, "item": whole},
        {"type": "response.completed", "response": _response(model, "completed", [whole])},
    ]
    for number, data in enumerate(body):
        yield data | {"sequence_number": number}


async def models(_request: Request) -> Response:
    row = {"object": "model", "created": _NOW, "owned_by": "openai"}
    return json({"object": "list", "data": [row | {"id": "gpt-5"}, row | {"id": "gpt-5-mini"}]})


async def responses_socket(socket: WebSocket) -> None:
    """One response per `response.create` frame; any other frame comes back as it is."""
    await socket.accept()
    try:
        while True:
            text = await socket.receive_text()
            data = orjson.loads(text) if text.startswith("{") else None
            if data is not None and data.get("type") == "response.create":
                for frame in response_events(data.get("model", ""), answer_to(_prompt_of(data))):
                    await socket.send_text(orjson.dumps(frame).decode())
            else:
                await socket.send_text(text)
    except WebSocketDisconnect:
        return


async def realtime_socket(socket: WebSocket) -> None:
    """Items are kept, `response.create` is answered to the last one; sound that is committed is answered by its transcript."""
    await socket.accept()
    model = socket.query_params.get("model", "")
    said, number = "", 0
    await _tell(socket, {"type": "session.created", "event_id": "e0", "session": {"id": "sess_1", "model": model}})
    try:
        while True:
            data = orjson.loads(await socket.receive_text())
            kind = data.get("type")
            if kind == "conversation.item.create":
                said = text_of(data["item"].get("content"))
            elif kind == "input_audio_buffer.append":
                said = f"{len(data['audio'])} characters of sound"
            elif kind == "response.create":
                number += 1
                for frame in _spoken(f"resp_{number}", answer_to(said)):
                    await _tell(socket, frame)
    except WebSocketDisconnect:
        return


def _spoken(response: str, text: str) -> Iterator[dict[str, Any]]:
    place = {"response_id": response, "item_id": "item_1", "output_index": 0, "content_index": 0}
    for number, word in enumerate(words(text)):
        yield {"type": "response.output_text.delta", "event_id": f"e{number}", **place, "delta": word}
    yield {"type": "response.output_text.done", "event_id": "e_text", **place, "text": text}
    yield {
        "type": "response.done", "event_id": "e_done",
        "response": {"id": response, "object": "realtime.response", "status": "completed", "output": []},
    }  # fmt: skip


async def _tell(socket: WebSocket, data: dict[str, Any]) -> None:
    await socket.send_text(orjson.dumps(data).decode())


ROUTES: list[BaseRoute] = [
    Route("/v1/chat/completions", chat_completions, methods=["POST"]),
    Route("/v1/responses", responses, methods=["POST"]),
    WebSocketRoute("/v1/responses", responses_socket),
    WebSocketRoute("/v1/realtime", realtime_socket),
    Route("/v1/models", models, methods=["GET"]),
    *openai_text.ROUTES,
    *openai_media.ROUTES,
]
