"""What decides about a value that is there: one small function per operand, linear in the value's length.

Separate from reading and combining because it is all that an operator means at run time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Address, IPv6Address
from typing import assert_never

from lockgate.facts.decision import Truth
from lockgate.policy.containment import host_test, network_test
from lockgate.policy.glob import fits
from lockgate.policy.operand import (
    UNBOUNDED,
    Among,
    Contains,
    Has,
    HostsWithin,
    InNetworks,
    InRanges,
    IsTrue,
    Like,
    Matches,
    OneOf,
    Operand,
    Present,
    Quantifier,
    StartsWith,
)
from lockgate.policy.pattern import Pattern, compile_pattern, utf8
from lockgate.policy.reading import AtLeast, Reading, Some

type Judge = Callable[[Reading], Truth]


def judge_of(operand: Operand) -> Judge:
    """The function for an operand. Sets are asked for their members instead."""
    match operand:
        case OneOf() | HostsWithin() | StartsWith() | Like() | Contains() | Matches() | Among():
            return _of_words(operand)
        case InNetworks(networks=networks):
            return partial(_in_networks, network_test(networks))
        case InRanges(ranges=ranges):
            return partial(_in_ranges, ranges)
        case Present(wanted=wanted):
            return lambda _value: _truth(wanted)
        case IsTrue(wanted=wanted):
            return lambda value: _truth(value is wanted)
        case Has():
            raise TypeError("a set is asked for its members")
        case _:
            assert_never(operand)


def _of_words(operand: OneOf | HostsWithin | StartsWith | Like | Contains | Matches | Among) -> Judge:
    match operand:
        case OneOf(words=words):
            return lambda value: _truth(value in words)
        case HostsWithin():
            holds = host_test(operand)
            return lambda value: _truth(isinstance(value, str) and holds(value))
        case StartsWith(prefixes=prefixes):
            return lambda value: _truth(isinstance(value, str) and value.startswith(prefixes))
        case Like(patterns=patterns):
            split = _split(patterns)
            return lambda value: _truth(isinstance(value, str) and any(fits(value, pieces) for pieces in split))
        case Contains(texts=texts):
            return lambda value: _truth(isinstance(value, str) and any(text in value for text in texts))
        case Matches(patterns=patterns, any_case=any_case):
            return partial(_matches, tuple(compile_pattern(pattern, any_case=any_case) for pattern in patterns))
        case Among(quantifier=quantifier, patterns=patterns):
            return partial(_among, quantifier, _Patterns.of(patterns))
        case _:
            assert_never(operand)


def _split(patterns: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(pattern.split("*")) for pattern in patterns)


def _truth(holds: bool) -> Truth:
    return Truth.YES if holds else Truth.NO


def _matches(patterns: tuple[Pattern, ...], value: Reading) -> Truth:
    if not isinstance(value, str):
        return Truth.NO
    text = utf8(value)
    return _truth(any(pattern.search(text) is not None for pattern in patterns))


def _in_networks(holds: Callable[[IPv4Address | IPv6Address], bool], value: Reading) -> Truth:
    return _truth(isinstance(value, IPv4Address | IPv6Address) and holds(value))


def _in_ranges(ranges: tuple[tuple[float, float], ...], value: Reading) -> Truth:
    if isinstance(value, int):
        return _truth(any(low <= value <= high for low, high in ranges))
    if not isinstance(value, AtLeast):
        return Truth.NO
    # The true number is this one or any higher one.
    if any(low <= value.number and high == UNBOUNDED for low, high in ranges):
        return Truth.YES
    return Truth.UNINSPECTABLE if any(high >= value.number for _, high in ranges) else Truth.NO


@dataclass(frozen=True, slots=True)
class _Patterns:
    """Words that mean themselves, which a list may have many of, and the patterns in which `*` stands for any characters."""

    exact: frozenset[str]
    others: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, patterns: tuple[str, ...]) -> "_Patterns":
        return cls(
            frozenset(pattern for pattern in patterns if "*" not in pattern),
            _split(tuple(pattern for pattern in patterns if "*" in pattern)),
        )

    def fit(self, name: str) -> bool:
        return name in self.exact or any(fits(name, pieces) for pieces in self.others)

    def all_fit_one_of(self, names: frozenset[str]) -> bool:
        return self.exact <= names and all(any(fits(name, pieces) for name in names) for pieces in self.others)


def _among(quantifier: Quantifier, patterns: _Patterns, value: Reading) -> Truth:
    if isinstance(value, Some):
        found = _among(quantifier, patterns, value.names)
        # More names can turn yes into no for `none` alone, and no into yes for all others.
        return found if found is (Truth.NO if quantifier is Quantifier.NONE else Truth.YES) else Truth.UNINSPECTABLE
    if not isinstance(value, frozenset):
        return Truth.NO
    match quantifier:
        case Quantifier.ANY:
            return _truth(any(map(patterns.fit, value)))
        case Quantifier.ALL:
            return _truth(patterns.all_fit_one_of(value))
        case Quantifier.NONE:
            return _truth(not any(map(patterns.fit, value)))
        case Quantifier.OUTSIDE:
            return _truth(not all(map(patterns.fit, value)))
        case _:
            assert_never(quantifier)
