"""How two judgements over the same exchanges differ: counts, by whom and what, with examples.

Separate from reading the records so that several processes can count and one can add up. It must never hold more than names,
counts and a few ids of records.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from lockgate.facts.decision import Decision, Reason, Truth, Verdict
from lockgate.facts.sheet import FactSheet
from lockgate.gate.replay import Judged

_EXAMPLES = 5
_MOST_NAMES = 10_000
"""Different names that are counted in one place; what comes beyond is counted under `(others)`."""
_STOPS_OF_RULES = frozenset({Reason.RULE, Reason.DEFAULT, Reason.UNINSPECTABLE})
_REDACTED = "redact"
PASSES = frozenset({Verdict.ALLOW.value, Verdict.TUNNEL.value, _REDACTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """What an exchange came to: `word` is the verdict, or the reason of a stop that rules call otherwise (a limit, a coach)."""

    word: str
    rule: str

    @property
    def passes(self) -> bool:
        """Whether the exchange went on."""
        return self.word in PASSES


def came_to(verdict: Verdict, reason: Reason, rule: str | None, *, redacted: bool = False) -> Came:
    """What a decision comes to."""
    if redacted and verdict is Verdict.ALLOW:
        return Came(word=_REDACTED, rule=rule or reason.value)
    otherwise = verdict is Verdict.BLOCK and reason not in _STOPS_OF_RULES
    return Came(word=reason.value if otherwise else verdict.value, rule=rule or reason.value)


@dataclass(slots=True, kw_only=True)
class Group:
    """Exchanges that have something in common, counted."""

    count: int = 0
    rules: Counter[str] = field(default_factory=Counter[str])
    apps: Counter[str] = field(default_factory=Counter[str])
    users: Counter[str] = field(default_factory=Counter[str])
    groups: Counter[str] = field(default_factory=Counter[str])
    examples: list[str] = field(default_factory=list[str])

    def add(self, record: str, sheet: FactSheet, rules: Iterable[str]) -> None:
        """Count one exchange."""
        self.count += 1
        client, app = sheet.client, sheet.app
        _count(self.rules, *rules)
        _count(self.apps, app.app.id if app is not None else "(no app)")
        _count(self.users, client.user or "(not identified)")
        _count(self.groups, *(client.groups or ("(no group)",)))
        if len(self.examples) < _EXAMPLES:
            self.examples.append(record)

    def join(self, other: "Group") -> None:
        """Add what another counted after this."""
        self.count += other.count
        for mine, others in (
            (self.rules, other.rules), (self.apps, other.apps), (self.users, other.users), (self.groups, other.groups),
        ):  # fmt: skip
            mine.update(others)
        self.examples = [*self.examples, *other.examples][:_EXAMPLES]


@dataclass(slots=True, kw_only=True)
class Tally:
    """What came of a replay.

    `changes` are exchanges that came to something else, by what they came to and come to. `undecided` are those that need what
    was not kept; `missing` counts that. `apart` counts records that no policy can be judged against, by why. `matched` and
    `told` count rules that matched and monitor-mode rules with what they would have done; `untold` those that nobody can tell.
    """

    same: int = 0
    by_another_rule: int = 0
    changes: dict[tuple[str, str], Group] = field(default_factory=dict[tuple[str, str], Group])
    undecided: Group = field(default_factory=Group)
    missing: Counter[str] = field(default_factory=Counter[str])
    apart: Counter[str] = field(default_factory=Counter[str])
    matched: Counter[str] = field(default_factory=Counter[str])
    told: Counter[str] = field(default_factory=Counter[str])
    untold: Counter[str] = field(default_factory=Counter[str])

    @property
    def judged(self) -> int:
        """How many exchanges came to something, then and now."""
        return self.same + sum(change.count for change in self.changes.values())

    def add(self, record: str, sheet: FactSheet, then: Came | None, now: Judged) -> None:
        """Count one exchange. `then` is None when it is not known either."""
        open_rules = self._rules(now)
        decision = now.decision
        if decision is None or then is None:
            self.undecided.add(record, sheet, open_rules)
            _count(self.missing, *now.missing)
            return
        _count(self.told, *decision.monitored)
        self._compare(record, sheet, then, decision, redacted=now.redacts)

    def _compare(self, record: str, sheet: FactSheet, then: Came, decision: Decision, *, redacted: bool) -> None:
        now = came_to(decision.verdict, decision.reason, decision.rule, redacted=redacted)
        if now.word == then.word:
            self.same += 1
            self.by_another_rule += now.rule != then.rule
            return
        change = self.changes.setdefault((then.word, now.word), Group())
        change.add(record, sheet, [then.rule if now.passes else now.rule])

    def _rules(self, now: Judged) -> list[str]:
        """Count the rules of the walks; those that could not be told."""
        open_rules: list[str] = []
        for walk in now.walks:
            for step in walk.decision.trace:
                if step.truth is Truth.YES:
                    self.matched[step.rule] += 1
                elif step.truth is Truth.PENDING:
                    self.untold[step.rule] += 1
                    open_rules.append(step.rule)
        if now.decision is not None and now.decision.rule and not now.walks:
            self.matched[now.decision.rule] += 1
        return open_rules

    def join(self, other: "Tally") -> None:
        """Add what another counted after this."""
        self.same += other.same
        self.by_another_rule += other.by_another_rule
        for kind, change in other.changes.items():
            self.changes.setdefault(kind, Group()).join(change)
        self.undecided.join(other.undecided)
        for mine, others in (
            (self.missing, other.missing), (self.apart, other.apart), (self.matched, other.matched),
            (self.told, other.told), (self.untold, other.untold),
        ):  # fmt: skip
            mine.update(others)


def _count(counter: Counter[str], *names: str) -> None:
    for name in names:
        counter[name if name in counter or len(counter) < _MOST_NAMES else "(others)"] += 1
