"""At most so many notices of a rule in a minute, and one summary of the rest.

Separate because it is all counting: no thread, no clock, no network.
"""

from collections import Counter
from dataclasses import dataclass, field

from lockgate.facts.record import Record
from lockgate.sinks.notice_text import Summary

WINDOW_SECONDS = 60.0
_MOST_RULES = 1000


@dataclass(slots=True)
class _Window:
    until: float
    told: int = 0
    since: float = 0.0
    verdicts: Counter[str] = field(default_factory=Counter[str])


class Throttle:
    """Of one webhook. Times are seconds since the epoch."""

    def __init__(self) -> None:
        self._windows: dict[str, _Window] = {}

    def tells(self, rule: str, per_minute: int, record: Record, now: float) -> bool:
        """Whether this exchange is told by itself; otherwise it is counted for the summary."""
        window = self._windows.get(rule)
        if window is None:
            if len(self._windows) >= _MOST_RULES:
                return False
            window = self._windows[rule] = _Window(until=now + WINDOW_SECONDS)
        if window.told < per_minute:
            window.told += 1
            return True
        window.since = window.since or now
        window.verdicts[record.verdict.value] += 1
        return False

    def over(self, now: float, *, at_once: bool = False) -> tuple[Summary, ...]:
        """Summaries of the windows that are over, or of all; what there is nothing to say of is forgotten."""
        ended = [rule for rule, window in self._windows.items() if at_once or window.until <= now]
        found: list[Summary] = []
        for rule in ended:
            window = self._windows.pop(rule)
            count = window.verdicts.total()
            if count:
                until = min(now, window.until)
                found.append(Summary(rule=rule, count=count, since=window.since, until=until, verdicts=window.verdicts))
        return tuple(found)
