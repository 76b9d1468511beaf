"""Counts over sliding windows, in the memory of one worker: its own, exact at once, and those of the others, a moment later.

Separate from telling others and reading what they told. Time is given by whoever calls; nothing here waits or reads files.
A window begins somewhere inside its oldest bucket, and all of that bucket counts: never too little, and a place is free at
most one bucket late. What the others counted replaces what was known of them, so that it may come in any order.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from lockgate.facts.usage import Count, CounterKey, UsageCell, kept_seconds

_MOST_COUNTERS = 1_000_000
_EVICTED_AT_ONCE = 10_000
_SWEPT_AT_ONCE = 2000
_MEETING_SECONDS = 600
"""So long the first exchanges with an app are all the first meeting."""

type Cells = tuple[array[int], array[int]]
"""Buckets in order, and how much is in each."""


def cells_of(amounts: Mapping[int, int]) -> Cells:
    """Cells from amounts by bucket."""
    ordered = sorted(amounts)
    return array("q", ordered), array("q", [amounts[bucket] for bucket in ordered])


_NO_CELLS: Cells = (array("q"), array("q"))


class _Counter:
    """One counter: what this worker counted, and the sum of what the others did. No bucket comes before the last own one."""

    __slots__ = ("amounts", "buckets", "others")

    def __init__(self) -> None:
        self.buckets, self.amounts = array("q"), array("q")
        self.others: Cells = _NO_CELLS

    def add(self, bucket: int, amount: int) -> int:
        """Count in a bucket, or in the last one if the clock went back; gives the bucket."""
        if self.buckets and bucket <= self.buckets[-1]:
            self.amounts[-1] += amount
        else:
            self.buckets.append(bucket)
            self.amounts.append(amount)
        return self.buckets[-1]

    def own(self, bucket: int) -> int:
        """What this worker has in a bucket."""
        at = bisect_left(self.buckets, bucket)
        return self.amounts[at] if at < len(self.buckets) and self.buckets[at] == bucket else 0

    def since(self, first: int) -> int:
        """All that is in buckets from `first` on."""
        buckets, amounts = self.others
        mine = sum(self.amounts[bisect_left(self.buckets, first) :])
        return mine + sum(amounts[bisect_left(buckets, first) :])

    def forget(self, first: int) -> bool:
        """Drop what is before `first`; whether anything is left."""
        gone = bisect_left(self.buckets, first)
        if gone:
            del self.buckets[:gone], self.amounts[:gone]
        buckets, amounts = self.others
        gone = bisect_left(buckets, first)
        if gone:
            self.others = (buckets[gone:], amounts[gone:]) if gone < len(buckets) else _NO_CELLS
        return bool(self.buckets or self.others[0])

    def by_bucket(self, first: int) -> Iterator[tuple[int, int]]:
        """Buckets from `first` on with what is in them, oldest first."""
        both: dict[int, int] = {}
        for buckets, amounts in ((self.buckets, self.amounts), self.others):
            for bucket, amount in zip(buckets, amounts, strict=True):
                if bucket >= first:
                    both[bucket] = both.get(bucket, 0) + amount
        yield from sorted(both.items())


class UsageLedger:
    """All counters of one worker, and who has met which app. Nothing of it is safe to use from several threads."""

    def __init__(self, *, most_counters: int = _MOST_COUNTERS) -> None:
        self._most = most_counters
        self._counters: dict[CounterKey, _Counter] = {}
        self._epochs: dict[str, int] = {}
        self._news: dict[tuple[CounterKey, int], None] = {}
        self._sweeping: list[CounterKey] = []
        self._met: dict[int, int] = {}
        """When somebody first met an app, by a hash of the two: there are many, and nobody asks who they are."""

    def __len__(self) -> int:
        return len(self._counters)

    def take(self, counts: Iterable[Count], at: float) -> tuple[CounterKey, ...]:
        """Add all of `counts`, or none: then the counters come back in which there was no place."""
        counts = tuple(counts)
        full = tuple(
            count.key for count in counts if count.most is not None and self.used(count.key, count.seconds, at) >= count.most
        )
        if not full:
            self.add(counts, at)
        return full

    def add(self, counts: Iterable[Count], at: float) -> None:
        """Add, whatever the limits."""
        for count in counts:
            if count.amount > 0:
                key = count.key
                bucket = self._counter(key).add(int(at // key.width), count.amount)
                self._news[key, bucket] = None

    def used(self, key: CounterKey, seconds: int, at: float) -> int:
        """How much was counted in the last `seconds`."""
        counter = self._counters.get(key)
        return 0 if counter is None else counter.since(int((at - seconds) // key.width))

    def free_after(self, key: CounterKey, seconds: int, most: int, at: float) -> int:
        """After how many seconds less than `most` will be in the window."""
        counter = self._counters.get(key)
        first = int((at - seconds) // key.width)
        if counter is None or (left := counter.since(first)) < most:
            return 0
        for bucket, amount in counter.by_bucket(first):
            left -= amount
            if left < most:
                return max(1, int((bucket + 1) * key.width + seconds - at) + 1)
        return seconds

    def meet(self, subject: str, app: str, at: float) -> None:
        """Somebody uses an app; only the first time matters."""
        self._met.setdefault(hash((subject, app)), int(at))

    def met_before(self, subject: str, app: str, at: float) -> bool:
        """Whether somebody had met an app before now, and not just now."""
        first = self._met.get(hash((subject, app)))
        return first is not None and at - first >= _MEETING_SECONDS

    def news(self, most: int) -> tuple[UsageCell, ...]:
        """Up to `most` cells that were counted in since they were last asked for here."""
        taken = list(islice(self._news, most))
        for each in taken:
            del self._news[each]
        return tuple(cell for key, bucket in taken if (cell := self.cell(key, bucket)) is not None)

    def cell(self, key: CounterKey, bucket: int) -> UsageCell | None:
        """What this worker has counted in one bucket; None when that does not matter any more."""
        counter = self._counters.get(key)
        amount = counter.own(bucket) if counter is not None else 0
        if amount == 0:
            return None
        epoch = self._epochs.get(key.subject, 0)
        return UsageCell(
            scope=key.scope, subject=key.subject, measure=key.measure, width=key.width, epoch=epoch, bucket=bucket,
            amount=amount,
        )  # fmt: skip

    def others_counted(self, counted: Mapping[tuple[CounterKey, int], Cells]) -> None:
        """Take over what all the others together have in these counters, by counter and epoch."""
        for (key, epoch), cells in counted.items():
            if epoch == self._epochs.get(key.subject, 0):
                self._counter(key).others = cells

    def others_met(self, met: Iterable[tuple[str, str, float]]) -> None:
        """Take over who met which app when."""
        for subject, app, at in met:
            pair = hash((subject, app))
            self._met[pair] = min(int(at), self._met.get(pair, int(at)))

    def began_anew(self, epochs: Mapping[str, int]) -> tuple[str, ...]:
        """Counters of these subjects begin anew, if they have not since; for whom they did."""
        later = {subject: epoch for subject, epoch in epochs.items() if epoch > self._epochs.get(subject, 0)}
        if later:
            self._epochs |= later
            for key in [key for key in self._counters if key.subject in later]:
                del self._counters[key]
            self._news = {each: None for each in self._news if each[0].subject not in later}
        return tuple(later)

    def sweep(self, at: float) -> None:
        """Forget some of what no window reaches any more. To be called now and then; one call does a bounded amount."""
        if not self._sweeping:
            self._sweeping = list(self._counters)
        for _ in range(min(_SWEPT_AT_ONCE, len(self._sweeping))):
            key = self._sweeping.pop()
            counter = self._counters.get(key)
            if counter is not None and not counter.forget(int((at - kept_seconds(key.width)) // key.width)):
                del self._counters[key]

    def counters(self) -> Iterator[CounterKey]:
        """Every counter there is."""
        yield from self._counters

    def _counter(self, key: CounterKey) -> _Counter:
        counter = self._counters.get(key)
        if counter is None:
            if len(self._counters) >= self._most:
                # The oldest make room, many at once: to look for the first of a dictionary again and again takes long.
                for old in list(islice(self._counters, min(_EVICTED_AT_ONCE, self._most // 10 + 1))):
                    del self._counters[old]
            counter = self._counters[key] = _Counter()
        return counter


class FrozenUsage:
    """The counts as one exchange sees them: what it has read once stays, whatever is counted meanwhile."""

    __slots__ = ("_at", "_ledger", "_read")

    def __init__(self, ledger: UsageLedger, at: float, read: dict[object, int] | None = None) -> None:
        self._ledger = ledger
        self._at = at
        self._read: dict[object, int] = read if read is not None else {}

    def used(self, key: CounterKey, seconds: int) -> int:
        """See `UsageSeen.used`."""
        asked = (key, seconds)
        value = self._read.get(asked)
        if value is None:
            value = self._read[asked] = self._ledger.used(key, seconds, self._at)
        return value

    def free_after(self, key: CounterKey, seconds: int, most: int) -> int:
        """See `UsageSeen.free_after`."""
        asked = (key, seconds, most)
        value = self._read.get(asked)
        if value is None:
            value = self._read[asked] = self._ledger.free_after(key, seconds, most, self._at)
        return value

    def first_use(self, subject: str, app: str) -> bool:
        """See `UsageSeen.first_use`."""
        asked = (subject, app)
        value = self._read.get(asked)
        if value is None:
            value = self._read[asked] = not self._ledger.met_before(subject, app, self._at)
        return bool(value)

    def anew(self, keys: Iterable[CounterKey], at: float) -> "FrozenUsage":
        """The same, but with these counters as they are at `at`."""
        dropped = frozenset(keys)
        kept = {asked: value for asked, value in self._read.items() if not isinstance(asked, tuple) or asked[0] not in dropped}
        return FrozenUsage(self._ledger, at, kept)
