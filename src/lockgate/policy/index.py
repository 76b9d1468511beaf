"""Which of many rules can match an exchange at all: found by what it is, instead of asking rule after rule.

Most rules speak of one app, one group, one host; for one exchange nearly all of them are out of the question for a reason that
many share. So the parts of a condition that depend on a single selector are gathered by that selector: for the value it has,
a set of rules is ruled out at once. Separate from `evaluate`, which asks the rules that are left and decides. It must never
leave out a rule that could be anything else than no: what is not known yet, or never will be, rules out nothing.

A set of rules is a number with one bit for each rule, the first rule lowest.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field

from lockgate.facts.decision import Truth
from lockgate.facts.sheet import Demand, FactSheet
from lockgate.policy.closures import compile_expression
from lockgate.policy.expression import All, Expression, Test, tests_of
from lockgate.policy.named_values import NamedValues
from lockgate.policy.operand import Has
from lockgate.policy.outcome import Check
from lockgate.policy.reading import Read, Reading, Unknowable, Waiting
from lockgate.policy.selector import Surroundings

_REMEMBERED = 512
"""Values of one selector. A value is remembered with a bit for each rule: a kilobyte, with ten thousand rules."""
_FEW = 50
"""Rules. So many are taken out of a set one by one in less time than it takes to write the set out."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """The rules that are left: those that may be yes, those that wait for something, and those that have to be asked about it.

    Of a rule that is `waiting` it is certain that it is not known yet; `needs` has what for, each with the rules that wait for
    it. An `unsure` one may as well be no. `left` are all of them, and `open` the selectors that were not known yet.
    """

    left: int
    asked: int
    waiting: int
    unsure: int
    needs: tuple[tuple[int, tuple[Demand, ...]], ...]
    open: tuple["_Subject", ...]


@dataclass(slots=True)
class _Subject:
    """One selector: what rules want of it.

    `named` has the rules that a value lets through, where it is asked for by name; `checks` have to be asked. What came of a
    value is `known` from then on: on the path of every request, this is most of the work.
    """

    read: Read
    everyone: int
    mentioned: int = 0
    named: NamedValues = field(default_factory=NamedValues)
    checks: dict[str, tuple[int, Check]] = field(default_factory=dict[str, tuple[int, Check]])
    known: dict[Hashable, int] = field(default_factory=dict[Hashable, int])

    def learn(self, value: Reading, sheet: FactSheet) -> int:
        """The rules that this value does not rule out."""
        found = self._left(value, sheet)
        if len(self.known) >= _REMEMBERED:
            self.known.clear()
        self.known[value] = found
        return found

    def _left(self, value: Reading, sheet: FactSheet) -> int:
        if isinstance(value, Waiting | Unknowable):
            return self.everyone
        found = self.everyone & ~self.mentioned | self.named.rules(value)
        for rules, check in self.checks.values():
            if check(sheet).truth is not Truth.NO:
                found |= rules
        return found


class RuleIndex:
    """An index over the conditions of rules, in their order, each with whether it is all that its rule depends on."""

    def __init__(self, conditions: Sequence[tuple[Expression, bool]], surroundings: Surroundings) -> None:
        self._all = (1 << len(conditions)) - 1
        self._plain = 0
        gathered: dict[str, tuple[Test, list[tuple[int, Expression]]]] = {}
        for number, (condition, is_all) in enumerate(conditions):
            parts, plain = _parts_by_subject(condition)
            self._plain |= (plain and is_all) << number
            for name, test, part in parts:
                gathered.setdefault(name, (test, []))[1].append((1 << number, part))
        self._subjects = tuple(_subject(self._all, test, parts, surroundings) for test, parts in gathered.values())

    def candidates(self, sheet: FactSheet, before: Candidates | None = None) -> Candidates:
        """The rules that have to be asked about an exchange; `before` were those when less was known of it."""
        left, subjects = (self._all, self._subjects) if before is None else (before.left, before.open)
        waiting = 0
        still: list[_Subject] = []
        needs: list[tuple[int, tuple[Demand, ...]]] = []
        for subject in subjects:
            mentioned = subject.mentioned
            if not left & mentioned:
                continue
            value = subject.read(sheet)
            if isinstance(value, Waiting):
                waiting |= mentioned
                still.append(subject)
                needs.append((mentioned, value.demands))
                continue
            found = subject.known.get(value)
            left &= subject.learn(value, sheet) if found is None else found
        waiting &= left
        return Candidates(
            left=left, asked=left & ~waiting, waiting=waiting & self._plain, unsure=waiting & ~self._plain,
            needs=tuple(needs), open=tuple(still),
        )  # fmt: skip


def numbers_of(rules: int) -> Iterator[int]:
    """The numbers of the rules in a set, in order."""
    if rules.bit_count() <= _FEW:
        while rules:
            lowest = rules & -rules
            yield lowest.bit_length() - 1
            rules ^= lowest
        return
    bits = f"{rules:b}"[::-1]
    at = bits.find("1")
    while at >= 0:
        yield at
        at = bits.find("1", at + 1)


def _parts_by_subject(condition: Expression) -> tuple[list[tuple[str, Test, Expression]], bool]:
    """What has to hold of single things for the condition to hold: what is read, a test that reads it, and the part.

    And whether that is all of the condition.
    """
    plain = True
    by_name: dict[str, list[Expression]] = defaultdict(list)
    tests: dict[str, Test] = {}
    for part in _conjuncts(condition):
        named = {name: test for test in tests_of(part) for name in _names(test)}
        if len(named) == 1:
            ((name, test),) = named.items()
            by_name[name].append(part)
            tests[name] = test
        else:
            plain = False
    found = [(name, tests[name], parts[0] if len(parts) == 1 else All(tuple(parts))) for name, parts in by_name.items()]
    return found, plain


def _names(test: Test) -> tuple[str, ...]:
    """What is read for a test: a set is asked for its members one by one, unless it has a whole."""
    if isinstance(test.operand, Has) and test.selector.read_whole is None:
        return tuple(f"{test.name} {name}" for name in test.operand.names)
    return (test.name,)


def _conjuncts(expression: Expression) -> Iterator[Expression]:
    if isinstance(expression, All):
        for part in expression.parts:
            yield from _conjuncts(part)
    else:
        yield expression


def _reading(test: Test, surroundings: Surroundings) -> Read:
    selector = test.selector
    if selector.read_whole is not None:
        return selector.read_whole
    if not isinstance(test.operand, Has):
        return selector.read(surroundings, test.member)
    (name,) = test.operand.names
    if selector.read_member is not None:
        return selector.read_member(surroundings, test.member, name)
    return selector.read(surroundings, name)


def _subject(everyone: int, test: Test, parts: Sequence[tuple[int, Expression]], surroundings: Surroundings) -> _Subject:
    subject = _Subject(read=_reading(test, surroundings), everyone=everyone)
    for bit, part in parts:
        subject.mentioned |= bit
        if isinstance(part, Test) and subject.named.add(part.operand, bit):
            continue
        rules, check = subject.checks.get(part.canonical) or (0, compile_expression(part, surroundings))
        subject.checks[part.canonical] = rules | bit, check
    return subject
