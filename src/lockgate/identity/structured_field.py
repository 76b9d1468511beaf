"""Structured fields (RFC 9651, formerly RFC 8941), as much as headers about devices use: dictionaries, lists of byte strings.

Separate because it is a grammar and knows nothing of devices. Stricter than the standard where leniency would let two writers
of one header disagree: a key that comes twice is an error, not the later one. Anything else than the grammar is an error;
work and size are bounded, and patterns are linear.
"""

import base64
import binascii
import re
from dataclasses import dataclass

LONGEST_DICTIONARY = 4096
"""Characters."""
_MOST_MEMBERS = 64
_KEY = re.compile(r"[a-z*][a-z0-9_.*-]*")
_STRING = re.compile(r'"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"')
_TOKEN = re.compile(r"[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*")
_NUMBER = re.compile(r"-?(?:[0-9]{1,12}\.[0-9]{1,3}|[0-9]{1,15})(?![0-9.])")
_BYTES = re.compile(r":([A-Za-z0-9+/=]*):")
_OPTIONAL_BLANKS = re.compile(r"[ \t]*")
_BLANKS = re.compile(r" *")


@dataclass(frozen=True, slots=True)
class Token:
    """A bare word."""

    text: str


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written; nobody here counts with one."""

    text: str


type Bare = str | Token | Number | bytes | bool
type Member = Bare | tuple[Bare, ...]
"""An item, or an inner list. Parameters are read and left out."""


class MalformedFieldError(ValueError):
    """The text is not of this grammar. Says nothing of the text, which may be anybody's."""


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._left = _MOST_MEMBERS

    @property
    def is_over(self) -> bool:
        return self._at == len(self._text)

    def takes(self, characters: str) -> bool:
        found = self._text.startswith(characters, self._at)
        self._at += len(characters) if found else 0
        return found

    def skip(self, blanks: re.Pattern[str]) -> None:
        found = blanks.match(self._text, self._at)
        self._at = found.end() if found else self._at

    def key(self) -> str:
        return self._match(_KEY).group()

    def member(self) -> Member:
        if not self.takes("("):
            return self.item()
        items: list[Bare] = []
        while True:
            self.skip(_BLANKS)
            if self.takes(")"):
                self.parameters()
                return tuple(items)
            items.append(self.item())
            if not self._text.startswith((" ", ")"), self._at):
                raise MalformedFieldError

    def item(self) -> Bare:
        bare = self._bare()
        self.parameters()
        return bare

    def parameters(self) -> None:
        while self.takes(";"):
            self.skip(_BLANKS)
            self.key()
            if self.takes("="):
                self._bare()

    def comma(self) -> None:
        """What stands between two members; nothing may follow the last one."""
        self.skip(_OPTIONAL_BLANKS)
        if not self.takes(","):
            raise MalformedFieldError
        self.skip(_OPTIONAL_BLANKS)
        if self.is_over:
            raise MalformedFieldError

    def _bare(self) -> Bare:
        self._left -= 1
        if self._left < 0:
            raise MalformedFieldError
        first = self._text[self._at : self._at + 1]
        if first == '"':
            return re.sub(r"\\(.)", r"\1", self._match(_STRING).group(1))
        if first == ":":
            return _decoded(self._match(_BYTES).group(1))
        if self.takes("?1"):
            return True
        if self.takes("?0"):
            return False
        if first.isdecimal() or first == "-":
            return Number(self._match(_NUMBER).group())
        return Token(self._match(_TOKEN).group())

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str]:
        found = pattern.match(self._text, self._at)
        if found is None:
            raise MalformedFieldError
        self._at = found.end()
        return found


def read_dictionary(text: str) -> dict[str, Member]:
    """The members of a dictionary; a key alone is true. Raises MalformedFieldError."""
    if len(text) > LONGEST_DICTIONARY:
        raise MalformedFieldError
    reader = _Reader(text.strip(" "))
    members: dict[str, Member] = {}
    while not reader.is_over:
        if members:
            reader.comma()
        key = reader.key()
        if key in members:
            raise MalformedFieldError
        if reader.takes("="):
            members[key] = reader.member()
        else:
            reader.parameters()
            members[key] = True
    return members


def read_byte_strings(text: str, *, longest: int, most: int) -> tuple[bytes, ...]:
    """A list of byte strings, of so many characters and so many at most. Raises MalformedFieldError."""
    if len(text) > longest:
        raise MalformedFieldError
    reader = _Reader(text.strip(" "))
    found: list[bytes] = []
    while not reader.is_over:
        if found:
            reader.comma()
        item = reader.item()
        if not isinstance(item, bytes) or len(found) == most:
            raise MalformedFieldError
        found.append(item)
    return tuple(found)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise MalformedFieldError from None
