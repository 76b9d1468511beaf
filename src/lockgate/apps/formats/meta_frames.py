"""Frames of Meta's gateway (DGW), several in one binary message of a WebSocket: a kind, a stream, a length, and what is inside.

A private framing, known from the frames that browsers send: `0d`/`0f`, two bytes of stream, three of length (both
little-endian); data has two more bytes of its own in front of JSON or protobuf. The JSON carries protobuf in base64 under
`payload`. Separate from what the frames say. The document is the list of frames; one that is not understood stays as it came,
and is said to be unread.
"""

import base64
import binascii
from dataclasses import dataclass

from lockgate.apps.formats.base import Unreadable
from lockgate.apps.formats.budget import Budget
from lockgate.apps.formats.inline_data import text_of
from lockgate.apps.formats.json_text import Parsed, unreadable
from lockgate.apps.formats.json_view import is_object, items
from lockgate.apps.formats.protobuf_text import NOTHING_KNOWN, Known, parse_protobuf
from lockgate.apps.formats.rpc_body import parse_message

DATA, END_OF_DATA, ESTABLISH = 0x0D, 0x0E, 0x0F
"""Kinds of frames that carry something, or end what was carried."""

_ALONE = frozenset({0x09, 0x0A})  # ping and pong are one byte
_HEAD = 6
_OWN = 2
_MOST_FRAMES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """A frame: what comes before its document, the document, and the protobuf inside its `payload` if it has one."""

    head: bytes
    content: bytes
    message: Parsed
    payload: Parsed | None


def parse_frames(content: bytes, known: Known = NOTHING_KNOWN) -> Parsed | Unreadable:
    """The documents of a message's frames. `known` is what is known of the protobuf in them."""
    frames: list[_Frame] = []
    at = 0
    budget = Budget()
    while at < len(content):
        taken = _frame(content, at, known, budget)
        if taken is None or len(frames) >= _MOST_FRAMES:
            return unreadable("not whole frames")
        frame, at = taken
        frames.append(frame)

    def write(documents: object) -> bytes:
        return b"".join(map(_written, frames, items(documents), [known] * len(frames)))

    return Parsed(value=[_document(frame) for frame in frames], write=write, budget=budget)


def frame(kind: int, stream: bytes, content: bytes) -> bytes:
    """A frame of data with a document in it."""
    own = b"\0\x80" if kind == DATA else b""
    return bytes((kind,)) + stream[:2].ljust(2, b"\0") + (len(own) + len(content)).to_bytes(3, "little") + own + content


def _frame(content: bytes, at: int, known: Known, budget: Budget) -> tuple[_Frame, int] | None:
    kind = content[at]
    if kind in _ALONE:
        return _Frame(head=content[at : at + 1], content=b"", message=_nothing(), payload=None), at + 1
    if kind == END_OF_DATA:
        return _Frame(head=content[at : at + 3], content=b"", message=_nothing(), payload=None), at + 3
    end = at + _HEAD + int.from_bytes(content[at + 3 : at + _HEAD], "little")
    start = at + _HEAD + (_OWN if kind == DATA else 0)
    if kind not in (DATA, ESTABLISH) or not start <= end <= len(content):
        return None
    message = _message(content[start:end], known, budget)
    payload = _payload(message, known, budget)
    return _Frame(head=content[at:start], content=content[start:end], message=message, payload=payload), end


def _message(content: bytes, known: Known, budget: Budget) -> Parsed:
    parsed = parse_message(content, known, budget) if content else _nothing()
    if isinstance(parsed, Parsed):
        return parsed
    text = text_of(content)
    return Parsed(value=content if text is None else text, write=lambda value: str(value).encode("utf-8", "replace"))


def _nothing() -> Parsed:
    return Parsed(value={}, write=lambda _: b"")


def _payload(message: Parsed, known: Known, budget: Budget) -> Parsed | None:
    carried = message.value.get("payload") if is_object(message.value) else None
    try:
        decoded = base64.b64decode(carried, validate=True) if isinstance(carried, str) and carried else b""
    except (binascii.Error, ValueError):
        return None
    parsed = parse_protobuf(decoded, known, budget) if decoded else None
    return parsed if isinstance(parsed, Parsed) else None


def _document(frame: _Frame) -> object:
    """What a frame says, with the protobuf in the place of the digits that it came in."""
    if frame.payload is None or not is_object(frame.message.value):
        return frame.message.value
    return {**frame.message.value, "payload": frame.payload.value}


def _written(frame: _Frame, document: object, known: Known) -> bytes:
    """A frame made anew; as it came when nothing in it changed."""
    budget = Budget()
    before = _message(frame.content, known, budget)  # once more, because the document has been changed in place
    payload = _payload(before, known, budget)
    old = before.value if payload is None or not is_object(before.value) else {**before.value, "payload": payload.value}
    if old == document or isinstance(document, bytes):
        return frame.head + frame.content
    if frame.payload is not None and is_object(document):
        digits = base64.b64encode(frame.payload.write(document["payload"])).decode()
        document = {**document, "payload": digits}
    content = frame.message.write(document)
    size = len(content) + len(frame.head) - _HEAD
    return frame.head[:3] + size.to_bytes(3, "little") + frame.head[_HEAD:] + content
