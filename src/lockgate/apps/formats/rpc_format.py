"""What formats of remote procedure calls have in common (Connect, gRPC, gRPC-Web): messages as one document, answers, refusals.

Separate so that a format's own file says only what its messages mean.
"""

from abc import abstractmethod
from typing import override
from urllib.parse import unquote

from lockgate.apps.formats.answer_draft import Interpreter
from lockgate.apps.formats.base import Refusal, StreamReader, Unreadable
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.envelope_reader import END_EVENT, TRAILERS_EVENT, EnvelopeReader
from lockgate.apps.formats.json_text import Parsed
from lockgate.apps.formats.json_view import dig, is_object, items, members, string
from lockgate.apps.formats.ndjson import MAX_VALUE, WholeReader
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.protobuf_text import NOTHING_KNOWN, Known
from lockgate.apps.formats.rpc_body import Framing, coding_of, framing_of, parse_message, parse_rpc
from lockgate.apps.formats.rpc_files import with_files
from lockgate.apps.formats.rpc_refusal import refuse_call
from lockgate.apps.formats.sse import SseReader
from lockgate.facts.prompt import Conversation, ModelAnswer
from lockgate.facts.traffic import Answer, Body, Request, Response


class RpcFormat(DocumentFormat):
    """A wire format whose request is one or more messages of a remote procedure call: the document is the list of them."""

    known_request: Known = NOTHING_KNOWN
    known_answer: Known = NOTHING_KNOWN

    @abstractmethod
    def _read_messages(self, request: Request, messages: list[object], page: Page) -> Conversation | Unreadable:
        """Claim the messages' text on `page` and close it. A message is at its index in the document."""

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """The error of the framing that the call came in."""
        return refuse_call(refusal, request)

    @override
    def stream_reader(self, response: Response) -> StreamReader:
        """A reader for a response, by the framing it declares."""
        interpreter = self._interpreter()
        status = response.headers.get("grpc-status")
        if status:
            # An answer of nothing but a status has its trailers among its headers.
            interpreter.event(TRAILERS_EVENT, {"grpc-status": status, "grpc-message": response.headers.get("grpc-message")})
        framing = framing_of(response.media_type)
        if framing is not None and framing.has_envelopes:
            return EnvelopeReader(
                interpreter,
                self.known_answer,
                coding=coding_of(response.headers),
                as_base64=framing is Framing.GRPC_WEB_TEXT,
            )
        if framing is Framing.BARE:
            return _WholeMessage(interpreter, self.known_answer)
        return SseReader(interpreter) if response.media_type == "text/event-stream" else WholeReader(interpreter)

    @override
    def _parse(self, request: Request, body: Body) -> Parsed | Unreadable:
        return parse_rpc(body.content, request.media_type, coding_of(request.headers), self.known_request)

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        messages = items(document)
        if any(isinstance(message, (str, bytes)) for message in messages):
            page.could_not_read("a message of the call")
        said = self._read_messages(request, messages, page)
        return with_files(said, document) if isinstance(said, Conversation) else said


class RpcAnswer(Interpreter):
    """Understands how calls end and fail; what their messages say is the format's business."""

    @abstractmethod
    def message(self, message: object) -> None:
        """Take one message of the answer. Never raises."""

    @override
    def event(self, name: str, data: object) -> None:
        """Take a message, the end of the stream, its trailers, or the error of a call without a stream."""
        if name == TRAILERS_EVENT:
            status = string(dig(data, "grpc-status"))
            self.draft.finished = status == "0"
            self.draft.failed("" if status == "0" else unquote(string(dig(data, "grpc-message"))) or f"status {status}")
        elif name == END_EVENT:
            error = dig(data, "error")
            self.draft.finished = error is None
            self.draft.failed(string(dig(error, "message")) or string(dig(error, "code")))
        elif is_object(data) and {"code", "message"} <= data.keys() <= {"code", "message", "details"}:
            self.draft.failed(string(members(data)["message"]))
        else:
            self.message(data)


class _WholeMessage:
    """Feeds an interpreter with a bare message, once it is complete."""

    def __init__(self, interpreter: Interpreter, known: Known) -> None:
        self._interpreter = interpreter
        self._known = known
        self._content = bytearray()
        self._oversized = False

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self._oversized = self._oversized or len(self._content) + len(chunk) > MAX_VALUE
        if self._oversized:
            self._content.clear()
        else:
            self._content += chunk

    def finish(self) -> ModelAnswer:
        """What was said; unfinished when the message is incomplete or too large."""
        parsed = None if self._oversized else parse_message(bytes(self._content), self._known)
        if isinstance(parsed, Parsed):
            self._interpreter.draft.finished = True
            self._interpreter.event("", parsed.value)
        return self._interpreter.answer()
