"""The recorder's way for what workers counted: what waits is gathered for a moment, and one task writes it.

Separate from the writer of records because it may be lost: whoever counted looks whether it arrived, and tells it again. It
must never hold up a record. What waits is bounded by what there is to count: a cell that comes again replaces itself.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol

import structlog
from structlog.typing import FilteringBoundLogger

from lockgate.facts.usage import CounterKey, UsageCell
from lockgate.store.record_store import StoreUnavailable
from lockgate.store.wire import Counted, Reset

_log: FilteringBoundLogger = structlog.get_logger("lockgate.store.usage_keeper")
_GATHER_SECONDS = 0.1
_MOST_WAITING = 200_000


class UsageStore(Protocol):
    """Where counts are kept."""

    def note_usage(self, source: str, cells: Sequence[UsageCell]) -> None:
        """Keep all of them or none. Raises StoreUnavailable."""
        ...

    def reset_usage(self, subject: str, epoch: int) -> None:
        """Let somebody's counters begin anew. Raises StoreUnavailable."""
        ...


class UsageKeeper:
    """Takes counts on the event loop and writes them in a thread. `close` writes what is still waiting."""

    def __init__(self, store: UsageStore, *, gather_seconds: float = _GATHER_SECONDS) -> None:
        self._store = store
        self._gather_seconds = gather_seconds
        self._waiting: dict[tuple[str, CounterKey, int, int], UsageCell] = {}
        self._something = asyncio.Event()
        self._writing = asyncio.Lock()
        self._task = asyncio.create_task(self._run(), name="usage")

    def keep(self, counted: Counted) -> None:
        """Take counts on their way. Never blocks; what finds no room will be told again."""
        for cell in counted.cells:
            if len(self._waiting) < _MOST_WAITING:
                self._waiting[counted.source, cell.key, cell.epoch, cell.bucket] = cell
        self._something.set()

    async def reset(self, reset: Reset) -> None:
        """Let somebody's counters begin anew. Raises ConnectionError: whoever asked is told by silence that it was not done."""
        try:
            await asyncio.to_thread(self._store.reset_usage, reset.subject, reset.epoch)
        except StoreUnavailable as error:
            raise ConnectionAbortedError(str(error)) from error

    async def close(self) -> None:
        """Stop, once what is waiting is written."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._write()

    async def _run(self) -> None:
        while True:
            await self._something.wait()
            await asyncio.sleep(self._gather_seconds)
            self._something.clear()
            await asyncio.shield(self._write())

    async def _write(self) -> None:
        async with self._writing:
            waiting, self._waiting = self._waiting, {}
            by_source: defaultdict[str, list[UsageCell]] = defaultdict(list)
            for (source, _, _, _), cell in waiting.items():
                by_source[source].append(cell)
            for source, cells in by_source.items():
                await self._write_cells(source, cells)

    async def _write_cells(self, source: str, cells: list[UsageCell]) -> None:
        try:
            await asyncio.to_thread(self._store.note_usage, source, cells)
        except StoreUnavailable as error:
            _log.warning("what was counted could not be kept; it will be told again", why=str(error))
        except Exception:  # noqa: BLE001 - the task must live, whatever one worker said
            _log.exception("what was counted could not be kept", cells=len(cells))
