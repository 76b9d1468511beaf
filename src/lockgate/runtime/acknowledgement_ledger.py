"""What a worker knows of acknowledgements: the store's, and at once whatever it takes itself.

Separate from the gateway because it is looked after beside the traffic: the store is asked twice a second whether there is
something new.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lockgate.facts.acknowledgement import Acknowledgement
from lockgate.gate.acknowledgements import NOTHING_ACKNOWLEDGED, Acknowledgements
from lockgate.home.home import Home
from lockgate.runtime.store_view import StoreView, ask_once
from lockgate.store.acknowledgement_store import AcknowledgementStore

_LOOK_SECONDS = 0.5
_LOAD_ANYWAY_SECONDS = 600.0
"""What is over is let go of then, though nothing is new."""
_TOLD_AGAIN_SECONDS = 5.0
_MOST_TOLD = 5


def stored_acknowledgements(home: Home, now: float) -> tuple[Acknowledgement, ...]:
    """What is kept now and stands or was over not long ago; nothing when there is no store or it cannot be read."""
    return ask_once(home, AcknowledgementStore.for_reading, lambda store: store.told(now), ())


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
        self._tell = tell
        self._own: dict[str, _Own] = {}
        self._view = StoreView(records, AcknowledgementStore.for_reading, "what people acknowledged")
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
        loaded = await self._view.ask(self._news)
        if loaded is not None:
            for each in loaded:  # the store's word counts from now on: it may have been revoked
                self._own.pop(each.id, None)
            self.current = Acknowledgements.of((*loaded, *(own.given for own in self._own.values())))
        self._tell_again(time.time())

    def close(self) -> None:
        """Let go of the store."""
        self._view.close()

    def _tell_again(self, now: float) -> None:
        for own in list(self._own.values()):
            if own.given.until <= now:
                del self._own[own.given.id]
            elif own.times < _MOST_TOLD and now - own.told_at >= _TOLD_AGAIN_SECONDS:
                own.told_at, own.times = now, own.times + 1
                self._tell(own.given)

    def _news(self, store: AcknowledgementStore) -> tuple[Acknowledgement, ...] | None:
        now = time.time()
        revision = store.revision()
        if revision == self._view.revision and now - self._loaded_at < _LOAD_ANYWAY_SECONDS:
            return None
        loaded = store.told(now)
        self._view.revision, self._loaded_at = revision, now
        return loaded
