"""From a request to the document that a description names places in: JSON, a form, a multipart body, a call, or the URL.

Separate because a format that is described may be written in any of them. Fields become pairs of a name and a value.
"""

from urllib.parse import unquote

from lockgate.apps.formats.base import Unreadable
from lockgate.apps.formats.form_text import parse_form
from lockgate.apps.formats.json_text import Parsed, parse_json, unreadable
from lockgate.apps.formats.json_view import items
from lockgate.apps.formats.multipart_document import parse_multipart_document
from lockgate.apps.formats.protobuf_text import NOTHING_KNOWN, Known
from lockgate.apps.formats.rpc_body import coding_of, parse_rpc
from lockgate.apps.formats.socket_records import parse_records
from lockgate.facts.traffic import Request


def described_body(kind: str, request: Request, content: bytes, known: Known = NOTHING_KNOWN) -> Parsed | Unreadable:
    """The document of a request. `kind` is the `body` of a description, `known` what it says of messages. Never raises."""
    match kind:
        case "call":
            return parse_rpc(content, request.media_type, coding_of(request.headers), known)
        case "url":
            return unreadable("a body beside the URL") if content else _url(request)
        case "records":
            return parse_records(content)
        case "multipart":
            return parse_multipart_document(content, request.headers.get("content-type"))
        case "form":
            return parse_form(content)
        case "json-or-form":
            parsed = parse_json(content)
            return parsed if isinstance(parsed, Parsed) else parse_form(content)
        case _:
            return parse_json(content)


def _url(request: Request) -> Parsed | Unreadable:
    """The segments of the path as `/1`, `/2`, ..., then the parameters of the query by their names."""
    segments = [[f"/{index}", unquote(text)] for index, text in enumerate(request.path.split("/")) if text]
    form = (
        parse_form(request.query.encode("utf-8", "surrogateescape")) if request.query else Parsed(value=[], write=_cannot_write)
    )
    return form if isinstance(form, Unreadable) else Parsed(value=[*segments, *items(form.value)], write=_cannot_write)


def _cannot_write(_: object) -> bytes:
    raise ValueError("what is said in a URL cannot be replaced in a body")
