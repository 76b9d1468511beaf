"""Exceptions of a policy: for whom, why, on whose word and until when a rule does not act; the check of a rule that has some.

Separate so that evaluation needs to know nothing of them: a rule that is excepted comes out as no, and says by what. It must
never ask a clock: whether an exception still holds is told by the time of the exchange itself. The laws:

1. An exception changes no rule it does not name, and an expired one is as if it were not there.
2. A rule waits for what it would wait for without exceptions, because the record says whether somebody was spared.
3. What cannot be told is not granted: the rule acts. An `allow` that might be excepted is as doubtful as one that might not
   match.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache

from lockgate.facts.decision import Truth
from lockgate.facts.problem import Place
from lockgate.facts.sheet import Demand, FactSheet
from lockgate.policy.expression import ALWAYS, Expression
from lockgate.policy.outcome import Check, Outcome

_REMEMBERED = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemption:
    """One entry of `exceptions`. `expires` is the last day on which it holds, `until` the moment at which that day ends.

    `condition` is whom it covers as canonical text, `canonical` all of its meaning.
    """

    id: str
    rules: tuple[str, ...]
    owner: str
    reason: str
    expires: date
    until: datetime
    condition: str = ""
    canonical: str = ""
    place: Place | None = field(default=None, compare=False)
    when: Expression = field(default=ALWAYS, repr=False, compare=False)
    check: Check = field(repr=False, compare=False)


def excepted_check(check: Check, exemptions: tuple[Exemption, ...], *, allows: bool, acts_unseen: bool) -> Check:
    """`check` of a rule with these exemptions, of which those known early come first.

    `allows` is whether the rule lets pass what matches, `acts_unseen` whether it does something when nobody can tell that.
    """
    combine = lru_cache(maxsize=_REMEMBERED)(_Combined(allows=allows, acts_unseen=acts_unseen).of)

    def checked(sheet: FactSheet) -> Outcome:
        outcome = check(sheet)
        if outcome.truth is Truth.NO:
            return outcome
        at = sheet.at
        covered = tuple((each.id, each.check(sheet)) for each in exemptions if at < each.until)
        return combine(outcome, covered) if covered else outcome

    return checked


@dataclass(frozen=True, slots=True, kw_only=True)
class _Combined:
    """How a rule with exemptions comes out."""

    allows: bool
    acts_unseen: bool

    def of(self, rule: Outcome, covered: tuple[tuple[str, Outcome], ...]) -> Outcome:
        waiting = [each for _, each in covered if each.truth is Truth.PENDING]
        if rule.truth is Truth.PENDING:
            # Asked for together: one examination answers all of it.
            return Outcome(rule.truth, rule.why, rule.demands + _demands(waiting))
        for name, each in covered:
            if each.truth is Truth.PENDING:
                # Not passed over for a later one that holds: which one is recorded must not depend on what came first.
                return Outcome(Truth.PENDING, f"exception {name} is not known yet: {each.why}", _demands(waiting))
            if each.truth is Truth.YES:
                spared = name if rule.truth is Truth.YES or self.acts_unseen else ""
                why = f"excepted by {name}: {each.why}; without it {rule.truth.value}: {rule.why}"
                return Outcome(Truth.NO, why, excepted=spared)
        untold = next(((name, each) for name, each in covered if each.truth is Truth.UNINSPECTABLE), None)
        if untold is None or rule.truth is Truth.UNINSPECTABLE:
            return rule
        name, each = untold
        truth = Truth.UNINSPECTABLE if self.allows else Truth.YES
        return Outcome(truth, f"{rule.why}; exception {name} is not granted: {each.why}")


def _demands(waiting: list[Outcome]) -> tuple[Demand, ...]:
    return tuple(demand for outcome in waiting for demand in outcome.demands)
