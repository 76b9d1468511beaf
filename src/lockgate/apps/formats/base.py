"""What a wire format can do: read a request, rewrite it, read the answer (whole or streamed), refuse in its clients' dialect.

One file per format beside this one; adding a format is one file and one line in `registry.py`. A format never raises on hostile
input: what it cannot read it says with `Unreadable` or in `Conversation.unread`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation, ModelAnswer
from lockgate.facts.traffic import Answer, Body, Completeness, Request, Response, SocketMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """Why no conversation could be read from a body. `detail` never quotes content."""

    completeness: Completeness
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What a refused client is told. `message` is complete, plain prose for a person, ending with the reference.

    `code` is the stable reason code, `reference` the short id of the record. `retry_after` are the seconds until it is worth
    another try, where the time alone changes the answer: what reaches a limit is refused as the vendor refuses it.
    """

    message: str
    code: str
    reference: str
    retry_after: int | None = None

    @property
    def for_now(self) -> bool:
        """Whether it is refused only for some time."""
        return self.retry_after is not None


class StreamReader(Protocol):
    """Reads a streamed response as it passes; chunk borders fall anywhere, also inside a UTF-8 character."""

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes. Never raises; never keeps more than a bounded amount."""
        ...

    def finish(self) -> ModelAnswer:
        """What was said, once the stream has ended."""
        ...


class WireFormat(Protocol):
    """One wire format, both directions."""

    id: str

    def recognises(self, request: Request, document: object) -> bool:
        """Whether a request whose body parsed to `document` (plain JSON data) has this format's shape, whatever its host."""
        ...

    def read_request(self, request: Request, body: Body) -> Conversation | Unreadable:
        """What the request says to the model."""
        ...

    def rewrite_request(self, request: Request, body: Body, texts: Mapping[Path, str]) -> bytes:
        """The body with the text at each path replaced. Raises ValueError for a path that `read_request` did not give.

        A body whose signature covers it (`signed_body.body_is_signed`) cannot be rewritten: SignedBodyError, a ValueError.
        """
        ...

    def read_response(self, response: Response, body: Body) -> ModelAnswer:
        """What a whole response says."""
        ...

    def stream_reader(self, response: Response) -> StreamReader:
        """A reader for a streamed response."""
        ...

    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """A response this format's own clients show to the person (status, headers, body), without retrying."""
        ...


@runtime_checkable
class AnswersItself(Protocol):
    """A wire format that can tell a refusal as a finished answer of the model: all of its clients show one as it is."""

    def answer(self, refusal: Refusal, request: Request, conversation: Conversation) -> Answer | None:
        """The answer that says the refusal's message, streamed if the client asked for that.

        None for a request that nobody answers in words (a count of tokens, vectors): the usual refusal stands.
        """
        ...


@runtime_checkable
class UrlReader(Protocol):
    """A wire format that may find words in the URL: `read_request` is asked for a request without a body, too.

    What it gives then has to hold every text of the query.
    """

    @property
    def reads_url(self) -> bool:
        """Whether it does."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketRefusal:
    """What a client is told instead of its message being passed on: `replies` as if from the server, then perhaps the end."""

    replies: tuple[SocketMessage, ...]
    close: bool = False


class SocketReader(Protocol):
    """Reads the server's messages that answer one message of the client. Never raises, keeps a bounded amount."""

    @property
    def done(self) -> bool:
        """Whether the answer is complete: what follows belongs to something else."""
        ...

    def feed(self, message: SocketMessage) -> None:
        """Take the next message of the server."""
        ...

    def finish(self) -> ModelAnswer:
        """What was said so far."""
        ...


class SocketFormat(Protocol):
    """What travels on one app's WebSocket, message by message. `request` is the one that opened it."""

    id: str

    def read_message(self, request: Request, message: SocketMessage) -> Conversation | Unreadable:
        """What a client's message says; a conversation without turns for one that says nothing (a ping, a handshake)."""
        ...

    def rewrite_message(self, request: Request, message: SocketMessage, texts: Mapping[Path, str]) -> bytes:
        """The message with the text at each path replaced. Raises ValueError for a path that `read_message` did not give."""
        ...

    def answer_reader(self) -> SocketReader:
        """A reader for what the server says to one message."""
        ...

    def refuse_message(self, refusal: Refusal, request: Request, message: SocketMessage) -> SocketRefusal:
        """How this app's clients show a refusal of `message`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldPiece:
    """A piece of an answer to what was asked elsewhere. `answer` tells the pieces of one answer from those of others."""

    answer: str
    message: SocketMessage


@runtime_checkable
class AnswersElsewhere(Protocol):
    """A format of WebSocket messages in which servers answer what was not asked on that WebSocket."""

    def told(self, message: SocketMessage) -> Iterable[ToldPiece]:
        """The pieces of such answers in a message of the server. Never raises."""
        ...

    def told_reader(self, answer: str) -> SocketReader:
        """A reader for the pieces of one answer."""
        ...


@runtime_checkable
class AnswersMessage(Protocol):
    """As `AnswersItself`, for messages of a WebSocket."""

    def answer_message(self, refusal: Refusal, request: Request, message: SocketMessage) -> SocketRefusal | None:
        """Messages that say the refusal's message as a finished answer, or None for a message that asks for none."""
        ...
