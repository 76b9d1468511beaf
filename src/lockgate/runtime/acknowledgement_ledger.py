"""What a worker knows of acknowledgements: the store's, and at once whatever it takes itself.

Separate from the gateway because it is looked after beside the traffic: the store is asked twice a second, in a thread,
whether there is something new. Nothing here may make traffic wait, and a store that cannot be read leaves what is known as
it is.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from lockgate.facts.acknowledgement import Acknowledgement
from lockgate.facts.problem import UsageError
from lockgate.gate.acknowledgements import NOTHING_ACKNOWLEDGED, Acknowledgements
from lockgate.home.home import Home
from lockgate.store.acknowledgement_store import AcknowledgementStore
from lockgate.store.record_store import StoreUnavailable

_log = structlog.get_logger(__name__)
_LOOK_SECONDS = 0.5
_LOAD_ANYWAY_SECONDS = 600.0
"""What is over is let go of then, though nothing is new."""
_TOLD_AGAIN_SECONDS = 5.0
_MOST_TOLD = 5


def stored_acknowledgements(home: Home, now: float) -> tuple[Acknowledgement, ...]:
    """What is kept now and stands or was over not long ago; nothing when there is no store or it cannot be read."""
    if not home.records_db.exists():
        return ()
    try:
        store = AcknowledgementStore.for_reading(home.records_db)
    except UsageError:
        return ()
    try:
        return store.told(now)
    except StoreUnavailable:
        return ()
    finally:
        store.close()


@dataclass(slots=True)
class _Own:
    """One that was taken here, until the store is seen to have it."""

    given: Acknowledgement
    told_at: float
    times: int = 1


class AcknowledgementLedger:
    """The live view of one worker. `tell` sends what it takes to whoever keeps it."""

    def __init__(self, records: Path, tell: Callable[[Acknowledgement], None]) -> None:
        self.current: Acknowledgements = NOTHING_ACKNOWLEDGED
        self._records = records
        self._tell = tell
        self._own: dict[str, _Own] = {}
        self._store: AcknowledgementStore | None = None
        self._revision = -1
        self._loaded_at = 0.0

    def take(self, given: Acknowledgement) -> None:
        """Somebody acknowledged: known here from now on, and told."""
        self.current = self.current.after(given)
        self._own[given.id] = _Own(given, time.time())
        self._tell(given)

    async def watch(self) -> None:
        """Follow the store until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(_LOOK_SECONDS)

    async def look(self) -> None:
        """Take over what is new in the store, and tell again what it has not got."""
        try:
            loaded = await asyncio.to_thread(self._load)
        except (StoreUnavailable, UsageError) as error:
            _log.warning("what people acknowledged cannot be read; what is known stays", why=str(error))
            self.close()
            return
        if loaded is not None:
            for each in loaded:  # the store's word counts from now on: it may have been revoked
                self._own.pop(each.id, None)
            self.current = Acknowledgements.of((*loaded, *(own.given for own in self._own.values())))
        self._tell_again(time.time())

    def close(self) -> None:
        """Let go of the store."""
        if self._store is not None:
            self._store.close()
            self._store, self._revision = None, -1

    def _tell_again(self, now: float) -> None:
        for own in list(self._own.values()):
            if own.given.until <= now:
                del self._own[own.given.id]
            elif own.times < _MOST_TOLD and now - own.told_at >= _TOLD_AGAIN_SECONDS:
                own.told_at, own.times = now, own.times + 1
                self._tell(own.given)

    def _load(self) -> tuple[Acknowledgement, ...] | None:
        if self._store is None:
            if not self._records.exists():
                return None
            self._store = AcknowledgementStore.for_reading(self._records)
        now = time.time()
        revision = self._store.revision()
        if revision == self._revision and now - self._loaded_at < _LOAD_ANYWAY_SECONDS:
            return None
        loaded = self._store.told(now)
        self._revision, self._loaded_at = revision, now
        return loaded
