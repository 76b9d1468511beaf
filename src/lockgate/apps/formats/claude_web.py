"""The Claude web app: one `prompt` string with the text of documents inlined beside it; the answer is a Messages stream.

A private interface, so its shape drifts. The first prompt leaves once more with the `title` call, which is none of its own.
Knowledge of a project is a document under `content`.
"""

import re
from typing import override

from lockgate.apps.formats.answer_draft import Interpreter
from lockgate.apps.formats.anthropic_messages import MessagesAnswer, permission_error
from lockgate.apps.formats.base import Refusal, Unreadable
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.json_text import unreadable
from lockgate.apps.formats.json_view import dig, items, members, string
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.refusal import refuse_with_json
from lockgate.facts.prompt import Conversation, PartKind, Role
from lockgate.facts.traffic import Answer, Request

_CONVERSATION = re.compile(r"/chat_conversations/([0-9a-fA-F-]{36})(?:/|$)")
_COMPLETION = re.compile(r"/(?:retry_)?completion2?$")
_OWN_FIELDS = frozenset({
    "parent_message_uuid", "rendering_mode", "attachments", "files", "sync_sources", "personalized_styles", "timezone",
    "turn_message_uuids",
})  # fmt: skip


class ClaudeWeb(DocumentFormat):
    """`claude-web`."""

    id = "claude-web"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """A prompt among the page's own fields, or the title call."""
        body = members(document)
        if isinstance(body.get("message_content"), str):
            return _CONVERSATION.search(request.path) is not None
        return isinstance(body.get("prompt"), str) and len(_OWN_FIELDS & body.keys()) >= 2

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """The error that the page shows as a notice; the vendor's own tenant restriction answers like this."""
        return refuse_with_json(refusal, request, permission_error(refusal), status=403)

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        body = members(document)
        if {"prompt", "message_content", "attachments", "content"}.isdisjoint(body):
            return unreadable("no prompt")
        # Everything belongs to the one turn that is sent; the page's settings stay apart.
        page.open(Role.USER, ("prompt",) if "prompt" in body else ("message_content",))
        page.typed(("prompt",))
        page.typed(("message_content",))
        page.text(("content",), PartKind.FILE)  # a document that is added to a project
        for index, file in enumerate(items(body.get("attachments"))):
            at = ("attachments", index)
            page.text((*at, "extracted_content"), PartKind.FILE)
            page.names(string(dig(file, "file_name")), at, media_type=string(dig(file, "file_type")))
        if "content" in body:
            page.names(string(body.get("file_name")), ("content",))
        for field in ("files", "sync_sources"):
            for index, file in enumerate(items(body.get(field))):
                reference = file if isinstance(file, str) else dig(file, "file_uuid") or dig(file, "uuid") or field
                page.reference(reference, (field, index), name=string(dig(file, "file_name")))
        found = _CONVERSATION.search(request.path)
        return page.conversation(
            conversation_id=found.group(1) if found else None,
            model=page.model(),
            wants_stream=_COMPLETION.search(request.path) is not None,
            background="message_content" in body,
        )

    @override
    def _interpreter(self) -> Interpreter:
        return MessagesAnswer()
