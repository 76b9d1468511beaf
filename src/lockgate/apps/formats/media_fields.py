"""Calls that take the same fields as JSON or as a multipart form with files: images, sound, video, uploads.

Separate so that their formats say which field is what, once for both notations.
"""

import re
from collections.abc import Iterator

from lockgate.apps.formats.base import Unreadable
from lockgate.apps.formats.json_text import Parsed, parse_json
from lockgate.apps.formats.json_view import dig, is_array, is_object, items, string
from lockgate.apps.formats.multipart_document import claim_files, field_name, parse_multipart_document
from lockgate.apps.formats.page import Page
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Role
from lockgate.facts.traffic import Body, Request

# The head of a field that says nothing but its name.
_PLAIN_HEAD = re.compile(
    r'\s*content-disposition: form-data; name="?[A-Za-z0-9_.\[\]-]{1,64}"?(?:\r\ncontent-type: text/plain[^\r\n]{0,40})?\s*',
    re.IGNORECASE,
)


def parse_media(request: Request, body: Body) -> Parsed | Unreadable:
    """The fields of a body in either notation."""
    if request.media_type.startswith("multipart/"):
        return parse_multipart_document(body.content, request.headers.get("content-type"))
    return parse_json(body.content)


def fields(document: object) -> Iterator[tuple[str, Path]]:
    """The name of each field, and where its value is."""
    if is_object(document):
        yield from ((name, (name,)) for name in document)
    for part, pair in enumerate(items(document)):
        if is_array(pair):
            yield field_name(document, part).removesuffix("[]"), (part, 1)


def read_fields(page: Page, document: object, roles: dict[str, Role]) -> str:
    """Open a turn for each field in `roles`, in their order here, and claim the model's name, which is returned."""
    model = ""
    for name, path in fields(document):
        if len(path) == 2 and _PLAIN_HEAD.fullmatch(string(dig(document, path[0], 0))):
            page.claim((path[0], 0))
        if name == "model":
            model = page.model(path)
        elif name in roles and not any(file.path == path for file in page.files):
            page.open(roles[name], path)
            page.typed(path)
    return model


def read_files(page: Page, document: object, names: tuple[str, ...], media_type: str) -> None:
    """The files of a form in a turn of their own, and those that the fields `names` of a JSON object hold or name."""
    if page.files:
        page.open(Role.USER, page.files[0].path[:1])
        claim_files(page, document)
    for name in names:
        if is_object(document) and name in document:
            page.open(Role.USER, (name,))
            held = document[name]
            for path, value in [((name, index), value) for index, value in enumerate(items(held))] or [((name,), held)]:
                _read_file(page, value, path, media_type)


def _read_file(page: Page, value: object, path: Path, media_type: str) -> None:
    if isinstance(value, str):
        if not page.data(path, media_type=media_type):
            page.reference(value, path)
        return
    for inner in ("image_url", "url", "b64_json", "data"):
        said = dig(value, inner)
        where = (*path, inner, "url") if is_object(said) else (*path, inner)
        if said is not None and not page.data(where, media_type=media_type, bare=inner in ("b64_json", "data")):
            page.reference(dig(value, *where[len(path) :]), where)
    page.reference(dig(value, "file_id"), (*path, "file_id"))
