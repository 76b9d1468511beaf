"""Amazon's event stream (`application/vnd.amazon.eventstream`), incrementally: binary messages, typed headers, checksums.

A message is a prelude (total length and headers' length, both 32 bits big-endian, and their CRC32), headers, payload, and the
CRC32 of everything before. Separate from what the events mean: Bedrock, Kiro and Amazon Q share it. Keeps at most one message;
one beyond the bound is skipped, not the stream. After a checksum that does not fit nothing can be told any more.
https://docs.aws.amazon.com/AmazonS3/latest/API/RESTSelectObjectAppendix.html
"""

import struct
from zlib import crc32

from lockgate.apps.formats.answer_draft import Interpreter
from lockgate.apps.formats.json_view import dig, string
from lockgate.apps.formats.sse import event_data
from lockgate.facts.prompt import ModelAnswer

MEDIA_TYPE = "application/vnd.amazon.eventstream"

MAX_MESSAGE = 4 * 1024 * 1024
"""Bytes of one message that is still read. Amazon's own readers take 24 MiB; text events have a few hundred bytes."""

_PRELUDE = struct.Struct(">III")
_CHECKSUM = struct.Struct(">I")
_LEAST = _PRELUDE.size + _CHECKSUM.size
_MOST = 24 * 1024 * 1024 + 128 * 1024 + _LEAST
_FIXED_SIZES = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
_BYTES, _STRING = 6, 7


class AwsEventStreamReader:
    """Feeds an interpreter with the events of a stream; an exception of the server becomes the answer's error."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._pending = bytearray()
        self._to_skip = 0
        self._is_broken = False

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes."""
        view = memoryview(chunk)
        while view and not self._is_broken:
            view = self._skip(view) if self._to_skip else self._take(view)

    def finish(self) -> ModelAnswer:
        """What was said; unfinished when the stream ended inside a message."""
        if self._pending or self._to_skip or self._is_broken:
            self._interpreter.draft.finished = False
        return self._interpreter.answer()

    def _skip(self, view: memoryview) -> memoryview:
        skipped = min(self._to_skip, len(view))
        self._to_skip -= skipped
        return view[skipped:]

    def _take(self, view: memoryview) -> memoryview:
        """Fill up the prelude, or the message that it announces, and emit what became whole."""
        wanted = _PRELUDE.size
        if len(self._pending) >= wanted:
            wanted = _PRELUDE.unpack_from(self._pending)[0]
        missing = wanted - len(self._pending)
        self._pending += view[:missing]
        if len(self._pending) == wanted == _PRELUDE.size:
            self._prelude()
        elif len(self._pending) == wanted:
            self._message(bytes(self._pending))
            self._pending.clear()
        return view[missing:]

    def _prelude(self) -> None:
        total, headers, checksum = _PRELUDE.unpack_from(self._pending)
        if crc32(self._pending[:8]) != checksum or not _LEAST + headers <= total <= _MOST:
            self._break()
        elif total > MAX_MESSAGE:
            self._to_skip = total - _PRELUDE.size
            self._pending.clear()

    def _message(self, message: bytes) -> None:
        if crc32(message[:-4]) != _CHECKSUM.unpack(message[-4:])[0]:
            self._break()
            return
        payload_start = _PRELUDE.size + _PRELUDE.unpack_from(message)[1]
        headers = typed_headers(message[_PRELUDE.size : payload_start])
        data = event_data(message[payload_start:-4]) if len(message) - 4 > payload_start else None
        kind = headers.get(":message-type", "event")
        if kind == "event":
            self._interpreter.event(headers.get(":event-type", ""), data)
            return
        what = headers.get(":exception-type") or headers.get(":error-code") or kind
        said = string(dig(data, "message")) or string(dig(data, "Message")) or headers.get(":error-message", "")
        self._interpreter.draft.failed(said or what)

    def _break(self) -> None:
        self._is_broken = True
        self._pending.clear()


def write_event(name: str, payload: bytes) -> bytes:
    """One event with a JSON payload, as a server sends it."""
    pairs = ((b":event-type", name.encode()), (b":content-type", b"application/json"), (b":message-type", b"event"))
    headers = b"".join(bytes([len(key)]) + key + bytes([_STRING]) + len(value).to_bytes(2) + value for key, value in pairs)
    lengths = struct.pack(">II", _LEAST + len(headers) + len(payload), len(headers))
    message = lengths + _CHECKSUM.pack(crc32(lengths)) + headers + payload
    return message + _CHECKSUM.pack(crc32(message))


def typed_headers(content: bytes) -> dict[str, str]:
    """The headers whose value is a string; reading ends at the first one that makes no sense."""
    found: dict[str, str] = {}
    position = 0
    while position < len(content):
        name_end = position + 1 + content[position]
        if name_end >= len(content):
            break
        name, kind = content[position + 1 : name_end], content[name_end]
        start = name_end + 1
        if kind in (_BYTES, _STRING):
            size = int.from_bytes(content[start : start + 2])
            start += 2
        elif kind in _FIXED_SIZES:
            size = _FIXED_SIZES[kind]
        else:
            break
        position = start + size
        if position > len(content):
            break
        if kind == _STRING:
            found[name.decode("utf-8", "replace")] = content[start:position].decode("utf-8", "replace")
    return found
