"""From expressions to code: each condition becomes one function of the fact sheet.

Separate because this is what runs on every request. A value that comes up again gives the same outcome object again, so a
rule that does not match costs a few look-ups. Long texts are not remembered.
"""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import assert_never

from lockgate.facts.decision import Truth
from lockgate.facts.finding import DetectionConfidence
from lockgate.facts.sheet import FactSheet
from lockgate.policy.calendar import shown_day, shown_time
from lockgate.policy.expression import All, Any, Expression, Not, Test, phase_of
from lockgate.policy.judge import Judge, judge_of
from lockgate.policy.operand import Has, Present, Quantifier
from lockgate.policy.operators import ValueType
from lockgate.policy.outcome import ALWAYS, Check, Outcome, all_of, any_of, negate
from lockgate.policy.reading import AtLeast, Read, Reading, Some, Unknowable, Waiting
from lockgate.policy.selector import Surroundings

_LONGEST_SHOWN = 80
_HUNDREDTHS_OF_ONE = 100
_REMEMBERED = 256
_MOST_REMEMBERED = 16
"""Words of one value: more are not remembered."""


class Compiling:
    """Makes the functions for the conditions of one policy; what several of them ask is made, and remembered, once."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._tests: dict[str, Check] = {}

    def check(self, expression: Expression) -> Check:
        """The function for an expression. Parts known early are asked first; that changes the speed, never the truth."""
        match expression:
            case Test():
                return self._test(expression)
            case Not(part=part):
                return negate(self.check(part))
            case All(parts=()):
                return lambda _sheet: ALWAYS
            case All(parts=parts):
                return all_of([self.check(part) for part in sorted(parts, key=phase_of)])
            case Any(parts=parts):
                return any_of([self.check(part) for part in sorted(parts, key=phase_of)])
            case _:
                assert_never(expression)

    def _test(self, test: Test) -> Check:
        meaning = test.canonical
        check = self._tests.get(meaning)
        if check is None:
            if isinstance(test.operand, Has):
                check = _membership(test, test.operand, self._surroundings)
            else:
                check = _comparison(test, self._surroundings)
            self._tests[meaning] = check
        return check


def compile_expression(expression: Expression, surroundings: Surroundings) -> Check:
    """The function for an expression that stands alone."""
    return Compiling(surroundings).check(expression)


def _membership(test: Test, operand: Has, surroundings: Surroundings) -> Check:
    members = [
        _outcome_of(_member(test, name, surroundings), partial(_member_outcome, test.name, name), ValueType.YES_NO)
        for name in operand.names
    ]
    match operand.quantifier:
        case Quantifier.ANY:
            return any_of(members)
        case Quantifier.ALL:
            return all_of(members)
        case Quantifier.NONE:
            return negate(any_of(members))
        case Quantifier.OUTSIDE:
            raise TypeError("members are asked for by name")
        case _:
            assert_never(operand.quantifier)


def _member(test: Test, name: str, surroundings: Surroundings) -> Read:
    selector = test.selector
    if selector.read_member is not None:
        return selector.read_member(surroundings, test.member, name)
    return selector.read(surroundings, name)


def _comparison(test: Test, surroundings: Surroundings) -> Check:
    read = test.selector.read(surroundings, test.member)
    absent = Truth.YES if test.operand == Present(wanted=False) else Truth.NO
    return _outcome_of(read, partial(_outcome, test, judge_of(test.operand), absent), test.selector.type)


def _outcome_of(read: Read, outcome: Callable[[Reading], Outcome], kind: ValueType) -> Check:
    remembered = lru_cache(maxsize=_REMEMBERED)(outcome)
    if kind not in (ValueType.TEXT, ValueType.WORDS):
        return lambda sheet: remembered(read(sheet))

    def of_text(sheet: FactSheet) -> Outcome:
        value = read(sheet)
        return outcome(value) if isinstance(value, str | frozenset) and not _is_short(value) else remembered(value)

    return of_text


def _is_short(value: str | frozenset[str]) -> bool:
    if isinstance(value, str):
        return len(value) <= _LONGEST_SHOWN
    return len(value) <= _MOST_REMEMBERED and all(len(each) <= _LONGEST_SHOWN for each in value)


def _outcome(test: Test, judge: Judge, absent: Truth, value: Reading) -> Outcome:
    match value:
        case None:
            return Outcome(absent, f"{test.name} is absent")
        case Waiting(demands=demands):
            return Outcome(Truth.PENDING, f"{test.name} is not known yet", demands)
        case Unknowable(why=why):
            return Outcome(Truth.UNINSPECTABLE, f"{test.name} cannot be known: {why}")
        case _:
            shown = "known" if test.selector.is_content else _shown(test.selector.type, value)
            return Outcome(judge(value), f"{test.name} is {shown}")


def _member_outcome(selector: str, name: str, value: Reading) -> Outcome:
    match value:
        case Waiting(demands=demands):
            return Outcome(Truth.PENDING, f"{selector} is not known yet for {name}", demands)
        case Unknowable(why=why):
            return Outcome(Truth.UNINSPECTABLE, f"{selector} cannot be known for {name}: {why}")
        case _:
            return Outcome(Truth.YES, f"{selector} has {name}") if value else Outcome(Truth.NO, f"{selector} has no {name}")


def _shown(kind: ValueType, value: Reading) -> str:
    match value:
        case AtLeast(number=number):
            return f"{_shown(kind, number)} or more"
        case Some(names=names):
            return f"{_shown(kind, names)} and perhaps more"
        case bool():
            return str(value).lower()
        case int() if kind is ValueType.SCORE:
            return f"{value // _HUNDREDTHS_OF_ONE}.{value % _HUNDREDTHS_OF_ONE:02}"
        case int() if kind is ValueType.TIME_OF_DAY:
            return shown_time(value)
        case int() if kind is ValueType.DATE:
            return shown_day(value)
        case int() if kind is ValueType.LEVEL:
            return DetectionConfidence(value).name.lower() if value else "none"
        case _:
            text = ", ".join(sorted(value)) if isinstance(value, frozenset) else str(value)
            return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."
