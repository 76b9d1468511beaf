"""Multipart forms as documents: an array of headers and text of each part, with files apart. Linear, and exact on the way back.

Separate because the parts of a body that are not rewritten must come out byte for byte (RFC 7578, RFC 2046 section 5.1).
"""

import re
from dataclasses import dataclass

from lockgate.apps.formats.base import Unreadable
from lockgate.apps.formats.charset import is_utf8
from lockgate.apps.formats.inline_data import text_of
from lockgate.apps.formats.json_text import Parsed, unreadable
from lockgate.apps.formats.json_view import dig, items, string

_BOUNDARY = re.compile(r'boundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))', re.IGNORECASE)
_NAME = re.compile(rb'filename(?:=[ \t]*(?:"([^"\r\n]{0,1024})|([^"\r\n;]{0,1024}))|\*=[^\r\n;]{0,1024})', re.IGNORECASE)
_CHARSET = re.compile(rb"charset=[\"']?([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)
_TYPE = re.compile(rb"content-type:[ \t]*([^\r\n;]{1,200})", re.IGNORECASE)
_MAX_SEGMENTS = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePart:
    """A file of a multipart body: which part it is (from 0), its name and declared type, its bytes."""

    part: int
    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Multipart:
    """The parts as a document (an array of `[headers, text]` pairs; a file has its headers only), and the files."""

    parts: Parsed
    files: tuple[FilePart, ...]


def parse_multipart(content: bytes, content_type: str) -> Multipart | Unreadable:
    """The parts of a multipart body. A part that is not UTF-8 text counts as a file, as does one with a file name."""
    found = _BOUNDARY.search(content_type)
    if found is None:
        return unreadable("no boundary")
    boundary = b"\r\n--" + (found.group(1) or found.group(2)).encode("utf-8", "replace")
    before, *segments = (b"\r\n" + content).split(boundary, _MAX_SEGMENTS)
    if before or not segments or segments.pop().strip() != b"--":
        return unreadable("not a whole multipart body")
    pairs: list[object] = []
    files: list[FilePart] = []
    for segment in segments:
        head, blank, value = segment.partition(b"\r\n\r\n")
        headers = text_of(head)
        if not blank or headers is None:
            return unreadable("a part of a multipart body has no headers")
        charset = _CHARSET.search(head)
        if charset is not None and not is_utf8(charset.group(1).decode()):
            return unreadable("a part of a multipart body in other letters than UTF-8")
        name, media_type = _NAME.search(head), _TYPE.search(head)
        text = None if name else text_of(value)
        if text is None:
            files.append(FilePart(part=len(pairs), name=_shown(name), media_type=_shown(media_type).lower(), content=value))
        pairs.append([headers] if text is None else [headers, text])

    def write(document: object) -> bytes:
        written: list[bytes] = []
        for segment, pair in zip(segments, items(document), strict=True):
            head, text = (string(dig(pair, index)).encode("utf-8", "surrogatepass") for index in (0, 1))
            value = text if len(items(pair)) > 1 else segment.partition(b"\r\n\r\n")[2]
            if boundary in head + text or b"\r\n\r\n" in head:
                raise ValueError("the new text contains a border between parts")
            written.append(head + b"\r\n\r\n" + value)
        return boundary.join((b"", *written, b"--\r\n")).removeprefix(b"\r\n")

    return Multipart(parts=Parsed(value=pairs, write=write), files=tuple(files))


def _shown(found: re.Match[bytes] | None) -> str:
    named = next((group for group in found.groups() if group), b"") if found else b""
    return named.decode("utf-8", "replace").strip()
