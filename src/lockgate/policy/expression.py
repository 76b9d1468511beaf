"""Conditions as typed data: what a `when` says once every name in it is known to be right. Closed union: `Expression`.

Separate from the code that runs: the checker and the policy's version work on this, evaluation on what `closures` makes
of it.
"""

from dataclasses import dataclass, field

from lockgate.facts.problem import Path
from lockgate.facts.traffic import Phase
from lockgate.policy.operand import Has, Operand
from lockgate.policy.selector import Selector, Surroundings


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """One selector compared with one operand. `member` belongs to a selector of a family and is empty otherwise.

    `name` is that of the selector as a policy writes it.
    """

    selector: Selector
    operand: Operand
    member: str = ""
    path: Path = field(default=(), compare=False)
    name: str = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Its name is asked for all the time."""
        object.__setattr__(self, "name", self.selector.prefix + self.member)

    @property
    def canonical(self) -> str:
        """The same text for the same meaning."""
        return f"{self.name} {self.operand.canonical}"


@dataclass(frozen=True, slots=True)
class All:
    """Each of the parts; always true without any."""

    parts: tuple["Expression", ...]

    @property
    def canonical(self) -> str:
        """Parts in alphabetical order: their order means nothing."""
        return _canonical("all", self.parts)


@dataclass(frozen=True, slots=True)
class Any:
    """At least one of the parts."""

    parts: tuple["Expression", ...]

    @property
    def canonical(self) -> str:
        """Parts in alphabetical order: their order means nothing."""
        return _canonical("any", self.parts)


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite; not knowing stays not knowing."""

    part: "Expression"

    @property
    def canonical(self) -> str:
        """For example `not (a is b)`."""
        return f"not ({self.part.canonical})"


type Expression = Test | All | Any | Not

ALWAYS = All(())


def _canonical(word: str, parts: tuple[Expression, ...]) -> str:
    texts = sorted({part.canonical for part in parts})
    return texts[0] if len(texts) == 1 else f"{word} ({'; '.join(texts)})"


def tests_of(expression: Expression) -> tuple[Test, ...]:
    """Every test in it, wherever it stands."""
    match expression:
        case Test():
            return (expression,)
        case Not(part=part):
            return tests_of(part)
        case All(parts=parts) | Any(parts=parts):
            return tuple([test for part in parts for test in ((part,) if isinstance(part, Test) else tests_of(part))])


def phase_of(expression: Expression) -> Phase:
    """The latest phase any of its selectors is known at."""
    if isinstance(expression, Test):
        return expression.selector.phase
    return max([test.selector.phase for test in tests_of(expression)], default=Phase.CONNECT)


def profiles_of(expression: Expression, surroundings: Surroundings) -> frozenset[str]:
    """The DLP profiles it could ever need examined."""
    needed: frozenset[str] = frozenset()
    for test in tests_of(expression):
        if test.selector.profiles is not None:
            names = test.operand.names if isinstance(test.operand, Has) and not test.member else (test.member,)
            needed = needed.union(*(test.selector.profiles(surroundings, name) for name in names))
    return needed
