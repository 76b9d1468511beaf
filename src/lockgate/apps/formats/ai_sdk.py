"""Chats of web pages built with the AI SDK: messages in parts up, and down one of its two streams.

`ai-sdk-ui` is the message stream of version 5 on (typed JSON as server-sent events), `ai-sdk-data` the stream of versions 3
and 4 (lines of a code, a colon and JSON). Anybody's page may speak them, so they are recognised by shape.
https://ai-sdk.dev/docs/ai-sdk-ui/stream-protocol
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import override

import orjson

from lockgate.apps.formats.ai_sdk_answer import StreamedParts
from lockgate.apps.formats.answer_draft import Interpreter
from lockgate.apps.formats.answering import answer_in_events
from lockgate.apps.formats.base import Refusal, StreamReader, Unreadable
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.json_text import unreadable, write_json
from lockgate.apps.formats.json_view import dig, is_object, items, members, string
from lockgate.apps.formats.ndjson import NdjsonReader
from lockgate.apps.formats.openai_chat import ROLES
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.refusal import EVENT_STREAM, refuse_with
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation, PartKind, Role
from lockgate.facts.traffic import Answer, Headers, Request, Response

_MODELS = ("model", "selectedModel", "modelId", "selectedChatModel")
_UI_STREAM, _DATA_STREAM = ("x-vercel-ai-ui-message-stream", "v1"), ("x-vercel-ai-data-stream", "v1")
_OLD_MARKS = frozenset({"experimental_attachments", "toolInvocations", "parts"})


class AiSdkUi(DocumentFormat):
    """`ai-sdk-ui`."""

    id = "ai-sdk-ui"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """Messages that are nothing but typed parts, or the one new message of a chat."""
        messages = list(_messages(document))
        return bool(messages) and all(
            isinstance(dig(message, "role"), str) and _has_typed_parts(message) and "content" not in members(message)
            for _, message in messages
        )

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """An error in the stream, as the page's own server reports one."""
        error = orjson.dumps({"type": "error", "errorText": refusal.message})
        content = b"data: " + error + b"\n\ndata: [DONE]\n\n"
        answer = refuse_with(refusal, request, status=200, content=content, content_type=EVENT_STREAM)
        return replace(answer, headers=Headers((*answer.headers.pairs, _UI_STREAM)))

    def answer(
        self,
        refusal: Refusal,
        request: Request,
        conversation: Conversation,  # noqa: ARG002 - these pages know no model and are always streamed to
    ) -> Answer | None:
        """A message of one step with one text."""
        part = f"txt-{refusal.reference}"
        events: tuple[dict[str, object], ...] = (
            {"type": "start", "messageId": f"msg-{refusal.reference}"},
            {"type": "start-step"},
            {"type": "text-start", "id": part},
            {"type": "text-delta", "id": part, "delta": refusal.message},
            {"type": "text-end", "id": part},
            {"type": "finish-step"},
            {"type": "finish"},
        )
        answer = answer_in_events(refusal, request, events, end="[DONE]")
        return replace(answer, headers=Headers((*answer.headers.pairs, _UI_STREAM)))

    @override
    def stream_reader(self, response: Response) -> StreamReader:
        """Coded lines where the server still sends them, else by the content type."""
        if response.media_type == "text/plain":
            return NdjsonReader(self._interpreter())
        return super().stream_reader(response)

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        body = members(document)
        found = False
        for field in ("system", "systemPrompt"):
            if isinstance(body.get(field), str):
                page.open(Role.SYSTEM, (field,))
                page.text((field,))
        for path, message in _messages(document):
            found = True
            _read_message(page, message, path)
        if isinstance(body.get("prompt"), str):
            found = True
            page.open(Role.USER, ("prompt",))
            page.typed(("prompt",))
        if not found:
            return unreadable("no messages")
        model = next((page.model((name,)) for name in _MODELS if name in body), "")
        chat = string(body.get("id")) or string(body.get("chatId"))
        return page.conversation(conversation_id=chat, model=model, wants_stream=True)

    @override
    def _interpreter(self) -> Interpreter:
        return StreamedParts()


