"""Why literals cannot hold together, in the words of the policy that asks for them."""

from collections.abc import Iterable

from lockgate.policy.analysis.knowledge import Knowledge
from lockgate.policy.analysis.literal import FALSE, Literal
from lockgate.policy.analysis.region import Everything, Intervals, Words
from lockgate.policy.expression import Test
from lockgate.policy.operand import (
    UNBOUNDED,
    Contains,
    HostsWithin,
    InNetworks,
    InRanges,
    IsTrue,
    Like,
    OneOf,
    Operand,
    StartsWith,
)
from lockgate.policy.operators import ValueType

_KNOWN, _DISCOVERED = "app.known", "app.discovered"
_NO = Words(frozenset({FALSE}))
_MOST_SHOWN = 6
_NUMBERS = (ValueType.NUMBER, ValueType.LEVEL)


def why_never(clash: tuple[Literal, ...], knowledge: Knowledge) -> str:
    """A clause that says why all of `clash` can never be."""
    clash = tuple(sorted(clash, key=_place))
    names = list(dict.fromkeys(literal.test.name for literal in clash if literal.test is not None))
    if len({literal.subject for literal in clash}) > 1:
        return f"no app of the library has {_listed([_asked(literal) for literal in clash])}"
    subject = clash[0].subject
    if subject == _KNOWN and any(literal.holds and literal.region == _NO for literal in clash):
        of_app = next((name for name in names if name not in (_KNOWN, _DISCOVERED)), "")
        if _DISCOVERED in names:
            return "what is discovered is no app of the library" + (f", so it has no `{of_app}`" if of_app else "")
        if of_app:
            return f"an app that is not known has no `{of_app}`"
    values = knowledge.values(subject)
    if values is not None and all(isinstance(literal.region, Everything) for literal in clash if literal.holds):
        return f"`{subject}` is always one of {', '.join(sorted(values))}, and the condition leaves none of them"
    if len(names) > 1:
        return f"{_listed([_asked(literal) for literal in clash])} cannot hold together"
    return _of_one(names[0] if names else subject, clash, knowledge)


def _place(literal: Literal) -> tuple[bool, list[str]]:
    """What is wanted before what is refused, each in the order of the file."""
    return not literal.holds, [str(step) for step in literal.test.path] if literal.test is not None else []


def _of_one(name: str, clash: tuple[Literal, ...], knowledge: Knowledge) -> str:
    tests = [literal.test for literal in clash if literal.test is not None]
    if any(isinstance(literal.region, Everything) and not literal.holds for literal in clash):
        return f"`{name}` cannot be absent and have a value at once"
    if all(isinstance(test.operand, IsTrue) for test in tests):
        return f"`{name}` cannot be true and false at once"
    if all(isinstance(test.operand, OneOf) and literal.holds for literal, test in zip(clash, tests, strict=True)):
        words = {" or ".join(sorted(test.operand.words)) for test in tests if isinstance(test.operand, OneOf)}
        return f"`{name}` cannot be {' and '.join(sorted(words))} at once"
    if all(isinstance(literal.region, Intervals) for literal in clash):
        return f"no number is in all the ranges asked of `{name}`"
    row = knowledge.selector(name)
    verb = "have" if row is not None and row.type in (ValueType.NAMES, ValueType.WORDS) else "be"
    return f"`{name}` cannot {verb} {_listed([_turned(literal) for literal in clash])} at once"


def asked(test: Test) -> str:
    """A test as a policy would put it, in one line."""
    return f"{test.name}: {_operand(test.operand, numbers=test.selector.type in _NUMBERS)}"


def _asked(literal: Literal) -> str:
    if literal.test is None:
        return f"`{literal.subject}`"
    return f"`not {asked(literal.test)}`" if _is_turned(literal) else f"`{asked(literal.test)}`"


def _turned(literal: Literal) -> str:
    if literal.test is None:
        return "something else"
    operand = _operand(literal.test.operand, numbers=literal.test.selector.type in _NUMBERS)
    return f"not {operand}" if _is_turned(literal) else operand


def _is_turned(literal: Literal) -> bool:
    """Whether a `not` stands before the test; what refuses by itself needs none."""
    refuses = literal.test is not None and literal.test.operand.canonical.startswith(("none ", "absent"))
    return literal.holds is refuses


def _operand(operand: Operand, *, numbers: bool) -> str:
    match operand:
        case OneOf(words=words):
            return _some(words)
        case HostsWithin(names=names, suffixes=suffixes):
            return f"within {_some({*names, *(f'*{suffix}' for suffix in suffixes if suffix[1:] not in names)})}"
        case InNetworks(networks=networks):
            return f"within {_some(map(str, networks))}"
        case StartsWith(prefixes=texts):
            return f"beginning with {_some(texts)}"
        case Like(patterns=texts):
            return f"like {_some(texts)}"
        case Contains(texts=texts):
            return f"containing {_some(texts)}"
        case InRanges(ranges=ranges) if numbers:
            return " or ".join(_range(low, high) for low, high in ranges)
        case _:
            return operand.canonical.removeprefix("is ")


def _some(words: Iterable[str]) -> str:
    listed = sorted(words)
    shown = ", ".join(listed[:_MOST_SHOWN])
    if len(listed) > _MOST_SHOWN:
        return f"one of {shown} and {len(listed) - _MOST_SHOWN} more"
    return shown if len(listed) == 1 else f"one of {shown}"


def _range(low: float, high: float) -> str:
    if high == UNBOUNDED:
        return f"{low:.0f} or more"
    if low == -UNBOUNDED:
        return f"{high:.0f} or less"
    return f"{low:.0f}" if low == high else f"{low:.0f} to {high:.0f}"


def _listed(parts: list[str]) -> str:
    shown = list(dict.fromkeys(parts))[:_MOST_SHOWN]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
