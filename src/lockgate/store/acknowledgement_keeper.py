"""The recorder's way for what people acknowledge and what operators revoke: a bounded queue and one task that writes.

Separate from the writer of records because it is of another kind: few, and told again by the worker that took it until the
store has it.
"""

import asyncio
import time
from collections.abc import Sequence

import structlog
from structlog.typing import FilteringBoundLogger

from lockgate.facts.acknowledgement import Acknowledgement
from lockgate.store.acknowledgement_store import AcknowledgementStore
from lockgate.store.record_store import StoreUnavailable

_log: FilteringBoundLogger = structlog.get_logger("lockgate.store.acknowledgements")
_WAITING = 2000


class AcknowledgementKeeper:
    """Takes acknowledgements on the event loop and writes them in a thread. `close` writes what is still waiting."""

    def __init__(self, store: AcknowledgementStore) -> None:
        self._store = store
        self._waiting: asyncio.Queue[Acknowledgement] = asyncio.Queue(_WAITING)
        self._task = asyncio.create_task(self._run(), name="acknowledgements")

    def keep(self, given: Sequence[Acknowledgement]) -> None:
        """Take them on their way. Never blocks; what finds no room is told again."""
        for each in given:
            if not self._waiting.full():
                self._waiting.put_nowait(each)

    async def revoke(self, ids: Sequence[str]) -> int:
        """End those that still stand; how many did. Raises StoreUnavailable."""
        await self._waiting.join()
        return await asyncio.to_thread(self._store.revoke, ids, time.time())

    async def close(self) -> None:
        """Stop, once what is waiting is written."""
        await self._waiting.join()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            batch = [await self._waiting.get()]
            while not self._waiting.empty():
                batch.append(self._waiting.get_nowait())
            try:
                await asyncio.to_thread(self._store.note, batch)
            except StoreUnavailable as error:
                _log.warning("what people acknowledged could not be kept; it will be told again", why=str(error))
            except Exception:  # noqa: BLE001 - the task must live, whatever one of them holds
                _log.exception("what people acknowledged could not be kept", ids=[each.id for each in batch][:10])
            finally:
                for _ in batch:
                    self._waiting.task_done()
