"""URL-encoded forms as documents: an array of `[name, value]` pairs, so that a field can be found and rewritten by path.

Separate because Google's web apps put JSON into a form field, and because unknown apps send forms as well.
"""

from urllib.parse import parse_qsl, urlencode

from lockgate.apps.formats.base import Unreadable
from lockgate.apps.formats.json_text import Parsed, unreadable
from lockgate.apps.formats.json_view import dig, items, string

_MAX_FIELDS = 4096


def parse_form(content: bytes) -> Parsed | Unreadable:
    """The fields of a form. A name that occurs twice is refused only by formats that care which one counts.

    A byte that is no UTF-8 stays a lone surrogate, so that one Latin letter does not hide the words around it.
    """
    try:
        text = content.decode("utf-8", "surrogateescape")
        pairs = parse_qsl(text, keep_blank_values=True, errors="surrogateescape", max_num_fields=_MAX_FIELDS)
    except ValueError:
        return unreadable("not a form")
    if not pairs:
        return unreadable("not a form")
    return Parsed(value=[[name, value] for name, value in pairs], write=write_form)


def write_form(document: object) -> bytes:
    """The form of an array of pairs."""
    return urlencode(
        [(string(dig(pair, 0)), string(dig(pair, 1))) for pair in items(document)], errors="surrogateescape"
    ).encode()
