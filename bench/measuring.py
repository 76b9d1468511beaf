"""One subject's turn: start the load, read the subject's accounts before and after, and keep what matters of both."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

from accounts import cpu_seconds, memory_mib
from origin import SHORT_ADDRESS, STREAM_ADDRESS
from report import percentile
from scenarios import MEMORY_KIND, OTHER_HOST, STREAM_HOST, Scenario
from subjects import Subject

_LOAD = Path(__file__).with_name("load.py")


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
        }


def measure_turn(subject: Subject, turn: Turn) -> dict[str, Any]:
    """What the load generator saw, and what it cost the subject's processes. Warm-up is not counted."""
    with subprocess.Popen([sys.executable, str(_LOAD)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as load:
        if load.stdin is None or load.stdout is None:
            raise RuntimeError("the load generator has no pipes")
        load.stdin.write(json.dumps(turn.job(subject)) + "\n")
        load.stdin.flush()
        if load.stdout.readline() != "ready\n":
            raise RuntimeError("the load generator did not get ready")
        before = cpu_seconds(subject.pid) if subject.pid else 0
        load.stdin.write("go\n")
        load.stdin.flush()
        seen = json.loads(load.stdout.readline())
        spent = cpu_seconds(subject.pid) - before if subject.pid else None
    return {
        "subject": subject.id,
        "name": subject.name,
        "scenario": turn.scenario.id,
        "concurrency": turn.concurrency,
        "round": turn.number,
        "done": len(seen["latency"]),
        "elapsed": seen["elapsed"],
        "cpu": spent,
        "failed": seen["failed"],
        "latency": _shares(seen["latency"]),
        "first_event": _shares(seen["first_event"]),
    }


def measure_memory(subject: Subject, exchanges: int) -> dict[str, Any]:
    """A fresh start, then a fixed number of exchanges."""
    subject.stop()
    subject.start()
    scenario = Scenario(id="memory", title="", what="", kind=MEMORY_KIND)
    measure_turn(subject, Turn(scenario=scenario, concurrency=1, number=0, count=20))
    idle = memory_mib(subject.pid)
    run = measure_turn(subject, Turn(scenario=scenario, concurrency=16, number=1, count=exchanges))
    return {
        "name": subject.name,
        "idle": idle,
        "after": memory_mib(subject.pid),
        "exchanges": run["done"],
        "failed": run["failed"],
    }


def _shares(values: list[float]) -> dict[str, float]:
    return {"p50": percentile(values, 0.5), "p99": percentile(values, 0.99)}
