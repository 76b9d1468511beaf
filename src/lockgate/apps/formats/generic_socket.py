"""What can be done for messages of a WebSocket in no known format: read every text in them, and close with the reason.

Separate from `generic` because messages come in frames of their own inside: records ended by U+001E (SignalR), and numbers
before a document (Socket.IO's `42["chat",{...}]`). Binary messages are read when they are text after all; anything else is a
file that nobody can look into. https://socket.io/docs/v4/socket-io-protocol/
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import override

from lockgate.apps.formats.base import Refusal, SocketFormat, SocketReader, SocketRefusal, Unreadable
from lockgate.apps.formats.generic import GENERIC
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Attachment, Conversation, ModelAnswer, Part, PartKind, Turn, chain
from lockgate.facts.traffic import Body, Headers, Request, SocketMessage

_RECORD_END = b"\x1e"
_MOST_RECORDS = 1000
_PREFIX = re.compile(rb"[0-9]{1,6}(?:/[^,\[{]{0,64},)?[0-9]{0,9}(?=[\[{])")
_SHORT = 8
"""Bytes. A message that is no longer, and no document, is what clients and servers keep a connection alive with."""


class GenericSocket(SocketFormat):
    """`generic-socket`: not in the registry, as it is what the gate falls back on."""

    id = "generic-socket"

    @override
    def read_message(self, request: Request, message: SocketMessage) -> Conversation | Unreadable:
        """Every text of a message in one turn for each record in it."""
        said: list[Turn] = []
        unread: tuple[str, ...] = ()
        for index, (_, content) in enumerate(_records(message)):
            found = GENERIC.read_request(_bare(request), Body(content=content))
            if isinstance(found, Unreadable):
                return found
            unread += found.unread
            said += (_at(index, turn, short=len(content) <= _SHORT) for turn in found.turns)
        turns = chain([(turn.role, turn.parts, turn.attachments) for turn in said])
        return Conversation(turns=turns, unread=tuple(dict.fromkeys(unread)))

    @override
    def rewrite_message(self, request: Request, message: SocketMessage, texts: Mapping[Path, str]) -> bytes:
        """The message with the text at each path replaced. Raises ValueError for a path that `read_message` did not give."""
        if not texts:
            return message.content
        below: dict[object, dict[Path, str]] = {}
        for path, text in texts.items():
            below.setdefault(path[0] if path else None, {})[path[1:]] = text
        written: list[bytes] = []
        for index, (prefix, content) in enumerate(_records(message)):
            inner = below.pop(index, {})
            rewritten = GENERIC.rewrite_request(_bare(request), Body(content=content), inner) if inner else content
            written.append(prefix + rewritten)
        if below:
            raise ValueError("a path that reading this message did not give")
        return _RECORD_END.join(written)

    @override
    def answer_reader(self) -> SocketReader:
        """Nothing can be told about an answer in an unknown format."""
        return _Silence()

    @override
    def refuse_message(self, refusal: Refusal, request: Request, message: SocketMessage) -> SocketRefusal:
        """No words of the app's own are known, so the socket ends, with the reason in its close frame."""
        return SocketRefusal(replies=(), close=True)


class _Silence(SocketReader):
    """A reader that understands nothing."""

    @property
    @override
    def done(self) -> bool:
        """At once: there is nothing to wait for."""
        return True

    @override
    def feed(self, message: SocketMessage) -> None:
        """Let it pass."""

    @override
    def finish(self) -> ModelAnswer:
        """Nothing."""
        return ModelAnswer()


GENERIC_SOCKET = GenericSocket()


def _bare(request: Request) -> Request:
    """The request without what it says about a body, which would not be about this message."""
    return replace(request, headers=Headers())


def _records(message: SocketMessage) -> list[tuple[bytes, bytes]]:
    """Each record's number in front, if it has one, and the rest of it."""
    content = message.content
    pieces = content.split(_RECORD_END) if content.count(_RECORD_END) < _MOST_RECORDS else [content]
    found = [(piece, _PREFIX.match(piece)) for piece in pieces]
    return [(piece[: match.end()], piece[match.end() :]) if match else (b"", piece) for piece, match in found]


def _at(index: int, turn: Turn, *, short: bool) -> Turn:
    """`turn` with its paths inside the record they belong to."""

    def kind(part: Part) -> PartKind:
        return PartKind.MACHINE if short and part.path == () else part.kind

    def placed(file: Attachment) -> Attachment:
        return replace(file, path=(index, *file.path))

    parts = tuple(replace(part, path=(index, *part.path), kind=kind(part)) for part in turn.parts)
    return replace(turn, parts=parts, attachments=tuple(map(placed, turn.attachments)))
