"""What the cases of a policy show of it: which rules matched, which did not, and what nobody ever tried.

Separate because it is about cases, not about exchanges: it looks at results and changes none. A rule is shown when one case
matches it and another does not; an exception or a do-not-inspect entry when one case is under it.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from lockgate.facts.decision import Reason, Truth
from lockgate.policy.cases import CaseResult
from lockgate.policy.expression import ALWAYS
from lockgate.policy.ruleset import Ruleset

_ALL = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleShown:
    """How often a rule was asked by the cases, and with what outcome; `unread` is when nobody could tell.

    `always` marks a rule without a condition, which cannot fail to match.
    """

    id: str
    matched: int = 0
    not_matched: int = 0
    unread: int = 0
    always: bool = False

    @property
    def missing(self) -> str:
        """What no case shows, empty when all is shown."""
        if not self.matched + self.not_matched + self.unread:
            return "never exercised"
        if not self.matched:
            return "never matched"
        return "" if self.not_matched or self.always else "never seen not to match"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryShown:
    """How many cases were under an exception or a do-not-inspect entry."""

    id: str
    kind: str
    used: int = 0

    @property
    def missing(self) -> str:
        """What no case shows."""
        return "" if self.used else "never exercised"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """All that there is to show of a policy."""

    rules: tuple[RuleShown, ...]
    entries: tuple[EntryShown, ...] = ()

    @property
    def missing(self) -> tuple[tuple[str, str], ...]:
        """Ids with what no case shows of them."""
        return tuple((each.id, each.missing) for each in (*self.rules, *self.entries) if each.missing)

    @property
    def percent(self) -> int:
        """How much is shown, rounded down: a rule with a condition counts twice, all else once."""
        shown = [rule.matched > 0 for rule in self.rules]
        shown += [rule.not_matched > 0 for rule in self.rules if not rule.always]
        shown += [entry.used > 0 for entry in self.entries]
        return _ALL * sum(shown) // len(shown) if shown else _ALL


def coverage(ruleset: Ruleset, results: Iterable[CaseResult]) -> Coverage:
    """What the results show."""
    outcomes: Counter[tuple[str, Truth]] = Counter()
    under: Counter[tuple[str, str]] = Counter()
    for result in results:
        outcomes.update((step.rule, step.truth) for step in result.steps)
        under.update(("exception", name) for name in {step.excepted for step in result.steps if step.excepted})
        if result.decision.reason is Reason.DO_NOT_INSPECT and result.decision.rule is not None:
            under["do not inspect", result.decision.rule] += 1
    rules = tuple(
        RuleShown(
            id=rule.id,
            matched=outcomes[rule.id, Truth.YES],
            not_matched=outcomes[rule.id, Truth.NO],
            unread=outcomes[rule.id, Truth.UNINSPECTABLE],
            always=rule.condition == ALWAYS.canonical,
        )
        for rule in ruleset.rules
    )
    named = [("exception", each.id) for each in ruleset.exceptions]
    named += [("do not inspect", each.id) for each in ruleset.do_not_inspect]
    return Coverage(rules=rules, entries=tuple(EntryShown(id=name, kind=kind, used=under[kind, name]) for kind, name in named))
