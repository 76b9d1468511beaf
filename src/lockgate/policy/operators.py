"""The operators of each type of selector: name, meaning, and how the written value becomes an operand.

Separate from the selectors because a type has many selectors and its operators are defined once. A written value that
does not fit is reported with the next step; nothing here is lenient, because a misread value is a hole in the policy.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from lockgate.policy import number_operands as numbers
from lockgate.policy import time_operands as times
from lockgate.policy import word_operands as words
from lockgate.policy.operand import Quantifier
from lockgate.policy.written import Parse, single


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
    TIME_OF_DAY = "time of day"
    DATE = "date"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """One operator of one type."""

    doc: str
    parse: Parse


def _number_operators(number: numbers.Number) -> dict[str, Operator]:
    return {
        "is": Operator(doc="equal to this number", parse=numbers.scalar(number, numbers.equal)),
        "in": Operator(doc="equal to one of these numbers", parse=numbers.ranges(number, numbers.equal)),
        "below": Operator(doc="less than this number", parse=numbers.scalar(number, lambda n: numbers.up_to(n - 1))),
        "above": Operator(doc="more than this number", parse=numbers.scalar(number, lambda n: numbers.from_here(n + 1))),
        "at_least": Operator(doc="this number or more", parse=numbers.scalar(number, numbers.from_here)),
        "at_most": Operator(doc="this number or less", parse=numbers.scalar(number, numbers.up_to)),
        "between": Operator(doc="from the first to the second number, both included", parse=numbers.between(number)),
    }


_WORDS = {
    "is": Operator(doc="equal to this word", parse=single(words.one_of)),
    "in": Operator(doc="equal to one of these words", parse=words.one_of),
}
_TIME = "time of day"
_KNOWN = {"known": Operator(doc="`true`: there is a value; `false`: there is none", parse=words.present)}

OPERATORS: Mapping[ValueType, Mapping[str, Operator]] = {
    ValueType.TEXT: {
        **_WORDS,
        "starts_with": Operator(doc="begins with this text, or one of these", parse=words.starts_with),
        "contains": Operator(doc="has this text somewhere in it, or one of these", parse=words.contains),
        "like": Operator(doc="fits this pattern as a whole, or one of these; `*` stands for any characters", parse=words.like),
        "matches": Operator(
            doc="has a place where this regular expression (RE2) fits, or one of these; `^` and `$` are its ends, "
            "`(?i)` in front takes capitals as small letters",
            parse=words.matches,
        ),
        **_KNOWN,
    },
    ValueType.WORD: {**_WORDS, **_KNOWN},
    ValueType.HOST: {
        "is": Operator(doc="exactly this host", parse=single(words.hosts)),
        "in": Operator(doc="exactly one of these hosts", parse=words.hosts),
        "within": Operator(
            doc="this host or a sub-domain of it; `*.` in front leaves out the host itself", parse=words.hosts_within
        ),
        "starts_with": Operator(doc="begins with this text, or one of these", parse=words.in_lower_case(words.starts_with)),
        "contains": Operator(doc="has this text somewhere in it, or one of these", parse=words.in_lower_case(words.contains)),
        "like": Operator(
            doc="fits this pattern as a whole, or one of these; `*` stands for any characters, dots too",
            parse=words.in_lower_case(words.like),
        ),
        "matches": Operator(
            doc="has a place where this regular expression (RE2) fits, or one of these; capitals are as small letters",
            parse=words.matches_host,
        ),
    },
    ValueType.ADDRESS: {
        "is": Operator(doc="exactly this address", parse=single(words.networks)),
        "in": Operator(doc="one of these addresses", parse=words.networks),
        "within": Operator(doc="inside this network, or one of these", parse=words.networks),
    },
    ValueType.NAMES: {
        "any": Operator(doc="has at least one of these", parse=words.has(Quantifier.ANY)),
        "all": Operator(doc="has each of these", parse=words.has(Quantifier.ALL)),
        "none": Operator(doc="has not one of these", parse=words.has(Quantifier.NONE)),
    },
    ValueType.WORDS: {
        "any": Operator(doc="has at least one of these; `*` stands for any characters", parse=words.among(Quantifier.ANY)),
        "all": Operator(doc="has each of these; `*` as above", parse=words.among(Quantifier.ALL)),
        "none": Operator(doc="has not one of these; `*` as above", parse=words.among(Quantifier.NONE)),
        "outside": Operator(
            doc="has at least one that is none of these, as an allow-list is broken; `*` as above",
            parse=words.among(Quantifier.OUTSIDE),
        ),
        **_KNOWN,
    },
    ValueType.NUMBER: _number_operators(numbers.whole),
    ValueType.SCORE: {
        **_number_operators(numbers.hundredths),
        "scored": Operator(
            doc="`true`: there is a score; `false`: not scored (then every comparison is no)", parse=words.present
        ),
    },
    ValueType.LEVEL: {
        "is": Operator(doc="exactly this level", parse=numbers.scalar(numbers.level, numbers.level_alone)),
        "in": Operator(doc="one of these levels", parse=numbers.ranges(numbers.level, numbers.level_alone)),
        "at_least": Operator(doc="this level or a higher one", parse=numbers.scalar(numbers.level, numbers.from_here)),
    },
    ValueType.YES_NO: {"is": Operator(doc="`true` or `false`", parse=words.is_true)},
    ValueType.TIME_OF_DAY: {
        "between": Operator(
            doc='from the first to the second minute, both included; `["22:00", "06:00"]` goes past midnight',
            parse=times.times_between,
        ),
        "at_least": Operator(
            doc="this minute or a later one of the day", parse=numbers.scalar(times.minutes, times.from_time, _TIME)
        ),
        "at_most": Operator(
            doc="this minute or an earlier one of the day", parse=numbers.scalar(times.minutes, times.until_time, _TIME)
        ),
    },
    ValueType.DATE: {
        "is": Operator(doc="this day", parse=numbers.scalar(times.day, numbers.equal, "date")),
        "in": Operator(doc="one of these days", parse=numbers.ranges(times.day, numbers.equal)),
        "between": Operator(
            doc="from the first to the second day, both included", parse=numbers.between(times.day, "date", "[first, last]")
        ),
        "at_least": Operator(doc="this day or a later one", parse=numbers.scalar(times.day, numbers.from_here, "date")),
        "at_most": Operator(doc="this day or an earlier one", parse=numbers.scalar(times.day, numbers.up_to, "date")),
    },
}


def shorthand(kind: ValueType, value: object) -> str:
    """The operator that a bare value means: a list is `in`, anything else `is`; for a set both are `any`."""
    if kind in (ValueType.NAMES, ValueType.WORDS):
        return Quantifier.ANY.value
    return "in" if isinstance(value, list) else "is"
