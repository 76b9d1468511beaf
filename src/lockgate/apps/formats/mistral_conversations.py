"""Mistral's conversations: `inputs` of words or entries to a model or an agent, kept by the server, answered in entries.

Also document reading (`ocr`), whose document is a file or an address. https://docs.mistral.ai/api/#tag/beta.conversations
"""

import re
from typing import override

from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.answering import LONG_AGO, answer_in_events, answer_in_json, model_of
from lockgate.apps.formats.base import Refusal, Unreadable
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.json_text import unreadable
from lockgate.apps.formats.json_view import dig, is_object, items, members, string
from lockgate.apps.formats.openai_chat import ROLES, read_block
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.refusal import openai_kind, refuse_with_json
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation, PartKind, Role
from lockgate.facts.traffic import Answer, Request

_CONVERSATION = re.compile(r"/conversations/([A-Za-z0-9_-]{1,128})(?:/|$)")


class MistralConversations(DocumentFormat):
    """`mistral-conversations`."""

    id = "mistral-conversations"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """`inputs` for an agent, or entries among them."""
        body = members(document)
        entries = any(dig(item, "object") == "entry" for item in items(body.get("inputs")))
        return entries or ("inputs" in body and isinstance(body.get("agent_id"), str))

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """The vendor's error object."""
        error = {"object": "error", "message": refusal.message, "type": openai_kind(refusal)[0], "param": None, "code": None}
        return refuse_with_json(refusal, request, error)

    def answer(self, refusal: Refusal, request: Request, conversation: Conversation) -> Answer | None:
        """A conversation's new entry; none for a document that is to be read."""
        if "/conversations" not in request.path:
            return None
        to = conversation.id or f"conv_{refusal.reference}"
        usage = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
        entry = {
            "id": f"msg_{refusal.reference}",
            "model": model_of(conversation),
            "role": "assistant",
            "content": refusal.message,
        }
        if not conversation.wants_stream:
            said = entry | {"object": "entry", "type": "message.output", "created_at": LONG_AGO, "completed_at": LONG_AGO}
            whole = {"object": "conversation.response", "conversation_id": to, "outputs": [said], "usage": usage}
            return answer_in_json(refusal, request, whole)
        events = (
            {"type": "conversation.response.started", "created_at": LONG_AGO, "conversation_id": to},
            entry | {"type": "message.output.delta", "created_at": LONG_AGO, "output_index": 0, "content_index": 0},
            {"type": "conversation.response.done", "created_at": LONG_AGO, "usage": usage},
        )
        return answer_in_events(refusal, request, events, named=True)

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        body = members(document)
        if {"inputs", "document"}.isdisjoint(body):
            return unreadable("no inputs")
        if "instructions" in body:
            page.open(Role.SYSTEM, ("instructions",))
            page.text(("instructions",))
        if isinstance(body.get("inputs"), str):
            page.open(Role.USER, ("inputs",))
            page.typed(("inputs",))
        for index, entry in enumerate(items(body.get("inputs"))):
            _read_entry(page, entry, ("inputs", index))
        if "document" in body:
            page.open(Role.USER, ("document",))
            read_block(page, body["document"], ("document",))
        conversation = _CONVERSATION.search(request.path)
        return page.conversation(
            conversation_id=conversation.group(1) if conversation else None,
            model=page.model() or page.model(("agent_id",)),
            wants_stream=body.get("stream") is True,
        )

    @override
    def _interpreter(self) -> Interpreter:
        return _EntriesAnswer()


def _read_entry(page: Page, entry: object, path: Path) -> None:
    kind = string(dig(entry, "type"))
    if kind == "function.result":
        page.open(Role.TOOL, path)
        page.tree((*path, "result"), PartKind.TOOL_RESULT)
    elif kind in ("function.call", "tool.execution"):
        page.open(Role.ASSISTANT, path)
        page.tree((*path, "arguments"), PartKind.TOOL_CALL)
    else:
        page.open(Role.ASSISTANT if kind == "message.output" else ROLES.get(string(dig(entry, "role")), Role.USER), path)
        page.typed((*path, "content"))
        for index, block in enumerate(items(dig(entry, "content"))):
            read_block(page, block, (*path, "content", index))


class _EntriesAnswer(Interpreter):
    """Deltas of entries, or all of them at once; pages of a document that was read."""

    @override
    def event(self, name: str, data: object) -> None:
        """Take one event, or a whole answer."""
        draft = self.draft
        kind = string(dig(data, "type")) or name
        draft.belongs_to(dig(data, "conversation_id"))
        draft.named(dig(data, "model"))
        draft.failed(dig(data, "message") if dig(data, "object") == "error" else None)
        match kind:
            case "message.output.delta":
                self._content(string(dig(data, "id")), dig(data, "content"))
            case "function.call.delta":
                section = (string(dig(data, "id")), string(dig(data, "tool_call_id")))
                if draft.is_empty(Channel.CALL, section):
                    draft.add(Channel.CALL, section, f"{string(dig(data, 'name'))} ")
                draft.add(Channel.CALL, section, dig(data, "arguments"))
            case "conversation.response.done":
                draft.finished = True
            case "conversation.response.error":
                draft.failed(dig(data, "message"))
            case "":
                self._whole(data)
            case _:
                pass

    def _whole(self, data: object) -> None:
        draft = self.draft
        for position, entry in enumerate(items(dig(data, "outputs"))):
            draft.named(dig(entry, "model"))
            if dig(entry, "type") == "function.call":
                given = dig(entry, "arguments")
                said = given if isinstance(given, str) else ""
                draft.add(Channel.CALL, position, f"{string(dig(entry, 'name'))} {said}")
            else:
                self._content(str(position), dig(entry, "content"))
        for index, page in enumerate(items(dig(data, "pages"))):
            draft.add(Channel.TEXT, index, dig(page, "markdown"))
        error = dig(data, "message") or dig(data, "detail")
        draft.failed(error if isinstance(error, str) else dig(error, 0, "msg"))
        draft.finished = draft.finished or not {"outputs", "pages", "entries"}.isdisjoint(members(data))

    def _content(self, section: str, content: object) -> None:
        for block in items(content) or [content]:
            self.draft.add(Channel.TEXT, section, dig(block, "text") if is_object(block) else block)
            for thought in items(dig(block, "thinking")):
                self.draft.add(Channel.REASONING, section, dig(thought, "text"))
