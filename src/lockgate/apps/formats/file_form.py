"""A file in a multipart form: how most web apps upload, and how a signed form brings a file to an object store.

The store's form names the object in `key`, by which the app's own calls name it later.
"""

from typing import override

from lockgate.apps.formats.base import Unreadable
from lockgate.apps.formats.json_text import Parsed
from lockgate.apps.formats.json_view import dig, items, string
from lockgate.apps.formats.multipart_document import claim_files, field_name, parse_multipart_document
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.upload_format import UploadFormat
from lockgate.facts.prompt import Conversation, PartKind, Role
from lockgate.facts.traffic import Body, Request

TYPED_FIELDS = frozenset({
    "caption", "content", "description", "input", "instruction", "instructions", "message", "prompt", "query", "question",
    "text", "transcript",
})  # fmt: skip
"""Fields in which a person's own words go along with a file."""

_FILE_FIELDS = frozenset({"content", "file", "text"})


class FileForm(UploadFormat):
    """`file-form`."""

    id = "file-form"

    @override
    def _parse(self, request: Request, body: Body) -> Parsed | Unreadable:
        return parse_multipart_document(body.content, request.headers.get("content-type"))

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        # The turn owns the first file; settings in other fields stay apart from it.
        page.open(Role.USER, page.files[0].path[:1] if page.files else (0,))
        key = ""
        for part in range(len(items(document))):
            name = field_name(document, part).lower()
            if name == "key":
                key = string(dig(document, part, 1))
            elif name in TYPED_FIELDS and not any(file.path[0] == part for file in page.files):
                # Without a file beside it, `content` is the file.
                page.text((part, 1), PartKind.TEXT if page.files or name not in _FILE_FIELDS else PartKind.FILE)
        claim_files(page, document, reference=key)
        return page.conversation(model=_model(document, page))


def _model(document: object, page: Page) -> str:
    """What transcriptions and image edits name, too."""
    part = next((part for part in range(len(items(document))) if field_name(document, part) == "model"), None)
    return page.model((part, 1)) if part is not None else ""
