"""Who opened captured text, when, and why: one JSON line each, kept beside the records.

Separate because it is written by the reader of a record, not by the recorder. It must never hold what was read.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import msgspec

from lockgate.facts.problem import Problem, UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """One look at one captured text. `at` is RFC 3339, `by` the operating system's name of the person."""

    at: str
    record: str
    by: str
    key: str
    reason: str = ""


def note_opening(path: Path, opening: Opening) -> None:
    """Append to `path` (0600) and wait until it is on disk. Raises UsageError: without a note there is no look."""
    try:
        handle = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        try:
            os.write(handle, msgspec.json.encode(opening) + b"\n")
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        problem = (
            f"captured text is not shown, because that cannot be noted in {path}: {(error.strerror or str(error)).lower()}"
        )
        raise UsageError(Problem(problem=problem)) from None