class AiSdkData(AiSdkUi):
    """`ai-sdk-data`."""

    id = "ai-sdk-data"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """Messages with their content as a string and again in parts, or with the attachments of those versions."""
        messages = [message for _, message in _messages(document)]
        return any(_OLD_MARKS & members(message).keys() for message in messages) and all(
            isinstance(dig(message, "role"), str) and isinstance(dig(message, "content"), str) for message in messages
        )

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """An error line in the stream."""
        content = b"3:" + write_json(refusal.message) + b"\n"
        answer = refuse_with(refusal, request, status=200, content=content, content_type="text/plain; charset=utf-8")
        return replace(answer, headers=Headers((*answer.headers.pairs, _DATA_STREAM)))

    @override
    def answer(self, refusal: Refusal, request: Request, conversation: Conversation) -> Answer | None:
        """A message of one step with one text, in coded lines."""
        usage = {"promptTokens": 0, "completionTokens": 0}
        end = {"finishReason": "stop", "usage": usage}
        lines: tuple[tuple[bytes, object], ...] = (
            (b"f", {"messageId": f"msg-{refusal.reference}"}),
            (b"0", refusal.message),
            (b"e", {**end, "isContinued": False}),
            (b"d", end),
        )
        content = b"".join(code + b":" + write_json(value) + b"\n" for code, value in lines)
        answer = refuse_with(refusal, request, status=200, content=content, content_type="text/plain; charset=utf-8")
        return replace(answer, headers=Headers((*answer.headers.pairs, _DATA_STREAM)))


def _messages(document: object) -> Iterable[tuple[Path, object]]:
    """The whole history, or the one message by which a page goes on."""
    history = items(dig(document, "messages"))
    yield from ((("messages", index), message) for index, message in enumerate(history))
    if not history and is_object(dig(document, "message")):
        yield ("message",), dig(document, "message")


def _has_typed_parts(message: object) -> bool:
    parts = items(dig(message, "parts"))
    return bool(parts) and all(isinstance(dig(part, "type"), str) for part in parts)


def _read_message(page: Page, message: object, path: Path) -> None:
    page.open(ROLES.get(string(dig(message, "role")), Role.USER), path)
    page.typed((*path, "content"))
    for index, part in enumerate(items(dig(message, "parts"))):
        _read_part(page, part, (*path, "parts", index))
    for index, call in enumerate(items(dig(message, "toolInvocations"))):
        _read_tool(page, call, (*path, "toolInvocations", index), string(dig(call, "toolName")))
    for index, file in enumerate(items(dig(message, "experimental_attachments"))):
        _read_file(page, file, (*path, "experimental_attachments", index))


def _read_part(page: Page, part: object, path: Path) -> None:
    kind = string(dig(part, "type"))
    if kind == "reasoning":
        page.text((*path, "text"), PartKind.REASONING)
        page.text((*path, "reasoning"), PartKind.REASONING)
    elif kind == "file":
        _read_file(page, part, path)
    elif kind == "tool-invocation":
        called = dig(part, "toolInvocation")
        _read_tool(page, called, (*path, "toolInvocation"), string(dig(called, "toolName")))
    elif kind == "dynamic-tool" or kind.startswith("tool-"):
        _read_tool(page, part, path, string(dig(part, "toolName")) or kind.removeprefix("tool-"))
    else:
        page.typed((*path, "text"))


def _read_tool(page: Page, call: object, path: Path, name: str) -> None:
    for field, kind in (
        ("args", PartKind.TOOL_CALL), ("input", PartKind.TOOL_CALL), ("result", PartKind.TOOL_RESULT),
        ("output", PartKind.TOOL_RESULT),
    ):  # fmt: skip
        if dig(call, field) is not None:
            page.tree((*path, field), kind, name=name)


def _read_file(page: Page, file: object, path: Path) -> None:
    name = string(dig(file, "filename")) or string(dig(file, "name"))
    types = ("mediaType", "contentType", "mimeType")
    media_type = next((string(dig(file, field)) for field in types if dig(file, field)), "")
    for field in ("url", "data"):
        at = (*path, field)
        if dig(file, field) is not None and not page.data(at, name=name, media_type=media_type, bare=field == "data"):
            page.reference(dig(file, field), at, name=name, media_type=media_type)
