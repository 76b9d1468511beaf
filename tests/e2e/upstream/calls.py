"""Apps that speak Connect: Kimi's page (JSON), the Cursor and Windsurf editors (protobuf)."""

from collections.abc import Iterator

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from upstream.answering import answer_to, stream, words
from upstream.protobuf import at, envelope, first_envelope, message

_PROTO = "application/connect+proto"
_END = envelope(b"{}", 2)
_asked: dict[bytes, str] = {}
"""Cursor's prompts by the id of the stream that will bring their answer."""


async def kimi_chat(request: Request) -> Response:
    said = orjson.loads(first_envelope(await request.body()))
    prompt = " ".join(block["text"]["content"] for block in said["message"]["blocks"] if "text" in block)
    return stream(request, "", _kimi_frames(answer_to(prompt)), "application/connect+json")


def _kimi_frames(text: str) -> Iterator[bytes]:
    yield envelope(orjson.dumps({"chat": {"id": "19a0b1c2-d3e4-8f00-9000-0000abcdef01"}, "eventOffset": 1}))
    yield envelope(b'{"heartbeat":{}}')
    first, *rest = words(text)
    block = {"op": "set", "mask": "block.text", "block": {"id": "1", "text": {"content": first}}}
    yield envelope(orjson.dumps(block))
    for word in rest:
        yield envelope(
            orjson.dumps({"op": "append", "mask": "block.text.content", "block": {"id": "1", "text": {"content": word}}})
        )
    yield envelope(b'{"done":{}}')
    yield _END


async def cursor_append(request: Request) -> Response:
    body = await request.body()
    run = bytes.fromhex(at(body, 1).decode())
    _asked[at(body, 2, 1)] = at(run, 1, 2, 1, 1, 1).decode()
    return Response(b"", media_type="application/proto")


async def cursor_run(request: Request) -> Response:
    prompt = _asked.get(at(first_envelope(await request.body()), 1), "")
    updates = [{1: {1: {1: word}}} for word in words(answer_to(prompt))]
    frames = [envelope(message(update)) for update in [{1: {4: {1: "Thinking."}}}, *updates, {1: {14: {}}}]]
    return stream(request, "", [*frames, _END], "text/event-stream")


async def windsurf_chat(request: Request) -> Response:
    prompt = at(first_envelope(await request.body()), 3, 3).decode()
    frames = [envelope(message({1: "m-1", 3: word})) for word in words(answer_to(prompt))]
    return stream(request, "", [*frames, envelope(message({1: "m-1", 5: 1})), _END], _PROTO)


KIMI: list[BaseRoute] = [Route("/apiv2/kimi.gateway.chat.v1.ChatService/Chat", kimi_chat, methods=["POST"])]
CURSOR: list[BaseRoute] = [
    Route("/aiserver.v1.BidiService/BidiAppend", cursor_append, methods=["POST"]),
    Route("/agent.v1.AgentService/RunSSE", cursor_run, methods=["POST"]),
]
WINDSURF: list[BaseRoute] = [Route("/exa.api_server_pb.ApiServerService/GetChatMessage", windsurf_chat, methods=["POST"])]
