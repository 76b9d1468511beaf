"""The envelope around each message of Connect, gRPC and gRPC-Web: a flag byte, four bytes of length (big-endian), the message.

https://connectrpc.com/docs/protocol/ and gRPC's PROTOCOL-HTTP2 and PROTOCOL-WEB. Flag 1: this message is compressed. Flag 2:
the end of a Connect stream, as JSON. Flag 128: the trailers of gRPC-Web, as HTTP/1 header lines. Separate from what a message
says, and shared by requests, answers as they stream, and refusals. Never raises, and never inflates without a bound.
"""

import base64
import binascii
import zlib
from dataclasses import dataclass

from lockgate.apps.formats.base import Unreadable
from lockgate.apps.formats.budget import MAX_INFLATED
from lockgate.apps.formats.json_text import unreadable

COMPRESSED, END, TRAILERS = 1, 2, 128
"""The flags."""

HEAD = 5
MAX_ENVELOPES = 10_000
_FLAGS = COMPRESSED | END | TRAILERS
_GZIP = 31
_PIECE = 1 << 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """One message as it is on the wire: still compressed when its flag says so."""

    flags: int
    payload: bytes

    def write(self) -> bytes:
        """Its bytes."""
        return seal(self.payload, self.flags)


def seal(payload: bytes, flags: int = 0) -> bytes:
    """A message in its envelope."""
    return bytes((flags,)) + len(payload).to_bytes(4, "big") + payload


def open_envelopes(content: bytes) -> list[Envelope] | Unreadable:
    """The envelopes that `content` consists of, to its last byte."""
    found: list[Envelope] = []
    at = 0
    while at < len(content):
        end = at + HEAD + int.from_bytes(content[at + 1 : at + HEAD], "big")
        if at + HEAD > len(content) or end > len(content) or content[at] & ~_FLAGS or len(found) >= MAX_ENVELOPES:
            return unreadable("not whole envelopes")
        found.append(Envelope(flags=content[at], payload=content[at + HEAD : end]))
        at = end
    return found


class Inflater:
    """Inflates the messages of one body or stream, which share a bound: `left` bytes. What came to nothing counts, too."""

    def __init__(self, coding: str, left: int = MAX_INFLATED, *, each: int = MAX_INFLATED) -> None:
        self._is_known = coding.strip().lower() in ("", "gzip")
        self._each = each
        self.left = left

    def inflate(self, payload: bytes) -> bytes | None:
        """A compressed message (gzip, also when nothing is declared); None when it cannot be read, or not all of it."""
        most = min(self.left, self._each)
        if not self._is_known:
            return None
        inflater = zlib.decompressobj(_GZIP)
        pieces: list[bytes] = []
        while most > 0 and not inflater.eof:
            # Piece by piece, so that what is broken in its last byte costs no more than what it became until then.
            size = min(most, _PIECE)
            try:
                piece = inflater.decompress(payload, size)
            except zlib.error:
                self.left -= size
                return None
            pieces.append(piece)
            self.left -= len(piece)
            most -= len(piece)
            payload = inflater.unconsumed_tail
            if not piece and not payload:
                break
        return b"".join(pieces) if inflater.eof and not inflater.unused_data else None


def from_base64(content: bytes) -> bytes | None:
    """The bytes of gRPC-Web text: base64, perhaps in several padded pieces one after the other."""
    pieces: list[bytes] = []
    start = 0
    try:
        while start < len(content):
            padding = content.find(b"=", start)
            # A piece ends with its padding, which fills it up to a multiple of four.
            end = len(content) if padding < 0 else start + (padding - start + 4) // 4 * 4
            pieces.append(binascii.a2b_base64(content[start:end], strict_mode=True))
            start = end
    except binascii.Error:
        return None
    return b"".join(pieces)


def to_base64(content: bytes) -> bytes:
    """gRPC-Web text."""
    return base64.b64encode(content)
