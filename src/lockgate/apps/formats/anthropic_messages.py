"""Anthropic Messages: system prompt apart, typed content blocks, tool results in the user's role; also counts and batches.

Vertex and Bedrock carry the same body with the model in the path. https://docs.anthropic.com/en/api/messages
"""

import re
from typing import override

from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.answering import answer_in_events, answer_in_json, model_of
from lockgate.apps.formats.anthropic_said import message_events, whole_message
from lockgate.apps.formats.base import Refusal, Unreadable
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.json_text import unreadable, write_json
from lockgate.apps.formats.json_view import dig, items, members, string
from lockgate.apps.formats.openai_chat import ROLES, is_messages
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.path_model import model_in_path
from lockgate.apps.formats.plain_blocks import words_of
from lockgate.apps.formats.refusal import refuse_with_json
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation, PartKind, Role
from lockgate.facts.traffic import Answer, Request

_PATH = re.compile(r"/messages(?:/count_tokens)?$|:(?:streamR|r)awPredict$")
_BLOCKS = frozenset({"tool_use", "tool_result", "thinking", "redacted_thinking", "image", "document", "server_tool_use"})
_SESSION = re.compile(r"session_([0-9a-f-]{36})", re.ASCII)


class AnthropicMessages(DocumentFormat):
    """`anthropic-messages`."""

    id = "anthropic-messages"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """Messages with one of the vendor's marks: version, path, a separate `system`, or its own block types."""
        body = members(document)
        if is_messages(dig(body, "requests", 0, "params", "messages")):
            return True
        if not is_messages(body.get("messages")):
            return False
        if "anthropic_version" in body or request.headers.get("anthropic-version") or _PATH.search(request.path):
            return True
        return isinstance(body.get("max_tokens"), int) and (
            "system" in body or any(map(_has_own_block, items(body["messages"])))
        )

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """The vendor's error object, with the status its clients do not take for a failed login."""
        return refuse_with_json(refusal, request, permission_error(refusal))

    def answer(self, refusal: Refusal, request: Request, conversation: Conversation) -> Answer | None:
        """A message, or its events; none for a count or a batch, which are answered with something else."""
        if conversation.background or "/batches" in request.path:
            return None
        if conversation.wants_stream:
            return answer_in_events(refusal, request, message_events(refusal, model_of(conversation)), named=True)
        return answer_in_json(refusal, request, whole_message(refusal, model_of(conversation)))

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        body = members(document)
        if not items(body.get("messages")) and not items(body.get("requests")):
            return unreadable("no messages")
        read_messages_body(page, body, ())
        for index, request_of_batch in enumerate(items(body.get("requests"))):
            read_messages_body(page, dig(request_of_batch, "params"), ("requests", index, "params"))
            page.model(("requests", index, "params", "model"))
        session = _SESSION.search(string(dig(body, "metadata", "user_id")))
        return page.conversation(
            conversation_id=request.headers.get("x-claude-code-session-id") or (session.group(1) if session else None),
            model=page.model() or page.model(("requests", 0, "params", "model")) or model_in_path(request.path),
            wants_stream=body.get("stream") is True or request.path.endswith(":streamRawPredict"),
            background=request.path.endswith("/count_tokens") or model_in_path(request.path) == "count-tokens",
        )

    @override
    def _interpreter(self) -> Interpreter:
        return MessagesAnswer()


def permission_error(refusal: Refusal) -> object:
    """The vendor's error object."""
    kind = "rate_limit_error" if refusal.for_now else "permission_error"
    return {"type": "error", "error": {"type": kind, "message": refusal.message}}


def read_messages_body(page: Page, body: object, path: Path) -> None:
    """The system prompt and the messages of a body at `path`."""
    if "system" in members(body):
        page.open(Role.SYSTEM, (*path, "system"))
        page.text((*path, "system"))
        for index in range(len(items(dig(body, "system")))):
            page.text((*path, "system", index, "text"))
    for index, message in enumerate(items(dig(body, "messages"))):
        at = (*path, "messages", index)
        role = ROLES.get(string(dig(message, "role")), Role.USER)
        words = words_of(message, "content", at)
        if words is not None:
            page.whole_turn(role, at, words)
            continue
        page.open(role, at)
        page.typed((*at, "content"))
        for position, block in enumerate(items(dig(message, "content"))):
            read_message_block(page, block, (*at, "content", position))


