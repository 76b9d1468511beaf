"""One pass over a text that says which patterns may match and where they end: all patterns in two Hyperscan databases.

The first has the patterns that stand by themselves, and the context words of the others; the second has those others, and is
asked only about a text in which such a word stands at all. Separate because Hyperscan is a library with a format of its own:
bytes, end offsets, one scratch space per scanner. A character outside ASCII is shown to it as `?`, so offsets are code points;
the exact pattern decides afterwards. It must never decide by itself.
"""

import struct
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import hyperscan

from lockgate.dlp.detector import ReadyPattern

_library: Any = hyperscan
"""The library carries no types."""

PLATFORM = f"hyperscan {_library.__version__}"
_WORD_FLAGS = int(_library.HS_FLAG_CASELESS | _library.HS_FLAG_SINGLEMATCH)
_LENGTH = struct.Struct(">Q")
_EVENTS_PER_CHARACTER = 12
_EVENTS_AT_LEAST = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """Where matches of one pattern end, ascending."""

    pattern: int
    ends: tuple[int, ...]


class Automaton:
    """All patterns at once. Not safe to use from two threads at a time; every process has its own."""

    __slots__ = ("_alone", "_with_word")

    def __init__(self, alone: Any, with_word: Any) -> None:
        self._alone = alone
        self._with_word = with_word

    @classmethod
    def compile(cls, patterns: Sequence[ReadyPattern], words: Sequence[bytes]) -> "Automaton":
        """Patterns are known by their place in `patterns`, words by theirs in `words`, counted from where patterns end.

        Raises ValueError naming the position of a pattern the library refuses.
        """
        alone = [(number, pattern) for number, pattern in enumerate(patterns) if not pattern.needs_context]
        with_word = [(number, pattern) for number, pattern in enumerate(patterns) if pattern.needs_context]
        expressions = [(number, pattern.coarse, _flags(pattern)) for number, pattern in alone]
        expressions += [(len(patterns) + number, word, _WORD_FLAGS) for number, word in enumerate(words)]
        return cls(
            _database(expressions), _database([(number, pattern.coarse, _flags(pattern)) for number, pattern in with_word])
        )

    @classmethod
    def load(cls, dumped: bytes) -> "Automaton":
        """The automaton that `dump` wrote. Raises ValueError when it is of another platform or broken."""
        try:
            (length,) = _LENGTH.unpack_from(dumped)
            first = dumped[_LENGTH.size : _LENGTH.size + length]
            return cls(_loaded(first), _loaded(dumped[_LENGTH.size + length :]))
        except (_library.HyperscanError, TypeError, struct.error) as error:
            raise ValueError(str(error)) from None

    def dump(self) -> bytes:
        """The compiled form, for this platform and library version."""
        first, second = (b"" if each is None else bytes(_library.dumpb(each)) for each in (self._alone, self._with_word))
        return _LENGTH.pack(len(first)) + first + second

    def look(self, text: str) -> tuple[list[Sighting], bool]:
        """What may match in `text` by itself, with the words that stand in it, and whether all of it was looked at."""
        return _seen(self._alone, text)

    def look_beside_words(self, text: str) -> tuple[list[Sighting], bool]:
        """What may match in `text` beside a context word."""
        return _seen(self._with_word, text)


def _seen(database: Any, text: str) -> tuple[list[Sighting], bool]:
    if database is None:
        return [], True
    ends: defaultdict[int, list[int]] = defaultdict(list)
    left = max(_EVENTS_AT_LEAST, len(text) * _EVENTS_PER_CHARACTER)

    def note(pattern: int, _start: int, end: int, _flags: int, _context: object) -> bool:
        nonlocal left
        left -= 1
        ends[pattern].append(end)
        return left < 0

    complete = True
    try:
        database.scan(text.encode("ascii", "replace"), match_event_handler=note)
    except _library.ScanTerminated:
        complete = False
    return [Sighting(pattern=pattern, ends=tuple(places)) for pattern, places in sorted(ends.items())], complete


def _flags(pattern: ReadyPattern) -> int:
    return int(_library.HS_FLAG_DOTALL | (_library.HS_FLAG_CASELESS if pattern.caseless else 0))


def _database(expressions: Sequence[tuple[int, bytes, int]]) -> Any:
    if not expressions:
        return None
    database = _library.Database(mode=_library.HS_MODE_BLOCK)
    numbers, patterns, flags = zip(*expressions, strict=True)
    try:
        database.compile(expressions=list(patterns), ids=list(numbers), elements=len(numbers), flags=list(flags))
    except _library.HyperscanError as error:
        raise ValueError(str(error)) from None
    return database


def _loaded(dumped: bytes) -> Any:
    if not dumped:
        return None
    database = _library.loadb(dumped, _library.HS_MODE_BLOCK)
    database.scratch = _library.Scratch(database)
    return database
