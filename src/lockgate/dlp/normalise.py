"""Readings of a text: as written with disguises undone, and what is encoded inside it.

Separate because every later step works on plain characters and every hit must point into what was sent. It
must never lose the way back: the span of a hit always covers the original characters it was read from.
"""

import html
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from lockgate.dlp.decode import encoded_pieces

_PIECES_LIMIT = 64
_FEW = 16
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
_QUOTES = {
    "\u2018": "'",
    "\u2019": "'",
    "\u201a": "'",
    "\u201b": "'",
    "\u201c": '"',
    "\u201d": '"',
    "\u201e": '"',
    "\u201f": '"',
}
_ESCAPE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,12});|\\u[0-9a-fA-F]{4}")
_IGNORABLE_MARKS = (
    frozenset(range(0xFE00, 0xFE10)) | frozenset(range(0xE0100, 0xE01F0)) | {0x034F, 0x115F, 0x1160, 0x3164, 0xFFA0}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One reading. Character `i` was read from `starts[i]` to `ends[i]` of the original; both None when nothing moved.

    `how` says how it was come by, empty for the text as written.
    """

    text: str = field(repr=False)
    starts: Sequence[int] | None = field(default=None, repr=False)
    ends: Sequence[int] | None = field(default=None, repr=False)
    how: str = ""

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The span of the original text that `text[start:end]` (not empty) was read from."""
        if self.starts is None or self.ends is None:
            return start, end
        return self.starts[start], self.ends[end - 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All views of a text, the text as written first. `complete` is False when more was encoded in it than is looked at."""

    views: tuple[View, ...]
    complete: bool = True


def read(text: str) -> Reading:
    """Undo what hides characters, then decode one level of what is encoded."""
    plain = _undisguised(text)
    views = [plain]
    complete = True
    for count, piece in enumerate(encoded_pieces(plain.text)):
        if count >= _PIECES_LIMIT:
            complete = False
            break
        decoded = _undisguised(piece.text)
        starts: list[int] = []
        ends: list[int] = []
        for index in range(len(decoded.text)):
            first, last = decoded.original(index, index + 1)
            start, end = plain.original(piece.starts[first], piece.ends[last - 1])
            starts.append(start)
            ends.append(end)
        if starts:
            views.append(View(text=decoded.text, starts=starts, ends=ends, how=piece.how))
    return Reading(views=tuple(views), complete=complete)


class _Folds(dict[int, str]):
    """How each character is read, filled as characters are met: compatibility forms folded, digits of any script as ASCII."""

    def __missing__(self, code: int) -> str:
        folded = _fold(chr(code))
        self[code] = folded
        return folded


def _fold(character: str) -> str:
    if character in _DASHES:
        return "-"
    if character in _QUOTES:
        return _QUOTES[character]
    category = unicodedata.category(character)
    if category == "Cf" or ord(character) in _IGNORABLE_MARKS:
        return ""
    if category == "Nd":
        return str(unicodedata.digit(character))
    if category == "Zs":
        return " "
    return unicodedata.normalize("NFKC", character)


_FOLDS = _Folds({code: chr(code) for code in range(128)})


def _undisguised(text: str) -> View:
    escaped = "&" in text or "\\u" in text
    if text.isascii() and not escaped:
        return View(text=text)
    if not escaped:
        folded = text.translate(_FOLDS)
        if len(folded) == len(text) and all(len(_FOLDS[ord(character)]) == 1 for character in set(text)):
            return View(text=folded)
    return _mapped(text)


def _mapped(text: str) -> View:
    """What is read as more or fewer characters than it is written in, with the places of all others moved along."""
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []

    def take_as_written(start: int, end: int) -> None:
        pieces.append(text[start:end].translate(_FOLDS))
        starts.extend(range(start, end))
        ends.extend(range(start + 1, end + 1))

    position = 0
    for start, end, written in _odd_places(text):
        take_as_written(position, start)
        pieces.append(written)
        starts.extend([start] * len(written))
        ends.extend([end] * len(written))
        position = end
    take_as_written(position, len(text))
    return View(text="".join(pieces), starts=starts, ends=ends)


def _odd_places(text: str) -> list[tuple[int, int, str]]:
    """Escapes, and characters that are not read as one character, in order: from where to where, and what is read there."""
    places = [
        (escape.start(), escape.end(), "".join(_FOLDS[ord(character)] for character in _unescaped(escape[0])))
        for escape in _ESCAPE.finditer(text)
    ]
    odd = {character for character in set(text) if len(_FOLDS[ord(character)]) != 1}
    if len(odd) > _FEW:
        places += [(at, at + 1, _FOLDS[ord(character)]) for at, character in enumerate(text) if character in odd]
        return sorted(places)
    for character in odd:  # of few, each is found faster by itself
        at = text.find(character)
        while at >= 0:
            places.append((at, at + 1, _FOLDS[ord(character)]))
            at = text.find(character, at + 1)
    return sorted(places) if odd else places


def _unescaped(escape: str) -> str:
    code = escape.removeprefix("\\u")
    return html.unescape(escape) if code == escape else chr(int(code, 16))
