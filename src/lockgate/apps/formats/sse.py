"""Server-sent events, incrementally (WHATWG HTML, section 9.2): chunks end anywhere, lines end with LF, CRLF or CR.

Separate from what the events mean. Keeps at most one event; an event beyond the bound is dropped, not the stream.
"""

import re

from lockgate.apps.formats import quick_json
from lockgate.apps.formats.answer_draft import Interpreter
from lockgate.facts.prompt import ModelAnswer

MAX_EVENT = 4 * 1024 * 1024
"""Bytes of one event."""

_LINE_END = re.compile(rb"\r\n|\n|\r")


def event_data(data: bytes | bytearray) -> object:
    """The JSON of an event, or its text when it is not JSON."""
    try:
        return quick_json.loads(data)
    except ValueError:
        return data.decode("utf-8", "replace")


class SseReader:
    """Feeds an interpreter with the events of a stream."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._pending = bytearray()
        self._scanned = 0
        self._name = ""
        self._data = bytearray()  # each line with its end; a list of a million short ones would take far more room
        self._oversized = False
        self._at_start = True

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self._pending += chunk
        self._take_lines(at_end=False)
        if len(self._pending) > MAX_EVENT:
            # No line is this long in earnest. Its beginning goes, its end still closes the event.
            self._pending.clear()
            self._scanned = 0
            self._oversized = True

    def finish(self) -> ModelAnswer:
        """What was said. An event that the end of the stream cut off still counts."""
        self._take_lines(at_end=True)
        if self._pending:
            self._line(bytes(self._pending))
            self._pending.clear()
        self._dispatch()
        return self._interpreter.answer()

    def _take_lines(self, *, at_end: bool) -> None:
        start = 0
        for found in _LINE_END.finditer(self._pending, self._scanned):
            if found.group() == b"\r" and found.end() == len(self._pending) and not at_end:
                break  # the LF of a CRLF may come with the next chunk
            self._line(bytes(self._pending[start : found.start()]))
            start = found.end()
        del self._pending[:start]
        self._scanned = max(0, len(self._pending) - 1)

    def _line(self, line: bytes) -> None:
        if self._at_start:
            line = line.removeprefix(b"\xef\xbb\xbf")
            self._at_start = False
        if not line:
            self._dispatch()
            return
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"event":
            self._name = value.decode("utf-8", "replace")
        elif field == b"data":
            self._oversized = self._oversized or len(self._data) + len(value) > MAX_EVENT
            if not self._oversized:
                self._data += value + b"\n"

    def _dispatch(self) -> None:
        if self._data and not self._oversized:
            self._data.pop()
            self._interpreter.event(self._name, event_data(self._data))
        self._name, self._oversized = "", False
        self._data.clear()
