"""Which rule is never reached because rules above end the walk for everything that it matches.

Separate because it looks at many rules and must not compare each with each. It claims only what `Conjunction.implies` proves.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from lockgate.policy.analysis.conjunction import Conjunction
from lockgate.policy.analysis.index_keys import MOST_SPLITS, Key, Shapes, keys_asked, keys_of
from lockgate.policy.analysis.knowledge import Knowledge
from lockgate.policy.analysis.literal import Literal, Term
from lockgate.policy.analysis.region import Words

type Accept[R] = Callable[[R], bool]

_FEWEST_SPLITS = 2
_MOST_COMPARED = 2_000
"""For one rule. What would take more is left unclaimed, so that a check stays fast whatever the policy."""


@dataclass(frozen=True, slots=True)
class _Above[R]:
    """One way in which a rule above ends the walk."""

    rule: R
    term: Term


@dataclass(slots=True)
class Shadows[R]:
    """Rules that end the walk, so far; asked about a rule further down."""

    knowledge: Knowledge
    _always: list[_Above[R]] = field(default_factory=list[_Above[R]])
    _asked: defaultdict[Key, int] = field(default_factory=lambda: defaultdict[Key, int](int))
    _by_key: defaultdict[Key, list[_Above[R]]] = field(default_factory=lambda: defaultdict[Key, list[_Above[R]]](list))

    _shapes: defaultdict[str, Shapes] = field(default_factory=lambda: defaultdict[str, Shapes](Shapes))

    def add(self, rule: R, terms: tuple[Term, ...]) -> None:
        """A rule that ends the walk whenever one of the terms holds."""
        for term in terms:
            above = _Above(rule, term)
            if not term:
                self._always.append(above)
                continue
            for key in min((keys_of(literal) for literal in term), key=self._cost):
                self._by_key[key].append(above)
                self._shapes[key[0]].add(key[1])

    def _cost(self, keys: tuple[Key, ...]) -> tuple[int, int]:
        """What is asked least by the rules that were looked at is what a rule is best filed under."""
        return sum(self._asked[key] for key in keys), len(keys)

    def covering(self, terms: tuple[Conjunction, ...], accept: Accept[R]) -> tuple[R, ...]:
        """Rules that end the walk whichever term holds; none when that cannot be shown. `accept` says which rules count."""
        found: list[R] = []
        if not self._by_key and not self._always:
            return ()
        for term in terms:
            covering = self._cover(term, accept)
            if not covering:
                return ()
            found += covering
        return tuple(dict.fromkeys(found))

    def _cover(self, term: Conjunction, accept: Accept[R]) -> tuple[R, ...]:
        """One rule that ends the walk for all of a term, or several that do for each word a subject may be."""
        split = {
            subject: region.words
            for subject, region in term.values()
            if isinstance(region, Words) and _FEWEST_SPLITS <= len(region.words) <= MOST_SPLITS
        }
        parts: dict[str, dict[str, R]] = {subject: {} for subject in split}
        for number, above in enumerate(self._candidates(term)):
            if number > _MOST_COMPARED:
                return ()
            missing = _missing(term, above.term)
            if missing is None or (missing and missing[0].subject not in split) or not accept(above.rule):
                continue
            if not missing:
                return (above.rule,)
            subject = missing[0].subject
            part, words = parts[subject], split[subject]
            for word in words:
                if word not in part and all((word in _words(literal)) is literal.holds for literal in missing):
                    part[word] = above.rule
            if len(part) == len(words):
                return tuple(part[word] for word in sorted(words))
        return ()

    def _candidates(self, term: Conjunction) -> Iterator[_Above[R]]:
        yield from self._always
        asked = (keys_asked(literal, self._shapes[literal.subject]) for literal in term.asked())
        for key in dict.fromkeys(chain.from_iterable(asked)):
            self._asked[key] += 1
            yield from self._by_key.get(key, ())


def _missing(term: Conjunction, wanted: Term) -> tuple[Literal, ...] | None:
    """The literals of `wanted` that do not follow, if all of them are words of one subject; else None."""
    missing: list[Literal] = []
    for literal in wanted:
        if term.implies(literal):
            continue
        if not isinstance(literal.region, Words) or (missing and missing[0].subject != literal.subject):
            return None
        missing.append(literal)
    return tuple(missing)


def _words(literal: Literal) -> frozenset[str]:
    return literal.region.words if isinstance(literal.region, Words) else frozenset()
