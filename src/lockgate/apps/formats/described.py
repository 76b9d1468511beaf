"""Wire formats that an app file describes, so that an app whose bodies are plain needs no code.

Separate from the formats that are code because what these know is data: `apps/description.py` is the shape of a description,
`described_request.py`, `described_answer.py` and `described_refusal.py` are what is done with it. They recognise nothing by
shape: their own operation is the only one they read.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import override

from lockgate.apps.description import Description
from lockgate.apps.formats.answer_draft import Interpreter
from lockgate.apps.formats.aws_event_stream import AwsEventStreamReader
from lockgate.apps.formats.base import (
    Refusal,
    SocketFormat,
    StreamReader,
    Unreadable,
    WireFormat,
)
from lockgate.apps.formats.described_answer import CodedLines, DescribedAnswer, ErrorBody, Listener, compile_answer
from lockgate.apps.formats.described_body import described_body
from lockgate.apps.formats.described_refusal import describe_call_refusal, describe_refusal
from lockgate.apps.formats.described_request import IN_EACH, DescribedRequest, compile_request
from lockgate.apps.formats.described_socket import DescribedSocket
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.json_text import Parsed, unreadable
from lockgate.apps.formats.ndjson import NdjsonReader, WholeReader
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.protobuf_places import known_answer, known_request
from lockgate.apps.formats.protobuf_text import NOTHING_KNOWN, Known
from lockgate.apps.formats.rpc_answer import CallEvents, call_reader
from lockgate.apps.formats.rpc_files import say_what_is_unread, with_files
from lockgate.apps.formats.socket_records import say_what_is_unread as say_which_are_unread
from lockgate.apps.formats.sse import SseReader
from lockgate.apps.formats.text_stream import TextReader
from lockgate.apps.schema import Signature
from lockgate.apps.vocabulary import Protocol
from lockgate.facts.prompt import Conversation
from lockgate.facts.traffic import Answer, Body, Request, Response

_ERRORS = 400


def described_id(app: str, operation: str) -> str:
    """The id of the format that the operation of an app describes."""
    return f"{app}/{operation}"


type Operations = Iterable[tuple[str, Iterable[Signature]]]
"""Apps with their operations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedFormats:
    """The formats that app files describe, by id."""

    formats: Mapping[str, WireFormat]
    sockets: Mapping[str, SocketFormat]


def described_ids(apps: Operations) -> frozenset[str]:
    """The ids of every format that is described, whether it is described well or not."""
    return frozenset(described_id(app, one.id) for app, operations in apps for one in operations if one.reads is not None)


def described_formats(apps: Operations) -> DescribedFormats:
    """Every format that is described; each has to have passed `description_check.py`."""
    formats: dict[str, WireFormat] = {}
    sockets: dict[str, SocketFormat] = {}
    for app, operations in apps:
        for operation in operations:
            format_id, reads = described_id(app, operation.id), operation.reads
            if reads is None:
                continue
            if operation.protocol is Protocol.WEBSOCKET:
                sockets[format_id] = DescribedSocket(format_id, reads)
            else:
                formats[format_id] = DescribedFormat(format_id, reads)
    return DescribedFormats(formats=formats, sockets=sockets)


class DescribedFormat(DocumentFormat):
    """What one operation of an app sends and gets."""

    def __init__(self, format_id: str, described: Description) -> None:
        self.id = format_id
        self._described = described
        self._body = described.body
        says = described.prompt or described.messages or described.context or described.files
        self._only_hears = not says and described.body != "multipart"

    # Compiled when first asked for: most of a library is never spoken to.
    @cached_property
    def _request(self) -> DescribedRequest:
        return compile_request(self._described)

    @cached_property
    def _answer(self) -> DescribedAnswer | None:
        return compile_answer(self._described.answer) if self._described.answer else None

    @cached_property
    def _known_request(self) -> Known:
        return known_request(self._described)

    @cached_property
    def _known_answer(self) -> Known:
        return known_answer(self._described.answer) if self._described.answer else NOTHING_KNOWN

    @property
    def reads_url(self) -> bool:
        """Whether the words are in the URL, so that a request without a body is read, too."""
        return self._body == "url"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """Never: a description belongs to its operation."""
        return False

    @override
    def stream_reader(self, response: Response) -> StreamReader:
        """A reader for a response, framed as described, or else as its content type says."""
        if self._body == "call":
            return call_reader(response, CallEvents(self._interpreter()), self._known_answer)
        if self._answer is None or response.status >= _ERRORS:
            return WholeReader(ErrorBody(self._answer))
        listener = Listener(self._answer)
        match self._answer.framing:
            case "text":
                return TextReader(listener)
            case "aws-events":
                return AwsEventStreamReader(listener)
            case "lines":
                return NdjsonReader(CodedLines(listener))
            case "ndjson":
                return NdjsonReader(listener)
            case "json":
                return WholeReader(listener)
            case "sse" if not response.media_type.endswith("json"):
                return SseReader(listener)
            case _:
                return super().stream_reader(response)

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """The described refusal."""
        named = (conversation and conversation.id) or ""
        if self._body == "call":
            return describe_call_refusal(self._described.refusal, refusal, request, named)
        return describe_refusal(self._described.refusal, refusal, request, named)

    @override
    def _parse(self, request: Request, body: Body) -> Parsed | Unreadable:
        if self._only_hears and not body.content.strip():
            return Parsed(value={}, write=lambda _: body.content)
        return described_body(self._body, request, body.content, self._known_request)

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        # These may have any of a service's messages, and an address may be asked for without anything having been said.
        if not self._request.read(page, document) and not self._only_hears and self._body not in (*IN_EACH, "url"):
            return unreadable("nothing at the described places")
        streams = self._answer is not None and (self._answer.framing not in ("json", None) or self._body == "call")
        if self._body not in IN_EACH:
            return self._request.close(page, document, request, wants_stream=streams)
        (say_what_is_unread if self._body == "call" else say_which_are_unread)(document, page)
        return with_files(self._request.close(page, document, request, wants_stream=streams), document)

    @override
    def _interpreter(self) -> Interpreter:
        return Listener(self._answer) if self._answer else ErrorBody(None)
