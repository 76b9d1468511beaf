"""What is measured of parts of Lockgate, each in a process of its own: no traffic, and nobody beside it.

Separate from scenarios, which are traffic through subjects. A part is a program in this folder that prints its measurements as
a JSON list, and a table to show them in.
"""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part: `program` measures it, `columns` are what it gives of each row, by key, with their heads."""

    id: str
    title: str
    what: str
    program: str
    columns: Mapping[str, str]

    def measure(self) -> list[dict[str, Any]]:
        """Its measurements, one mapping for each row."""
        ran = subprocess.run([sys.executable, str(HERE / self.program)], capture_output=True, check=True, text=True)
        return json.loads(ran.stdout)

    def rows(self, measured: Sequence[Mapping[str, Any]]) -> list[list[str]]:
        """The rows of its table, with the name of each."""
        return [[row["name"], *(f"{row[key]:,.0f}" for key in self.columns)] for row in measured]


PARTS = (
    Part(
        id="library",
        title="App library look-ups",
        program="library.py",
        what=(
            "A host is looked up for every connection, every request is matched, in one thread of a worker. `new` are hosts "
            "in turn, more than are remembered and half of them of no app; `again` is one host. Loading `from nothing` reads, "
            "checks and proves every file; `as before` finds them unchanged, as most starts do. CPU time, best of three; "
            "memory is what the library adds to a process."
        ),
        columns={
            "apps": "apps",
            "hosts": "hosts",
            "cold_ms": "load from nothing ms",
            "warm_ms": "load as before ms",
            "memory_mib": "memory MiB",
            "new_ns": "host, new ns",
            "again_ns": "host, again ns",
            "match_ns": "match ns",
        },
    ),
    Part(
        id="redaction",
        title="Redaction",
        program="redaction.py",
        what=(
            "A chat in which each value stands twice, redacted with placeholders: `redact` is planning, writing the body, "
            "reading it again and the last look, beside what reading it takes anyway; the examination is not in it. "
            "`nothing` is what a redacting rule adds where nothing is found. `event` is one event of an answer into which "
            "values are put back. CPU time in one process, the median of 200."
        ),
        columns={
            "bytes": "bytes",
            "values": "values",
            "read_us": "read µs",
            "nothing_us": "nothing µs",
            "redact_us": "redact µs",
            "event_us": "event µs",
        },
    ),
)
