"""JetBrains AI: messages with a type under `chat`; `prompt` is the id of a feature and nothing that anybody typed.

A private interface. The service gives the editor's context as messages of their own, and as named parameters.
"""

from typing import override

from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.base import Refusal, Unreadable
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.json_text import unreadable
from lockgate.apps.formats.json_view import dig, items, string
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.refusal import openai_error, refuse_with_json
from lockgate.facts.prompt import Conversation, PartKind, Role
from lockgate.facts.traffic import Answer, Request

_ROLES = {
    "user_message": Role.USER, "system_message": Role.SYSTEM, "assistant_message": Role.ASSISTANT,
    "assistant_message_text": Role.ASSISTANT, "assistant_message_tool": Role.ASSISTANT, "tool_message": Role.TOOL,
    "function_message": Role.TOOL,
}  # fmt: skip


class JetBrainsAi(DocumentFormat):
    """`jetbrains-ai`."""

    id = "jetbrains-ai"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """Typed messages under `chat`, and a profile."""
        messages = items(dig(document, "chat", "messages"))
        return bool(messages) and all(string(dig(message, "type")) in _ROLES for message in messages)

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """An error object with the message in the two places clients look into."""
        return refuse_with_json(refusal, request, {**openai_error(refusal), "message": refusal.message})

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        messages = items(dig(document, "chat", "messages"))
        if not messages:
            return unreadable("no messages")
        for index, message in enumerate(messages):
            at = ("chat", "messages", index)
            role = _ROLES.get(string(dig(message, "type")), Role.USER)
            page.open(role, at)
            if role is Role.TOOL:
                for field in ("content", "result"):
                    page.tree((*at, field), PartKind.TOOL_RESULT)
            elif "tool" in string(dig(message, "type")):
                page.tree((*at, "content"), PartKind.TOOL_CALL)
            else:
                page.typed((*at, "content"))
        return page.conversation(
            conversation_id=string(dig(document, "chat", "id")), model=page.model(("profile",)), wants_stream=True
        )

    @override
    def _interpreter(self) -> Interpreter:
        return _JetBrainsAnswer()


class _JetBrainsAnswer(Interpreter):
    """Events with a type; the last one counts what was used."""

    @override
    def event(self, name: str, data: object) -> None:
        """Take one event."""
        match dig(data, "type"):
            case "Content":
                self.draft.add(Channel.TEXT, "answer", dig(data, "content"))
            case "FunctionCall" | "ToolCall":
                self.draft.add(Channel.CALL, string(dig(data, "name")) or "call", dig(data, "content"))
            case "FinishMetadata":
                self.draft.finished = True
            case _:
                error = dig(data, "error")
                self.draft.failed(dig(error, "message") or error or dig(data, "message"))
