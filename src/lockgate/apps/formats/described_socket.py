"""Messages of a WebSocket that an app file describes: JSON, or records of JSON, some of which say something.

Separate from `described.py`, whose formats are of requests and responses.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import override

from lockgate.apps.description import Description
from lockgate.apps.formats.answer_draft import Interpreter
from lockgate.apps.formats.base import AnswersElsewhere, Refusal, SocketReader, SocketRefusal, ToldPiece, Unreadable
from lockgate.apps.formats.described_answer import DescribedAnswer, ErrorBody, Listener, compile_answer
from lockgate.apps.formats.described_refusal import refusal_messages
from lockgate.apps.formats.described_request import DescribedRequest, compile_request
from lockgate.apps.formats.document_socket import DocumentReader, DocumentSocket
from lockgate.apps.formats.json_text import Parsed, write_json
from lockgate.apps.formats.json_view import items, string
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.socket_records import RECORD_END, RecordReader, parse_records, say_what_is_unread
from lockgate.facts.prompt import Conversation
from lockgate.facts.traffic import Request, SocketMessage


class DescribedSocket(DocumentSocket, AnswersElsewhere):
    """What one WebSocket of an app carries."""

    def __init__(self, format_id: str, described: Description) -> None:
        self.id = format_id
        self._described = described
        self._has_records = described.body == "records"

    @cached_property
    def _request(self) -> DescribedRequest:
        return compile_request(self._described)

    @cached_property
    def _answer(self) -> DescribedAnswer | None:
        return compile_answer(self._described.answer) if self._described.answer else None

    @override
    def _decode(self, content: bytes) -> Parsed | Unreadable:
        return parse_records(content) if self._has_records else super()._decode(content)

    @override
    def answer_reader(self) -> SocketReader:
        """A reader for what the server says to one message."""
        return RecordReader(self._interpreter()) if self._has_records else super().answer_reader()

    @override
    def told(self, message: SocketMessage) -> Iterator[ToldPiece]:
        """The pieces of answers to what was asked elsewhere, told apart by their task or conversation."""
        answer, decoded = self._answer, self._decode(message.content)
        documents = decoded.value if isinstance(decoded, Parsed) else None
        for document in items(documents) if self._has_records else (documents,):
            pieces = [piece for _, piece in answer.each.find(document)] if answer and answer.each else [document]
            for piece in pieces if answer else ():
                named = (string(place.first(piece)) for place in (*answer.task, *answer.conversation)) if answer else ()
                yield ToldPiece(answer=next(filter(None, named), ""), message=SocketMessage(content=write_json(piece)))

    @override
    def told_reader(self, answer: str) -> SocketReader:
        """A reader for the pieces of one answer."""
        return DocumentReader(Listener(replace(self._answer, each=None)) if self._answer else ErrorBody(None))

    @override
    def refuse_message(self, refusal: Refusal, request: Request, message: SocketMessage) -> SocketRefusal:
        """The described messages, and the end of the socket where it is described or nothing else is."""
        described = self._described.refusal
        said = self.read_message(request, message)
        conversation = (said.id if isinstance(said, Conversation) else None) or ""
        asked = self._decode(message.content)
        documents = asked.value if isinstance(asked, Parsed) else None
        replies = refusal_messages(described, refusal, conversation, documents if self._has_records else [documents])
        if self._has_records:
            replies = tuple(replace(one, content=one.content + RECORD_END) for one in replies)
        return SocketRefusal(replies=replies, close=not replies or (described is not None and described.close))

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation:
        if self._has_records:
            say_what_is_unread(document, page)
        self._request.read(page, document)
        return self._request.close(page, document, request, wants_stream=self._answer is not None)

    @override
    def _interpreter(self) -> Interpreter:
        return Listener(self._answer) if self._answer else ErrorBody(None)
