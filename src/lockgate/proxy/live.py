"""What the proxy keeps of an exchange that is under way: the state machine, clocks and byte counts.

Separate from the hooks so that every way an exchange can end goes through one `close`.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog
from mitmproxy import http

from lockgate.facts.decision import Reason
from lockgate.facts.traffic import Client, Request
from lockgate.gate.answer_frames import AnswerFrames
from lockgate.gate.effects import Note, Sighted
from lockgate.gate.events import Closed, Failed, RequestChunkSeen, ResponseChunkSeen
from lockgate.gate.judging import Judging

_log = structlog.get_logger(__name__)


def now() -> datetime:
    """The wall clock, in UTC."""
    return datetime.now(UTC)


@dataclass(slots=True, kw_only=True)
class LiveExchange[Judged: Judging]:
    """An exchange under way. Times are of `time.perf_counter`."""

    exchange: Judged
    client: Client
    client_id: str = ""
    flow: http.HTTPFlow | None = None
    request: Request | None = None
    started: float = field(default_factory=time.perf_counter)
    first_byte: float = 0.0
    status: int = 0
    upstream_contacted: bool = False
    request_bytes: int = 0
    response_bytes: int = 0
    websocket: bool = False
    messages: int = 0
    socket: str = ""
    holding: bool = False
    forwarded: bool = False
    refused: bool = False
    reads_along: bool = True
    failure: Reason | None = None
    frames: AnswerFrames | None = None
    tell: Callable[[Sighted], None] | None = None

    def pass_chunk(self, chunk: bytes) -> bytes | tuple[bytes, ...]:
        """Count response bytes as they pass (mitmproxy calls this with an empty chunk at the end).

        Where placeholders are put back, other bytes may leave, later ones too; of none, there is no chunk at all: over
        HTTP/1.1, an empty one would end the response.
        """
        self.count_response(len(chunk))
        if self.frames is None:
            return chunk
        sent = self.frames.feed(chunk) if chunk else self.frames.finish()
        return (sent,) if sent else ()

    def count_response(self, size: int) -> None:
        """Count so many bytes of the response, and note when the first came."""
        if size and not self.first_byte:
            self.first_byte = time.perf_counter()
        self.response_bytes += size

    def tap_chunk(self, chunk: bytes) -> bytes | tuple[bytes, ...]:
        """As `pass_chunk`, and let the exchange read along. Reading along must never hold or break the stream."""
        if chunk and self.reads_along:
            self._read_along(ResponseChunkSeen(chunk=chunk))
        return self.pass_chunk(chunk)

    def count_request_chunk(self, chunk: bytes) -> bytes:
        """Count request bytes of a body that was not held."""
        self.request_bytes += len(chunk)
        return chunk

    def tap_request_chunk(self, chunk: bytes) -> bytes:
        """As `count_request_chunk`, and let the exchange read along, which must never hold or break the request."""
        self.count_request_chunk(chunk)
        if chunk and self.reads_along:
            self._read_along(RequestChunkSeen(chunk=chunk))
        return chunk

    def _read_along(self, event: RequestChunkSeen | ResponseChunkSeen) -> None:
        try:
            for effect in self.exchange.handle(event):
                if isinstance(effect, Sighted) and self.tell is not None:
                    self.tell(effect)
        except Exception:  # noqa: BLE001 - it was allowed to pass; what is lost is the rest of what would be noted of it
            self.reads_along = False
            _log.exception("an exchange could not be read along", exchange=self.exchange.id)

    def failed(self, reason: Reason, error: str) -> None:
        """Something outside the gate went wrong."""
        self.failure = self.failure or reason
        self.exchange.handle(Failed(reason=reason, error=error))

    def close(self) -> Note:
        """The exchange is over; what to keep of it."""
        ended = time.perf_counter()
        if self.forwarded and self.flow is not None and self.flow.server_conn.timestamp_tcp_setup is not None:
            self.upstream_contacted = True  # it may have left before there was an answer
        (note,) = self.exchange.handle(
            Closed(
                duration_ms=(ended - self.started) * 1000,
                first_byte_ms=(self.first_byte - self.started) * 1000 if self.first_byte else 0.0,
                status=self.status,
                upstream_contacted=self.upstream_contacted,
                request_bytes=self.request_bytes,
                response_bytes=self.response_bytes,
                messages=self.messages,
                socket=self.socket,
            )
        )
        if not isinstance(note, Note):
            raise TypeError("closing an exchange gives its note")
        return note
