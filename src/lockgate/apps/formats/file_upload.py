"""An upload at an address that takes several notations: a form, JSON, or the bytes themselves, told apart by their declaration.

Separate so that an app file names one format for such an address.
"""

from collections.abc import Mapping
from typing import override

from lockgate.apps.formats.base import Unreadable
from lockgate.apps.formats.file_bytes import FileBytes
from lockgate.apps.formats.file_form import FileForm
from lockgate.apps.formats.file_json import FileJson
from lockgate.apps.formats.upload_format import UploadFormat
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation
from lockgate.facts.traffic import Body, Request

_FORM, _JSON, _BYTES = FileForm(), FileJson(), FileBytes()


class FileUpload(UploadFormat):
    """`file-upload`."""

    id = "file-upload"

    @override
    def read_request(self, request: Request, body: Body) -> Conversation | Unreadable:
        """The files, read in their own notation."""
        return _notation(request, body).read_request(request, body)

    @override
    def rewrite_request(self, request: Request, body: Body, texts: Mapping[Path, str]) -> bytes:
        """The body with the text at each path replaced. Raises ValueError for a path that `read_request` did not give."""
        return _notation(request, body).rewrite_request(request, body, texts)


def _notation(request: Request, body: Body) -> UploadFormat:
    declared = request.media_type
    if declared.startswith("multipart/"):
        return _FORM
    if declared.endswith("json") or (declared in ("", "text/plain") and body.content[:1] == b"{"):
        return _BYTES if isinstance(_JSON.read_request(request, body), Unreadable) else _JSON
    return _BYTES
