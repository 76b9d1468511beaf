"""Files and images that travel inside a document as base64, bare or in a data URI.

Separate because every format carries them and all must agree on what is decoded, what stays text and what is too large.
"""

import base64
import binascii
from dataclasses import dataclass

MAX_INLINE = 32 * 1024 * 1024
"""Decoded bytes above which inline data is not decoded but reported as not looked into."""

# Files that happen to be valid UTF-8 and still need a reader of their own.
_FORMATTED = (b"%PDF-", b"{\\rtf")
_FORMAT_WITHIN = 1024
_CONTROL = frozenset(map(chr, range(32))) - frozenset("\t\n\f\r\x1b")


@dataclass(frozen=True, slots=True, kw_only=True)
class InlineData:
    """What was inside: the media type as declared (may be empty) and the bytes."""

    media_type: str
    content: bytes

    @property
    def text(self) -> str | None:
        """The content as text when it is text, whatever it is declared to be: a declaration hides nothing."""
        return text_of(self.content)


def text_of(content: bytes) -> str | None:
    """`content` as text; None for what is no text, or a file whose text has to be found by a reader of its own."""
    if content[:_FORMAT_WITHIN].lstrip().startswith(_FORMATTED):
        return None
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text or _CONTROL.intersection(text[:4096]) else text


def inline_data(value: str, media_type: str = "", *, bare: bool = True) -> InlineData | None:
    """What `value` encodes: a data URI, or (if `bare`) base64 of `media_type`. None for anything else or too large."""
    encoded = value if bare else ""
    if value[:5].lower() == "data:":
        head, comma, encoded = value.partition(",")
        declared, *parameters = head[5:].split(";")
        if not comma or "base64" not in (parameter.strip().lower() for parameter in parameters):
            return None
        media_type = declared.strip().lower() or media_type
    if not encoded or len(encoded) > MAX_INLINE * 4 // 3:
        return None
    # Decoders on the other side take line ends and missing padding, so this one must.
    encoded = encoded.replace("\r", "").replace("\n", "").rstrip("=")
    encoded += "=" * (-len(encoded) % 4)
    try:
        content = base64.b64decode(
            encoded.encode("ascii"), altchars=b"-_" if "-" in encoded or "_" in encoded else None, validate=True
        )
    except (binascii.Error, ValueError):
        return None
    return InlineData(media_type=media_type.lower(), content=content)
