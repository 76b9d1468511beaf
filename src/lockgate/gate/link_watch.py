"""Whether what comes next in a text would become part of an address, or of something else that is fetched without a person.

Separate because it is a small reading of Markdown and HTML, one character after the other, that errs on the side of yes. Models
can be talked into answering with a picture whose address holds what they were told; who shows the answer fetches it.
"""

import re

_MARK = re.compile(r"//|:/|\\\\|]\(|www\.|(?:https?|ftp|data|javascript|mailto|file):", re.IGNORECASE)
_ENDS_A_MARK = frozenset("/\\(.:")
_KEPT = 64


class LinkWatch:
    """Reads one text as it comes. Keeps a few characters."""

    __slots__ = ("_in_link", "_in_tag", "_last", "_run")

    def __init__(self) -> None:
        self._run = ""
        self._in_link = False
        self._in_tag = False
        self._last = ""

    @property
    def is_open(self) -> bool:
        """Whether an address or a tag goes on at this point."""
        return self._in_link or self._in_tag

    def read(self, text: str) -> None:
        """Take the next characters."""
        for character in text:
            self._take(character)

    def _take(self, character: str) -> None:
        if self._in_tag:
            self._in_tag = character != ">" and not (character == "\n" == self._last)
        elif self._last == "<" and (character.isalpha() or character in "/!?"):
            self._in_tag = True
        if character.isspace():
            self._run, self._in_link = "", False
        else:
            self._in_tag = self._in_tag or (character == "<" and self._run.endswith("]("))
            self._run = (self._run + character)[-_KEPT:]
            if character in _ENDS_A_MARK and not self._in_link:
                self._in_link = _MARK.search(self._run) is not None
        self._last = character
