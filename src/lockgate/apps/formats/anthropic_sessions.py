"""Anthropic's managed agents: events that people and programs send into a session, and the stream of what its agent does.

Also the calls that begin a session with first events, define an agent by its system prompt, or put text into its memory.
https://platform.claude.com/docs/en/managed-agents
"""

import re
from typing import override

from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.anthropic_messages import permission_error, read_message_block
from lockgate.apps.formats.base import Refusal, Unreadable
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.json_text import unreadable, write_json
from lockgate.apps.formats.json_view import dig, is_object, items, members, string
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.refusal import refuse_with_json
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation, PartKind, Role
from lockgate.facts.traffic import Answer, Request

_SESSION = re.compile(r"/sessions/([A-Za-z0-9_-]{1,128})(?:/|$)")
_LISTS = ("events", "initial_events")
_EVENTS = frozenset({"user.message", "user.interrupt", "user.tool_confirmation", "user.custom_tool_result", "user.tool_result",
                     "user.define_outcome", "system.message"})  # fmt: skip
_SYSTEM = ("system", "description")


class AnthropicSessions(DocumentFormat):
    """`anthropic-sessions`."""

    id = "anthropic-sessions"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """Events whose types begin with who sent them."""
        events = [event for name in _LISTS for event in items(dig(document, name))]
        return bool(events) and all(string(dig(event, "type")).startswith(("user.", "system.message")) for event in events)

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """The vendor's error object."""
        return refuse_with_json(refusal, request, permission_error(refusal))

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        if not is_object(document):
            return unreadable("not an object")
        for field in _SYSTEM:
            if isinstance(document.get(field), str):
                page.open(Role.SYSTEM, (field,))
                page.text((field,))
        for name in _LISTS:
            for index, event in enumerate(items(document.get(name))):
                _read_event(page, event, (name, index))
        if isinstance(document.get("content"), str):
            page.open(Role.USER, ("content",))
            page.text(("content",), PartKind.FILE)
        for index, resource in enumerate(items(document.get("resources"))):
            page.open(Role.USER, ("resources", index))
            page.reference(dig(resource, "file_id"), ("resources", index, "file_id"))
        session = _SESSION.search(request.path)
        return page.conversation(
            conversation_id=session.group(1) if session else None, model=page.model() or page.model(("model", "id"))
        )

    @override
    def _interpreter(self) -> Interpreter:
        return _SessionAnswer()


def _read_event(page: Page, event: object, path: Path) -> None:
    kind = string(dig(event, "type"))
    is_result = kind.endswith("tool_result")
    if kind in _EVENTS:
        page.claim((*path, "type"))
    page.open(Role.TOOL if is_result else Role.SYSTEM if kind.startswith("system.") else Role.USER, path)
    for index, block in enumerate(items(dig(event, "content"))):
        at = (*path, "content", index)
        if is_result:
            page.text((*at, "text"), PartKind.TOOL_RESULT)
        read_message_block(page, block, at)
    page.typed((*path, "description"))
    page.typed((*path, "deny_message"))
    page.text((*path, "rubric", "content"))


class _SessionAnswer(Interpreter):
    """Whole events of an agent; or the events that were taken, or a session, as one object."""

    @override
    def event(self, name: str, data: object) -> None:
        """Take one event, or a whole answer."""
        draft = self.draft
        kind = string(dig(data, "type"))
        error = dig(data, "error")
        draft.failed(dig(error, "message") or error)
        match kind:
            case "agent.message":
                said = "".join(string(dig(block, "text")) for block in items(dig(data, "content")))
                draft.put(Channel.TEXT, dig(data, "id") if isinstance(dig(data, "id"), str) else "", said)
            case "agent.tool_use" | "agent.custom_tool_use" | "agent.mcp_tool_use":
                arguments = write_json(dig(data, "input") or {}).decode("utf-8", "replace")
                draft.add(Channel.CALL, object(), f"{string(dig(data, 'name'))} {arguments}")
            case "session.status_idle" | "session.status_terminated":
                draft.finished = True
            case "session":
                draft.belongs_to(dig(data, "id"))
                draft.named(dig(data, "agent", "model", "id"))
                draft.finished = True
            case _:
                draft.finished = draft.finished or "data" in members(data) or kind in ("agent", "memory")
