"""Selectors of what somebody did before: with this app, or with all of them.

Separate because the answers come from counts that workers share, not from the exchange. What an exchange has read stays.
"""

from collections.abc import Callable
from functools import lru_cache

from lockgate.facts.sheet import Demand, FactSheet
from lockgate.facts.traffic import Phase
from lockgate.facts.usage import LONGEST_WINDOW, CounterKey, Measure, UsageSeen, Window, subject_of
from lockgate.policy import reading
from lockgate.policy.duration import seconds_of
from lockgate.policy.operators import ValueType
from lockgate.policy.reading import Read, Reading, Waiting
from lockgate.policy.selector import Family, Reader, Selector, plain

ALL_APPS = "apps"
_HISTORY = "history."
_OF_ALL = "history.all_apps."
_SHORTEST = 60
_request = reading.from_request(lambda _request: True)
_NOT_COUNTED = Waiting((Demand(phase=Phase.REQUEST_HEADERS),))
"""Counts are not kept with an exchange: of one that is over they are not known."""
_EXAMPLES = ("10m", "1h", "24h", "7d", "30d")
_MEASURES = (Measure.REQUESTS, Measure.PROMPTS, Measure.BYTES, Measure.BLOCKED)


class _Windows(frozenset[str]):
    """The usual windows by name; every other duration up to 30 days is one as well."""

    def __contains__(self, written: object) -> bool:
        return isinstance(written, str) and window_of(written) is not None


def window_of(written: str) -> Window | None:
    """A window as it stands in the name of a selector."""
    seconds = seconds_of(written)
    return None if seconds is None or not _SHORTEST <= seconds <= LONGEST_WINDOW else Window(seconds, written)


WINDOW = Family(placeholder="<window>", what="window (any duration from `1m` to `30d`)", members=lambda _: _Windows(_EXAMPLES))


def scope_of(app: str) -> str:
    """Where what is done with one app is counted."""
    return f"app:{app}"


@lru_cache(maxsize=64)
def history_wanted(selectors: frozenset[str]) -> tuple[tuple[Measure, bool, int], ...]:
    """What the selectors of a policy make worth counting: measure, whether of all apps together, width of buckets."""
    wanted: set[tuple[Measure, bool, int]] = set()
    for name in selectors:
        overall = name.startswith(_OF_ALL)
        measure, _, written = name.removeprefix(_OF_ALL).removeprefix(_HISTORY).partition(".")
        window = window_of(written)
        if name.startswith(_HISTORY) and window is not None and measure in frozenset(Measure):
            wanted.add((Measure(measure), overall, window.width))
    return tuple(sorted(wanted))


def asks_for_meetings(selectors: frozenset[str]) -> bool:
    """Whether a policy asks who met which app."""
    return "history.first_use" in selectors


def _with_app(read: Callable[[UsageSeen, FactSheet, str], int]) -> Read:
    """Of this user with the app of the exchange; absent for a host outside the library."""
    app_of = reading.from_app(lambda match: match.app.id)

    def of_sheet(sheet: FactSheet) -> Reading:
        app = app_of(sheet)
        if not isinstance(app, str):
            return app
        return _NOT_COUNTED if sheet.usage is None else read(sheet.usage, sheet, app)

    return of_sheet


def _in_window(measure: Measure) -> Reader:
    def reader(_surroundings: object, written: str) -> Read:
        window = window_of(written) or Window(LONGEST_WINDOW, written)

        def used(usage: UsageSeen, sheet: FactSheet, app: str) -> int:
            key = CounterKey(scope_of(app), subject_of(sheet.client), measure.value, window.width)
            return usage.used(key, window.seconds)

        return _with_app(used)

    return reader


def _in_window_overall(measure: Measure) -> Reader:
    def reader(_surroundings: object, written: str) -> Read:
        window = window_of(written) or Window(LONGEST_WINDOW, written)

        def of_sheet(sheet: FactSheet) -> Reading:
            request = _request(sheet)
            if request is not True:
                return request
            if sheet.usage is None:
                return _NOT_COUNTED
            key = CounterKey(ALL_APPS, subject_of(sheet.client), measure.value, window.width)
            return sheet.usage.used(key, window.seconds)

        return of_sheet

    return reader


_DOCS = {
    Measure.REQUESTS: "how many requests of this user to {} went on in the window",
    Measure.PROMPTS: "how many prompts of this user to {} went on in the window",
    Measure.BYTES: "how many bytes this user sent to {} in the window",
    Measure.BLOCKED: "how many requests of this user to {} a policy stopped in the window (a reached limit is none)",
}

HISTORY: tuple[Selector, ...] = (
    Selector(
        name="history.first_use", type=ValueType.YES_NO, phase=Phase.REQUEST_HEADERS,
        read=plain(_with_app(lambda usage, sheet, app: usage.first_use(subject_of(sheet.client), app))),
        doc="whether this user never sent anything to this app before, or first did within the last ten minutes; "
        "who has no name is known by address",
    ),
    *(
        Selector(
            name=f"{_HISTORY}{measure}.<window>", family=WINDOW, type=ValueType.NUMBER, phase=Phase.REQUEST_HEADERS,
            read=_in_window(measure), doc=_DOCS[measure].format("this app"),
        )
        for measure in _MEASURES
    ),
    *(
        Selector(
            name=f"{_OF_ALL}{measure}.<window>", family=WINDOW, type=ValueType.NUMBER, phase=Phase.REQUEST_HEADERS,
            read=_in_window_overall(measure), doc=_DOCS[measure].format("all AI apps together"),
        )
        for measure in _MEASURES
    ),
)  # fmt: skip
