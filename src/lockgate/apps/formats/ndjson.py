"""One JSON value per line, incrementally; also whole JSON answers, which are a single (perhaps very long) value.

Separate from what the values mean. Keeps at most one value; a line beyond the bound is dropped, not the stream.
"""

from lockgate.apps.formats.answer_draft import Interpreter
from lockgate.apps.formats.sse import event_data
from lockgate.facts.prompt import ModelAnswer

NDJSON_TYPES = frozenset({
    "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines", "application/stream+json",
})  # fmt: skip

MAX_VALUE = 8 * 1024 * 1024
"""Bytes of one line, and of a whole answer."""


class NdjsonReader:
    """Feeds an interpreter with the value on each line."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._pending = bytearray()
        self._oversized = False

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes."""
        *lines, rest = chunk.split(b"\n")
        for line in lines:
            self._take(line)
            self._line()
        self._take(rest)

    def finish(self) -> ModelAnswer:
        """What was said. A last line without its line end still counts."""
        self._line()
        return self._interpreter.answer()

    def _take(self, piece: bytes) -> None:
        if len(self._pending) + len(piece) > MAX_VALUE:
            self._oversized = True
            self._pending.clear()
        if not self._oversized:
            self._pending += piece

    def _line(self) -> None:
        line = bytes(self._pending).strip()
        if line and not self._oversized:
            self._interpreter.event("", event_data(line))
        self._pending.clear()
        self._oversized = False


class WholeReader:
    """Feeds an interpreter with one JSON value, once it is complete."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._content = bytearray()
        self._oversized = False

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self._oversized = self._oversized or len(self._content) + len(chunk) > MAX_VALUE
        if self._oversized:
            self._content.clear()
        else:
            self._content += chunk

    def finish(self) -> ModelAnswer:
        """What was said; unfinished when the value is incomplete or too large."""
        content = bytes(self._content).removeprefix(b"\xef\xbb\xbf").strip()
        if content and not self._oversized:
            self._interpreter.event("", event_data(content))
        return self._interpreter.answer()
