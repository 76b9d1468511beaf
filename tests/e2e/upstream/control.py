"""How a test asks and steers: what arrived so far, and which streams may go on. Served on a port of its own, in plain HTTP."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from upstream.answering import json
from upstream.journal import Journal
from upstream.pace import Pace


def make_control(journal: Journal, pace: Pace) -> Starlette:
    """`GET /arrivals?since=N`, `POST /grant/ID?events=N`, `GET /sent/ID`."""

    async def arrivals(request: Request) -> Response:
        since = int(request.query_params.get("since", "0"))
        return json([arrival.as_data() for arrival in journal.arrivals[since:]])

    async def grant(request: Request) -> Response:
        pace.grant(request.path_params["stream"], int(request.query_params["events"]))
        return json({})

    async def sent(request: Request) -> Response:
        return json({"sent": pace.sent[request.path_params["stream"]]})

    return Starlette(
        routes=[
            Route("/arrivals", arrivals),
            Route("/grant/{stream}", grant, methods=["POST"]),
            Route("/sent/{stream}", sent),
        ]
    )
