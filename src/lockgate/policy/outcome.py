"""Three-valued truth: yes, no, and two kinds of not knowing; and how `all`, `any` and `not` combine them.

Separate because everything that evaluates speaks it. The laws, for any order of the parts:

1. A part that is certain decides whenever it can: one `no` makes `all` no, one `yes` makes `any` yes.
2. Otherwise waiting comes before giving up: what is still to come may yet decide.
3. Not having looked is never taken for absence.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from lockgate.facts.decision import Truth
from lockgate.facts.sheet import Demand, FactSheet

YES, NO, UNINSPECTABLE = Truth.YES, Truth.NO, Truth.UNINSPECTABLE


class Unsettled:
    """What a selector reads when it has no value: `Waiting` or `Unknowable`."""

    __slots__ = ()
    outcome: "Outcome"


@dataclass(frozen=True, slots=True)
class Waiting(Unsettled):
    """Not known yet; `demands` says what would have to be learned."""

    demands: tuple[Demand, ...]

    @property
    def outcome(self) -> "Outcome":
        """Waiting is its own outcome."""
        return self


@dataclass(frozen=True, slots=True)
class Unknowable(Unsettled):
    """Can no longer be known, and why (an examination state, never content)."""

    why: str
    outcome: "Outcome" = field(default=UNINSPECTABLE, init=False)


type Outcome = Truth | Waiting
"""`Truth.YES`, `Truth.NO`, `Truth.UNINSPECTABLE`, or `Waiting` in place of `Truth.PENDING`."""

type Check = Callable[[FactSheet], Outcome]


def truth_of(outcome: Outcome) -> Truth:
    """The outcome without what it waits for."""
    return outcome if isinstance(outcome, Truth) else Truth.PENDING


def negate(check: Check) -> Check:
    """Yes for no and no for yes; not knowing stays not knowing."""

    def negated(sheet: FactSheet) -> Outcome:
        outcome = check(sheet)
        if outcome is NO:
            return YES
        if outcome is YES:
            return NO
        return outcome

    return negated


def all_of(checks: Sequence[Check]) -> Check:
    """No if any part is no, yes if all are yes."""
    return _combined(tuple(checks), decided_by=NO, otherwise=YES)


def any_of(checks: Sequence[Check]) -> Check:
    """Yes if any part is yes, no if all are no."""
    return _combined(tuple(checks), decided_by=YES, otherwise=NO)


def _combined(checks: tuple[Check, ...], *, decided_by: Truth, otherwise: Truth) -> Check:
    if len(checks) == 1:
        return checks[0]

    def combined(sheet: FactSheet) -> Outcome:
        waiting: tuple[Demand, ...] = ()
        result = otherwise
        for check in checks:
            outcome = check(sheet)
            if outcome is decided_by:
                return decided_by
            if outcome is otherwise:
                continue
            if isinstance(outcome, Waiting):
                waiting += outcome.demands
            else:
                result = UNINSPECTABLE
        return Waiting(waiting) if waiting else result

    return combined
