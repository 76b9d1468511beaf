"""What this machine alone can tell about its clock: that it is behind something that happened, or not as its hardware says.

Separate because certificates, records and logins depend on the clock, and little here can prove it. It must never call a
clock right: one that is ahead of everything looks the same from inside, so what could not be told is said.
"""

import ctypes
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from lockgate.facts.problem import Problem

_EARLIEST_PLAUSIBLE = datetime(2026, 1, 1, tzinfo=UTC)
_LATEST_PLAUSIBLE = datetime(2046, 1, 1, tzinfo=UTC)
_TOLERANCE_SECONDS = 300.0
_HARDWARE_CLOCK = Path("/sys/class/rtc/rtc0/since_epoch")
_HARDWARE_TOLERANCE_SECONDS = 26 * 3600.0
"""A hardware clock may be set to local time, which is up to 14 hours from UTC either way, and drift."""

_TIMEX_BYTES = 512  # more than `struct timex` of adjtimex(2) has anywhere
_TIME_ERROR = 5
_SET_IT = "set the clock, for example with NTP: certificates, records and logins depend on it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Something that happened: `at` in seconds since the epoch. No right clock is before it."""

    at: float
    what: str


def clock_problems(now: float, traces: Iterable[Trace]) -> Iterator[Problem]:
    """What proves that the clock is wrong at `now`. Nothing found does not prove it right."""
    moment = datetime.fromtimestamp(now, UTC)
    if not _EARLIEST_PLAUSIBLE <= moment <= _LATEST_PLAUSIBLE:
        yield Problem(problem=f"this machine's clock says {_shown(now)}", help=_SET_IT)
    newest = max(traces, key=lambda trace: trace.at, default=None)
    if newest is not None and newest.at > now + _TOLERANCE_SECONDS:
        yield Problem(
            problem=f"this machine's clock says {_shown(now)}, and {newest.what} is from {_shown(newest.at)}",
            help=f"the clock is behind, or was ahead then: {_SET_IT}",
        )
    hardware = _hardware_clock()
    if hardware is not None and abs(hardware - now) > _HARDWARE_TOLERANCE_SECONDS:
        problem = f"this machine's clock says {_shown(now)}, and its hardware clock says {_shown(hardware)}"
        yield Problem(problem=problem, help=f"one of them is wrong: {_SET_IT}")


def clock_note(now: float) -> str:
    """The time, and how far it can be trusted."""
    match _synchronised():
        case True:
            trust = "kept by NTP, says the kernel"
        case False:
            trust = "not kept by NTP, says the kernel: that it is not ahead cannot be told from here"
        case None:
            trust = "that it is not ahead cannot be told from here"
    return f"{_shown(now)}; {trust}"


def _shown(at: float) -> str:
    try:
        return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError):  # beyond year 9999
        return f"{at:g} seconds after 1970"


def _hardware_clock() -> float | None:
    try:
        return float(_HARDWARE_CLOCK.read_text())
    except (OSError, ValueError):
        return None


def _synchronised() -> bool | None:
    """Whether the kernel takes its time from somewhere; None where it may not be asked (adjtimex(2) with nothing to set)."""
    try:
        state: int = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    except (AttributeError, OSError):
        return None
    return None if state < 0 else state != _TIME_ERROR


def newest_file(files: Iterable[Path]) -> Trace | None:
    """The file that was written last; None when there is none."""
    found: list[Trace] = []
    for file in files:
        try:
            found.append(Trace(at=file.stat().st_mtime, what=str(file)))
        except OSError:
            continue
    return max(found, key=lambda trace: trace.at, default=None)
