"""What all formats of uploads have in common: nothing in their bodies tells them, their answers are ids, their refusals errors.

Separate so that each of them says only where the file is.
"""

from typing import override

from lockgate.apps.formats.answer_draft import Interpreter
from lockgate.apps.formats.base import Refusal, StreamReader, Unreadable
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.json_text import unreadable
from lockgate.apps.formats.ndjson import NDJSON_TYPES, NdjsonReader, WholeReader
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.refusal import openai_error, refuse_with, refuse_with_json
from lockgate.apps.formats.sse import SseReader
from lockgate.apps.formats.upload_answer import UploadAnswer
from lockgate.facts.prompt import Conversation
from lockgate.facts.traffic import Answer, Request, Response

_STORES = (".amazonaws.com", ".blob.core.windows.net", ".oaiusercontent.com", "storage.googleapis.com", ".aliyuncs.com",
           ".myqcloud.com")  # fmt: skip
_XML = '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>{}</Message></Error>'


class UploadFormat(DocumentFormat):
    """A format that only an app file can name."""

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """Never: any body could be a file."""
        return False

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """The error of an object store where bytes go straight to one; otherwise JSON with every member pages look into."""
        if request.host.endswith(_STORES) or request.headers.get("x-ms-blob-type"):
            message = refusal.message.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
            content = _XML.format(message).encode("utf-8", "replace")
            return refuse_with(refusal, request, status=400, content=content, content_type="application/xml")
        body = {**openai_error(refusal), "detail": refusal.message, "message": refusal.message}
        return refuse_with_json(refusal, request, body)

    @override
    def stream_reader(self, response: Response) -> StreamReader:
        """A reader for ids and errors; the answer is whole unless it is declared to be a stream."""
        interpreter = UploadAnswer(response)
        if response.media_type in NDJSON_TYPES:
            return NdjsonReader(interpreter)
        return SseReader(interpreter) if response.media_type == "text/event-stream" else WholeReader(interpreter)

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        return unreadable("no document")

    @override
    def _interpreter(self) -> Interpreter:
        return UploadAnswer(Response(status=200))
