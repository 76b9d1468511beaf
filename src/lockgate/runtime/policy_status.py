"""Which policy each worker has, written by the worker and read by whoever asks: `lockgate policy status`, `doctor`.

Separate from the metrics because it must be there when they are switched off, and may name what is wrong with a file. One small
file per worker, written when something changes, never on the way of a request.
"""

import contextlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lockgate.facts.problem import UsageError
from lockgate.home.replace_file import replace_file

_LONGEST_PROBLEM = 2000
_MOST_PROBLEMS = 20
_NEWEST_WORKERS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerPolicy:
    """What one worker decides by. `since` is seconds since the epoch; `started` tells its process from a later one.

    `refused` are the problems of a change that it does not take over; `last_good` is whether it began with what is kept because
    the file could not be used.
    """

    worker: int
    pid: int
    started: str
    version: str
    since: float
    file: str
    last_good: bool = False
    refused: tuple[str, ...] = ()


def write_status(folder: Path, status: WorkerPolicy) -> None:
    """Replace the file of this worker. Raises UsageError when that is not possible."""
    folder = folder / "workers"
    with contextlib.suppress(OSError):  # told by writing the file
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    problems = tuple(problem[:_LONGEST_PROBLEM] for problem in status.refused[:_MOST_PROBLEMS])
    replace_file(folder / f"{status.worker}.json", json.dumps(asdict(status) | {"refused": problems}))


def running_workers(folder: Path) -> tuple[WorkerPolicy, ...]:
    """What the workers that run now have, by their numbers."""
    found: list[WorkerPolicy] = []
    try:
        files = sorted((folder / "workers").glob("[0-9]*.json"))[:_NEWEST_WORKERS]
    except OSError:
        return ()
    for file in files:
        status = _read(file)
        if status is not None and process_start(status.pid) == status.started != "":
            found.append(status)
    return tuple(sorted(found, key=lambda each: each.worker))


def process_start(pid: int) -> str:
    """When the process began, in the kernel's ticks; empty when there is none. Numbers of processes are used again."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def own_start() -> str:
    """As `process_start`, of this process."""
    return process_start(os.getpid())


def _read(file: Path) -> WorkerPolicy | None:
    try:
        data: dict[str, Any] = json.loads(file.read_bytes())
        data["refused"] = tuple(data["refused"])
        return WorkerPolicy(**data)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def told(error: UsageError) -> tuple[str, ...]:
    """The problems as a status keeps them."""
    return tuple(str(problem) for problem in error.problems)
