"""The listening socket: one port, shared by all workers, and connections that cannot make us hold too much.

Separate because mitmproxy has no worker mode: its own server neither shares a port nor bounds what it buffers.
"""

import asyncio
from typing import Any

from mitmproxy import ctx
from mitmproxy.addons import proxyserver
from mitmproxy.proxy import events, mode_specs
from mitmproxy.proxy.layers import modes
from mitmproxy.proxy.mode_servers import ProxyConnectionHandler

from lockgate.proxy.held import HeldBytes

_BACKLOG = 1024


class BoundedConnectionHandler(ProxyConnectionHandler):
    """mitmproxy's connection handler, which closes a connection that sends more than may be held."""

    held: HeldBytes

    async def server_event(self, event: events.Event) -> None:
        """Count what the client sends, then let mitmproxy see it."""
        if isinstance(event, events.DataReceived) and event.connection is self.client:  # noqa: SIM102 - cheap test first
            if not self.held.spend(self.client.id, len(event.data)):
                handler = self.transports[self.client].handler
                if handler is not None:
                    handler.cancel("a body longer than may be held")
                return
        await super().server_event(event)


class SharedPortServer(proxyserver.Proxyserver):
    """mitmproxy's server addon, listening with SO_REUSEPORT so that the kernel spreads connections over the workers."""

    name = "proxyserver"

    def __init__(self, host: str, port: int, held: HeldBytes) -> None:
        super().__init__()
        self._held = held
        self._address = (host, port)
        self._mode = mode_specs.ProxyMode.parse("regular")
        self._listener: asyncio.Server | None = None
        self.listening = asyncio.Event()

    async def setup_servers(self) -> bool:
        """Start listening. Raises OSError when the address cannot be had."""
        host, port = self._address
        self._listener = await asyncio.start_server(self._serve, host, port, reuse_port=True, backlog=_BACKLOG)
        self.listening.set()
        return True

    def stop_listening(self) -> None:
        """Take no more connections; those there are go on."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handler = BoundedConnectionHandler(ctx.master, reader, writer, ctx.options, self._mode)
        handler.held = self._held
        handler.layer = modes.HttpProxy(handler.layer.context)
        with self.register_connection(handler.client.id, handler):
            await handler.handle_client()

    def configure(self, updated: Any) -> None:
        """The mode is fixed; everything else is checked by the parent."""
        super().configure(set(updated) - {"mode", "server"})
