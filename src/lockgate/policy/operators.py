"""The operators of each type of selector: name, meaning, and how the written value becomes an operand.

Separate from the selectors because a type has many selectors and its operators are defined once. A written value that
does not fit is reported with the next step; nothing here is lenient, because a misread value is a hole in the policy.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from ipaddress import ip_network

from lockgate.facts.finding import DetectionConfidence
from lockgate.facts.problem import Path
from lockgate.policy.fields import is_list
from lockgate.policy.operand import (
    UNBOUNDED,
    Among,
    Has,
    HostsWithin,
    InNetworks,
    InRanges,
    IsTrue,
    Like,
    Network,
    OneOf,
    Operand,
    Present,
    Quantifier,
    StartsWith,
)
from lockgate.policy.report import Report


class ValueType(StrEnum):
    """What a selector's value is."""

    TEXT = "text"
    WORD = "word"
    HOST = "host"
    ADDRESS = "address"
    NAMES = "names"
    WORDS = "set of names"
    NUMBER = "number"
    SCORE = "score"
    LEVEL = "level"
    YES_NO = "yes or no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A value as written beside an operator. `known` limits words and names; None means any word."""

    value: object
    path: Path
    report: Report
    what: str
    known: frozenset[str] | None


_NOT_IN_HOSTS = frozenset("*/:@? ")

