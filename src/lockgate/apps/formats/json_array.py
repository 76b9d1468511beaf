"""A JSON array that is streamed element by element (Gemini without `alt=sse`): each element is an event as soon as it is whole.

Separate because it needs a scanner that knows strings from structure. Keeps at most one element.
"""

import re

from lockgate.apps.formats.answer_draft import Interpreter
from lockgate.apps.formats.sse import MAX_EVENT, event_data
from lockgate.facts.prompt import ModelAnswer

_MARK = re.compile(rb'["{}\[\]]')
_STRING_MARK = re.compile(rb'["\\]')


class JsonArrayReader:
    """Feeds an interpreter with the objects of an array; a lone object counts as an array of one."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._element = bytearray()
        self._depth = 0
        self._in_string = False
        self._escaped = False
        self._oversized = False

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes."""
        position = 0
        while position < len(chunk):
            position = self._string(chunk, position) if self._in_string else self._structure(chunk, position)

    def finish(self) -> ModelAnswer:
        """What was said."""
        return self._interpreter.answer()

    def _string(self, chunk: bytes, start: int) -> int:
        if self._escaped:
            self._escaped = False
            self._keep(chunk[start : start + 1])
            return start + 1
        found = _STRING_MARK.search(chunk, start)
        end = found.end() if found else len(chunk)
        if found:
            self._escaped = found.group() == b"\\"
            self._in_string = self._escaped
        self._keep(chunk[start:end])
        return end

    def _structure(self, chunk: bytes, start: int) -> int:
        found = _MARK.search(chunk, start)
        if found is None:
            self._keep(chunk[start:])
            return len(chunk)
        mark = found.group()
        if mark == b'"':
            self._in_string = True
        elif mark == b"{" or (mark == b"[" and self._depth):
            if not self._depth:
                start = found.start()
            self._depth += 1
        elif self._depth:
            self._keep(chunk[start : found.end()])
            self._depth -= 1
            if not self._depth:
                self._emit()
            return found.end()
        self._keep(chunk[start : found.end()])
        return found.end()

    def _keep(self, piece: bytes) -> None:
        if not self._depth:
            return
        self._oversized = self._oversized or len(self._element) + len(piece) > MAX_EVENT
        if not self._oversized:
            self._element += piece

    def _emit(self) -> None:
        if not self._oversized:
            self._interpreter.event("", event_data(bytes(self._element)))
        self._element.clear()
        self._oversized = False
