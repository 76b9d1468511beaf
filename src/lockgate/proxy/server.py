"""The listening socket: one port, shared by all workers.

Separate because mitmproxy has no worker mode: its own server does not share a port.
"""

import asyncio
from typing import Any

from mitmproxy import ctx
from mitmproxy.addons import proxyserver
from mitmproxy.proxy import mode_specs
from mitmproxy.proxy.layers import modes
from mitmproxy.proxy.mode_servers import ProxyConnectionHandler

_BACKLOG = 1024


class SharedPortServer(proxyserver.Proxyserver):
    """mitmproxy's server addon, listening with SO_REUSEPORT so that the kernel spreads connections over the workers."""

    name = "proxyserver"

    def __init__(self, host: str, port: int) -> None:
        super().__init__()
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
        handler = ProxyConnectionHandler(ctx.master, reader, writer, ctx.options, self._mode)
        handler.layer = modes.HttpProxy(handler.layer.context)
        with self.register_connection(handler.client.id, handler):
            await handler.handle_client()

    def configure(self, updated: Any) -> None:
        """The mode is fixed; everything else is checked by the parent."""
        super().configure(set(updated) - {"mode", "server"})
