"""One pass over a text that says which patterns may match and where they end: all patterns in one Hyperscan database.

Separate because Hyperscan is a library with a format of its own: bytes, end offsets, one scratch space per scanner. A
character outside ASCII is shown to it as `?`, so offsets are code points; the exact pattern decides afterwards. It must
never decide by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import hyperscan

from lockgate.dlp.detector import ReadyPattern

_library: Any = hyperscan
"""The library carries no types."""

PLATFORM = f"hyperscan {_library.__version__}"
_EVENTS_PER_CHARACTER = 12
_EVENTS_AT_LEAST = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """Where matches of one pattern end, ascending."""

    pattern: int
    ends: tuple[int, ...]


class Automaton:
    """All patterns at once. Not safe to use from two threads at a time; every process has its own."""

    __slots__ = ("_database",)

    def __init__(self, database: Any) -> None:
        self._database = database

    @classmethod
    def compile(cls, patterns: Sequence[ReadyPattern]) -> "Automaton":
        """Raises ValueError naming the position of a pattern the library refuses."""
        database = _library.Database(mode=_library.HS_MODE_BLOCK)
        flags = [_library.HS_FLAG_DOTALL | (_library.HS_FLAG_CASELESS if pattern.caseless else 0) for pattern in patterns]
        try:
            database.compile(
                expressions=[pattern.coarse for pattern in patterns],
                ids=list(range(len(patterns))),
                elements=len(patterns),
                flags=flags,
            )
        except _library.HyperscanError as error:
            raise ValueError(str(error)) from None
        return cls(database)

    @classmethod
    def load(cls, dumped: bytes) -> "Automaton":
        """The automaton that `dump` wrote. Raises ValueError when it is of another platform or broken."""
        try:
            database = _library.loadb(dumped, _library.HS_MODE_BLOCK)
            database.scratch = _library.Scratch(database)
        except (_library.HyperscanError, TypeError) as error:
            raise ValueError(str(error)) from None
        return cls(database)

    def dump(self) -> bytes:
        """The compiled form, for this platform and library version."""
        return bytes(_library.dumpb(self._database))

    def look(self, text: str) -> tuple[list[Sighting], bool]:
        """What may match in `text`, and whether all of it was looked at."""
        ends: dict[int, list[int]] = {}
        left = max(_EVENTS_AT_LEAST, len(text) * _EVENTS_PER_CHARACTER)

        def note(pattern: int, _start: int, end: int, _flags: int, _context: object) -> bool:
            nonlocal left
            left -= 1
            ends.setdefault(pattern, []).append(end)
            return left < 0

        complete = True
        try:
            self._database.scan(text.encode("ascii", "replace"), match_event_handler=note)
        except _library.ScanTerminated:
            complete = False
        sightings = [Sighting(pattern=pattern, ends=tuple(places)) for pattern, places in sorted(ends.items())]
        return sightings, complete
