"""Whether a pattern can be run on hostile text: bounded in width, and without the shapes that make backtracking explode.

Separate because it reads the parse tree of the `re` module. A pattern is refused when a match could be wider than `WIDEST`,
when a repetition repeats a repetition without a separator in each round, when neighbouring repetitions can share the same
characters in too many ways, or when it looks around or back. It must never run a pattern.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

WIDEST = 512
_WAYS_LIMIT = 8192
_ASCII = frozenset(range(128))
_OTHER = frozenset({128})
"""Stands for every character outside ASCII."""

_parser: Any = import_module("re._parser")
"""The standard library's own reader of patterns has no public name; what is used of it is pinned by the tests."""

_SINGLE = ("LITERAL", "NOT_LITERAL", "IN", "ANY")
_REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")
_REFUSED = {
    "ASSERT": "looks around",
    "ASSERT_NOT": "looks around",
    "GROUPREF": "refers back to a group",
    "GROUPREF_EXISTS": "refers back to a group",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """One element of a sequence.

    The characters it can take, in how many lengths by repetition, whether it has to be there, whether it is of one width.
    """

    characters: frozenset[int]
    lengths: int = 1
    mandatory: bool = True
    fixed: bool = True


def shape_problem(regex: str) -> str:
    """Why `regex` is refused, as a lower-case clause; empty when it is fine."""
    try:
        tree = _parser.parse(regex)
    except re.error as error:
        return f"is not a valid pattern: {error}"
    narrowest, widest = tree.getwidth()
    if widest > WIDEST:
        return f"can match more than {WIDEST} characters"
    if narrowest == 0:
        return "can match nothing at all"
    return next(_complaints(tree), "")


def widest_match(regex: str) -> int:
    """The most characters `regex` can match."""
    return int(_parser.parse(regex).getwidth()[1])


def _complaints(sequence: Any) -> Iterator[str]:
    for kind, argument in sequence:
        name = str(kind)
        if name in _REFUSED:
            yield _REFUSED[name]
        if name == "AT" and str(argument) not in ("AT_BOUNDARY", "AT_NON_BOUNDARY"):
            yield "uses an anchor other than \\b"
        for part in _parts(name, argument):
            yield from _complaints(part)
        if name in _REPEATS and argument[1] > 1 and argument[0] != argument[1] and _rounds_blur(argument[2]):
            yield "repeats a repetition without a separator in each round"
    if _ways(_steps(sequence)) > _WAYS_LIMIT:
        yield "has neighbouring repetitions that can share the same characters in too many ways"


def _parts(name: str, argument: Any) -> list[Any]:
    if name in _REPEATS:
        return [argument[2]]
    if name == "SUBPATTERN":
        return [argument[3]]
    if name == "BRANCH":
        return list(argument[1])
    return [argument] if name == "ATOMIC_GROUP" else []


def _rounds_blur(sequence: Any) -> bool:
    """Whether two rounds of a repeated sequence can trade characters: no mandatory element is foreign to its variable ones."""
    steps = _steps(sequence)
    variable = frozenset[int]().union(*(step.characters for step in steps if not step.fixed))
    return bool(variable) and not any(step.mandatory and step.fixed and not step.characters & variable for step in steps)


def _ways(steps: Sequence[_Step]) -> int:
    """The most ways in which neighbouring elements of variable length can divide the same characters among them."""
    most = 1
    for index, step in enumerate(steps):
        if step.lengths == 1:
            continue
        ways, shared = step.lengths, step.characters
        for follower in steps[index + 1 :]:
            common = shared & follower.characters
            if follower.lengths > 1 and common:
                ways *= follower.lengths
            elif follower.mandatory and not common:
                break
        most = max(most, ways)
    return most


def _steps(sequence: Any) -> list[_Step]:
    steps: list[_Step] = []
    for kind, argument in sequence:
        name = str(kind)
        if name == "SUBPATTERN":
            steps += _steps(argument[3])
        elif name == "ATOMIC_GROUP":
            steps += _steps(argument)
        elif name in _REPEATS:
            low, high, item = argument
            lengths = int(high) - int(low) + 1
            steps.append(_Step(characters=_characters(item), lengths=lengths, mandatory=low > 0, fixed=lengths == 1))
        elif name == "BRANCH":
            widths = {width for choice in argument[1] for width in choice.getwidth()}
            steps.append(_Step(characters=_characters([(kind, argument)]), mandatory=min(widths) > 0, fixed=len(widths) == 1))
        elif name in _SINGLE:
            steps.append(_Step(characters=_single(name, argument)))
    return steps


def _characters(sequence: Any) -> frozenset[int]:
    """Every character a sequence can take anywhere."""
    found: set[int] = set()
    for kind, argument in sequence:
        name = str(kind)
        if name in _SINGLE:
            found |= _single(name, argument)
        for part in _parts(name, argument):
            found |= _characters(part)
    return frozenset(found)


def _single(name: str, argument: Any) -> frozenset[int]:
    if name == "ANY":
        return _ASCII | _OTHER
    if name == "LITERAL":
        return _with_case(argument)
    if name == "NOT_LITERAL":
        return (_ASCII | _OTHER) - {argument}
    found: set[int] = set()
    inverted = False
    for kind, value in argument:
        match str(kind):
            case "NEGATE":
                inverted = True
            case "LITERAL":
                found |= _with_case(value)
            case "RANGE":
                for code in range(value[0], min(value[1], 128) + 1):
                    found |= _with_case(code)
            case _:
                found |= _category(str(value))
    return (_ASCII | _OTHER) - found if inverted else frozenset(found)


def _with_case(code: int) -> frozenset[int]:
    if code >= min(_OTHER):
        return _OTHER
    return frozenset({code, ord(chr(code).lower()), ord(chr(code).upper())})


_CATEGORY_SAMPLES = {"DIGIT": r"\d", "SPACE": r"\s", "WORD": r"\w"}


def _category(name: str) -> frozenset[int]:
    base = re.compile(_CATEGORY_SAMPLES[name.rsplit("_", 1)[-1]], re.ASCII)
    members = frozenset(code for code in _ASCII if base.match(chr(code)))
    return (_ASCII | _OTHER) - members if "_NOT_" in name else members
