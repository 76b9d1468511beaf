"""What mitmproxy's HTTP/1 lacks: a bound on the head of a request, and a way to go on after trailers.

Separate because it replaces functions of mitmproxy, which buffers a head that never ends, and stops dead at the trailer
fields that may follow a chunked body. Trailers are left out, as RFC 9110 section 6.5.1 lets everybody do who passes a
message on: nobody has examined them.
"""

from typing import Any

import h11
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.layers.http import _http1  # type: ignore[reportPrivateUsage]  # where HTTP/1 is read

LONGEST_HEAD = 256 << 10
"""Bytes. Browsers and servers stop at 8 to 128 KiB."""


def install_http1_bounds() -> None:
    """From now on, close a connection whose request head is longer than that, and read past trailers."""
    server, make_reader = _http1.Http1Server, _http1.make_body_reader
    unbounded = server.read_headers

    def read_headers(self: _http1.Http1Server, event: events.ConnectionEvent) -> layer.CommandGenerator[None]:
        yield from unbounded(self, event)
        if self.state == self.read_headers and len(self.buf) > LONGEST_HEAD:
            self.buf.maybe_extract_at_most(len(self.buf))
            self.state = self.done
            yield commands.CloseConnection(self.conn)

    def make_body_reader(expected_size: int | None) -> Any:
        reader = make_reader(expected_size)
        return _WithoutTrailers(reader) if expected_size is None else reader

    server.read_headers = read_headers  # type: ignore[method-assign]  # there is no hook for it
    _http1.make_body_reader = make_body_reader  # type: ignore[assignment]  # nor for this


class _WithoutTrailers:
    """A reader of chunked bodies that ends them without their trailers."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader
        self.read_eof = reader.read_eof

    def __call__(self, buffer: Any) -> Any:
        event = self._reader(buffer)
        return h11.EndOfMessage() if isinstance(event, h11.EndOfMessage) else event
