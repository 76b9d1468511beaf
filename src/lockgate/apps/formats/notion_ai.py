"""Notion's assistant: a transcript of typed entries (settings, context, the person's words, earlier answers) up, patches down.

A private interface. The context names page, workspace and person, and may hold the text of a page; it is what the app adds, not
what was typed. Answers are patches to a list of entries, or (older) whole entries one per line.
"""

from typing import override

import orjson

from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.base import Refusal, StreamReader, Unreadable
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.json_text import unreadable
from lockgate.apps.formats.json_view import dig, is_object, items, members, string
from lockgate.apps.formats.ndjson import NdjsonReader
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.patch_tree import PatchTree, steps_of
from lockgate.apps.formats.refusal import refuse_with
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation, ModelAnswer, PartKind, Role
from lockgate.facts.traffic import Answer, Request, Response

_TYPED = frozenset({"user", "human"})
_ANSWERED = frozenset({"agent-inference", "assistant", "markdown-chat"})
_PAGE_TEXT = ("content", "markdown", "pageContent", "page_content", "selectedContent", "selectedText", "selection")
_MAX_WHOLE = 32
_CHANNELS = {"text": Channel.TEXT, "thinking": Channel.REASONING, "tool_use": Channel.CALL}


class NotionAi(DocumentFormat):
    """`notion-ai`."""

    id = "notion-ai"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """A transcript in a workspace."""
        entries = items(dig(document, "transcript"))
        return isinstance(dig(document, "spaceId"), str) and bool(entries) and all(map(is_object, entries))

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """A list with one finished inference, as the first line of a stream of patches."""
        value = [{"type": "text", "content": refusal.message}]
        entry = {"id": refusal.reference, "type": "agent-inference", "value": value, "finishedAt": 1}
        content = orjson.dumps({"type": "patch-start", "data": {"s": [entry]}, "version": 1}) + b"\n"
        return refuse_with(refusal, request, status=200, content=content, content_type="application/x-ndjson")

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        if not is_object(document) or not items(document.get("transcript")):
            return unreadable("no transcript")
        model = ""
        for index, entry in enumerate(items(document["transcript"])):
            at = ("transcript", index)
            kind = string(dig(entry, "type"))
            if kind in _TYPED:
                page.open(Role.USER, at)
                _read_words(page, dig(entry, "value"), (*at, "value"))
            elif kind in _ANSWERED:
                page.open(Role.ASSISTANT, at)
                page.text((*at, "value"))
                for position, piece in enumerate(items(dig(entry, "value"))):
                    thought = dig(piece, "type") == "thinking"
                    page.text((*at, "value", position, "content"), PartKind.REASONING if thought else PartKind.TEXT)
            elif kind == "context":
                page.open(Role.SYSTEM, at)
                for name in _PAGE_TEXT:
                    page.tree((*at, "value", name), PartKind.FILE)
            else:
                model = model or page.model((*at, "value", "model"))
        return page.conversation(conversation_id=string(document.get("threadId")), model=model, wants_stream=True)

    @override
    def stream_reader(self, response: Response) -> StreamReader:
        """Lines, whatever the content type says."""
        return NdjsonReader(self._interpreter())

    @override
    def _interpreter(self) -> Interpreter:
        return _NotionAnswer()


def _read_words(page: Page, value: object, path: Path) -> None:
    """Rich text: runs of `[text, marks]`; marks are formatting, or the ids of what is mentioned."""
    page.typed(path)
    for index, run in enumerate(items(value)):
        page.typed((*path, index))
        if items(run):
            page.typed((*path, index, 0))


class _NotionAnswer(Interpreter):
    """A list of entries: `a` adds one (or a member), `x` extends a text, `p` replaces, `r` removes."""

    def __init__(self) -> None:
        super().__init__()
        self._tree = PatchTree()
        self._tree.put((), {"s": []})
        self._whole: dict[str, object] = {}

    @override
    def event(self, name: str, data: object) -> None:
        """Take one line."""
        match dig(data, "type"):
            case "patch-start":
                self._tree.put((), dig(data, "data"))
            case "patch":
                for change in items(dig(data, "v")):
                    self._change(change)
            case "record-map":
                self.draft.finished = True
            case "error" | "premium-feature-unavailable":
                self.draft.failed(dig(data, "message") or dig(data, "type"))
            case str(kind) if kind in _ANSWERED:
                # The whole entry so far: a later line with the same id replaces it.
                if len(self._whole) < _MAX_WHOLE or string(dig(data, "id")) in self._whole:
                    self._whole[string(dig(data, "id"))] = members(data)
            case _:
                self.draft.failed(dig(data, "message") if "errorId" in members(data) else "")

    def _change(self, change: object) -> None:
        steps, value = steps_of(string(dig(change, "p"))), dig(change, "v")
        match dig(change, "o"):
            case "x":
                self._tree.append(steps, value)
            case "a":
                self._tree.insert(steps, value)
            case "r":
                self._tree.remove(steps)
            case _:
                self._tree.put(steps, value)

    @override
    def answer(self) -> ModelAnswer:
        """What was said in all inferences."""
        for number, entry in enumerate((*items(dig(self._tree.plain(), "s")), *self._whole.values())):
            if string(dig(entry, "type")) not in _ANSWERED:
                continue
            self.draft.named(dig(entry, "model"))
            self.draft.put(Channel.TEXT, number, dig(entry, "value"))
            for index, piece in enumerate(items(dig(entry, "value"))):
                channel = _CHANNELS.get(string(dig(piece, "type")))
                if channel is Channel.CALL:
                    self.draft.put(channel, (number, index), f"{string(dig(piece, 'name'))} {string(dig(piece, 'content'))}")
                elif channel is not None:
                    self.draft.put(channel, (number, index), dig(piece, "content"))
            if dig(entry, "finishedAt") is not None:
                self.draft.finished = True
        return super().answer()
