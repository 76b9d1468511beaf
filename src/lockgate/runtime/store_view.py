"""The store as a worker follows it beside the traffic: asked in a thread, let go of when it cannot be read.

Separate because several parts of a worker keep up with what other processes wrote. Nothing here may make traffic wait, and
a store that cannot be read leaves what is known as it is.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import structlog

from lockgate.facts.problem import UsageError
from lockgate.home.home import Home
from lockgate.store.record_store import StoreUnavailable

_log = structlog.get_logger(__name__)


class Closing(Protocol):
    """A store that was opened for reading."""

    def close(self) -> None:
        """Let go of its file."""
        ...


type Open[S: Closing] = Callable[[Path], S]


class StoreView[S: Closing]:
    """What one part of a worker reads of the store. `what` tells an operator what cannot be read.

    `revision` is for that part to note how far it has read: -1 for nothing, also after the store had to be let go of.
    """

    def __init__(self, records: Path, open_store: Open[S], what: str) -> None:
        self.revision = -1
        self._records = records
        self._open = open_store
        self._what = what
        self._store: S | None = None

    async def ask[T](self, question: Callable[[S], T | None]) -> T | None:
        """What the store answers; None while there is no store, or when it cannot be read."""
        try:
            return await asyncio.to_thread(self._ask, question)
        except (StoreUnavailable, UsageError) as error:
            _log.warning(f"{self._what} cannot be read; what is known stays", why=str(error))
            self.close()
            return None

    def close(self) -> None:
        """Let go of the store."""
        if self._store is not None:
            self._store.close()
        self._store, self.revision = None, -1

    def _ask[T](self, question: Callable[[S], T | None]) -> T | None:
        if self._store is None:
            if not self._records.exists():
                return None
            self._store = self._open(self._records)
        return question(self._store)


def ask_once[S: Closing, T](home: Home, open_store: Open[S], question: Callable[[S], T], otherwise: T) -> T:
    """What the store of a home answers now; `otherwise` when there is none or it cannot be read."""
    if not home.records_db.exists():
        return otherwise
    try:
        store = open_store(home.records_db)
    except UsageError:
        return otherwise
    try:
        return question(store)
    except StoreUnavailable:
        return otherwise  # written by a gateway that did not keep this yet
    finally:
        store.close()
