"""What a worker knows of MCP servers: the store's inventory, and at once whatever it sees itself.

Separate from the gateway because it is looked after beside the traffic: the store is asked once a second whether there is
something new.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from lockgate.facts.mcp import McpSighting
from lockgate.gate.effects import Sighted
from lockgate.gate.mcp_inventory import NOTHING_KNOWN, McpInventory, without_known_text
from lockgate.home.home import Home
from lockgate.runtime.store_view import StoreView, ask_once
from lockgate.store.sqlite import SqliteStore

_LOOK_SECONDS = 1.0
_TOLD_AGAIN_SECONDS = 60.0
"""How often the same is told of a server, so that the store knows when it was last seen."""
_MOST_TOLD = 10_000


def stored_inventory(home: Home) -> McpInventory:
    """The inventory as it is kept now; nothing when there is none or it cannot be read."""
    return ask_once(home, SqliteStore.for_reading, SqliteStore.mcp_inventory, NOTHING_KNOWN)


class McpWatch:
    """The live view of one worker. `tell` sends what it sees to whoever keeps it."""

    def __init__(self, records: Path, tell: Callable[[McpSighting], None]) -> None:
        self.current: McpInventory = NOTHING_KNOWN
        self._stored: McpInventory = NOTHING_KNOWN
        self._tell = tell
        self._view = StoreView(records, SqliteStore.for_reading, "the inventory of MCP servers")
        self._recent: deque[McpSighting] = deque(maxlen=1000)
        self._told: dict[str, tuple[object, float]] = {}

    def sighted(self, sighted: Sighted) -> None:
        """Something was seen of a server: known here from now on, and told when it is news or was not told for a while."""
        server = sighted.server.encode("utf-8", "backslashreplace").decode()
        for seen in sighted.seen:
            sighting = McpSighting(server=server, at=time.time(), seen=seen)
            self.current = self.current.after(sighting)
            self._recent.append(sighting)
            if self._is_news(sighting):
                self._tell(replace(sighting, seen=without_known_text(seen, self._stored, server)))

    async def watch(self) -> None:
        """Follow the store until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(_LOOK_SECONDS)

    async def look(self) -> None:
        """Take over what is new in the store."""
        loaded = await self._view.ask(self._news)
        if loaded is not None:
            self._stored = self.current = loaded
            newest = time.time() - _TOLD_AGAIN_SECONDS
            for sighting in self._recent:  # what the store may not have yet
                if sighting.at >= newest:
                    self.current = self.current.after(sighting)

    def close(self) -> None:
        """Let go of the store."""
        self._view.close()

    def _news(self, store: SqliteStore) -> McpInventory | None:
        revision = store.mcp_revision()
        if revision == self._view.revision:
            return None
        inventory = store.mcp_inventory()
        self._view.revision = revision
        return inventory

    def _is_news(self, sighting: McpSighting) -> bool:
        seen = sighting.seen
        tools = None if seen.tools is None else tuple((tool.name, tool.digest) for tool in seen.tools)
        said = (seen.name, seen.version, seen.protocol, seen.endpoint, seen.complete, tools)
        # An introduction, a whole list, and each page of a long one are told of one by one.
        page = tools[0][0] if tools and not seen.complete else ""
        key = f"{sighting.server} {seen.endpoint} {tools is not None} {page}"
        last, at = self._told.get(key, (None, 0.0))
        if last == said and sighting.at - at < _TOLD_AGAIN_SECONDS:
            return False
        if len(self._told) >= _MOST_TOLD:
            self._told.clear()
        self._told[key] = (said, sighting.at)
        return True
