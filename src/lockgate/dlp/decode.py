"""Text hidden inside text: runs of base64 and percent encoding that decode to something readable.

Separate from `normalise`, which joins the pieces with their places. One level only, and only what decodes to text: random
bytes stay what they are. It must never decode more than it was given.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}")
_PERCENT = re.compile(r"(?:%[0-9A-Fa-f]{2}|[A-Za-z0-9_.~+&=/:?@-]){6,}")
_ESCAPED = re.compile(r"%[0-9A-Fa-f]{2}")
_SHORTEST_BASE64 = 24
_BASE64_OR_BLANK = bytes(byte if chr(byte).isalnum() or byte in b"+/_-" else 32 for byte in range(128)) + bytes([32] * 128)
_PROBE = 48
_READABLE_SHARE = 0.95
_PERCENT_ESCAPES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Decoded text; character `i` was read from `starts[i]` to `ends[i]` of the text it was found in."""

    text: str = field(repr=False)
    starts: Sequence[int]
    ends: Sequence[int]
    how: str


def encoded_pieces(text: str) -> Iterator[Piece]:
    """Every run that decodes to readable text, in reading order within each encoding."""
    for run in _BASE64.finditer(text) if _has_long_run(text) else ():
        piece = _from_base64(run[0], run.start())
        if piece is not None:
            yield piece
    if "%" in text and len(_ESCAPED.findall(text)) >= _PERCENT_ESCAPES:
        for run in _PERCENT.finditer(text):
            if run[0].count("%") >= _PERCENT_ESCAPES:
                yield _from_percent(run[0], run.start())


def _has_long_run(text: str) -> bool:
    """Whether there is a run that could be base64, told without a regular expression: most texts have none."""
    return any(len(run) >= _SHORTEST_BASE64 for run in text.encode("ascii", "replace").translate(_BASE64_OR_BLANK).split())


def _from_base64(run: str, offset: int) -> Piece | None:
    digits = run.rstrip("=").translate(_URL_TO_STANDARD)
    usable = len(digits) - (len(digits) % 4 == 1)
    if not _readable(_decoded(digits[:_PROBE])):
        return None
    raw = _decoded(digits[:usable])
    if not _readable(raw):
        return None
    text = raw.decode("latin-1")
    last = offset + len(run)
    starts = [offset + index // 3 * 4 for index in range(len(text))]
    ends = [min(start + 4, last) for start in starts]
    return Piece(text=text, starts=starts, ends=ends, how="base64")


_URL_TO_STANDARD = str.maketrans("-_", "+/")


def _decoded(digits: str) -> bytes:
    try:
        return base64.b64decode(digits + "=" * (-len(digits) % 4))
    except (binascii.Error, ValueError):
        return b""


def _readable(raw: bytes) -> bool:
    printable = sum(32 <= byte < 127 or byte in b"\t\r\n" for byte in raw)
    return bool(raw) and printable >= len(raw) * _READABLE_SHARE


def _from_percent(run: str, offset: int) -> Piece:
    raw = bytearray()
    starts: list[int] = []
    ends: list[int] = []
    index = 0
    while index < len(run):
        step = 3 if run[index] == "%" else 1
        raw.append(int(run[index + 1 : index + 3], 16) if step == 3 else ord(run[index]))
        starts.append(offset + index)
        ends.append(offset + index + step)
        index += step
    return Piece(text=raw.decode("latin-1"), starts=starts, ends=ends, how="percent encoding")
