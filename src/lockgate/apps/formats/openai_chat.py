"""OpenAI Chat Completions, the most copied wire format.

Also served under Azure deployment paths and by most other model APIs, with small additions (thoughts beside the content,
content in typed chunks), which are read here, too. https://platform.openai.com/docs/api-reference/chat
"""

from typing import override

from lockgate.apps.formats.answer_draft import Interpreter
from lockgate.apps.formats.base import Refusal, Unreadable
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.json_text import unreadable
from lockgate.apps.formats.json_view import dig, is_object, items, members, string
from lockgate.apps.formats.openai_chat_answer import ChatAnswer
from lockgate.apps.formats.openai_said import chat_answer
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.path_model import model_in_path
from lockgate.apps.formats.plain_blocks import words_of
from lockgate.apps.formats.refusal import openai_error, refuse_with_json
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation, PartKind, Role
from lockgate.facts.traffic import Answer, Request

ROLES = {"system": Role.SYSTEM, "developer": Role.SYSTEM, "assistant": Role.ASSISTANT, "model": Role.ASSISTANT,
         "tool": Role.TOOL, "function": Role.TOOL}  # fmt: skip
"""Roles on the wire. Whatever is not listed counts as the user's."""


class OpenAiChat(DocumentFormat):
    """`openai-chat`."""

    id = "openai-chat"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """`messages` with roles and contents."""
        return is_messages(members(document).get("messages"))

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """The vendor's error object."""
        return refuse_with_json(refusal, request, openai_error(refusal))

    def answer(self, refusal: Refusal, request: Request, conversation: Conversation) -> Answer | None:
        """A chat completion, or its chunks."""
        return chat_answer(refusal, request, conversation)

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        body = members(document)
        if not items(body.get("messages")):
            if not {"role", "content"} <= body.keys():
                return unreadable("no messages")
            read_message(page, body, ())  # one message of a thread that the server keeps
        read_messages(page, body.get("messages"), ("messages",))
        return page.conversation(
            conversation_id=string(dig(body, "metadata", "conversation_id")) or request.headers.get("x-interaction-id"),
            model=page.model() or model_in_path(request.path),
            wants_stream=body.get("stream") is True,
        )

    @override
    def _interpreter(self) -> Interpreter:
        return ChatAnswer()


def is_messages(value: object) -> bool:
    """Whether `value` is a non-empty list of messages: objects with a role and something said."""
    return bool(items(value)) and all(
        isinstance(members(message).get("role"), str) and not {"content", "tool_calls"}.isdisjoint(members(message))
        for message in items(value)
    )


def read_messages(page: Page, messages: object, path: Path) -> None:
    """The list of messages at `path`, a turn for each."""
    for index, message in enumerate(items(messages)):
        if page.is_full:
            break
        read_message(page, message, (*path, index))


def read_message(page: Page, message: object, path: Path) -> None:
    """One message, in a turn of its own."""
    said = members(message)
    role, content = ROLES.get(string(said.get("role")), Role.USER), said.get("content")
    words = words_of(message, "content", path)
    if words is not None:
        page.whole_turn(role, path, words)
        return
    page.open(role, path)
    if role is Role.TOOL:
        page.text((*path, "content"), PartKind.TOOL_RESULT)
    else:
        page.typed((*path, "content"))
    for index, block in enumerate(items(content)):
        if role is Role.TOOL:
            page.text((*path, "content", index, "text"), PartKind.TOOL_RESULT)
        read_block(page, block, (*path, "content", index))
    _read_thoughts(page, message, path)
    page.text((*path, "refusal"))
    for index, call in enumerate(items(dig(message, "tool_calls"))):
        for field, text in (("function", "arguments"), ("custom", "input")):
            if dig(call, field, text) is not None:
                page.tree((*path, "tool_calls", index, field, text), PartKind.TOOL_CALL)
    if dig(message, "function_call", "arguments") is not None:
        page.tree((*path, "function_call", "arguments"), PartKind.TOOL_CALL)


def _read_thoughts(page: Page, message: object, path: Path) -> None:
    for field in ("reasoning_content", "reasoning"):
        page.text((*path, field), PartKind.REASONING)
    for index, _ in enumerate(items(dig(message, "reasoning_details"))):
        page.text((*path, "reasoning_details", index, "text"), PartKind.REASONING)


def read_block(page: Page, block: object, path: Path) -> None:
    """One typed chunk of a message's content; also a bare string among them."""
    if not is_object(block):
        page.typed(path)
        return
    page.typed((*path, "text"))
    page.text((*path, "refusal"))
    if dig(block, "thinking") is not None:
        page.tree((*path, "thinking"), PartKind.REASONING)
    for field in ("image_url", "video_url", "document_url", "audio_url", "file_url"):
        where = (*path, field, "url") if isinstance(dig(block, field), dict) else (*path, field)
        named = string(dig(block, "document_name") or dig(block, "file_name"))
        if dig(block, field) is not None and not page.data(where, name=named, bare=False):
            page.reference(dig(block, *where[len(path) :]), where, name=named)
    audio = dig(block, "input_audio")
    _read_audio(page, audio, (*path, "input_audio"))
    file = dig(block, "file")
    name = string(dig(file, "filename"))
    if dig(file, "file_data") is not None and not page.data((*path, "file", "file_data"), name=name):
        page.could_not_read("inline file")
    page.reference(dig(file, "file_id"), (*path, "file", "file_id"), name=name)
    page.reference(dig(block, "file_id"), (*path, "file_id"))


def _read_audio(page: Page, audio: object, path: Path) -> None:
    """OpenAI puts the sound under `data`, Mistral in the member itself."""
    where = path if isinstance(audio, str) else (*path, "data")
    if audio is not None and not page.data(where, media_type=f"audio/{string(dig(audio, 'format')) or '*'}"):
        page.could_not_read("inline audio")
