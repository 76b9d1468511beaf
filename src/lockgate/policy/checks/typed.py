"""A rule or entry with its condition as alternatives that the proofs work on: those that can hold, and why others cannot."""

from dataclasses import dataclass

from lockgate.policy.analysis.conjunction import Conjunction
from lockgate.policy.analysis.knowledge import Knowledge
from lockgate.policy.analysis.literal import Literal, alternatives
from lockgate.policy.draft import DraftEntry, DraftRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed[D: DraftEntry | DraftRule]:
    """`terms` are the alternatives that may hold; `clashes` says why each of the others never does.

    With exceptions it may not act although it matches.
    """

    draft: D
    terms: tuple[Conjunction, ...]
    clashes: tuple[tuple[Literal, ...], ...]
    has_exceptions: bool = False


type TypedEntry = Typed[DraftEntry]
type TypedRule = Typed[DraftRule]


def typed[D: DraftEntry | DraftRule](draft: D, knowledge: Knowledge, *, has_exceptions: bool = False) -> Typed[D]:
    """Its condition, taken apart."""
    possible: list[Conjunction] = []
    clashes: list[tuple[Literal, ...]] = []
    for term in alternatives(draft.when, knowledge.lists):
        conjunction = Conjunction(term, knowledge)
        clash = conjunction.clash()
        if clash:
            clashes.append(clash)
        else:
            possible.append(conjunction)
    return Typed(draft=draft, terms=tuple(possible), clashes=tuple(clashes), has_exceptions=has_exceptions)
