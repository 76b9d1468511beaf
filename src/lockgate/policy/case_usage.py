"""What a case says was used before: counts of history, and how much of a limit.

Separate because it stands in for counters, of which a case has none. What is not said was not used; no app is met first.
"""

from dataclasses import dataclass, field

from lockgate.facts.usage import CounterKey, Measure
from lockgate.policy.fields import Fields, is_mapping
from lockgate.policy.subjects.history import ALL_APPS, window_of

_COUNTED = (Measure.REQUESTS.value, Measure.PROMPTS.value, Measure.BYTES.value, Measure.BLOCKED.value)
_LIMITED = (Measure.REQUESTS.value, Measure.PROMPTS.value, Measure.BYTES.value, Measure.TOKENS.value)
_LIMIT = "limit:"
_SOON = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseUsage:
    """Counts as a case states them. `history` is by (of all apps, measure, seconds), `limits` by (rule, measure)."""

    meets: bool = False
    history: dict[tuple[bool, str, int], int] = field(default_factory=dict[tuple[bool, str, int], int])
    limits: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])

    def used(self, key: CounterKey, seconds: int) -> int:
        """What was said of this window, or of a shorter one, which it contains."""
        if key.scope.startswith(_LIMIT):
            return self.limits.get((key.scope.removeprefix(_LIMIT), key.measure), 0)
        overall = key.scope == ALL_APPS
        said = (
            amount
            for (of_all, measure, window), amount in self.history.items()
            if (of_all, measure) == (overall, key.measure) and window <= seconds
        )
        return max(said, default=0)

    def free_after(self, key: CounterKey, seconds: int, most: int) -> int:  # noqa: ARG002 - a case has no clock
        """Some time from now."""
        return _SOON

    def first_use(self, subject: str, app: str) -> bool:  # noqa: ARG002 - a case has one user and one app
        """As was said."""
        return self.meets


def read_usage(given: Fields) -> CaseUsage:
    """`history: {first_use: true, prompts: {1h: 40}, all_apps: {...}}` and `usage: {rule: 50}` or `{rule: {prompts: 50}}`."""
    written = Fields(
        given.report, given.value("history", {}), given.at("history"), ("first_use", *_COUNTED, "all_apps"), what="a history"
    )
    overall = Fields(given.report, written.value("all_apps", {}), written.at("all_apps"), _COUNTED, what="a history")
    history = {(False, *each): amount for each, amount in _windows(written).items()}
    history |= {(True, *each): amount for each, amount in _windows(overall).items()}
    return CaseUsage(meets=written.flag("first_use", absent=False), history=history, limits=_limits(given))


def _windows(fields: Fields) -> dict[tuple[str, int], int]:
    amounts: dict[tuple[str, int], int] = {}
    for measure in _COUNTED:
        by_window = Fields(
            fields.report, fields.value(measure, {}), fields.at(measure), fields.mapping(measure), what="windows"
        )
        for written in fields.mapping(measure):
            window = window_of(written)
            if window is None:
                by_window.wrong(written, f"`{written}` cannot be a window", "any duration from `1m` to `30d`")
            else:
                amounts[measure, window.seconds] = by_window.number(written, 0)
    return amounts


def _limits(given: Fields) -> dict[tuple[str, str], int]:
    used: dict[tuple[str, str], int] = {}
    rules = given.mapping("usage")
    by_rule = Fields(given.report, rules, given.at("usage"), rules, what="what was used of limits")
    for rule, value in rules.items():
        if is_mapping(value):
            fields = Fields(given.report, value, by_rule.at(rule), _LIMITED, what="what was used of a limit")
            used |= {(rule, measure): fields.number(measure, 0) for measure in value if measure in _LIMITED}
        else:
            amount = by_rule.number(rule, 0)
            used |= {(rule, measure): amount for measure in _LIMITED}
    return used
