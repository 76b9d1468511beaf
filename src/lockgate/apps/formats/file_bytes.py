"""A file as the whole body of a request: a PUT to a signed address, a resumable upload, one chunk of a large one.

No document: the bytes are the file. A text file is read and can be rewritten; anything else is an attachment. One chunk of
several is a partial look, whatever it shows.
"""

from collections.abc import Mapping
from typing import override

from lockgate.apps.formats.attached import attached
from lockgate.apps.formats.base import Unreadable
from lockgate.apps.formats.inline_data import text_of
from lockgate.apps.formats.upload_format import UploadFormat
from lockgate.apps.formats.upload_head import upload_head
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation, Part, PartKind, Role, chain
from lockgate.facts.traffic import Body, Request

_WHERE: Path = ("file",)


class FileBytes(UploadFormat):
    """`file-bytes`."""

    id = "file-bytes"

    @override
    def read_request(self, request: Request, body: Body) -> Conversation | Unreadable:
        """One turn with one file; a body without bytes (the beginning of a resumable upload) says nothing."""
        if not body.content:
            return Conversation(turns=())
        head = upload_head(request, len(body.content))
        text = text_of(body.content)
        parts = (Part(text=text, path=_WHERE, kind=PartKind.FILE),) if text else ()
        file = attached(
            body.content, name=head.name, media_type=head.media_type, reference=head.address, path=_WHERE,
            is_text=text is not None,
        )  # fmt: skip
        unread = ("a file that is sent in pieces",) if head.is_piece else ()
        return Conversation(turns=chain([(Role.USER, parts, (file,))]), unread=unread)

    @override
    def rewrite_request(self, request: Request, body: Body, texts: Mapping[Path, str]) -> bytes:
        """The file with its text replaced. Raises ValueError for a path that `read_request` did not give."""
        if texts and (set(texts) != {_WHERE} or not text_of(body.content)):
            raise ValueError("a path that reading this request did not give")
        return texts[_WHERE].encode("utf-8", "surrogatepass") if texts else body.content
