"""Amazon Bedrock Converse: one body for the models of all vendors; blocks name their kind by their only member.

Also token counting (the same body inside `input`) and guardrails (blocks alone). The model is in the path, and usually the
request is signed. https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
"""

from typing import override

from lockgate.apps.formats.answer_draft import AnswerDraft, Channel, Interpreter
from lockgate.apps.formats.base import Refusal, Unreadable
from lockgate.apps.formats.bedrock_dialect import access_denied
from lockgate.apps.formats.bedrock_said import converse_answer
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.json_text import unreadable, write_json
from lockgate.apps.formats.json_view import dig, is_object, items, members, string
from lockgate.apps.formats.openai_chat import ROLES
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.path_model import model_in_path
from lockgate.apps.formats.plain_blocks import words_of
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation, PartKind, Role
from lockgate.facts.traffic import Answer, Request

_DOCUMENTS = {"txt": "text/plain", "md": "text/markdown", "csv": "text/csv", "html": "text/html"}
_FILES = ("image", "document", "video", "audio")
_BLOCKS = frozenset({*_FILES, "text", "toolUse", "toolResult", "guardContent", "reasoningContent", "cachePoint",
                     "citationsContent", "searchResult"})  # fmt: skip


class BedrockConverse(DocumentFormat):
    """`bedrock-converse`."""

    id = "bedrock-converse"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """Messages whose content is a list of blocks without a type, beside one of the call's own fields."""
        body = members(document)
        own = {"inferenceConfig", "toolConfig", "guardrailConfig", "additionalModelRequestFields"}
        return is_converse(body) and (not own.isdisjoint(body) or "/converse" in request.path)

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """The vendor's exception."""
        return access_denied(refusal, request)

    def answer(self, refusal: Refusal, request: Request, conversation: Conversation) -> Answer | None:
        """A whole message, or its events; none for a count or a guardrail."""
        if not request.path.endswith(("/converse", "/converse-stream")):
            return None
        return converse_answer(refusal, request, conversation)

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        counted: Path = ("input", "converse")
        path = counted if dig(document, *counted) is not None else ()
        body = dig(document, *path)
        if {"messages", "content", "input", "promptVariables"}.isdisjoint(members(body)):
            return unreadable("no messages")
        read_converse(page, body, path)
        for index, block in enumerate(items(dig(body, "content"))):
            page.open(Role.USER, ("content", index))
            read_content(page, block, ("content", index))
        for name in members(dig(body, "promptVariables")):
            page.open(Role.USER, ("promptVariables", name))
            page.typed(("promptVariables", name, "text"))
        encoded: Path = ("input", "invokeModel", "body")
        if dig(document, *encoded) is not None:
            page.open(Role.USER, encoded)
            page.data(encoded, media_type="application/json")
        return page.conversation(
            model=model_in_path(request.path),
            wants_stream=request.path.endswith("-stream"),
            background=request.path.endswith("/count-tokens"),
        )

    @override
    def _interpreter(self) -> Interpreter:
        return ConverseAnswer()


def is_converse(body: dict[str, object]) -> bool:
    """Whether `body` has messages made of this vendor's blocks."""
    contents = [members(message).get("content") for message in items(body.get("messages"))]
    return bool(contents) and all(
        items(content) and all(is_object(block) and "type" not in block and block.keys() <= _BLOCKS for block in items(content))
        for content in contents
    )


def read_converse(page: Page, body: object, path: Path) -> None:
    """The system's blocks and the messages of a body at `path`."""
    for index, block in enumerate(items(dig(body, "system"))):
        page.open(Role.SYSTEM, (*path, "system", index))
        read_content(page, block, (*path, "system", index))
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
            read_content(page, block, (*at, "content", position))


def read_content(page: Page, block: object, path: Path) -> None:
    """One block of a message."""
    page.typed((*path, "text"))
    page.typed((*path, "guardContent", "text", "text"))
    page.typed((*path, "text", "text"))
    page.text((*path, "reasoningContent", "reasoningText", "text"), PartKind.REASONING)
    if "toolUse" in members(block):
        page.tree((*path, "toolUse", "input"), PartKind.TOOL_CALL)
    for index in range(len(items(dig(block, "citationsContent", "content")))):
        page.text((*path, "citationsContent", "content", index, "text"))
    for index in range(len(items(dig(block, "searchResult", "content")))):
        page.text((*path, "searchResult", "content", index, "text"), PartKind.FILE)
    for index, inner in enumerate(items(dig(block, "toolResult", "content"))):
        at = (*path, "toolResult", "content", index)
        page.text((*at, "text"), PartKind.TOOL_RESULT)
        if "json" in members(inner):
            page.tree((*at, "json"), PartKind.TOOL_RESULT)
        _read_files(page, inner, at)
    _read_files(page, block, path)
    _read_files(page, dig(block, "guardContent"), (*path, "guardContent"))


def _read_files(page: Page, block: object, path: Path) -> None:
    for kind in _FILES:
        file = dig(block, kind)
        source, at = dig(file, "source"), (*path, kind, "source")
        name, form = string(dig(file, "name")), string(dig(file, "format"))
        media_type = _DOCUMENTS.get(form, f"application/{form}") if kind == "document" else f"{kind}/{form or '*'}"
        if dig(source, "bytes") is not None and not page.data((*at, "bytes"), name=name, media_type=media_type):
            page.could_not_read(f"inline {kind}")
        page.reference(dig(source, "s3Location", "uri"), (*at, "s3Location", "uri"), name=name, media_type=media_type)
        if isinstance(dig(source, "text"), str) or items(dig(source, "content")):
            page.tree(at, PartKind.FILE)
            page.names(name, at, media_type=media_type)


class ConverseAnswer(Interpreter):
    """Named events with blocks by index, or the whole message. Also what Nova models send inside `invoke`."""

    @override
    def event(self, name: str, data: object) -> None:
        """Take one event, or a whole answer."""
        draft = self.draft
        block = str(dig(data, "contentBlockIndex"))
        match name:
            case "contentBlockStart":
                used = string(dig(data, "start", "toolUse", "name"))
                draft.add(Channel.CALL, block, f"{used} " if used else "")
            case "contentBlockDelta":
                delta = dig(data, "delta")
                draft.add(Channel.TEXT, "", dig(delta, "text"))
                draft.add(Channel.REASONING, "", dig(delta, "reasoningContent", "text"))
                draft.add(Channel.CALL, block, dig(delta, "toolUse", "input"))
            case "messageStop":
                draft.finished = True
            case _:
                self._whole(data)

    def _whole(self, data: object) -> None:
        for position, block in enumerate(items(dig(data, "output", "message", "content"))):
            put_content(self.draft, block, position)
        message = dig(data, "message")
        self.draft.failed(message if isinstance(message, str) else None)
        if dig(data, "stopReason") or not {"inputTokens", "assessments"}.isdisjoint(members(data)):
            self.draft.finished = True


def put_content(draft: AnswerDraft, block: object, position: int) -> None:
    """One whole block of an answer."""
    draft.add(Channel.TEXT, "", dig(block, "text"))
    draft.add(Channel.REASONING, "", dig(block, "reasoningContent", "reasoningText", "text"))
    for index, cited in enumerate(items(dig(block, "citationsContent", "content"))):
        draft.add(Channel.TEXT, ("cited", position, index), dig(cited, "text"))
    used = dig(block, "toolUse")
    if used is not None:
        draft.add(Channel.CALL, position, f"{string(dig(used, 'name'))} {write_json(dig(used, 'input') or {}).decode()}")
