"""What formats of remote procedure calls have in common (Connect, gRPC, gRPC-Web): messages as one document, answers, refusals.

Separate so that a format's own file says only what its messages mean.
"""

from abc import abstractmethod
from typing import override

from lockgate.apps.formats.base import Refusal, StreamReader, Unreadable
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.json_text import Parsed
from lockgate.apps.formats.json_view import items
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.protobuf_text import NOTHING_KNOWN, Known
from lockgate.apps.formats.rpc_answer import call_reader
from lockgate.apps.formats.rpc_body import coding_of, parse_rpc
from lockgate.apps.formats.rpc_files import say_what_is_unread, with_files
from lockgate.apps.formats.rpc_refusal import refuse_call
from lockgate.facts.prompt import Conversation
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
        return call_reader(response, self._interpreter(), self.known_answer)

    @override
    def _parse(self, request: Request, body: Body) -> Parsed | Unreadable:
        return parse_rpc(body.content, request.media_type, coding_of(request.headers), self.known_request)

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        say_what_is_unread(document, page)
        said = self._read_messages(request, items(document), page)
        return with_files(said, document) if isinstance(said, Conversation) else said
