"""Cohere's chat, both generations: `messages` as elsewhere (v2), or one `message` after a `chat_history` (v1); also `generate`.

Answers of v2 stream as named events, those of v1 as one JSON object per line. https://docs.cohere.com/reference/chat
"""

from typing import override

from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.answering import answer_in_events, answer_in_json
from lockgate.apps.formats.base import Refusal, StreamReader, Unreadable
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.json_text import unreadable, write_json
from lockgate.apps.formats.json_view import dig, is_array, items, members, string
from lockgate.apps.formats.ndjson import NdjsonReader
from lockgate.apps.formats.openai_chat import read_message
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.refusal import refuse_with_json
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation, PartKind, Role
from lockgate.facts.traffic import Answer, Request, Response

_ROLES = {"USER": Role.USER, "SYSTEM": Role.SYSTEM, "TOOL": Role.TOOL}

_NO_USAGE = {"billed_units": {"input_tokens": 0, "output_tokens": 0}, "tokens": {"input_tokens": 0, "output_tokens": 0}}


class CohereChat(DocumentFormat):
    """`cohere-chat`."""

    id = "cohere-chat"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """A message after its history: the second generation looks like anybody's messages."""
        body = members(document)
        return isinstance(body.get("message"), str) and is_array(body.get("chat_history"))

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """The vendor's error object."""
        return refuse_with_json(refusal, request, {"message": refusal.message})

    def answer(self, refusal: Refusal, request: Request, conversation: Conversation) -> Answer | None:
        """A whole answer of the second generation, or its events; none for the calls of the first."""
        if not request.path.endswith("/v2/chat"):
            return None
        text = {"type": "text", "text": refusal.message}
        if not conversation.wants_stream:
            message = {"role": "assistant", "content": [text]}
            whole = {"id": refusal.reference, "message": message, "finish_reason": "COMPLETE", "usage": _NO_USAGE}
            return answer_in_json(refusal, request, whole)
        start = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
        events: tuple[dict[str, object], ...] = (
            {"id": refusal.reference, "type": "message-start", "delta": {"message": start}},
            {"type": "content-start", "index": 0, "delta": {"message": {"content": {"type": "text", "text": ""}}}},
            {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": refusal.message}}}},
            {"type": "content-end", "index": 0},
            {"type": "message-end", "delta": {"finish_reason": "COMPLETE", "usage": _NO_USAGE}},
        )
        return answer_in_events(refusal, request, events, named=True)

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        body = members(document)
        if {"messages", "message", "prompt", "text"}.isdisjoint(body):
            return unreadable("no message")
        if "preamble" in body:
            page.open(Role.SYSTEM, ("preamble",))
            page.text(("preamble",))
        for index, message in enumerate(items(body.get("messages"))):
            _read_second(page, message, ("messages", index))
        for index, turn in enumerate(items(body.get("chat_history"))):
            _read_first(page, turn, ("chat_history", index))
        for index in range(len(items(body.get("documents")))):
            page.open(Role.USER, ("documents", index))
            page.tree(("documents", index), PartKind.FILE)
        for index in range(len(items(body.get("tool_results")))):
            page.open(Role.TOOL, ("tool_results", index))
            page.tree(("tool_results", index, "outputs"), PartKind.TOOL_RESULT)
        for field in ("message", "prompt", "text", "additional_command"):
            if isinstance(body.get(field), str):
                page.open(Role.USER, (field,))
                page.typed((field,))
        return page.conversation(
            conversation_id=string(body.get("conversation_id")), model=page.model(), wants_stream=body.get("stream") is True
        )

    @override
    def stream_reader(self, response: Response) -> StreamReader:
        """Named events, or lines, also where they are declared as plain JSON."""
        if response.media_type.endswith("json"):
            return NdjsonReader(self._interpreter())
        return super().stream_reader(response)

    @override
    def _interpreter(self) -> Interpreter:
        return _CohereAnswer()


def _read_second(page: Page, message: object, path: Path) -> None:
    """As elsewhere, with the model's plan for its tools, and documents among the chunks."""
    read_message(page, message, path)
    page.text((*path, "tool_plan"), PartKind.REASONING)
    for index, block in enumerate(items(dig(message, "content"))):
        if dig(block, "document") is not None:
            page.tree((*path, "content", index, "document", "data"), PartKind.FILE)


def _read_first(page: Page, turn: object, path: Path) -> None:
    page.open(_ROLES.get(string(dig(turn, "role")).upper(), Role.ASSISTANT), path)
    page.typed((*path, "message"))
    for index in range(len(items(dig(turn, "tool_calls")))):
        page.tree((*path, "tool_calls", index, "parameters"), PartKind.TOOL_CALL)
    for index in range(len(items(dig(turn, "tool_results")))):
        page.tree((*path, "tool_results", index, "outputs"), PartKind.TOOL_RESULT)


class _CohereAnswer(Interpreter):
    """Events by type (v2) or event type (v1), or a whole answer of either generation."""

    @override
    def event(self, name: str, data: object) -> None:
        """Take one event, or a whole answer."""
        draft = self.draft
        kind = string(dig(data, "type")) or string(dig(data, "event_type")) or name
        index = str(dig(data, "index"))
        delta = dig(data, "delta", "message")
        match kind:
            case "content-start" | "content-delta":
                draft.add(Channel.TEXT, "", dig(delta, "content", "text"))
                draft.add(Channel.REASONING, "", dig(delta, "content", "thinking"))
            case "tool-plan-delta":
                draft.add(Channel.REASONING, "", dig(delta, "tool_plan"))
            case "tool-call-start" | "tool-call-delta":
                function = dig(delta, "tool_calls", "function")
                said = string(dig(function, "name"))
                draft.add(Channel.CALL, index, f"{said} " if said else "")
                draft.add(Channel.CALL, index, dig(function, "arguments"))
            case "message-end":
                draft.failed(dig(data, "delta", "error"))
                draft.finished = True
            case "text-generation":
                draft.add(Channel.TEXT, "", dig(data, "text"))
            case "stream-start":
                draft.belongs_to(dig(data, "conversation_id"))
            case "stream-end":
                for position, call in enumerate(items(dig(data, "response", "tool_calls"))):
                    self._call(position, call)
                draft.finished = True
            case "":
                self._whole(data)
            case _:
                pass

    def _whole(self, data: object) -> None:
        draft = self.draft
        message = dig(data, "message")
        draft.failed(message if isinstance(message, str) else None)
        for block in items(dig(message, "content")):
            draft.add(Channel.TEXT, "", dig(block, "text"))
            draft.add(Channel.REASONING, "", dig(block, "thinking"))
        draft.add(Channel.REASONING, "", dig(message, "tool_plan"))
        draft.add(Channel.TEXT, "", dig(data, "text") or dig(data, "summary"))
        for index, generation in enumerate(items(dig(data, "generations"))):
            draft.add(Channel.TEXT, index, dig(generation, "text"))
        for position, call in enumerate(items(dig(message, "tool_calls")) or items(dig(data, "tool_calls"))):
            self._call(position, call)
        whole = {"message", "text", "summary", "generations"} & members(data).keys()
        draft.finished = draft.finished or bool(whole)

    def _call(self, position: int, call: object) -> None:
        given = dig(call, "function", "arguments")
        arguments = given if isinstance(given, str) else write_json(dig(call, "parameters") or {}).decode("utf-8", "replace")
        name = string(dig(call, "function", "name")) or string(dig(call, "name"))
        self.draft.put(Channel.CALL, str(position), f"{name} {arguments}")
