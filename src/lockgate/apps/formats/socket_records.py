"""Messages that hold several documents: records ended by U+001E (SignalR, Engine.IO), with numbers in front (Socket.IO).

https://github.com/dotnet/aspnetcore (SignalR's HubProtocol.md) and https://socket.io/docs/v4/socket-io-protocol/. The document
of such a message is the list of its records. Separate from formats, which know what the records mean; a record that is no
JSON stays the text it is, so that nothing is out of sight.
"""

import re
from collections.abc import Iterable
from typing import override

from lockgate.apps.formats.base import Unreadable
from lockgate.apps.formats.budget import Budget
from lockgate.apps.formats.document_socket import LONGEST_HEARD, DocumentReader
from lockgate.apps.formats.json_text import Parsed, parse_json, unreadable, write_json
from lockgate.apps.formats.json_view import items, string
from lockgate.apps.formats.page import Page
from lockgate.facts.traffic import SocketMessage

RECORD_END = b"\x1e"

_MOST_RECORDS = 1000
_LIKE_DOCUMENT = re.compile(r"[0-9]{0,6}\s{0,8}[{\[]")
_NUMBERS = re.compile(rb"[0-9]{1,6}-?(?:/[^,\[{]{0,64},)?[0-9]{0,9}(?=[\[{\"])")


def parse_records(content: bytes) -> Parsed | Unreadable:
    """The records of a message. What is in front of a document is kept and is no part of it."""
    pieces = content.split(RECORD_END)
    if len(pieces) > _MOST_RECORDS:
        return unreadable("too many records")
    heads = [_head(piece) for piece in pieces]
    documents: list[object] = []
    are_read: list[bool] = []
    budget = Budget()
    for head, piece in zip(heads, pieces, strict=True):
        parsed = parse_json(piece[len(head) :], budget) if piece.strip() else unreadable("empty")
        are_read.append(isinstance(parsed, Parsed))
        if isinstance(parsed, Parsed):
            documents.append(parsed.value)
            continue
        try:
            documents.append(piece.decode())
        except UnicodeDecodeError:
            return unreadable("not text")

    def write(records: object) -> bytes:
        return RECORD_END.join(map(_written, heads, pieces, are_read, items(records)))

    return Parsed(value=documents, write=write, budget=budget)


def _head(piece: bytes) -> bytes:
    found = _NUMBERS.match(piece)
    return found.group() if found else b""


def _written(head: bytes, piece: bytes, is_read: bool, record: object) -> bytes:
    """A record made anew; as it came when nothing in it changed, or when it is the text it was."""
    before = parse_json(piece[len(head) :]) if is_read else None
    if not isinstance(before, Parsed):
        return string(record).encode("utf-8", "surrogatepass")
    return piece if before.value == record else head + write_json(record)


def say_what_is_unread(records: object, page: Page) -> None:
    """Say that the look is partial when a record looks like a document and is none that can be read."""
    if any(isinstance(record, str) and _LIKE_DOCUMENT.match(record) for record in items(records)):
        page.could_not_read("a record of a message")


class RecordReader(DocumentReader):
    """Feeds an interpreter with the records of the server's messages."""

    @override
    def _documents(self, message: SocketMessage) -> Iterable[object]:
        parsed = parse_records(message.content) if message.is_text and len(message.content) <= LONGEST_HEARD else None
        return items(parsed.value) if isinstance(parsed, Parsed) else ()
