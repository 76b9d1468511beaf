"""What socket formats whose messages are JSON documents have in common: decode, read into a page, rewrite leaves, hear answers.

Separate so that a format's own file says only where its text is, what its events mean and how its clients show a refusal.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import override

from lockgate.apps.formats.answer_draft import Interpreter
from lockgate.apps.formats.base import SocketFormat, SocketReader, Unreadable
from lockgate.apps.formats.json_text import Parsed, parse_json, write_json
from lockgate.apps.formats.leaf_paths import rewrite
from lockgate.apps.formats.page import Page
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation, ModelAnswer
from lockgate.facts.traffic import Request, SocketMessage

LONGEST_HEARD = 4 << 20
"""Bytes. A longer message of the server is left out of the answer."""


class DocumentSocket(SocketFormat, ABC):
    """A socket format whose messages are each one document: JSON, text or binary, unless `_decode` says otherwise."""

    @abstractmethod
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        """Claim the document's text on `page` and close it."""

    @abstractmethod
    def _interpreter(self) -> Interpreter:
        """Something fresh that understands this format's answers; one is complete when its draft has finished or failed."""

    def _decode(self, content: bytes) -> Parsed | Unreadable:
        return parse_json(content)

    @override
    def read_message(self, request: Request, message: SocketMessage) -> Conversation | Unreadable:
        """What a client's message says. Never raises."""
        if not message.content.strip():
            return Conversation(turns=())
        parsed = self._decode(message.content)
        return self._read(request, parsed.value, Page.of(parsed)) if isinstance(parsed, Parsed) else parsed

    @override
    def rewrite_message(self, request: Request, message: SocketMessage, texts: Mapping[Path, str]) -> bytes:
        """The message with the text at each path replaced. Raises ValueError for a path that `read_message` did not give."""
        if not texts:
            return message.content
        said = self.read_message(request, message)
        parsed = self._decode(message.content)
        given = {part.path for turn in said.turns for part in turn.parts} if isinstance(said, Conversation) else set[Path]()
        if not isinstance(parsed, Parsed) or not texts.keys() <= given:
            raise ValueError("a path that reading this message did not give")
        return parsed.write(rewrite(parsed.value, texts))

    @override
    def answer_reader(self) -> SocketReader:
        """A reader for what the server says to one message."""
        return DocumentReader(self._interpreter())


class DocumentReader(SocketReader):
    """Feeds an interpreter the documents of the server's messages: each message is one, unless `_documents` says otherwise."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter

    @property
    @override
    def done(self) -> bool:
        """Whether the interpreter has heard the end of an answer, or an error instead of it."""
        return self._interpreter.draft.finished or bool(self._interpreter.draft.error)

    @override
    def feed(self, message: SocketMessage) -> None:
        """Take the next message; what is no document says nothing, and neither does what comes after the answer."""
        if self.done:
            return
        for document in self._documents(message):
            if not self.done:
                self._interpreter.event("", document)

    def _documents(self, message: SocketMessage) -> Iterable[object]:
        parsed = parse_json(message.content) if len(message.content) <= LONGEST_HEARD else None
        return (parsed.value,) if isinstance(parsed, Parsed) else ()

    @override
    def finish(self) -> ModelAnswer:
        """What was said so far."""
        return self._interpreter.answer()


def reply(document: object) -> SocketMessage:
    """A text message of the server's that says `document`."""
    return SocketMessage(content=write_json(document))
