"""A condition as alternatives of literals: each literal says of one subject that its value is, or is not, in a region.

Separate because the proofs know nothing of `all`, `any`, selectors or operators. A subject is what is read once: two literals
of one subject are about the same value, or the same set. What does not fit, or would take too many alternatives, becomes a
literal that is only ever the same as itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product

from lockgate.facts.app import Operation
from lockgate.policy.analysis.region import Everything, Globs, Members, Networks, Opaque, Region, Words, intervals
from lockgate.policy.expression import All, Any, Expression, Not, Test
from lockgate.policy.glob import Glob
from lockgate.policy.judge import judge_of
from lockgate.policy.operand import (
    Among,
    Contains,
    Has,
    HostsWithin,
    InNetworks,
    InRanges,
    IsTrue,
    Like,
    OneOf,
    Operand,
    Present,
    Quantifier,
    StartsWith,
)

TRUE, FALSE = "true", "false"
ABOUT_MEMBERS = " members"
"""After a selector's name: the subject is its members, not whether there is a set."""

_MOST_ALTERNATIVES = 64
_MOST_NAMED = 1000
"""A longer list is only ever the same as itself."""
_HOST, _ON_LISTS = "host", "host.category"
_CARRIES, _OPERATION = "operation.carries_payload", "operation"


@dataclass(frozen=True, slots=True)
class Literal:
    """`subject` has a value in `region`; or, unless `holds`, has none there or none at all. `test` is where it comes from."""

    subject: str
    region: Region
    holds: bool = True
    test: Test | None = field(default=None, compare=False)

    @property
    def negated(self) -> "Literal":
        """The opposite."""
        return Literal(self.subject, self.region, not self.holds, self.test)


type Term = tuple[Literal, ...]
"""Literals that hold together."""


def alternatives(expression: Expression, lists: Mapping[str, HostsWithin]) -> tuple[Term, ...]:
    """The expression as terms of which at least one holds. `lists` are the policy's lists of hosts."""
    return _Reading(lists).terms(expression, holds=True)


@dataclass(frozen=True, slots=True)
class _Reading:
    lists: Mapping[str, HostsWithin]

    def terms(self, expression: Expression, *, holds: bool) -> tuple[Term, ...]:
        match expression:
            case Test():
                return self._test(expression, holds=holds)
            case Not(part=part):
                return self.terms(part, holds=not holds)
            case All(parts=parts) | Any(parts=parts):
                read = [self.terms(part, holds=holds) for part in parts]
                return (_together if isinstance(expression, All) is holds else _either)(read, expression, holds)

    def _test(self, test: Test, *, holds: bool) -> tuple[Term, ...]:
        """What is of several literals is all of them together; its opposite is any one's opposite."""
        literals = self._literals(test)
        if holds:
            return (literals,)
        return tuple((literal.negated,) for literal in literals)

    def _literals(self, test: Test) -> Term:
        name, operand = test.name, test.operand
        members = name + ABOUT_MEMBERS
        match operand:
            case Has(quantifier=Quantifier.ANY, names=names) if name == _ON_LISTS and all(each in self.lists for each in names):
                return (Literal(_HOST, Globs(tuple(glob for each in names for glob in _hosts(self.lists[each]))), test=test),)
            case Has(quantifier=Quantifier.NONE, names=names) if name == _ON_LISTS and all(
                each in self.lists for each in names
            ):
                globs = tuple(glob for each in names for glob in _hosts(self.lists[each]))
                return (Literal(_HOST, Globs(globs), holds=False, test=test),)
            case Has(quantifier=quantifier, names=names):
                return _of_set(members, quantifier, tuple((each,) for each in names), test)
            case Among(quantifier=Quantifier.OUTSIDE):
                return (Literal(members + " outside", Opaque(operand), test=test),)
            case Among(quantifier=quantifier, patterns=patterns):
                globs = tuple(tuple(pattern.split("*")) for pattern in patterns)
                # A set that is absent has none of anything and yet does not match `none`.
                there = Literal(name, Everything(), test=test)
                of_set = _of_set(members, quantifier, globs, test)
                return (there, *of_set) if quantifier is Quantifier.NONE else of_set
            case Present(wanted=wanted):
                return (Literal(name, Everything(), holds=wanted, test=test),)
            case IsTrue(wanted=wanted) if name == _CARRIES:
                wanted_operations = frozenset(str(each) for each in Operation if each.carries_payload is wanted)
                return (Literal(_OPERATION, Words(wanted_operations), test=test),)
            case _:
                return (Literal(name, _region(operand), test=test),)


def _of_set(subject: str, quantifier: Quantifier, globs: tuple[Glob, ...], test: Test) -> Term:
    match quantifier:
        case Quantifier.ALL:
            return tuple(Literal(subject, Members((glob,)), test=test) for glob in globs)
        case _:
            return (Literal(subject, Members(globs), holds=quantifier is Quantifier.ANY, test=test),)


def _region(operand: Operand) -> Region:
    match operand:
        case OneOf(words=words) if len(words) <= _MOST_NAMED:
            return Words(words)
        case HostsWithin() if len(operand.suffixes) <= _MOST_NAMED:
            return Globs(_hosts(operand))
        case StartsWith(prefixes=prefixes):
            return Globs(tuple((prefix, "") for prefix in prefixes))
        case Like(patterns=patterns):
            return Globs(tuple(tuple(pattern.split("*")) for pattern in patterns))
        case Contains(texts=texts):
            return Globs(tuple(("", text, "") for text in texts))
        case InRanges(ranges=ranges):
            return intervals(ranges)
        case InNetworks(networks=networks) if len(networks) <= _MOST_NAMED:
            return Networks(networks)
        case IsTrue(wanted=wanted):
            return Words(frozenset({TRUE if wanted else FALSE}))
        case _:
            return Opaque(operand, judge_of(operand))


def _hosts(hosts: HostsWithin) -> tuple[Glob, ...]:
    return (*((name,) for name in sorted(hosts.names)), *(("", suffix) for suffix in hosts.suffixes))


def _together(parts: list[tuple[Term, ...]], expression: Expression, holds: bool) -> tuple[Term, ...]:
    """Every choice of one term from each part; a part with too many counts as one thing that is not looked into."""
    number = 1
    for index, terms in enumerate(parts):
        if number * len(terms) > _MOST_ALTERNATIVES:
            parts[index] = ((Literal("", Opaque((expression, index, holds))),),)
        number *= len(parts[index])
    return tuple(tuple(literal for term in chosen for literal in term) for chosen in product(*parts))


def _either(parts: list[tuple[Term, ...]], expression: Expression, holds: bool) -> tuple[Term, ...]:
    terms = tuple(term for part in parts for term in part)
    if len(terms) <= _MOST_ALTERNATIVES:
        return terms
    return ((Literal("", Opaque(expression), holds=holds),),)
