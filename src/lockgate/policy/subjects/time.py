"""Selectors of the time at which an exchange begins, as clocks in the policy's time zone show it.

Separate because nobody sends them: the moment is the gateway's own, and it stays the same until the exchange is over.
"""

from lockgate.facts.traffic import Phase
from lockgate.policy import calendar
from lockgate.policy.operators import ValueType
from lockgate.policy.selector import Selector, words

_CONNECT = Phase.CONNECT

TIME: tuple[Selector, ...] = (
    Selector(
        name="time.of_day", type=ValueType.TIME_OF_DAY, phase=_CONNECT, always_there=True, read=calendar.of_day,
        doc="the minute in which the exchange begins, in the policy's `time_zone`",
    ),
    Selector(
        name="time.weekday", type=ValueType.WORD, phase=_CONNECT, always_there=True, what="day of the week",
        known=words(frozenset(calendar.WEEKDAYS)), read=calendar.weekday,
        doc="the day of the week in the policy's `time_zone`, `monday` to `sunday`",
    ),
    Selector(
        name="time.date", type=ValueType.DATE, phase=_CONNECT, always_there=True, read=calendar.day,
        doc="the date in the policy's `time_zone`",
    ),
)  # fmt: skip
