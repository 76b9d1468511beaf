"""`/metrics` and `/healthz` over HTTP, for Prometheus and for process supervisors.

Separate from what is counted. Fifty lines of HTTP/1.1 instead of a framework: two fixed paths, GET only, one answer per
connection, everything bounded. It binds where the settings say (loopback by default) and must never be reachable through the
proxy.
"""

import asyncio
from collections.abc import Callable
from http import HTTPStatus

from lockgate.facts.problem import Problem, UsageError
from lockgate.sinks.metrics import CONTENT_TYPE, Metrics

_HEAD_BYTES = 8192
_DEADLINE_SECONDS = 5.0
_TEXT = "text/plain; charset=utf-8"


def _always_well() -> str:
    return ""


class MetricsEndpoint:
    """Serves `metrics`.

    `health` says in one line what is wrong, or nothing when all is well: `/healthz` is then 200, otherwise 503. `remark` is
    what is to be known although all is well: nobody is to restart a gateway for it.
    """

    def __init__(
        self, host: str, port: int, metrics: Metrics, *, health: Callable[[], str] = _always_well,
        remark: Callable[[], str] = _always_well,
    ) -> None:  # fmt: skip
        self._host = host
        self._port = port
        self._metrics = metrics
        self._health = health
        self._remark = remark
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port it listens on; the one that was free, when it was made with port 0."""
        return self._server.sockets[0].getsockname()[1] if self._server else self._port

    async def start(self) -> None:
        """Listen. Raises UsageError when the address cannot be had."""
        try:
            self._server = await asyncio.start_server(self._serve, self._host, self._port, limit=_HEAD_BYTES)
        except OSError as error:
            problem = f"cannot serve metrics on {self._host}:{self._port}: {(error.strerror or str(error)).lower()}"
            raise UsageError(Problem(problem=problem, help="change `metrics.listen` in the settings")) from None

    async def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_DEADLINE_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                status, content_type, body = self._answer(head.split(b"\r\n", 1)[0])
                writer.write(_response(status, content_type, body, head_only=head.startswith(b"HEAD ")))
                await writer.drain()
        except (TimeoutError, ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # whoever does not finish a request in time gets no answer
        finally:
            writer.close()

    def _answer(self, request_line: bytes) -> tuple[HTTPStatus, str, bytes]:
        match request_line.split(b" "):
            case [b"GET" | b"HEAD", target, b"HTTP/1.0" | b"HTTP/1.1"]:
                path = target.partition(b"?")[0]
            case [_, _, b"HTTP/1.0" | b"HTTP/1.1"]:
                return HTTPStatus.METHOD_NOT_ALLOWED, _TEXT, b"only GET\n"
            case _:
                return HTTPStatus.BAD_REQUEST, _TEXT, b"not HTTP/1.1\n"
        if path == b"/metrics":
            return HTTPStatus.OK, CONTENT_TYPE, self._metrics.render()
        if path == b"/healthz":
            wrong = self._health()
            if wrong:
                return HTTPStatus.SERVICE_UNAVAILABLE, _TEXT, f"{wrong}\n".encode()
            remark = self._remark()
            return HTTPStatus.OK, _TEXT, f"well\n{remark}\n".encode() if remark else b"well\n"
        return HTTPStatus.NOT_FOUND, _TEXT, b"there are /metrics and /healthz\n"


def _response(status: HTTPStatus, content_type: str, body: bytes, *, head_only: bool) -> bytes:
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + (b"" if head_only else body)
