"""Words beside a match that speak for it or against it.

Separate because the same rule serves every detector: whole words only, never substrings (`lic` is not in `public`), within
a reach in characters. It must never look further than that reach.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lockgate.dlp.columns import heading_of

_JOINT = r"[\s_\-.]{0,2}"


class WordFinder:
    """Finds whole words and phrases of a list, in any case. `_` separates words; a plural `s` may follow."""

    __slots__ = ("_names", "_pattern", "_words")

    def __init__(self, words: Sequence[str]) -> None:
        self._words = tuple(words)
        self._names = {_squeezed(word): word for word in words}
        choices = "|".join(_JOINT.join(re.escape(piece) for piece in word.split()) for word in _longest_first(words))
        self._pattern = re.compile(rf"(?<![^\W_])({choices})s?(?![^\W_])", re.IGNORECASE) if words else None

    def coarse(self) -> tuple[bytes, ...]:
        """Patterns of which at least one is in every text that has a word of the list, for the automaton."""
        return tuple(
            _JOINT.join(
                "".join(character if character.isascii() else r"\?" for character in re.escape(piece)) for piece in word.split()
            ).encode("ascii")
            for word in self._words
        )

    def nearest(self, text: str, start: int, end: int, *, to_end: bool) -> tuple[int, str] | None:
        """The word inside `text[start:end]` nearest to its end (or its start), with its distance; None when there is none.

        The characters beside the slice count as its surroundings, so that a word cut by the slice is not taken for a whole one.
        """
        if self._pattern is None:
            return None
        nearest: tuple[int, str] | None = None
        for found in self._pattern.finditer(text, start, end):
            if found.end() == end < len(text) and text[end].isalnum():
                continue
            name = self._names.get(_squeezed(found[1]), found[1].lower())
            if not to_end:
                return found.start() - start, name
            nearest = end - found.end(), name
        return nearest


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextRule:
    """The context of a detector, ready to look with."""

    words: WordFinder
    against: WordFinder
    before: int
    after: int

    def look(self, text: str, start: int, end: int) -> tuple[str | None, bool]:
        """The word that speaks for `text[start:end]`, if any, and whether one that speaks against it is nearer.

        The heading of a table column is the nearest of all.
        """
        heading = heading_of(text, start)
        if heading:
            named = self.words.nearest(heading, 0, len(heading), to_end=True)
            if named is not None:
                return named[1], False
        supporting = self._near(self.words, text, start, end)
        opposing = self._near(self.against, text, start, end)
        if opposing is not None and (supporting is None or opposing[0] < supporting[0]):
            return None, True
        return (None if supporting is None else supporting[1]), False

    def _near(self, finder: WordFinder, text: str, start: int, end: int) -> tuple[int, str] | None:
        before = finder.nearest(text, max(0, start - self.before), start, to_end=True)
        after = finder.nearest(text, end, min(len(text), end + self.after), to_end=False)
        return min((place for place in (before, after) if place is not None), default=None)


def _longest_first(words: Sequence[str]) -> list[str]:
    return sorted(words, key=lambda word: (-len(word), word))


def _squeezed(word: str) -> str:
    return re.sub(r"[\s_\-.]+", "", word).lower()
