"""How a condition comes out: yes, no, not yet or never to be known; and how `all`, `any` and `not` combine that.

Separate because everything that evaluates speaks it. The laws, for any order of the parts:

1. A part that is certain decides whenever it can: one `no` makes `all` no, one `yes` makes `any` yes.
2. Otherwise waiting comes before giving up: what is still to come may yet decide.
3. Not having looked is never taken for absence.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from lockgate.facts.decision import Truth
from lockgate.facts.sheet import Demand, FactSheet

_REMEMBERED = 256


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """The truth of a condition and what made it so (names and values, never content).

    `demands` says what would have to be learned; it is empty unless the truth is pending. `excepted` is the exception without
    which a rule would have acted. Outcomes are compared by identity: most are made once and come up again and again.
    """

    truth: Truth
    why: str
    demands: tuple[Demand, ...] = ()
    excepted: str = ""


type Check = Callable[[FactSheet], Outcome]

ALWAYS = Outcome(Truth.YES, "always")


def negate(check: Check) -> Check:
    """Yes for no and no for yes; not knowing stays not knowing."""
    opposite = {Truth.YES: Truth.NO, Truth.NO: Truth.YES}

    @lru_cache(maxsize=_REMEMBERED)
    def turned(outcome: Outcome) -> Outcome:
        return Outcome(opposite.get(outcome.truth, outcome.truth), f"not ({outcome.why})", outcome.demands)

    return lambda sheet: turned(check(sheet))


def all_of(checks: Sequence[Check]) -> Check:
    """No if any part is no, yes if all are yes."""
    return _combined(tuple(checks), decided_by=Truth.NO)


def any_of(checks: Sequence[Check]) -> Check:
    """Yes if any part is yes, no if all are no."""
    return _combined(tuple(checks), decided_by=Truth.YES)


def _combined(checks: tuple[Check, ...], *, decided_by: Truth) -> Check:
    if len(checks) == 1:
        return checks[0]

    def combined(sheet: FactSheet) -> Outcome:
        outcomes: list[Outcome] = []
        for check in checks:
            outcome = check(sheet)
            if outcome.truth is decided_by:
                return outcome
            outcomes.append(outcome)
        return _joined(tuple(outcomes))

    return combined


@lru_cache(maxsize=_REMEMBERED * 8)
def _joined(outcomes: tuple[Outcome, ...]) -> Outcome:
    """Of parts none of which decided: those that wait, or else those that gave up, or else all of them."""
    for truth in (Truth.PENDING, Truth.UNINSPECTABLE):
        undecided = [outcome for outcome in outcomes if outcome.truth is truth]
        if undecided:
            break
    else:
        truth, undecided = outcomes[0].truth, list(outcomes)
    demands = tuple(demand for outcome in undecided for demand in outcome.demands)
    return Outcome(truth, "; ".join(outcome.why for outcome in undecided), demands)
