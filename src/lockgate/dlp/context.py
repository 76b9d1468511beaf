"""Words beside a match that speak for it or against it.

Separate because the same rule serves every detector: whole words only, never substrings (`lic` is not in `public`), within a reach
in characters. It must never look further than that reach.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

_JOINT = r"[\s_\-.]{0,2}"


class WordFinder:
    """Finds whole words and phrases of a list, in any case. `_` separates words; a plural `s` may follow."""

    __slots__ = ("_names", "_pattern")

    def __init__(self, words: Sequence[str]) -> None:
        self._names = {_squeezed(word): word for word in words}
        choices = "|".join(_JOINT.join(re.escape(piece) for piece in word.split()) for word in _longest_first(words))
        self._pattern = re.compile(rf"(?<![^\W_])({choices})s?(?![^\W_])", re.IGNORECASE) if words else None

    def find(self, text: str, start: int, end: int) -> str | None:
        """The first word of the list inside `text[start:end]`, as the list writes it, or None.

        The characters beside the slice count as its surroundings, so that a word cut by the slice is not taken for a whole one.
        """
        if self._pattern is None:
            return None
        found = self._pattern.search(text, start, end)
        while found is not None and found.end() == end < len(text) and _in_word(text[end]):
            found = self._pattern.search(text, found.start() + 1, end)
        return None if found is None else self._names.get(_squeezed(found[1]), found[1].lower())


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextRule:
    """The context of a detector, ready to look with."""

    words: WordFinder
    against: WordFinder
    before: int
    after: int
    has_words: bool = field(default=True)

    def supporting(self, text: str, start: int, end: int) -> str | None:
        """The word in reach of `text[start:end]` that speaks for the match."""
        return self._near(self.words, text, start, end)

    def opposing(self, text: str, start: int, end: int) -> str | None:
        """The word in reach that speaks against the match."""
        return self._near(self.against, text, start, end)

    def _near(self, finder: WordFinder, text: str, start: int, end: int) -> str | None:
        before = finder.find(text, max(0, start - self.before), start)
        return before or finder.find(text, end, min(len(text), end + self.after))


def _longest_first(words: Sequence[str]) -> list[str]:
    return sorted(words, key=lambda word: (-len(word), word))


def _squeezed(word: str) -> str:
    return re.sub(r"[\s_\-.]+", "", word).lower()


def _in_word(character: str) -> bool:
    return character.isalnum()
