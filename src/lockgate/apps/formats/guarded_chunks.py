"""Google's web framing, incrementally: a guard line `)]}'`, then chunks of a decimal length, a line end and JSON.

Separate from what the frames mean. The length counts UTF-16 code units, as JavaScript
does, from directly behind its digits: a character outside the Basic Multilingual Plane counts two. Keeps at most one chunk.
"""

import codecs
import re
from itertools import accumulate

import orjson

from lockgate.apps.formats.answer_draft import Interpreter
from lockgate.apps.formats.json_view import items
from lockgate.apps.formats.sse import event_data
from lockgate.facts.prompt import ModelAnswer

GUARD = ")]}'"

MAX_CHUNK = 4 * 1024 * 1024
"""Code points of one chunk; a stream that announces more is not read on."""

_SPACE = re.compile(r"[ \t\r\n]*+")
_LENGTH = re.compile(r"([0-9]{1,9})(?=[ \t\r\n])")


class GuardedChunksReader:
    """Feeds an interpreter with the frames of every chunk."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._text: list[str] = []
        self._units = 0
        self._wanted = 0
        self._wants_line_end = False
        self._gave_up = False

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self._take(self._decoder.decode(chunk), at_end=False)

    def finish(self) -> ModelAnswer:
        """What was said."""
        self._take(self._decoder.decode(b"", final=True) + "\n", at_end=True)
        return self._interpreter.answer()

    def _take(self, text: str, *, at_end: bool) -> None:
        if self._gave_up:
            return
        self._text.append(text)
        self._units += utf16_length(text)
        waits = self._units < self._wanted or (self._wants_line_end and "\n" not in text)
        if not waits or at_end:
            rest = self._chunks("".join(self._text), at_end=at_end)
            self._text = [rest]
            self._units = utf16_length(rest)
        if self._units > MAX_CHUNK or self._wanted > MAX_CHUNK:
            self._gave_up = True
            self._text = []

    def _chunks(self, text: str, *, at_end: bool) -> str:
        """Emit the complete chunks of `text` and return what is left."""
        position = 0
        self._wanted, self._wants_line_end = 0, False
        while True:
            position = _end(_SPACE.match(text, position), position)
            if text.startswith(GUARD, position):
                position += len(GUARD)
                continue
            length = _LENGTH.match(text, position)
            if length is None:
                # Not a length: a frame whose length was wrong, or nothing. Go on behind its line.
                end = text.find("\n", position)
                if end < 0:
                    self._wants_line_end = True
                    return text[position:]
                self._emit(text[position:end])
                position = end
                continue
            end = utf16_offset(text, length.end(), int(length.group(1)))
            if end is None and not at_end:
                self._wanted = len(length.group()) + int(length.group(1))
                return text[position:]
            end = len(text) if end is None else end
            self._emit(text[length.end() : end])
            position = end

    def _emit(self, text: str) -> None:
        for frame in items(event_data(text.strip().encode("utf-8", "replace"))):
            self._interpreter.event("", frame)


def guarded(frames: object) -> bytes:
    """A whole body with one chunk of frames."""
    written = "\n" + orjson.dumps(frames).decode() + "\n"
    return f"{GUARD}\n\n{utf16_length(written)}{written}".encode()


def utf16_length(text: str) -> int:
    """How many UTF-16 code units `text` takes."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def utf16_offset(text: str, start: int, units: int) -> int | None:
    """The index `units` UTF-16 code units after `start`, or None when `text` is shorter than that."""
    piece = text[start : start + units]
    if piece.isascii():
        return start + units if len(piece) == units else None
    if utf16_length(piece) < units:
        return None
    reached = accumulate((2 if character > "\uffff" else 1) for character in piece)
    return start + sum(1 for unit in reached if unit <= units)


def _end(found: re.Match[str] | None, otherwise: int) -> int:
    return found.end() if found else otherwise