type Parse = Callable[[Written], Operand | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """One operator of one type."""

    doc: str
    parse: Parse


def _wrong(written: Written, problem: str, help_text: str = "") -> None:
    written.report.wrong(written.path, problem, help_text)


def _items(written: Written) -> list[Written]:
    """The entries of a list, or the value itself as the only one."""
    if not is_list(written.value):
        return [written]
    if not written.value:
        _wrong(written, "the list is empty, so this could never match", "name at least one")
    return [_at(written, entry, index) for index, entry in enumerate(written.value)]


def _at(written: Written, value: object, step: int) -> Written:
    return Written(value=value, path=(*written.path, step), report=written.report, what=written.what, known=written.known)


def _word(written: Written) -> str | None:
    if not isinstance(written.value, str) or not written.value:
        _wrong(written, f"expected a word, found `{_shown(written.value)}`", "put it in quotes if it is meant as text")
        return None
    if written.known is not None and written.value not in written.known:
        written.report.unknown(written.path, written.what, written.value, written.known)
        return None
    return written.value


def _shown(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case None:
            return "nothing"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case _:
            return str(value)


def _words(written: Written) -> frozenset[str] | None:
    words = [_word(item) for item in _items(written)]
    return frozenset(word for word in words if word is not None) if words and None not in words else None


def _one_of(written: Written) -> Operand | None:
    words = _words(written)
    return OneOf(words) if words else None


def _single[T](parse: Callable[[Written], T | None]) -> Callable[[Written], T | None]:
    """`is` takes one value; a list is `in`."""

    def parsed(written: Written) -> T | None:
        if isinstance(written.value, list):
            _wrong(written, "`is` takes one value", "write `in` for a list")
            return None
        return parse(written)

    return parsed


def _host_names(written: Written) -> frozenset[str] | None:
    words = _words(written)
    if not words:
        return None
    names = frozenset(word.lower().rstrip(".") for word in words)
    bad = sorted(
        name for name in names if not name.removeprefix("*.").strip(".") or _NOT_IN_HOSTS & set(name.removeprefix("*."))
    )
    for name in bad:
        _wrong(written, f"`{name}` is not a host name", "write `example.com`, without scheme, port or path")
    return None if bad else names


def _hosts(written: Written) -> Operand | None:
    names = _host_names(written)
    if names and any(name.startswith("*.") for name in names):
        _wrong(written, "a pattern is not a single host", "write `within` for sub-domains")
        return None
    return OneOf(names) if names else None


def hosts_within(written: Written) -> HostsWithin | None:
    """Hosts and their sub-domains; `*.` in front leaves out the host itself."""
    written_names = _host_names(written)
    if not written_names:
        return None
    return HostsWithin(
        names=frozenset(name for name in written_names if not name.startswith("*.")),
        suffixes=tuple(sorted({"." + name.removeprefix("*.").lstrip(".") for name in written_names})),
    )


def _networks(written: Written) -> Operand | None:
    networks: list[Network] = []
    for item in _items(written):
        try:
            networks.append(ip_network(str(item.value)))
        except ValueError:
            _wrong(
                item,
                f"`{_shown(item.value)}` is not a network",
                "write an address or a network such as 10.0.0.0/8, without host bits",
            )
    return InNetworks(tuple(networks)) if networks else None


def _starts_with(written: Written) -> Operand | None:
    words = _words(written)
    return StartsWith(tuple(sorted(words))) if words else None


def _like(written: Written) -> Operand | None:
    words = _words(written)
    return Like(tuple(sorted(words))) if words else None


def _present(written: Written) -> Operand | None:
    return Present(written.value) if isinstance(written.value, bool) else _not_yes_or_no(written)


def _is_true(written: Written) -> Operand | None:
    return IsTrue(written.value) if isinstance(written.value, bool) else _not_yes_or_no(written)


def _not_yes_or_no(written: Written) -> None:
    _wrong(written, f"expected true or false, found `{_shown(written.value)}`", "write `true` or `false`, without quotes")


def _has(quantifier: Quantifier) -> Parse:
    def parse(written: Written) -> Operand | None:
        words = _words(written)
        return Has(quantifier, tuple(sorted(words))) if words else None

    return parse


def _among(quantifier: Quantifier) -> Parse:
    def parse(written: Written) -> Operand | None:
        words = _words(written)
        return Among(quantifier, tuple(sorted(words))) if words else None

    return parse


type _Number = Callable[[Written], int | None]


def _whole(written: Written) -> int | None:
    if isinstance(written.value, bool) or not isinstance(written.value, int) or written.value < 0:
        _wrong(written, f"expected a whole number, found `{_shown(written.value)}`", "write digits without quotes")
        return None
    return written.value


def _hundredths(written: Written) -> int | None:
    """A score as written, in hundredths: 3.0 is 300, exactly."""
    value = written.value
    if not isinstance(value, bool) and isinstance(value, int | float):
        exact = Decimal(str(value)) * 100
        if exact == int(exact) and 0 <= exact <= 500:
            return int(exact)
    _wrong(written, f"expected a score, found `{_shown(value)}`", "write a number from 0.0 to 5.0 with at most two decimals")
    return None


_LEVELS = {level.name.lower(): level for level in DetectionConfidence}


def _level(written: Written) -> int | None:
    level = _LEVELS.get(written.value) if isinstance(written.value, str) else None
    if level is None:
        written.report.unknown(written.path, "detection confidence", _shown(written.value), _LEVELS)
    return level


def _ranges(number: _Number, bounds: Callable[[int], tuple[float, float]]) -> Parse:
    def parse(written: Written) -> Operand | None:
        numbers = [number(item) for item in _items(written)]
        found = [bounds(each) for each in numbers if each is not None]
        return InRanges(tuple(sorted(found))) if found and None not in numbers else None

    return parse


def _between(number: _Number) -> Parse:
    def parse(written: Written) -> Operand | None:
        if not is_list(written.value) or len(written.value) != 2:
            _wrong(written, "`between` takes two numbers", "write [lowest, highest]; both belong to it")
            return None
        low, high = [number(item) for item in _items(written)]
        if low is None or high is None:
            return None
        if low > high:
            _wrong(written, "the first number is above the second, so this could never match", "write [lowest, highest]")
            return None
        return InRanges(((low, high),))

    return parse


def _scalar(number: _Number, bounds: Callable[[int], tuple[float, float]]) -> Parse:
    parse = _ranges(number, bounds)

    def parsed(written: Written) -> Operand | None:
        if isinstance(written.value, list):
            _wrong(written, "expected one number, found a list")
            return None
        return parse(written)

    return parsed


def _equal(number: int) -> tuple[float, float]:
    return (number, number)


def _from_here(number: int) -> tuple[float, float]:
    return (number, UNBOUNDED)


def _up_to(number: int) -> tuple[float, float]:
    return (-UNBOUNDED, number)


def _level_alone(level: int) -> tuple[float, float]:
    """The highest level has nothing above it, which matters when a partial look can only raise what it saw."""
    return (level, UNBOUNDED if level == max(DetectionConfidence) else level)


def _number_operators(number: _Number) -> dict[str, Operator]:
    return {
        "is": Operator(doc="equal to this number", parse=_scalar(number, _equal)),
        "in": Operator(doc="equal to one of these numbers", parse=_ranges(number, _equal)),
        "below": Operator(doc="less than this number", parse=_scalar(number, lambda n: _up_to(n - 1))),
        "above": Operator(doc="more than this number", parse=_scalar(number, lambda n: _from_here(n + 1))),
        "at_least": Operator(doc="this number or more", parse=_scalar(number, _from_here)),
        "at_most": Operator(doc="this number or less", parse=_scalar(number, _up_to)),
        "between": Operator(doc="from the first to the second number, both included", parse=_between(number)),
    }


_WORDS = {
    "is": Operator(doc="equal to this word", parse=_single(_one_of)),
    "in": Operator(doc="equal to one of these words", parse=_one_of),
}
_KNOWN = {"known": Operator(doc="`true`: there is a value; `false`: there is none", parse=_present)}

OPERATORS: Mapping[ValueType, Mapping[str, Operator]] = {
    ValueType.TEXT: {
        **_WORDS,
        "starts_with": Operator(doc="begins with this text, or one of these", parse=_starts_with),
        "matches": Operator(doc="fits this pattern, or one of these; `*` stands for any characters", parse=_like),
        **_KNOWN,
    },
    ValueType.WORD: {**_WORDS, **_KNOWN},
    ValueType.HOST: {
        "is": Operator(doc="exactly this host", parse=_single(_hosts)),
        "in": Operator(doc="exactly one of these hosts", parse=_hosts),
        "within": Operator(doc="this host or a sub-domain of it; `*.` in front leaves out the host itself", parse=hosts_within),
    },
    ValueType.ADDRESS: {
        "is": Operator(doc="exactly this address", parse=_single(_networks)),
        "in": Operator(doc="one of these addresses", parse=_networks),
        "within": Operator(doc="inside this network, or one of these", parse=_networks),
    },
    ValueType.NAMES: {
        "any": Operator(doc="has at least one of these", parse=_has(Quantifier.ANY)),
        "all": Operator(doc="has each of these", parse=_has(Quantifier.ALL)),
        "none": Operator(doc="has not one of these", parse=_has(Quantifier.NONE)),
    },
    ValueType.WORDS: {
        "any": Operator(doc="has at least one of these; `*` stands for any characters", parse=_among(Quantifier.ANY)),
        "all": Operator(doc="has each of these; `*` as above", parse=_among(Quantifier.ALL)),
        "none": Operator(doc="has not one of these; `*` as above", parse=_among(Quantifier.NONE)),
        "outside": Operator(
            doc="has at least one that is none of these, as an allow-list is broken; `*` as above",
            parse=_among(Quantifier.OUTSIDE),
        ),
        **_KNOWN,
    },
    ValueType.NUMBER: _number_operators(_whole),
    ValueType.SCORE: {
        **_number_operators(_hundredths),
        "scored": Operator(doc="`true`: there is a score; `false`: not scored (then every comparison is no)", parse=_present),
    },
    ValueType.LEVEL: {
        "is": Operator(doc="exactly this level", parse=_scalar(_level, _level_alone)),
        "in": Operator(doc="one of these levels", parse=_ranges(_level, _level_alone)),
        "at_least": Operator(doc="this level or a higher one", parse=_scalar(_level, _from_here)),
    },
    ValueType.YES_NO: {"is": Operator(doc="`true` or `false`", parse=_is_true)},
}


def shorthand(kind: ValueType, value: object) -> str:
    """The operator that a bare value means: a list is `in`, anything else `is`; for a set both are `any`."""
    if kind in (ValueType.NAMES, ValueType.WORDS):
        return Quantifier.ANY.value
    return "in" if isinstance(value, list) else "is"