def _has_own_block(message: object) -> bool:
    return any(string(dig(block, "type")) in _BLOCKS for block in items(dig(message, "content")))


def read_message_block(page: Page, block: object, path: Path) -> None:
    """One block of a message's content."""
    kind = string(dig(block, "type"))
    if kind.endswith("tool_use"):
        page.tree((*path, "input"), PartKind.TOOL_CALL)
    elif kind.endswith("tool_result"):
        page.text((*path, "content"), PartKind.TOOL_RESULT)
        for index, inner in enumerate(items(dig(block, "content"))):
            at = (*path, "content", index)
            page.text((*at, "text"), PartKind.TOOL_RESULT)
            _read_source(page, inner, at, PartKind.TOOL_RESULT)
    elif kind == "thinking":
        page.text((*path, "thinking"), PartKind.REASONING)
    else:
        page.typed((*path, "text"))
        for index in range(len(items(dig(block, "content"))) if kind == "search_result" else 0):
            page.text((*path, "content", index, "text"), PartKind.FILE)
        page.reference(dig(block, "file_id"), (*path, "file_id"))
        _read_source(page, block, path, PartKind.FILE)


def _read_source(page: Page, block: object, path: Path, kind: PartKind) -> None:
    """The file of an image, document or search-result block."""
    source = dig(block, "source")
    if source is None:
        return
    at = (*path, "source")
    name = string(dig(block, "title"))
    media_type = string(dig(source, "media_type"))
    match dig(source, "type"):
        case "text":
            page.text((*at, "data"), kind)
            page.names(name, at, media_type=media_type)
        case "base64":
            if not page.data((*at, "data"), name=name, media_type=media_type):
                page.could_not_read("inline file")
        case "content":
            page.tree((*at, "content"), kind)
        case "url":
            page.reference(dig(source, "url"), (*at, "url"), name=name)
        case "file":
            page.reference(dig(source, "file_id"), (*at, "file_id"), name=name)
        case _:
            pass


class MessagesAnswer(Interpreter):
    """Content blocks by index; a whole answer has all of them at once. Also what claude.ai streams."""

    @override
    def event(self, name: str, data: object) -> None:
        """Take one event, or a whole message."""
        draft = self.draft
        index = str(dig(data, "index"))
        kind = string(dig(data, "type"))
        match kind:
            case "message_start":
                draft.named(dig(data, "message", "model"))
            case "content_block_start":
                self._block(index, dig(data, "content_block"))
            case "content_block_delta":
                self._delta(index, dig(data, "delta"))
            case "message_stop":
                draft.finished = True
            case "message":
                draft.named(dig(data, "model"))
                for position, block in enumerate(items(dig(data, "content"))):
                    self._block(str(position), block)
                draft.finished = True
            case "completion":
                draft.add(Channel.TEXT, "", dig(data, "completion"))
                draft.finished = draft.finished or dig(data, "stop_reason") is not None
            case "error":
                draft.failed(dig(data, "error", "message") or dig(data, "message"))
            case _:
                draft.failed(dig(data, "error", "message"))
                draft.finished = draft.finished or kind == "message_batch" or "input_tokens" in members(data)

    def _block(self, index: str, block: object) -> None:
        # Text blocks of one answer continue one another (citations cut them apart), so they share a section.
        self.draft.add(Channel.TEXT, "", dig(block, "text"))
        self.draft.add(Channel.REASONING, "", dig(block, "thinking"))
        if string(dig(block, "type")).endswith("tool_use"):
            given = dig(block, "input")
            arguments = write_json(given).decode() if given else ""
            self.draft.add(Channel.CALL, index, f"{string(dig(block, 'name'))} {arguments}")

    def _delta(self, index: str, delta: object) -> None:
        match string(dig(delta, "type")):
            case "text_delta":
                self.draft.add(Channel.TEXT, "", dig(delta, "text"))
            case "thinking_delta":
                self.draft.add(Channel.REASONING, "", dig(delta, "thinking"))
            case "thinking_summary_delta":
                self.draft.add(Channel.REASONING, "", dig(delta, "summary", "summary") or dig(delta, "summary"))
            case "input_json_delta":
                self.draft.add(Channel.CALL, index, dig(delta, "partial_json"))
            case _:
                pass
