"""One subject's turn: start the load, read the subject's accounts before and after, and keep what matters of both."""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

from accounts import clock_of, cpu_by_role, family, holdings
from origin import SHORT_ADDRESS, STREAM_ADDRESS
from scenarios import MEMORY_KIND, OTHER_HOST, STREAM_HOST, Scenario
from subjects import Subject

_LOAD = Path(__file__).with_name("load.py")
_SETTLE_SECONDS = 0.15
"""How long after the last answer CPU time still counts as caused by the load: records are written behind the traffic."""
_IDLE_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What everybody does once per round. Texts depend on it alone: the same for all subjects, new in every turn."""

    scenario: Scenario
    concurrency: int
    number: int
    seconds: float = 0
    count: int = 0

    def job(self, subject: Subject) -> dict[str, Any]:
        """As the load generator takes it."""
        scenario = self.scenario
        return {
            "host": scenario.host,
            "address": f"{STREAM_ADDRESS if scenario.host == STREAM_HOST else SHORT_ADDRESS}:443",
            "proxy": subject.proxy,
            "ca": subject.passed_ca if scenario.host == OTHER_HOST else subject.ca,
            "kind": scenario.kind,
            "concurrency": self.concurrency,
            "seconds": self.seconds,
            "count": self.count,
            "new_connection": scenario.new_connection,
            "warm_up": scenario.warm_up,
            "seed": crc32(f"{scenario.id}:{self.concurrency}:{self.number}".encode()),
            "clocks": [clock_of(pid) for pid in family(subject.pid)] if subject.pid and self.concurrency == 1 else [],
        }


def measure_turn(subject: Subject, turn: Turn) -> dict[str, Any]:
    """What the load generator saw (milliseconds), and what it cost the subject (seconds of CPU). Warm-up is not counted."""
    with subprocess.Popen([sys.executable, str(_LOAD)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as load:
        if load.stdin is None or load.stdout is None:
            raise RuntimeError("the load generator has no pipes")
        load.stdin.write(json.dumps(turn.job(subject)) + "\n")
        load.stdin.flush()
        if load.stdout.readline() != "ready\n":
            raise RuntimeError("the load generator did not get ready")
        before = cpu_by_role(subject.pid) if subject.pid else None
        load.stdin.write("go\n")
        load.stdin.flush()
        seen = json.loads(load.stdout.readline())
        time.sleep(_SETTLE_SECONDS)
        spent = cpu_by_role(subject.pid) - before if before is not None else None
    return {
        "subject": subject.id,
        "name": subject.name,
        "scenario": turn.scenario.id,
        "concurrency": turn.concurrency,
        "round": turn.number,
        "done": len(seen["latency"]),
        "elapsed": seen["elapsed"],
        "cpu": spent.total() if spent is not None else None,
        "cpu_by_role": dict(spent) if spent is not None else {},
        "failed": seen["failed"],
        "latency": _shares(seen["latency"]),
        "first_event": _shares(seen["first_event"]),
        "cpu_each": _shares(seen["cpu"]),
    }


def measure_memory(subject: Subject, exchanges: int) -> dict[str, Any]:
    """A fresh start, then a fixed number of exchanges in two halves, so that a cache that fills up is told from a leak."""
    subject.stop()
    subject.start()
    scenario = Scenario(id="memory", title="", what="", kind=MEMORY_KIND)
    measure_turn(subject, Turn(scenario=scenario, concurrency=1, number=0, count=20))
    before = cpu_by_role(subject.pid).total()
    time.sleep(_IDLE_SECONDS)
    idle_cpu = cpu_by_role(subject.pid).total() - before
    held, done = [holdings(subject.pid)], 0
    failed = Counter[str]()
    for number in (1, 2):
        run = measure_turn(subject, Turn(scenario=scenario, concurrency=16, number=number, count=exchanges // 2))
        held.append(holdings(subject.pid))
        done += run["done"]
        failed.update(run["failed"])
    return {
        "subject": subject.id,
        "name": subject.name,
        "exchanges": done,
        "failed": dict(failed),
        "idle_cpu_ms_per_second": idle_cpu / _IDLE_SECONDS * 1000,
        **{when: each.memory_mib for when, each in zip(("idle", "halfway", "after"), held, strict=True)},
        "open_files": [each.open_files for each in held],
    }


def _shares(values: Sequence[float]) -> dict[str, float | None]:
    ordered = sorted(values)
    return {f"p{share}": ordered[share * len(ordered) // 100] if ordered else None for share in (50, 99)}
