"""The web apps' private interfaces: ChatGPT with its page and its uploads, Claude, Gemini, NotebookLM."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from upstream.answering import answer_to, body_of, event, json, stream, words
from upstream.answers_elsewhere import HANDED_OFF, hand_off
from upstream.anthropic_api import message_events
from upstream.app_pages import page_routes

_CHAT = "7f8a1c1e-0000-4000-8000-000000000001"
_MESSAGE = "7f8a1c1e-0000-4000-8000-000000000002"
FILES_HOST = "sdmntprwestus.oaiusercontent.com"
_PAGES = Path(__file__).parent / "pages"


async def chatgpt_page(_request: Request) -> Response:
    return HTMLResponse((_PAGES / "chatgpt.html").read_text(encoding="utf-8"))


async def playground_page(_request: Request) -> Response:
    return HTMLResponse((_PAGES / "playground.html").read_text(encoding="utf-8"))


async def chatgpt_prepare(request: Request) -> Response:
    await request.body()
    return json({"status": "ok", "conduit_token": "token-1"})


async def chatgpt_conversation(request: Request) -> Response:
    body = await body_of(request)
    model = body.get("model", "")
    messages = body.get("messages", [])
    prompt = " ".join(part for part in messages[-1]["content"]["parts"] if isinstance(part, str)) if messages else ""
    events = chatgpt_events(model, answer_to(prompt))
    return stream(request, model, hand_off(request.app, events) if model == HANDED_OFF else events)


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


async def chatgpt_files(request: Request) -> Response:
    """Where to put a file, and its name from now on."""
    await request.body()
    address = f"https://{FILES_HOST}/files/00000000-0000/raw?se=2026&sig=signed"
    return json({"status": "success", "upload_url": address, "file_id": "file-Abc1"})


async def chatgpt_file_bytes(request: Request) -> Response:
    """The store, which belongs to another origin."""
    await request.body()
    allowed = {"access-control-allow-origin": "https://chatgpt.com", "access-control-allow-methods": "PUT",
               "access-control-allow-headers": "x-ms-blob-type, x-ms-version, content-type"}  # fmt: skip
    return Response(status_code=201 if request.method == "PUT" else 200, headers=allowed)


async def chatgpt_process_upload(request: Request) -> Response:
    body = await body_of(request)
    line = orjson.dumps({"file_id": body.get("file_id"), "event": "file.processing.completed", "progress": 100}) + b"\n"
    return Response(line, media_type="application/x-ndjson")


async def claude_title(request: Request) -> Response:
    await request.body()
    return json({"title": "A chat"})


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
    """The text so far, of the one candidate."""
    return _frames(text, lambda so_far: [None, ["c_1", "r_1"], None, None, [["rc_1", [so_far]]]])


def _frames(text: str, payload: Callable[[str], Any]) -> Iterator[bytes]:
    """Length-prefixed frames (in UTF-16 units) with the text so far."""
    yield b")]}'\n"
    so_far = ""
    for word in words(text):
        so_far += word
        yield _frame(payload(so_far))


def _frame(payload: Any, call: str | None = None) -> bytes:
    frame = f"\n{orjson.dumps([['wrb.fr', call, orjson.dumps(payload).decode(), None, None, None, 'generic']]).decode()}\n"
    return f"\n{len(frame.encode('utf-16-le')) // 2}{frame}".encode()


async def notebook_chat(request: Request) -> Response:
    form = parse_qs((await request.body()).decode())
    prompt = orjson.loads(orjson.loads(form["f.req"][0])[1])[1]
    frames = _frames(answer_to(str(prompt)), lambda so_far: [[so_far, None, [_CHAT], None, [[], None, 1]]])
    return stream(request, "", frames, "application/json; charset=utf-8")


async def notebook_call(request: Request) -> Response:
    await request.body()
    called = request.query_params.get("rpcids")
    return Response(b")]}'\n" + _frame([[["source-1"]]], called), media_type="application/json")


PLAYGROUND: list[BaseRoute] = [Route("/realtime", playground_page, methods=["GET"])]

CHATGPT: list[BaseRoute] = [
    Route("/", chatgpt_page, methods=["GET"]),
    Route("/backend-api/f/conversation/prepare", chatgpt_prepare, methods=["POST"]),
    Route("/backend-api/f/conversation", chatgpt_conversation, methods=["POST"]),
    Route("/backend-api/files", chatgpt_files, methods=["POST"]),
    Route("/backend-api/files/process_upload_stream", chatgpt_process_upload, methods=["POST"]),
]
CHATGPT_FILES: list[BaseRoute] = [Route("/files/{file}/raw", chatgpt_file_bytes, methods=["PUT", "OPTIONS"])]
CLAUDE: list[BaseRoute] = [
    *page_routes("claude"),
    Route("/api/organizations/{org}/chat_conversations/{chat}/title", claude_title, methods=["POST"]),
    Route("/api/organizations/{org}/chat_conversations/{chat}/completion", claude_completion, methods=["POST"]),
]
GEMINI: list[BaseRoute] = [
    *page_routes("gemini"),
    Route("/_/BardChatUi/data/assistant.lamda.BardFrontendService/StreamGenerate", gemini_stream_generate, methods=["POST"]),
]
NOTEBOOKLM: list[BaseRoute] = [
    *page_routes("notebooklm"),
    Route("/_/LabsTailwindUi/data/batchexecute", notebook_call, methods=["POST"]),
    Route("/_/LabsTailwindUi/data/{service}/GenerateFreeFormStreamed", notebook_chat, methods=["POST"]),
]
