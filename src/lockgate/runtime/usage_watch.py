"""What a worker knows of use: what it counts itself, at once, and what the others counted, from the store, a moment later.

Separate from the ledger because of the files and the waiting. Counts go to the recorder several times a second; the store is
asked twice a second what is new. What was told and is not found there after a while is told again, so that a recorder that
was killed, or a disk that was full, costs nothing.
"""

import asyncio
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from lockgate.facts.sheet import FactSheet
from lockgate.facts.traffic import Client
from lockgate.facts.usage import Count, CounterKey, UsageCell, address_subject, subject_of
from lockgate.home.home import Home
from lockgate.runtime.store_view import StoreView, ask_once
from lockgate.runtime.usage_ledger import Cells, FrozenUsage, UsageLedger, cells_of
from lockgate.store.sqlite import SqliteStore
from lockgate.store.usage_tables import UsageNews

_TELL_SECONDS = 0.2
_LOOKS_EVERY = 2
_TOLD_AGAIN_SECONDS = 3.0
_CELLS_AT_ONCE = 2000
_SOURCE_BYTES = 8

type Tell = Callable[[str, tuple[UsageCell, ...]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Loaded:
    """What is new in the store, gathered by counter."""

    news: UsageNews
    others: dict[tuple[CounterKey, int], Cells]


def usage_of_client(home: Home, at: float, client: Client) -> FrozenUsage:
    """What the store has of a client, whichever way it is counted."""
    groups = (f"group:{group}" for group in client.groups)
    return stored_usage(home, at, {subject_of(client), address_subject(client.address), "everyone", *groups})


def stored_usage(home: Home, at: float, subjects: Iterable[str] = ()) -> FrozenUsage:
    """The counts of some subjects (or all) as the store has them now."""
    return FrozenUsage(stored_ledger(home, at, subjects), at)


def stored_ledger(home: Home, at: float, subjects: Iterable[str] = ()) -> UsageLedger:
    """The same, to be asked for more; empty when there is no store or it cannot be read."""
    ledger = UsageLedger()
    news = ask_once(home, SqliteStore.for_reading, lambda store: store.usage(now=at, subjects=tuple(subjects)), None)
    if news is not None:
        ledger.began_anew(dict(news.epochs))
        ledger.others_counted(_by_counter(news.others))
        ledger.others_met(news.met)
    return ledger


class UsageWatch:
    """The live counts of one worker. `send` gives what it counted to whoever keeps it."""

    def __init__(self, records: Path, send: Tell, *, clock: Callable[[], float] = time.time) -> None:
        self.ledger = UsageLedger()
        self.with_meetings = False
        """Whether any rule asks who met which app: all of that is loaded when the first one does."""
        self._source = secrets.token_hex(_SOURCE_BYTES)
        self.send = send
        self._clock = clock
        self._view = StoreView(records, SqliteStore.for_reading, "what other workers counted")
        self._loaded_meetings = False
        self._told: dict[tuple[CounterKey, int], tuple[int, float]] = {}

    def seen(self) -> FrozenUsage:
        """The counts for an exchange that begins now."""
        return FrozenUsage(self.ledger, self._clock())

    def seen_anew(self, sheet: FactSheet | None, keys: Iterable[CounterKey]) -> FrozenUsage:
        """What an exchange has seen, but with these counters as they are now."""
        seen = sheet.usage if sheet is not None else None
        return seen.anew(keys, self._clock()) if isinstance(seen, FrozenUsage) else self.seen()

    def take(self, counts: Iterable[Count]) -> tuple[CounterKey, ...]:
        """Count all of it, or nothing where a limit is reached: then the counters that are full."""
        return self.ledger.take(counts, self._clock())

    def add(self, counts: Iterable[Count]) -> None:
        """Count, whatever the limits."""
        self.ledger.add(counts, self._clock())

    def meet(self, subject: str, app: str) -> None:
        """Somebody uses an app. The store learns it from the record."""
        if self.with_meetings:
            self.ledger.meet(subject, app, self._clock())

    async def watch(self) -> None:
        """Tell and ask until cancelled."""
        turn = 0
        while True:
            await asyncio.sleep(_TELL_SECONDS)
            turn += 1
            self.tell()
            if turn % _LOOKS_EVERY == 0:
                await self.look()
                self.ledger.sweep(self._clock())

    def tell(self) -> None:
        """Send what was counted since the last time, and what was sent and has not arrived."""
        now = self._clock()
        while cells := self.ledger.news(_CELLS_AT_ONCE):
            self._send(cells, now)
        late = [each for each, (_, at) in self._told.items() if now - at > _TOLD_AGAIN_SECONDS][:_CELLS_AT_ONCE]
        again = {each: self.ledger.cell(*each) for each in late}
        for each in [each for each, cell in again.items() if cell is None]:
            del self._told[each]
        if cells := tuple(cell for cell in again.values() if cell is not None):
            self._send(cells, now)

    async def look(self) -> None:
        """Take over what is new in the store."""
        loaded = await self._view.ask(self._news)
        if loaded is None:
            return
        for subject in self.ledger.began_anew(dict(loaded.news.epochs)):
            self._told = {each: told for each, told in self._told.items() if each[0].subject != subject}
        self.ledger.others_counted(loaded.others)
        self.ledger.others_met(loaded.news.met)
        for cell in loaded.news.own:
            told = self._told.get((cell.key, cell.bucket))
            if told is not None and cell.amount >= told[0]:
                del self._told[cell.key, cell.bucket]

    def close(self) -> None:
        """Let go of the store."""
        self._view.close()

    def _send(self, cells: tuple[UsageCell, ...], now: float) -> None:
        for cell in cells:
            self._told[cell.key, cell.bucket] = (cell.amount, now)
        self.send(self._source, cells)

    def _news(self, store: SqliteStore) -> _Loaded | None:
        view = self._view
        if self.with_meetings and not self._loaded_meetings:
            view.revision, self._loaded_meetings = -1, True  # all of them, and with them once more what is known
        news = store.usage_news(source=self._source, since=view.revision, now=self._clock(), with_met=self.with_meetings)
        if news.change == view.revision:
            return None
        view.revision = news.change
        return _Loaded(news=news, others=_by_counter(news.others))


def _by_counter(cells: Iterable[UsageCell]) -> dict[tuple[CounterKey, int], Cells]:
    gathered: dict[tuple[CounterKey, int], dict[int, int]] = {}
    for cell in cells:
        gathered.setdefault((cell.key, cell.epoch), {})[cell.bucket] = cell.amount
    return {each: cells_of(amounts) for each, amounts in gathered.items()}
