"""Answers taken apart into events and put together again as they pass, so that placeholders in them can be put back.

Separate from what is put back. What is no event, or cannot be read, leaves byte for byte as it came; so does everything once
anything went wrong. Server-sent events, one JSON value per line, and one JSON value alone, which is kept until its end.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import override

from lockgate.apps.formats import quick_json
from lockgate.apps.formats.ndjson import NDJSON_TYPES
from lockgate.facts.traffic import Response
from lockgate.gate.put_back import AnswerEvent, PutBack

_UNENCODED = ("", "identity")
_EVENT_STREAM = "text/event-stream"


class AnswerFrames(ABC):
    """One answer. `feed` and `finish` give the bytes to send on; they never raise."""

    longest = 1 << 20
    """Bytes of one event. Beyond that, the rest of the answer passes as it comes."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self._put_back = PutBack(words)
        self._kept = bytearray()
        self._gave_up = False

    def feed(self, chunk: bytes) -> bytes:
        """Take the next bytes."""
        if self._gave_up:
            return chunk
        self._kept += chunk
        sent = self._sent(self._events(at_end=False))
        if len(self._kept) > self.longest or self._gave_up:
            self._gave_up = True
            sent += self._unsent(())
        return sent

    def finish(self) -> bytes:
        """The answer is over."""
        if self._gave_up:
            return b""
        sent = self._sent(self._events(at_end=True))
        return sent + b"".join(map(self._bytes_of, self._put_back.flush())) + self._rest()

    @abstractmethod
    def _events(self, *, at_end: bool) -> list[AnswerEvent]:
        """The events that are whole by now, taken off what is kept."""

    @abstractmethod
    def _written(self, event: AnswerEvent) -> bytes:
        """The bytes of an event."""

    def _sent(self, events: list[AnswerEvent]) -> bytes:
        sent: list[bytes] = []
        for number, event in enumerate(events):
            try:
                ready = self._put_back.take(event)
            except Exception:  # noqa: BLE001 - the answer was allowed; at worst it keeps its placeholders
                self._gave_up = True
                return b"".join((*sent, self._unsent(events[number:])))
            sent += map(self._bytes_of, ready)
        return b"".join(sent)

    def _bytes_of(self, event: AnswerEvent) -> bytes:
        try:
            return self._written(event)
        except Exception:  # noqa: BLE001 - as above
            return event.raw

    def _unsent(self, events: Sequence[AnswerEvent]) -> bytes:
        """What has not left, as it came."""
        return b"".join(event.raw for event in (*self._put_back.flush(), *events)) + self._rest()

    def _rest(self) -> bytes:
        rest = bytes(self._kept)
        self._kept.clear()
        return rest


class _Lines(AnswerFrames):
    """One JSON value on each line."""

    @override
    def _events(self, *, at_end: bool) -> list[AnswerEvent]:
        *lines, rest = bytes(self._kept).split(b"\n")
        self._kept[:] = rest
        raws = [line + b"\n" for line in lines]
        if at_end and rest:
            raws.append(self._rest())
        return [AnswerEvent(raw=raw, document=_document(raw)) for raw in raws]

    @override
    def _written(self, event: AnswerEvent) -> bytes:
        if not event.is_changed:
            return event.raw
        body = event.raw.strip()
        return event.raw.replace(body, _json(event.document), 1)


class _Whole(AnswerFrames):
    """One JSON value, at the end."""

    longest = 4 << 20

    @override
    def _events(self, *, at_end: bool) -> list[AnswerEvent]:
        if not at_end:
            return []
        raw = self._rest()
        return [AnswerEvent(raw=raw, document=_document(raw))]

    @override
    def _written(self, event: AnswerEvent) -> bytes:
        return _json(event.document) if event.is_changed else event.raw


class _ServerSent(AnswerFrames):
    """Server-sent events: lines up to an empty one, which end with LF, CRLF or CR."""

    @override
    def _events(self, *, at_end: bool) -> list[AnswerEvent]:
        kept = bytes(self._kept)
        found: list[AnswerEvent] = []
        start = line = 0
        for end in _line_ends(kept, at_end=at_end):
            if kept[line:end].strip(b"\r\n") == b"":
                found.append(_server_sent(kept[start:end]))
                start = end
            line = end
        self._kept[:] = kept[start:]
        return found

    @override
    def _written(self, event: AnswerEvent) -> bytes:
        if not event.is_changed:
            return event.raw
        lines: list[bytes] = []
        data = b"data: " + _json(event.document)
        for line in event.raw.splitlines(keepends=True):
            if not line.startswith(b"data"):
                lines.append(line)
            elif data:
                lines.append(data + line[len(line.rstrip(b"\r\n")) :])
                data = b""
        return b"".join(lines)


def _line_ends(kept: bytes, *, at_end: bool) -> Iterable[int]:
    """Where lines end. The LF of a CRLF may come with the next bytes."""
    position = 0
    while position < len(kept):
        ends = [found for mark in (b"\n", b"\r") if (found := kept.find(mark, position)) >= 0]
        if not ends:
            return
        end = min(ends)
        if kept[end : end + 1] == b"\r":
            if end + 1 == len(kept) and not at_end:
                return
            end += kept[end + 1 : end + 2] == b"\n"
        position = end + 1
        yield position


def _server_sent(raw: bytes) -> AnswerEvent:
    data = [line[5:].removeprefix(b" ") for line in raw.splitlines() if line.startswith(b"data:")]
    return AnswerEvent(raw=raw, document=_document(b"\n".join(data)) if data else None)


def _document(raw: bytes) -> object:
    try:
        return quick_json.loads(raw)
    except ValueError:
        return None


def _json(document: object) -> bytes:
    try:
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:  # half an emoji, which only an escape can say
        return json.dumps(document, separators=(",", ":")).encode()


def frames_for(words: Mapping[str, str], response: Response, *, wants_stream: bool) -> AnswerFrames | None:
    """Somebody to put `words` back in this answer; None for one that cannot be taken apart, or that nothing can be put into."""
    if not words or response.headers.get("content-encoding").strip().lower() not in _UNENCODED:
        return None
    if response.media_type == _EVENT_STREAM:
        return _ServerSent(words)
    if response.media_type in NDJSON_TYPES:
        return _Lines(words)
    if response.media_type.endswith("json") and not wants_stream:
        return _Whole(words)
    return None
