"""The web apps' private interfaces: ChatGPT with its page, Claude, Gemini."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from upstream.answering import answer_to, body_of, event, json, stream, words
from upstream.anthropic_api import message_events

_CHAT = "7f8a1c1e-0000-4000-8000-000000000001"
_MESSAGE = "7f8a1c1e-0000-4000-8000-000000000002"
_PAGES = Path(__file__).parent / "pages"


async def chatgpt_page(_request: Request) -> Response:
    return HTMLResponse((_PAGES / "chatgpt.html").read_text(encoding="utf-8"))


async def chatgpt_prepare(request: Request) -> Response:
    await request.body()
    return json({"status": "ok", "conduit_token": "token-1"})


async def chatgpt_conversation(request: Request) -> Response:
    body = await body_of(request)
    model = body.get("model", "")
    messages = body.get("messages", [])
    prompt = " ".join(part for part in messages[-1]["content"]["parts"] if isinstance(part, str)) if messages else ""
    return stream(request, model, chatgpt_events(model, answer_to(prompt)))


def chatgpt_events(model: str, text: str) -> Iterator[bytes]:
    """A message that is added empty and then patched (`delta_encoding` v1); a patch without path goes where the one
    before went.
    """
    message: dict[str, Any] = {
        "id": _MESSAGE, "author": {"role": "assistant", "name": None, "metadata": {}}, "create_time": 1_790_000_000,
        "content": {"content_type": "text", "parts": [""]}, "status": "in_progress", "end_turn": None, "weight": 1.0,
        "metadata": {"resolved_model_slug": model}, "recipient": "all", "channel": "final",
    }  # fmt: skip
    yield event(b'"v1"', "delta_encoding")
    yield event({"type": "resume_conversation_token", "token": "token-2", "conversation_id": _CHAT})
    yield event({"p": "", "o": "add", "v": {"message": message, "conversation_id": _CHAT, "error": None}, "c": 0}, "delta")
    first, *rest = words(text)
    yield event({"p": "/message/content/parts/0", "o": "append", "v": first}, "delta")
    for word in rest:
        yield event({"v": word}, "delta")
    end = [
        {"p": "/message/status", "o": "replace", "v": "finished_successfully"},
        {"p": "/message/end_turn", "o": "replace", "v": True},
        {"p": "/message/metadata", "o": "append", "v": {"is_complete": True}},
    ]
    yield event({"p": "", "o": "patch", "v": end}, "delta")
    yield event({"type": "message_stream_complete", "conversation_id": _CHAT})
    yield event(b"[DONE]")


async def claude_completion(request: Request) -> Response:
    body = await body_of(request)
    model = body.get("model", "")
    return stream(request, model, message_events(model, answer_to(str(body.get("prompt", "")))))


async def gemini_stream_generate(request: Request) -> Response:
    form = parse_qs((await request.body()).decode())
    try:
        prompt = orjson.loads(orjson.loads(form["f.req"][0])[1])[0][0]
    except (KeyError, ValueError, IndexError, TypeError):
        return Response(b")]}'\n\n", 400, media_type="application/json")
    return stream(request, "", _gemini_frames(answer_to(str(prompt))), "application/json; charset=utf-8")


def _gemini_frames(text: str) -> Iterator[bytes]:
    """Length-prefixed frames (in UTF-16 units) with the text so far."""
    yield b")]}'\n"
    so_far = ""
    for word in words(text):
        so_far += word
        inner = orjson.dumps([None, ["c_1", "r_1"], None, None, [["rc_1", [so_far]]]]).decode()
        frame = f"\n{orjson.dumps([['wrb.fr', None, inner]]).decode()}\n"
        yield f"\n{len(frame.encode('utf-16-le')) // 2}{frame}".encode()


CHATGPT: list[BaseRoute] = [
    Route("/", chatgpt_page, methods=["GET"]),
    Route("/backend-api/f/conversation/prepare", chatgpt_prepare, methods=["POST"]),
    Route("/backend-api/f/conversation", chatgpt_conversation, methods=["POST"]),
]
CLAUDE: list[BaseRoute] = [
    Route("/api/organizations/{org}/chat_conversations/{chat}/completion", claude_completion, methods=["POST"]),
]
GEMINI: list[BaseRoute] = [
    Route("/_/BardChatUi/data/assistant.lamda.BardFrontendService/StreamGenerate", gemini_stream_generate, methods=["POST"]),
]
