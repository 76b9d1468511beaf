"""A reader for answers whose dialect only their first bytes tell: some services pass on what several vendors' models stream.

Separate because the response's head says nothing about it, and reading every answer in every dialect would cost as many times.
"""

from collections.abc import Callable

from lockgate.apps.formats.base import StreamReader
from lockgate.facts.prompt import ModelAnswer

_LOOKS = 4096
"""Bytes among which a mark has to be, in whatever pieces they come."""


class ChosenReader:
    """Holds back the first bytes until one of `marks` is among them, then reads with that mark's reader."""

    def __init__(
        self, marks: tuple[tuple[bytes, Callable[[], StreamReader]], ...], otherwise: Callable[[], StreamReader]
    ) -> None:
        self._marks = marks
        self._otherwise = otherwise
        self._held = bytearray()
        self._reader: StreamReader | None = None

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes."""
        if self._reader is not None:
            self._reader.feed(chunk)
            return
        self._held += chunk
        found = [(place, make) for mark, make in self._marks if (place := self._held.find(mark, 0, _LOOKS)) >= 0]
        if found:
            self._begin(min(found, key=lambda entry: entry[0])[1])
        elif len(self._held) >= _LOOKS:
            self._begin(self._otherwise)

    def finish(self) -> ModelAnswer:
        """What was said."""
        if self._reader is None:
            self._begin(self._otherwise)
        return self._reader.finish() if self._reader is not None else ModelAnswer(finished=False)

    def _begin(self, make: Callable[[], StreamReader]) -> None:
        self._reader = make()
        self._reader.feed(bytes(self._held))
        self._held.clear()
