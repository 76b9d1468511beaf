"""Which host answers with what, and the front door of it all."""

from collections.abc import Sequence
from html import escape

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Host, Mount, Route, Router, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from upstream import (
    ai_sdk_page,
    answers_elsewhere,
    anthropic_api,
    bedrock_api,
    calls,
    chat_apps,
    chat_sockets,
    cohere_api,
    gemini_api,
    mistral_api,
    ollama_api,
    openai_api,
    web_apps,
)
from upstream.pace import Pace


async def page(request: Request) -> Response:
    """A page that says whose it is: what every host shows that plays no vendor."""
    host = escape(request.url.hostname or "")
    return HTMLResponse(f"<!doctype html><title>{host}</title><h1>Welcome to {host}</h1>")


async def echo(request: Request) -> Response:
    """The bytes that were sent."""
    return Response(await request.body(), media_type="application/octet-stream")


async def swallow(request: Request) -> Response:
    """How many bytes were sent."""
    return PlainTextResponse(str(len(await request.body())))


async def echo_socket(socket: WebSocket) -> None:
    """Every message back as it came."""
    await socket.accept()
    try:
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            if (text := message.get("text")) is not None:
                await socket.send_text(text)
            else:
                await socket.send_bytes(message["bytes"])
    except WebSocketDisconnect:
        return


_ANYWHERE: list[BaseRoute] = [
    Route("/echo", echo, methods=["POST", "PUT"]),
    Route("/swallow", swallow, methods=["POST", "PUT"]),
    WebSocketRoute("/socket", echo_socket),
    Route("/{rest:path}", page),
]

_VENDORS: list[tuple[str, Sequence[BaseRoute]]] = [
    ("api.openai.com", openai_api.ROUTES),
    ("platform.openai.com", web_apps.PLAYGROUND),
    ("api.anthropic.com", anthropic_api.ROUTES),
    ("generativelanguage.googleapis.com", gemini_api.ROUTES),
    ("ollama.com", ollama_api.ROUTES),
    ("api.groq.com", [Mount("/openai", routes=openai_api.ROUTES)]),
    ("router.huggingface.co", openai_api.ROUTES),
    ("bedrock-runtime.us-east-1.amazonaws.com", bedrock_api.ROUTES),
    ("bedrock-agent-runtime.us-east-1.amazonaws.com", bedrock_api.ROUTES),
    ("api.cohere.com", cohere_api.ROUTES),
    ("api.mistral.ai", mistral_api.ROUTES),
    ("page.example.com", ai_sdk_page.ROUTES),
    ("chatgpt.com", web_apps.CHATGPT),
    ("ws.chatgpt.com", answers_elsewhere.TOPICS),
    ("api.replicate.com", answers_elsewhere.REPLICATE),
    ("claude.ai", web_apps.CLAUDE),
    ("gemini.google.com", web_apps.GEMINI),
    (web_apps.FILES_HOST, web_apps.CHATGPT_FILES),
    ("notebooklm.google.com", web_apps.NOTEBOOKLM),
    ("chat.deepseek.com", chat_apps.DEEPSEEK),
    ("www.perplexity.ai", chat_apps.PERPLEXITY),
    ("chat.mistral.ai", chat_apps.LE_CHAT),
    ("huggingface.co", chat_apps.HUGGING_FACE),
    ("www.meta.ai", chat_apps.META_AI),
    ("www.notion.so", chat_apps.NOTION),
    ("api.individual.githubcopilot.com", chat_apps.GITHUB_COPILOT),
    ("www.kimi.com", calls.KIMI),
    ("api2.cursor.sh", calls.CURSOR),
    ("server.codeium.com", calls.WINDSURF),
    ("copilot.microsoft.com", chat_sockets.COPILOT),
    ("substrate.office.com", chat_sockets.M365),
    ("neo.character.ai", chat_sockets.CHARACTER),
]


def make_app(pace: Pace, more: Sequence[BaseRoute] = ()) -> Starlette:
    """Every vendor at its host, `more` at theirs, a plain page everywhere else."""
    vendors: list[BaseRoute] = [Host(host, Router([*routes, *_ANYWHERE])) for host, routes in _VENDORS]
    app = Starlette(routes=[*vendors, *more, *_ANYWHERE])
    app.state.pace = pace
    return app
