"""The listening socket: one port, shared by all workers.

Separate because mitmproxy has no worker mode: its own server does not share a port.
"""

import asyncio
from typing import Any

from mitmproxy import ctx
from mitmproxy.addons import proxyserver
from mitmproxy.proxy import commands, layer, mode_specs
from mitmproxy.proxy.layers import modes
from mitmproxy.proxy.mode_servers import ProxyConnectionHandler

from lockgate.proxy.hook_calls import HookCalls, HooksAtOnce, call_hook, hook_calls

_BACKLOG = 1024


class GatewayConnectionHandler(ProxyConnectionHandler):
    """mitmproxy's connection handler, with a table of hooks."""

    calls: HookCalls

    async def handle_hook(self, hook: commands.StartHook) -> None:
        """Call who listens; while they think, the connection is not idle."""
        with self.timeout_watchdog.disarm():
            await call_hook(self.calls, hook)


class SharedPortServer(proxyserver.Proxyserver):
    """mitmproxy's server addon, listening with SO_REUSEPORT so that the kernel spreads connections over the workers."""

    name = "proxyserver"

    def __init__(self, host: str, port: int) -> None:
        super().__init__()
        self._address = (host, port)
        self._mode = mode_specs.ProxyMode.parse("regular")
        self._listener: asyncio.Server | None = None
        self._calls: HookCalls = {}
        self.listening = asyncio.Event()

    async def setup_servers(self) -> bool:
        """Start listening. Raises OSError when the address cannot be had."""
        host, port = self._address
        self._calls = hook_calls(ctx.master.addons.chain)
        self._listener = await asyncio.start_server(self._serve, host, port, reuse_port=True, backlog=_BACKLOG)
        self.listening.set()
        return True

    def stop_listening(self) -> None:
        """Take no more connections; those there are go on."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def pass_straight(self, client_id: str, relay: layer.Layer) -> None:
        """From now on this connection's bytes go to `relay` at once, not through the layers its CONNECT has left around it."""
        handler = self.connections.get(client_id)
        if handler is not None:
            handler.layer = relay

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handler = GatewayConnectionHandler(ctx.master, reader, writer, ctx.options, self._mode)
        handler.calls = self._calls
        # The handler asks its layer for `handle_event` and nothing else.
        handler.layer = HooksAtOnce(modes.HttpProxy(handler.layer.context), handler)  # type: ignore[assignment]
        with self.register_connection(handler.client.id, handler):
            await handler.handle_client()

    def configure(self, updated: Any) -> None:
        """The mode is fixed; everything else is checked by the parent."""
        super().configure(set(updated) - {"mode", "server"})
