"""What a person is told who reached a limit: how much there was, and when there is some again.

Separate because pages and errors of every dialect say it alike. It must not sound like a reproach: nobody did anything wrong.
"""

from datetime import UTC, datetime, timedelta

from lockgate.facts.usage import Measure, Per, ReachedLimit
from lockgate.policy.duration import shown_seconds

_SIZES = (("GB", 10**9), ("MB", 10**6), ("kB", 10**3))
_WHOM = {
    Per.USER: "for each person",
    Per.GROUP: "for your group",
    Per.ADDRESS: "for each device address",
    Per.EVERYONE: "for everybody together",
}
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def limit_sentence(limit: ReachedLimit, now: datetime) -> str:
    """Two sentences: the limit, and when to try again."""
    amount = f"{_amount(limit)} per {shown_seconds(limit.window.seconds)} {_WHOM[limit.per]}"
    at = now.astimezone(UTC) + timedelta(seconds=limit.retry_after)
    when = f"{at:%H:%M} UTC" if limit.retry_after < _DAY else f"{at:%-d %B %H:%M} UTC"
    return f"The limit is {amount}, and it is used up. You can go on in {_in_words(limit.retry_after)} (at {when})."


def _amount(limit: ReachedLimit) -> str:
    most = limit.most
    if limit.measure is Measure.BYTES:
        for unit, size in _SIZES:
            if most >= size and most % (size // 10) == 0:
                return f"{most / size:g} {unit}"
        return f"{most} bytes"
    noun = limit.measure.value if most > 1 else limit.measure.value.removesuffix("s")
    return f"{most:,} {noun}"


def _in_words(seconds: int) -> str:
    """About how long, rounded up."""
    for unit, length, from_seconds in (("day", _DAY, 2 * _DAY), ("hour", _HOUR, 2 * _HOUR), ("minute", _MINUTE, 2 * _MINUTE)):
        if seconds >= from_seconds:
            return f"about {-(-seconds // length)} {unit}s"
    return f"{seconds} second{'s' if seconds > 1 else ''}"
