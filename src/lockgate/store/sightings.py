"""The recorder's way for what workers saw of MCP servers: a bounded queue and one task that writes.

Separate from the writer of records because this may be lost: what was seen will be seen again. It must never hold up a record.
"""

import asyncio
from collections.abc import Sequence
from typing import Protocol

import structlog
from structlog.typing import FilteringBoundLogger

from lockgate.facts.mcp import McpSighting
from lockgate.store.record_store import StoreUnavailable

_log: FilteringBoundLogger = structlog.get_logger("lockgate.store.sightings")
_WAITING = 2000
_AT_ONCE = 200


class SightingStore(Protocol):
    """Where sightings are kept."""

    def note_sightings(self, sightings: Sequence[McpSighting]) -> None:
        """Keep all of them or none. Raises StoreUnavailable."""
        ...


class SightingKeeper:
    """Takes sightings on the event loop and writes them in a thread. `close` writes what is still waiting."""

    def __init__(self, store: SightingStore) -> None:
        self._store = store
        self._waiting: asyncio.Queue[McpSighting] = asyncio.Queue(_WAITING)
        self._task = asyncio.create_task(self._run(), name="sightings")
        self.dropped = 0

    def keep(self, sightings: Sequence[McpSighting]) -> None:
        """Take sightings on their way. Never blocks; what finds no room is dropped and counted."""
        for sighting in sightings:
            try:
                self._waiting.put_nowait(sighting)
            except asyncio.QueueFull:
                self.dropped += 1

    async def close(self) -> None:
        """Stop, once what is waiting is written."""
        await self._waiting.join()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            batch = [await self._waiting.get()]
            while len(batch) < _AT_ONCE and not self._waiting.empty():
                batch.append(self._waiting.get_nowait())
            try:
                await asyncio.to_thread(self._store.note_sightings, batch)
            except StoreUnavailable as error:
                _log.warning("what was seen of MCP servers could not be kept; it will be seen again", why=str(error))
            except Exception:  # noqa: BLE001 - the task must live, whatever one server said
                _log.exception("what was seen of MCP servers could not be kept", servers=[each.server for each in batch][:10])
            finally:
                for _ in batch:
                    self._waiting.task_done()
