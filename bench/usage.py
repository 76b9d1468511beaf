"""What counting costs in one worker: time per exchange, and memory, with many people counted.

Run by `python bench/usage.py [SUBJECTS]`; prints one line of each. Processor time, so that a busy machine changes little.
"""

import gc
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

from lockgate.facts.usage import Count, CounterKey, UsageSeen
from lockgate.runtime.usage_ledger import FrozenUsage, UsageLedger

_START = 1_800_000_000.0
_BUCKETS = 5
_ASKED = 20_000
_HOUR = 3600


def resident_megabytes() -> float:
    """Of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


def microseconds(work: Callable[[CounterKey], object], keys: list[CounterKey]) -> float:
    """Processor time of `work` for one key, the best of five rounds."""
    best = float("inf")
    for _ in range(5):
        began = time.process_time()
        for key in keys:
            work(key)
        best = min(best, time.process_time() - began)
    return best / len(keys) * 1e6


def main(subjects: int) -> None:
    """Fill a ledger and measure."""
    before, ledger = resident_megabytes(), UsageLedger()
    keys = [CounterKey("limit:few", f"user:somebody-{number}", "prompts", 60) for number in range(subjects)]
    for bucket in range(_BUCKETS):
        for key in keys:
            ledger.add([Count(key=key, amount=1)], _START + bucket * 600)
            ledger.news(1)
    gc.collect()
    print(f"{subjects} subjects with {_BUCKETS} buckets: {resident_megabytes() - before:.0f} MB")
    now, chance = _START + _HOUR, random.Random(1)
    asked = [chance.choice(keys) for _ in range(_ASKED)]

    def read(key: CounterKey) -> int:
        seen: UsageSeen = FrozenUsage(ledger, now)
        return seen.used(key, _HOUR)

    def take(key: CounterKey) -> object:
        return ledger.take((Count(key=key, amount=1, most=10**9, seconds=_HOUR),), now)

    for what, work in (("freeze", lambda _: FrozenUsage(ledger, now)), ("freeze and read", read), ("count", take)):
        print(f"{what}: {microseconds(work, asked):.2f} us")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
