"""Literals that hold together: whether they can, and what they imply.

The proofs are about what evaluation says, not only about truth: `implies` promises that whenever all literals of the
conjunction are *yes* the literal is *yes*, and that whenever the literal is *no* one of them is *no*. So it holds whatever
else is not known yet or can never be known. (A number that a partial look can only raise is where the difference bites.)
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import reduce

from lockgate.policy.analysis.knowledge import Knowledge
from lockgate.policy.analysis.literal import Literal, Term
from lockgate.policy.analysis.region import (
    Everything,
    Intervals,
    Members,
    Region,
    Words,
    common,
    inside,
    is_empty,
    outside,
    without,
)


@dataclass(slots=True)
class _Subject:
    """What is asked of one subject. `value` is where its value must be, if there must be one; it may be too large."""

    holding: list[Literal] = field(default_factory=list[Literal])
    refused: list[Literal] = field(default_factory=list[Literal])
    value: Region | None = None


class Conjunction:
    """The literals of one term, with what follows from them."""

    def __init__(self, term: Term, knowledge: Knowledge) -> None:
        self.term = term
        self._knowledge = knowledge
        self._subjects: dict[str, _Subject] = {}
        waiting = list(term)
        while waiting:
            literal = waiting.pop()
            subject = self._subjects.setdefault(literal.subject, _Subject())
            side = subject.holding if literal.holds else subject.refused
            if literal not in side:
                side.append(literal)
                waiting += knowledge.follows(literal)
        for name, subject in self._subjects.items():
            subject.value = self._value(name, subject)

    def asked(self) -> Iterator[Literal]:
        """What to look up to find what follows from it: where a value must be, or else what is asked of it."""
        for name, subject in self._subjects.items():
            if subject.value is not None:
                # It lies inside all that holds, so whatever follows from one of them is found by it too.
                yield Literal(name, subject.value)
            else:
                yield from subject.holding or subject.refused[:1]

    def _value(self, name: str, subject: _Subject) -> Region | None:
        regions = [literal.region for literal in subject.holding]
        if any(isinstance(region, Members) for region in regions):
            return None
        universe = self._knowledge.values(name)
        if universe is not None and (regions or self._knowledge.always_there(name)):
            regions.append(Words(universe))
        if not regions:
            return None
        return reduce(without, (literal.region for literal in subject.refused), reduce(common, regions))

    def values(self) -> Iterable[tuple[str, Region]]:
        """Every subject that certainly has a value, with where that must be."""
        return ((name, subject.value) for name, subject in self._subjects.items() if subject.value is not None)

    def literals(self) -> Iterable[Literal]:
        """Everything that holds, with what follows from it."""
        return (literal for subject in self._subjects.values() for literal in (*subject.holding, *subject.refused))

    def clash(self) -> tuple[Literal, ...]:
        """Literals that cannot hold together, the fewest that could be found; none when all may."""
        for name, subject in self._subjects.items():
            found = self._clash(name, subject)
            if found:
                return found
        return self._knowledge.impossible(dict(self.values()), self.literals())

    def _clash(self, name: str, subject: _Subject) -> tuple[Literal, ...]:
        for one in subject.holding:
            if isinstance(one.region, Members):
                left = reduce(without, (other.region for other in subject.refused), one.region)
                if is_empty(left):
                    return (one, *subject.refused)
            elif any(isinstance(other.region, Everything) for other in subject.refused):
                return (one, *(other for other in subject.refused if isinstance(other.region, Everything)))
        if subject.value is None or not is_empty(subject.value):
            return ()
        everything = [*subject.holding, *subject.refused]
        for index, one in enumerate(everything):
            for other in everything[:index]:
                pair = _Subject(
                    [each for each in (other, one) if each.holds], [each for each in (other, one) if not each.holds]
                )
                value = self._value(name, pair)
                if value is not None and is_empty(value):
                    return (other, one)
        return tuple(everything)

    def implies(self, wanted: Literal) -> bool:
        """Whether `wanted` certainly holds with all of them."""
        subject = self._subjects.get(wanted.subject)
        if subject is None:
            return False
        if any(_follows(literal, wanted) for literal in (*subject.holding, *subject.refused)):
            return True
        value = subject.value
        if value is None:
            return False
        if isinstance(value, Intervals) and isinstance(wanted.region, Intervals):
            return _number_follows(value, subject, wanted.region, holds=wanted.holds)
        return inside(value, wanted.region) if wanted.holds else _certainly_apart(value, wanted.region)


def _follows(known: Literal, wanted: Literal) -> bool:
    """Of two literals about one subject alone."""
    match known.holds, wanted.holds:
        case True, True:
            return inside(known.region, wanted.region)
        case False, False:
            return inside(wanted.region, known.region)
        case True, False:
            return _certainly_apart(known.region, wanted.region)
        case _:
            return False


def _certainly_apart(one: Region, other: Region) -> bool:
    if isinstance(one, Members | Everything) or isinstance(other, Members | Everything):
        return False
    return is_empty(common(one, other))


def _number_follows(value: Intervals, subject: _Subject, wanted: Intervals, *, holds: bool) -> bool:
    """As above, for a number of which only the least may be known: it is this one or any higher one.

    A test is then no only when its highest number is passed, so one of the tests has to be passed before the wanted one is.
    """
    given = [literal.region for literal in subject.holding if isinstance(literal.region, Intervals)]
    given += [outside(literal.region) for literal in subject.refused if isinstance(literal.region, Intervals)]
    lowest_end = min((region.highest for region in given), default=float("inf"))
    if holds:
        return inside(value, wanted) and lowest_end <= wanted.highest
    return is_empty(common(value, wanted)) and lowest_end < wanted.tail
