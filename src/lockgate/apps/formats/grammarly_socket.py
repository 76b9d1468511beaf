"""Grammarly: what is being typed into some field of some site, edit by edit, and what should be written instead.

A private interface. Edits are operational transforms, written as strings (`+0:0:the words:0`) by older clients and as objects
(`{insert: the words}`) by newer ones; a first message names the document and the site that it is typed into. Nearly every
keystroke is a message, so that a secret may come in pieces: the gate joins what was typed before.
"""

import re
from typing import override

from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.base import Refusal, SocketRefusal, Unreadable
from lockgate.apps.formats.document_socket import DocumentSocket, reply
from lockgate.apps.formats.json_view import dig, items, string
from lockgate.apps.formats.page import Page
from lockgate.facts.prompt import Conversation, Role
from lockgate.facts.traffic import Request, SocketMessage

_INSERT = re.compile(r"\+\d{1,12}:\d{1,12}:(?P<words>.*):\d{1,12}", re.DOTALL)


class GrammarlySocket(DocumentSocket):
    """`grammarly-socket`."""

    id = "grammarly-socket"

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        if dig(document, "action") == "submit_ot":
            page.open(Role.USER, ())
            for index, change in enumerate(items(dig(document, "ch"))):
                written = _INSERT.fullmatch(string(change))
                if written is not None:
                    page.claim(("ch", index))  # around the words are nothing but numbers
                    page.piece(("ch", index), *written.span("words"))
            for index, delta in enumerate(items(dig(document, "deltas"))):
                for number, _ in enumerate(items(dig(delta, "ops"))):
                    page.text(("deltas", index, "ops", number, "insert"))
        return page.conversation(conversation_id=string(dig(document, "docid")))

    @override
    def _interpreter(self) -> Interpreter:
        return _Suggestions()

    @override
    def refuse_message(self, refusal: Refusal, request: Request, message: SocketMessage) -> SocketRefusal:
        """An error; the edit is not acknowledged, so the client sends nothing that builds on it."""
        return SocketRefusal(replies=(reply({"action": "error", "error": refusal.message, "severity": "WARN"}),))


class _Suggestions(Interpreter):
    """Alerts until the check has finished: what is wrong, and what could stand there."""

    @override
    def event(self, name: str, data: object) -> None:
        """Take one message."""
        action = dig(data, "action")
        if action == "alert":
            instead = ", ".join(map(string, items(dig(data, "replacements"))))
            self.draft.add(Channel.TEXT, str(dig(data, "id")), f"{string(dig(data, 'text'))} → {instead}")
        elif action == "error":
            self.draft.failed(string(dig(data, "error")) or "error")
        elif action == "finished":
            self.draft.finished = True
