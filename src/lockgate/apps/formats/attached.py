"""A file that leaves with a request, as a fact: how large, of what type by its content, by which digest it is known again.

Separate because every format meets files, and all must say the same of them. What a file is declared to be is kept beside what
it is: a declaration hides nothing. Signatures are those of the `filetype` library; it is given bytes and never opens a file.
"""

from hashlib import sha256

import filetype  # type: ignore[import-untyped]

from lockgate.apps.formats.inline_data import text_of
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Attachment

UNKNOWN_TYPE = "application/octet-stream"
_HEAD = 8192
_LEAST = 4
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_OLE_TYPE = "application/x-ole-storage"
_HTML = ("<!doctype html", "<html")


def attached(  # noqa: PLR0913 - what a format knows of a file
    content: bytes,
    *,
    name: str = "",
    media_type: str = "",
    reference: str = "",
    path: Path = (),
    is_text: bool = False,
    look: bool = True,
) -> Attachment:
    """The file `content`. One that `is_text` stands among the parts, so that its bytes are not kept a second time.

    `look` may be switched off where a hostile body could hold very many: the type is then not known.
    """
    return Attachment(
        name=name,
        media_type=media_type,
        content=None if is_text else content,
        reference=reference,
        path=path,
        size=len(content),
        sha256=sha256(content).hexdigest(),
        detected=detected_type(content) if look else UNKNOWN_TYPE,
    )


def detected_type(content: bytes) -> str:
    """The media type of `content` by what is in it; `application/octet-stream` for what nobody knows. Bounded, never raises."""
    head = content[:_HEAD]
    if len(head) < _LEAST:
        return "text/plain" if text_of(head) is not None else UNKNOWN_TYPE
    if head.startswith(_OLE):
        return _OLE_TYPE
    try:
        found = filetype.guess_mime(head)
    except (ValueError, IndexError, TypeError, OverflowError):
        found = None
    if isinstance(found, str):
        return found
    # A character may be cut in two at the end of the head.
    text = next((text for cut in range(4) if (text := text_of(head[: len(head) - cut])) is not None), None)
    if text is None:
        return UNKNOWN_TYPE
    return "text/html" if text.lstrip().lower().startswith(_HTML) else "text/plain"
