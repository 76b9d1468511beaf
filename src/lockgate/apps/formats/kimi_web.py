"""Kimi's web app: one JSON message in a Connect envelope up, patches of the answer's blocks down.

A private interface. The message is the new turn alone; the server keeps the history under `chat_id`.
"""

from typing import override

from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.base import Unreadable
from lockgate.apps.formats.json_text import unreadable
from lockgate.apps.formats.json_view import dig, is_object, items, string
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.rpc_answer import RpcAnswer
from lockgate.apps.formats.rpc_format import RpcFormat
from lockgate.facts.prompt import Conversation, Role
from lockgate.facts.traffic import Request


class KimiWeb(RpcFormat):
    """`kimi-web`."""

    id = "kimi-web"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """One message with blocks and a role."""
        message = dig(document, 0, "message")
        return is_object(message) and "role" in message and bool(items(message.get("blocks")))

    @override
    def _read_messages(self, request: Request, messages: list[object], page: Page) -> Conversation | Unreadable:
        if not is_object(dig(messages, 0, "message")):
            return unreadable("not a Kimi message")
        for index, call in enumerate(messages):
            path = (index, "message")
            page.open(Role.USER, path)
            for number, block in enumerate(items(dig(call, "message", "blocks"))):
                where = (*path, "blocks", number)
                page.typed((*where, "text", "content"))
                for kind in ("file", "image"):
                    file = dig(block, kind)
                    reference = string(dig(file, "id")) or string(dig(file, "url"))
                    page.reference(reference, (*where, kind), name=string(dig(file, "name")))
        return page.conversation(
            conversation_id=string(dig(messages, 0, "chat_id")),
            model=page.model((0, "options", "model")) or page.model((0, "scenario")),
            wants_stream=True,
        )

    @override
    def _interpreter(self) -> Interpreter:
        return _KimiAnswer()


class _KimiAnswer(RpcAnswer):
    """Each message sets or appends what its mask names: `block.text`, `block.text.content`, `block.think.content`, ..."""

    @override
    def message(self, message: object) -> None:
        """Take one patch."""
        block, operation = dig(message, "block"), dig(message, "op")
        section = string(dig(block, "id"))
        for kind, channel in (("text", Channel.TEXT), ("think", Channel.REASONING)):
            said = dig(block, kind, "content")
            if operation == "append":
                self.draft.add(channel, section, said)
            elif operation == "set" and said is not None:
                self.draft.put(channel, section, said)
        self.draft.failed(dig(message, "error", "message"))
        if dig(message, "done") is not None:
            self.draft.finished = True
