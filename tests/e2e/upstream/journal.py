"""What arrived: every request with the body bytes that came so far, whether or not it ever ended.

Separate because it is the proof of the gateway's first promise. It records before any answer is made and it never
forgets within a run.
"""

import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import asdict, dataclass, field
from typing import Any

_BODY_SHOWN = 1 << 20

type Scope = MutableMapping[str, Any]
type Message = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]
type App = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass(slots=True, kw_only=True)
class Arrival:
    """One request, WebSocket or bare TLS connection. `body` grows while bytes come in; `ended` is how that stopped, if
    it did.
    """

    number: int
    kind: str
    scheme: str
    host: str
    method: str = ""
    path: str = ""
    query: str = ""
    http_version: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    body: bytearray = field(default_factory=bytearray)
    messages: list[str] = field(default_factory=list[str])
    ended: str = ""
    events_sent: int = 0

    def as_data(self) -> dict[str, Any]:
        """As JSON types; the first mebibyte of the body as Latin-1 text, one character per byte."""
        return asdict(self) | {"body": self.body[:_BODY_SHOWN].decode("latin-1"), "body_bytes": len(self.body)}


class Journal:
    """All arrivals in order."""

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []

    def open(self, *, kind: str, scheme: str, host: str, **known: Any) -> Arrival:
        """A new arrival."""
        arrival = Arrival(number=len(self.arrivals), kind=kind, scheme=scheme, host=host, **known)
        self.arrivals.append(arrival)
        return arrival


class Journalled:
    """An ASGI application with everything that reaches it written down. The arrival is in `scope["state"]["arrival"]`."""

    def __init__(self, app: App, journal: Journal, scheme: str) -> None:
        self._app = app
        self._journal = journal
        self._scheme = scheme

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]]
        host = next((value for name, value in headers if name == "host"), "")
        arrival = self._journal.open(
            kind=scope["type"],
            scheme=self._scheme,
            host=host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host,
            method=scope.get("method", "GET"),
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            http_version=scope["http_version"],
            headers=headers,
        )

        if scope["type"] == "http" and not await self._read_body(arrival, receive):
            return

        body = [bytes(arrival.body)]

        async def listening() -> Message:
            if scope["type"] == "http" and body:
                return {"type": "http.request", "body": body.pop(), "more_body": False}
            message = await receive()
            if message["type"] == "websocket.receive":
                text = message.get("text")
                arrival.messages.append(text if text is not None else message["bytes"].decode("latin-1"))
            elif message["type"].endswith(".disconnect"):
                arrival.ended = arrival.ended or "disconnected"
            return message

        scope.setdefault("state", {})["arrival"] = arrival
        try:
            await self._app(scope, listening, send)
        except Exception:
            traceback.print_exc()  # the server would say nothing
            raise

    @staticmethod
    async def _read_body(arrival: Arrival, receive: Receive) -> bool:
        """Read the whole body, whatever the application wants of it. False when the client left in the middle."""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                arrival.ended = "disconnected"
                return False
            arrival.body += message.get("body", b"")
            if not message.get("more_body", False):
                arrival.ended = "complete"
                return True
