"""How times of the day and dates become ranges of minutes and of days.

Separate from numbers because a day begins again: from 22:00 to 06:00 is a range, not a mistake.
"""

import re
from datetime import date

from lockgate.policy.fields import is_list
from lockgate.policy.operand import InRanges, Operand
from lockgate.policy.written import Written

_TIME = re.compile(r"(\d{1,2}):(\d\d)\Z")
_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z")
_LAST_MINUTE = 24 * 60 - 1
_TIME_HELP = 'write hours and minutes, from "00:00" to "24:00"'


def minutes(written: Written) -> int | None:
    """A time of the day as minutes since midnight; `24:00` is the end of the day."""
    fits = _TIME.match(written.value) if isinstance(written.value, str) else None
    found = int(fits[1]) * 60 + int(fits[2]) if fits is not None and int(fits[2]) < 60 else -1
    if 0 <= found <= _LAST_MINUTE + 1:
        return found
    written.wrong(f"expected a time of day, found `{written.shown}`", _TIME_HELP)
    return None


def day(written: Written) -> int | None:
    """A date as its number in the calendar."""
    try:
        if isinstance(written.value, str) and _DATE.match(written.value):
            return date.fromisoformat(written.value).toordinal()
    except ValueError:
        pass
    written.wrong(f"expected a date, found `{written.shown}`", "write year, month and day: 2026-01-31")
    return None


def times_between(written: Written) -> Operand | None:
    """From one minute of the day to another, both included; past midnight when the second is the earlier one."""
    if not is_list(written.value) or len(written.value) != 2:
        written.wrong("`between` takes two times of day", 'write ["09:00", "17:30"]; the second may be after midnight')
        return None
    first, last = [minutes(item) for item in written.entries]
    if first is None or last is None:
        return None
    if first > _LAST_MINUTE:
        written.wrong("no day goes on after 24:00", "midnight as a beginning is 00:00")
        return None
    return InRanges(((first, last),) if first <= last else ((0, last), (first, _LAST_MINUTE)))


def from_time(minute: int) -> tuple[float, float]:
    """Until the end of the day."""
    return (minute, _LAST_MINUTE)


def until_time(minute: int) -> tuple[float, float]:
    """From the beginning of the day."""
    return (0, minute)
