"""Durations as policies write them: a number and a letter, such as `10m`, `24h` or `7d`."""

import re

_WRITTEN = re.compile(r"([1-9][0-9]{0,5})([smhd])\Z")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def seconds_of(written: str) -> int | None:
    """How many seconds; None for what is no duration."""
    found = _WRITTEN.match(written)
    return int(found[1]) * _SECONDS[found[2]] if found else None


def shown_seconds(seconds: int) -> str:
    """A duration in words, in the largest unit that comes out even, such as `hour` or `30 days`."""
    for unit, length in (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1)):
        if seconds % length == 0 and (unit != "day" or seconds > length):
            number = seconds // length
            return unit if number == 1 else f"{number} {unit}s"
    return f"{seconds} seconds"
