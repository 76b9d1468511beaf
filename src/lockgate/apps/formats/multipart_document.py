"""A multipart body as one document with its files beside it: text files can be read and rewritten like any other field.

A document is an array of `[headers, text]` pairs. Separate from `multipart_text`, which knows the notation alone.
"""

import re
from dataclasses import replace

from lockgate.apps.formats.attached import attached
from lockgate.apps.formats.base import Unreadable
from lockgate.apps.formats.inline_data import text_of
from lockgate.apps.formats.json_text import Parsed
from lockgate.apps.formats.json_view import dig, is_array, items, string
from lockgate.apps.formats.multipart_text import parse_multipart
from lockgate.apps.formats.page import Page
from lockgate.facts.prompt import Attachment, PartKind

_MOST_LOOKED_INTO = 64
_FIELD = re.compile(r"""[; \t]name="?([^"\r\n;]{0,256})""", re.IGNORECASE)


def parse_multipart_document(content: bytes, content_type: str) -> Parsed | Unreadable:
    """The parts of a multipart body."""
    found = parse_multipart(content, content_type)
    if isinstance(found, Unreadable):
        return found
    files: list[Attachment] = []
    for file in found.files:
        text = text_of(file.content) if file.content else ""
        pair = items(found.parts.value)[file.part]
        if text and is_array(pair):
            pair.append(text)
        files.append(
            attached(
                file.content, name=file.name, media_type=file.media_type, path=(file.part, 1), is_text=text is not None,
                look=len(files) < _MOST_LOOKED_INTO,
            )
        )  # fmt: skip
    return Parsed(value=found.parts.value, write=found.parts.write, files=tuple(files))


def field_name(document: object, part: int) -> str:
    """The name of the field in a part (from 0), or an empty string."""
    found = _FIELD.search(string(dig(document, part, 0)))
    return found.group(1) if found else ""


def fields_named(document: object, name: str) -> list[int]:
    """The parts whose field has this name."""
    return [part for part in range(len(items(document))) if field_name(document, part) == name]


def claim_files(page: Page, document: object, reference: str = "") -> None:
    """Every file that is not claimed yet, in the open turn; the text of those that are text as the text of a file."""
    for file in page.files:
        part = file.path[0]
        page.text(file.path, PartKind.FILE)
        held = string(dig(document, part, 1)) if isinstance(part, int) else ""
        media_type = file.media_type or ("text/plain" if held else "")
        page.attach(replace(file, media_type=media_type, reference=reference))
