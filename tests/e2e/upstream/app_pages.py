"""The pages of the assistants: one shell for all, and a module for each that talks as the app's own page does.

Separate because every vendor serves it at its own host, as its first and only page.
"""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

_PAGES = Path(__file__).parent / "pages"
_SCRIPT = "text/javascript"


def page_routes(app: str, under: str = "") -> list[Route]:
    """Where an app's page and its scripts are; `under` is where the app begins at a host it shares."""

    async def page(_request: Request) -> Response:
        shell = (_PAGES / "assistant.html").read_text(encoding="utf-8")
        return HTMLResponse(shell.replace("/static/", f"{under}/static/"))

    async def script(_request: Request) -> Response:
        return Response((_PAGES / "apps" / f"{app}.js").read_bytes(), media_type=_SCRIPT)

    async def streams(_request: Request) -> Response:
        return Response((_PAGES / "apps" / "streams.js").read_bytes(), media_type=_SCRIPT)

    return [
        Route(f"{under}/", page, methods=["GET"]),
        Route(f"{under}/static/app.js", script, methods=["GET"]),
        Route(f"{under}/static/streams.js", streams, methods=["GET"]),
    ]
