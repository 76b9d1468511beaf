"""MCP servers of the official SDK: one that speaks every version of streamable HTTP, and one of the older transport.

Separate because the SDK needs a newer Python than the oldest that the gateway runs on: without it these hosts show a page like
any other, and the tests that need them are skipped.
"""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.util import find_spec
from typing import Any

from starlette.routing import BaseRoute, Host

HOST = "tools.example.com"
LIBRARY_HOST = "mcp.linear.app"
OLD_HOST = "old-tools.example.com"


class Servers:
    """The servers' routes, and what has to run beside them."""

    def __init__(self) -> None:
        self.routes: list[BaseRoute] = []
        self._managers: list[Any] = []
        if find_spec("mcp") is None:
            return
        from mcp.server.transport_security import TransportSecuritySettings

        anywhere = TransportSecuritySettings(enable_dns_rebinding_protection=False)
        for host in (HOST, LIBRARY_HOST):
            server = _make_server()
            self.routes.append(Host(host, server.streamable_http_app(transport_security=anywhere)))
            self._managers.append(server.session_manager)
        self.routes.append(Host(OLD_HOST, _make_server().sse_app(transport_security=anywhere)))

    @asynccontextmanager
    async def run(self) -> AsyncGenerator[None]:
        """Keep sessions while inside."""
        async with AsyncExitStack() as stack:
            for manager in self._managers:
                await stack.enter_async_context(manager.run())
            yield


def _make_server() -> Any:
    from mcp.server.mcpserver import MCPServer

    server = MCPServer("pages", version="1.2.3", instructions="Ask for pages.", log_level="ERROR")

    @server.tool()
    def search(query: str) -> str:
        """Finds pages."""
        return f"You said: {query}"

    @server.tool()
    def delete_page(page: str) -> str:
        """Deletes a page."""
        return f"Deleted: {page}"

    @server.tool()
    def redescribe(name: str, text: str) -> str:
        """Makes or changes a tool: how a test has a server turn."""

        def answer(query: str) -> str:
            return f"{name}: {query}"

        if name in server._tool_manager._tools:
            server.remove_tool(name)
        server.add_tool(answer, name=name, description=text)
        return "done"

    return server
