"""The WebSocket of the Poe web app: updates of what its page subscribes to, among them the messages of bots.

Separate from `poe_web` because nobody asks here: prompts are sent in requests to another host. A message holds a list of
updates, each JSON in a string; one of a bot's message repeats all of its text, and says which chat it is in. A private
interface, so its shape drifts.
"""

from collections.abc import Iterator
from typing import override

from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.base import AnswersElsewhere, SocketReader, ToldPiece
from lockgate.apps.formats.document_socket import DocumentReader
from lockgate.apps.formats.json_text import Parsed, parse_json
from lockgate.apps.formats.json_view import dig, items, string
from lockgate.apps.formats.listening_socket import ListeningSocket
from lockgate.facts.traffic import SocketMessage

_ADDED = "messageAdded"
_MOST_UPDATES = 1000
_UNDER_WAY = frozenset({"incomplete", "pending", ""})


class PoeSocket(ListeningSocket, AnswersElsewhere):
    """`poe-socket`."""

    id = "poe-socket"

    @override
    def told(self, message: SocketMessage) -> Iterator[ToldPiece]:
        """The updates of messages that bots write."""
        parsed = parse_json(message.content)
        for update in items(dig(parsed.value, "messages") if isinstance(parsed, Parsed) else None)[:_MOST_UPDATES]:
            content = string(update).encode("utf-8", "surrogatepass")
            inner = parse_json(content)
            said = _message(inner.value) if isinstance(inner, Parsed) else None
            if said is not None and dig(said, "author") not in ("human", None):
                yield ToldPiece(answer=str(dig(said, "messageId")), message=SocketMessage(content=content))

    @override
    def told_reader(self, answer: str) -> SocketReader:
        """A reader for the updates of one message."""
        return DocumentReader(_BotMessage())

    @override
    def _interpreter(self) -> Interpreter:
        return _BotMessage()


def _message(update: object) -> object:
    return dig(update, "payload", "data", _ADDED)


class _BotMessage(Interpreter):
    """All of a message so far, in each update."""

    @override
    def event(self, name: str, data: object) -> None:
        """Take one update."""
        said, draft = _message(data), self.draft
        draft.belongs_to(string(dig(data, "payload", "unique_id")).removeprefix(f"{_ADDED}:"))
        draft.named(dig(said, "author"))
        draft.put(Channel.TEXT, "", dig(said, "text"))
        state = string(dig(said, "state"))
        if state.startswith("error"):
            draft.failed(dig(said, "stateText") or state)
        draft.finished = state not in _UNDER_WAY
