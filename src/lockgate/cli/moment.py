"""A moment as operators write it.

Separate because several commands take one.
"""

from datetime import UTC, datetime, timedelta

from lockgate.facts.problem import Problem, UsageError


def moment(text: str) -> float:
    """Seconds since the epoch of a local time, or of an age counted from now."""
    unit = {"d": "days", "h": "hours", "m": "minutes"}.get(text[-1:])
    try:
        if unit and text[:-1].isdecimal():
            return (datetime.now(UTC) - timedelta(**{unit: int(text[:-1])})).timestamp()
        return datetime.fromisoformat(text).astimezone().timestamp()
    except (ValueError, OverflowError):
        help_text = "write 2026-11-24, 2026-11-24T08:00, or an age such as 7d, 12h, 30m"
        raise UsageError(Problem(problem=f"`{text}` is not a time", help=help_text)) from None
