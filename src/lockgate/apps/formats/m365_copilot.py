"""Microsoft 365 Copilot: a SignalR hub over a WebSocket. An invocation of `chat` up, updates and a completion down.

A private interface (the public Graph API is another). A client sends two records in one message, the chat and some timings, and
the server answers only to both, so they are refused as one. Answers come as deltas at a cursor and as snapshots of messages:
whichever says more is the answer. Which conversation it is stands in the address of the socket.
"""

from dataclasses import replace
from typing import override

from lockgate.apps.canonical import query_values
from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.base import Refusal, SocketReader, SocketRefusal, Unreadable
from lockgate.apps.formats.document_socket import DocumentSocket
from lockgate.apps.formats.json_text import Parsed, write_json
from lockgate.apps.formats.json_view import dig, items, string
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.socket_records import RECORD_END, RecordReader, parse_records, say_what_is_unread
from lockgate.facts.prompt import Conversation, ModelAnswer, Role
from lockgate.facts.traffic import Request, SocketMessage

_UPDATE, _ITEM, _COMPLETION, _INVOCATION, _CLOSE = 1, 2, 3, 4, 7
_DISENGAGED = "Disengaged"


class M365Copilot(DocumentSocket):
    """`m365-copilot`."""

    id = "m365-copilot"

    @override
    def _decode(self, content: bytes) -> Parsed | Unreadable:
        return parse_records(content)

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        say_what_is_unread(document, page)
        model = ""
        for index, record in enumerate(items(document)):
            if dig(record, "type") != _INVOCATION:
                continue
            path = (index, "arguments", 0)
            page.open(Role.USER, path)
            page.typed((*path, "message", "text"))
            for number, note in enumerate(items(dig(record, "arguments", 0, "message", "messageAnnotations"))):
                where = (*path, "message", "messageAnnotations", number)
                page.reference(dig(note, "id") or dig(note, "url"), where, name=string(dig(note, "text")))
            page.reference(dig(record, "arguments", 0, "message", "imageUrl"), (*path, "message", "imageUrl"))
            model = page.model((*path, "tone"))
        asked = query_values(request)
        conversation = asked.get("ConversationId") or asked.get("chatsessionid")
        return page.conversation(conversation_id=conversation, model=model, wants_stream=True)

    @override
    def answer_reader(self) -> SocketReader:
        """A reader of records."""
        return RecordReader(self._interpreter())

    @override
    def _interpreter(self) -> Interpreter:
        return _HubAnswer()

    @override
    def refuse_message(self, refusal: Refusal, request: Request, message: SocketMessage) -> SocketRefusal:
        """A message of the assistant's, and the end of the invocation that asked for it."""
        records = parse_records(message.content)
        asked = [dig(record, "invocationId") for record in items(records.value if isinstance(records, Parsed) else None)]
        invocation = next((string(asked_as) for asked_as in asked if asked_as), "0")
        said = {"author": "bot", "text": refusal.message, "messageId": refusal.reference, "contentOrigin": "policy"}
        update = {"type": _UPDATE, "target": "update", "arguments": [{"messages": [said], "requestId": refusal.reference}]}
        replies = b"".join(write_json(one) + RECORD_END for one in (update, {"type": _COMPLETION, "invocationId": invocation}))
        return SocketRefusal(replies=(SocketMessage(content=replies),))


class _HubAnswer(Interpreter):
    """Updates until the completion. Messages with a type of their own are about the answer and no part of it."""

    def __init__(self) -> None:
        super().__init__()
        self._snapshot = ""

    @override
    def event(self, name: str, data: object) -> None:
        """Take one record."""
        kind = dig(data, "type")
        if kind == _UPDATE:
            for argument in items(dig(data, "arguments")):
                self.draft.add(Channel.TEXT, "", dig(argument, "writeAtCursor"))
                self._snapshots(dig(argument, "messages"))
        elif kind == _ITEM:
            self._snapshots(dig(data, "item", "messages"))
        elif kind in (_COMPLETION, _CLOSE):
            self.draft.failed(dig(data, "error"))
            self.draft.finished = kind == _COMPLETION

    @override
    def answer(self) -> ModelAnswer:
        """What was said: the deltas, or the last snapshot when it says more."""
        heard = super().answer()
        return replace(heard, text=self._snapshot) if len(self._snapshot) > len(heard.text) else heard

    def _snapshots(self, messages: object) -> None:
        for message in items(messages):
            if dig(message, "author") != "bot":
                continue
            if dig(message, "messageType") == _DISENGAGED:
                self.draft.failed("disengaged")
            elif dig(message, "messageType") is None:
                self._snapshot = string(dig(message, "text"))[: 1024 * 1024]
