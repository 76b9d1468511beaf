"""What mitmproxy's HTTP/1 lacks: bounds on what it buffers, and framing that leaves nothing over for a second request.

Separate because it replaces methods of mitmproxy, for which there are no hooks. mitmproxy buffers heads, chunk sizes and
trailers that never end; stops dead at trailers; passes an interim answer on as the answer; and sends a body that came over
HTTP/2 without a length to an HTTP/1 server as bytes that nothing frames, which that server then reads as the next request.

Trailers are left out, as RFC 9110 section 6.5.1 lets everybody do who passes a message on: nobody has examined them.
"""

from collections.abc import Callable
from typing import Any

import h11
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.layers.http import _http1  # type: ignore[reportPrivateUsage]  # where HTTP/1 is read and written
from mitmproxy.proxy.layers.http._base import ReceiveHttp
from mitmproxy.proxy.layers.http._events import ErrorCode, RequestData, RequestHeaders

LONGEST_LINES = 256 << 10
"""Bytes that may wait for the end of a head, a chunk size or trailers, or for their turn. Browsers stop at 8 to 128 KiB."""

type _Events = layer.CommandGenerator[None]


def install_http1_bounds() -> None:
    """From now on, HTTP/1 is read within bounds and written with a length or in chunks."""
    connection: Any = _http1.Http1Connection
    connection._handle_event = _bounded(connection._handle_event)  # noqa: SLF001 - there is no other place for it
    _http1.Http1Client.read_headers = _past_interim_answers(_http1.Http1Client.read_headers)  # type: ignore[method-assign]
    _http1.Http1Client.send = _framed(_http1.Http1Client.send)  # type: ignore[method-assign]
    _http1.make_body_reader = _without_trailers(_http1.make_body_reader)  # type: ignore[assignment]


def _bounded(handle_event: Callable[[Any, events.Event], _Events]) -> Callable[[Any, events.Event], _Events]:
    def bounded(self: _http1.Http1Connection, event: events.Event) -> _Events:
        yield from handle_event(self, event)
        if len(self.buf) <= LONGEST_LINES:
            return
        self.buf.maybe_extract_at_most(len(self.buf))
        self.state = self.done
        yield commands.CloseConnection(self.conn)
        if self.stream_id is not None and self.request is not None:
            said = "more bytes than may wait"
            code = ErrorCode.GENERIC_SERVER_ERROR if self.conn is self.context.server else ErrorCode.GENERIC_CLIENT_ERROR
            yield ReceiveHttp(self.ReceiveProtocolError(self.stream_id, said, code))

    return bounded


def _past_interim_answers(read_headers: Callable[[Any, Any], _Events]) -> Callable[[Any, Any], _Events]:
    def read_final_headers(self: _http1.Http1Client, event: events.ConnectionEvent) -> _Events:
        """An answer of the kind 1xx announces another (RFC 9110 section 15.2); 101 alone is the last of HTTP."""
        start = bytes(self.buf)[:12] if self.request is not None and isinstance(event, events.DataReceived) else b""
        while start.startswith((b"HTTP/1.1 1", b"HTTP/1.0 1")) and start[9:12] != b"101":
            if self.buf.maybe_extract_lines() is None:
                return  # the rest of it is still to come
            start = bytes(self.buf)[:12]
        if start or not isinstance(event, events.DataReceived) or self.request is None:
            yield from read_headers(self, event)

    return read_final_headers


def _framed(send: Callable[[Any, Any], _Events]) -> Callable[[Any, Any], _Events]:
    def framed(self: _http1.Http1Client, event: Any) -> _Events:
        if isinstance(event, RequestHeaders) and not event.request.is_http11 and not event.request.is_http10:
            # HTTP/2 frames bodies itself; a length that it was given there it has also kept.
            event.request.headers.pop("transfer-encoding", None)
            if not event.end_stream and "content-length" not in event.request.headers:
                event.request.headers["transfer-encoding"] = "chunked"
        elif isinstance(event, RequestData) and not event.data:
            return  # as a chunk, nothing would mean the end
        yield from send(self, event)

    return framed


def _without_trailers(make_body_reader: Callable[[int | None], Any]) -> Callable[[int | None], Any]:
    def make(expected_size: int | None) -> Any:
        reader = make_body_reader(expected_size)
        return _WithoutTrailers(reader) if expected_size is None else reader

    return make


class _WithoutTrailers:
    """A reader of chunked bodies that ends them without their trailers."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader
        self.read_eof = reader.read_eof

    def __call__(self, buffer: Any) -> Any:
        event = self._reader(buffer)
        return h11.EndOfMessage() if isinstance(event, h11.EndOfMessage) else event
