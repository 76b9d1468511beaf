"""The ChatGPT web app: `messages[].content.parts[]` up, and down a stream of patches to one message at a time.

A private interface, so its shape drifts. A draft of the prompt already leaves with the `prepare` call, as `partial_query`, and
with the one that completes words while they are typed; both go around a prompt and are none of their own.
"""

import re
from hashlib import blake2b
from typing import override
from uuid import UUID

import orjson

from lockgate.apps.formats.answer_draft import Interpreter
from lockgate.apps.formats.base import Refusal, Unreadable
from lockgate.apps.formats.chatgpt_answer import ChatGptAnswer
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.json_text import unreadable
from lockgate.apps.formats.json_view import dig, is_object, items, members, string
from lockgate.apps.formats.openai_chat import ROLES
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.refusal import EVENT_STREAM, refuse_with, refuse_with_json
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation, PartKind, Role
from lockgate.facts.traffic import Answer, Request

_SELECTED = ("targeted_reply", "canvas", "selected_text", "textdoc")
"""Of a message's metadata: what of an answer or a document in the canvas was selected to be talked about."""

_STREAMED = re.compile(r"/conversation(?:/resume)?$")


class ChatGptWeb(DocumentFormat):
    """`chatgpt-web`."""

    id = "chatgpt-web"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """Messages with an `author` and `content` in parts, or a draft of such a message."""
        messages = items(dig(document, "messages"))
        drafted = dig(document, "partial_query")
        return _is_message(drafted) or (bool(messages) and all(map(_is_message, messages)))

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """A finished assistant message where the page expects a stream; an error object where it expects JSON."""
        if not _STREAMED.search(request.path):
            return refuse_with_json(refusal, request, {"detail": refusal.message}, status=422)
        message: dict[str, object] = {
            "id": _made_up_id("message", refusal.reference),
            "author": {"role": "assistant", "name": None, "metadata": {}},
            "content": {"content_type": "text", "parts": [refusal.message]},
            "status": "finished_successfully",
            "end_turn": True,
            "recipient": "all",
            "metadata": {},
        }
        known = conversation.id if conversation else None
        chat = known or _made_up_id("chat", refusal.reference)
        frame: dict[str, object] = {"message": message, "conversation_id": chat, "error": None}
        content = b"data: " + orjson.dumps(frame) + b"\n\ndata: [DONE]\n\n"
        return refuse_with(refusal, request, status=200, content=content, content_type=EVENT_STREAM)

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        body = members(document)
        if not is_object(document):
            return unreadable("not an object")
        for index, message in enumerate(items(body.get("messages"))):
            _read_message(page, message, ("messages", index))
        if "partial_query" in body:
            _read_message(page, body["partial_query"], ("partial_query",))
        for field in ("input_text", "query"):  # words being completed, words looked for in earlier conversations
            if isinstance(body.get(field), str):
                page.open(Role.USER, (field,))
                page.typed((field,))
        for index, item in enumerate(items(body.get("input_items"))):
            _read_task(page, item, ("input_items", index))
        return page.conversation(
            conversation_id=string(body.get("conversation_id")),
            model=page.model(),
            wants_stream=_STREAMED.search(request.path) is not None,
            background=not {"partial_query", "input_text"}.isdisjoint(body),
        )

    @override
    def _interpreter(self) -> Interpreter:
        return ChatGptAnswer()


def _is_message(value: object) -> bool:
    return isinstance(dig(value, "author", "role"), str) and is_object(dig(value, "content"))


def _made_up_id(purpose: str, reference: str) -> str:
    """An id of the form the page expects, the same each time for one refusal."""
    return str(UUID(bytes=blake2b(f"{purpose}:{reference}".encode(), digest_size=16).digest(), version=4))


def _read_message(page: Page, message: object, path: Path) -> None:
    role = ROLES.get(string(dig(message, "author", "role")), Role.USER)
    page.open(role, path)
    page.typed(path)
    kind = PartKind.TOOL_RESULT if role is Role.TOOL else PartKind.TEXT
    content = (*path, "content")
    for index, part in enumerate(items(dig(message, "content", "parts"))):
        at = (*content, "parts", index)
        if kind is PartKind.TEXT:
            page.typed(at)
        page.text(at, kind)
        page.text((*at, "text"), kind)
        pointer = string(dig(part, "asset_pointer")) or string(dig(part, "audio_asset_pointer", "asset_pointer"))
        page.reference(pointer.partition("://")[2] or pointer, (*at, "asset_pointer"))
    page.text((*content, "text"), kind)
    page.text((*content, "result"), kind)
    for field in _SELECTED:
        page.tree((*path, "metadata", field), PartKind.FILE)
    for index, file in enumerate(items(dig(message, "metadata", "attachments"))):
        name = string(dig(file, "name"))
        media_type = string(dig(file, "mimeType")) or string(dig(file, "mime_type"))
        where = (*path, "metadata", "attachments", index, "id")
        page.reference(dig(file, "id"), where, name=name, media_type=media_type)


def _read_task(page: Page, item: object, path: Path) -> None:
    """One item of a task for an agent in the cloud."""
    role = ROLES.get(string(dig(item, "role")), Role.USER)
    page.open(role, path)
    page.typed((*path, "content"))
    for index in range(len(items(dig(item, "content")))):
        page.typed((*path, "content", index, "text"))
