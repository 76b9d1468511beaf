"""A bound on the head of an HTTP/1 request.

Separate because it replaces a method of mitmproxy, which buffers a head that never ends and offers no limit for it.
"""

from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.layers.http._http1 import Http1Server

LONGEST_HEAD = 256 << 10
"""Bytes. Browsers and servers stop at 8 to 128 KiB."""


def install_head_limit() -> None:
    """From now on, close a connection whose request head is longer than that."""
    unbounded = Http1Server.read_headers

    def read_headers(self: Http1Server, event: events.ConnectionEvent) -> layer.CommandGenerator[None]:
        yield from unbounded(self, event)
        if self.state == self.read_headers and len(self.buf) > LONGEST_HEAD:
            self.buf.maybe_extract_at_most(len(self.buf))
            self.state = self.done
            yield commands.CloseConnection(self.conn)

    Http1Server.read_headers = read_headers  # type: ignore[method-assign]  # there is no hook for it
