"""Google's calls with JSON arrays in place of protobuf messages: AI Studio, and Gemini beside documents, sheets and mail.

Private interfaces in which position is all there is, so every text is seen and only the few known positions tell what it is. An
error is `[code, message]`, as for all calls of this kind.
"""

from typing import override

import orjson

from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.base import Refusal, StreamReader, Unreadable
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.json_text import unreadable
from lockgate.apps.formats.json_view import dig, is_array, items, number, string
from lockgate.apps.formats.leaf_paths import leaves, value_at
from lockgate.apps.formats.ndjson import WholeReader
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.refusal import google_number, refuse_with
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation, PartKind, Role
from lockgate.facts.traffic import Answer, Request, Response

_TYPE = "application/json+protobuf; charset=UTF-8"
_ROLES = {"user": Role.USER, "model": Role.ASSISTANT}
_THOUGHT_AT = 12
_MAX_NODES = 200_000


class _Positional(DocumentFormat):
    """What both have in common."""

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """The error of such a call, which the page shows as a notice."""
        content = orjson.dumps([google_number(refusal), refusal.message])
        return refuse_with(refusal, request, status=400, content=content, content_type=_TYPE)

    @override
    def stream_reader(self, response: Response) -> StreamReader:
        """One nested array that grows until it is whole."""
        return WholeReader(self._interpreter())


class AiStudio(_Positional):
    """`ai-studio`: `[model, [[parts, role], ...], safety, settings, token, system, ...]`; a part is `[null, text]`."""

    id = "ai-studio"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """A model and turns with roles."""
        turns = items(dig(document, 1))
        is_model = string(dig(document, 0)).startswith("models/")
        return is_model and bool(turns) and all(string(dig(turn, 1)) in _ROLES for turn in turns)

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        if not is_array(document) or not is_array(dig(document, 1)):
            return unreadable("no turns")
        if is_array(dig(document, 5)):
            page.open(Role.SYSTEM, (5,))
            for where, text in leaves(document[5], (5,)):
                if text:
                    page.text(where)
        for index, turn in enumerate(items(document[1])):
            page.open(_ROLES.get(string(dig(turn, 1)), Role.USER), (1, index))
            for number_, part in enumerate(items(dig(turn, 0))):
                at = (1, index, 0, number_)
                page.typed((*at, 1))
                kept = (*at, 2, 1)
                if is_array(dig(part, 2)) and not page.data(kept, media_type=string(dig(part, 2, 0))):
                    page.could_not_read("inline file")
        return page.conversation(model=page.model((0,)).removeprefix("models/"), wants_stream=True)

    @override
    def _interpreter(self) -> Interpreter:
        return _StudioAnswer()


class WorkspaceGemini(_Positional):
    """`workspace-gemini`: `[[operation, app, context, request, ...], ...]`, the words at places that depend on the app."""

    id = "workspace-gemini"

    _TYPED: tuple[Path, ...] = ((0, 3, 3, 0, 0, 2), (0, 3, 2))

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """An operation's number, and its context beside it."""
        return bool(number(dig(document, 0, 0))) and is_array(dig(document, 0, 2)) and self._prompt(document) is not None

    def _prompt(self, document: object) -> Path | None:
        return next((path for path in self._TYPED if isinstance(value_at(document, path), str)), None)

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        if not is_array(dig(document, 0)):
            return unreadable("no request")
        page.open(Role.USER, (0, 3))
        prompt = self._prompt(document)
        if prompt is not None:
            page.typed(prompt)
        # The document's own text, where a selection goes along: it is not what was typed.
        page.open(Role.SYSTEM, (0, 2))
        for where, text in leaves(dig(document, 0, 2), (0, 2)):
            if " " in text.strip():
                page.text(where, PartKind.FILE)
        return page.conversation(conversation_id=string(dig(document, 0, 2, 4)), wants_stream=True)

    @override
    def _interpreter(self) -> Interpreter:
        return _LongestAnswer()


class _PositionalAnswer(Interpreter):
    """An array whose first member is a number and whose second is a message is an error."""

    @override
    def event(self, name: str, data: object) -> None:
        """Take the whole answer."""
        if isinstance(dig(data, 0), int) and isinstance(dig(data, 1), str):
            self.draft.failed(dig(data, 1))
        elif is_array(data):
            self.draft.finished = True
            self._said(data)

    def _said(self, data: object) -> None:
        """Keep what the answer says."""


class _StudioAnswer(_PositionalAnswer):
    """Pieces are arrays of null and a text, in order; a thought has a mark behind it."""

    @override
    def _said(self, data: object) -> None:
        stack: list[object] = [data]
        for _ in range(_MAX_NODES):
            if not stack:
                break
            node = stack.pop()
            if not is_array(node):
                continue
            if len(node) > 1 and node[0] is None and isinstance(node[1], str):
                thought = len(node) > _THOUGHT_AT and node[_THOUGHT_AT] == 1
                self.draft.add(Channel.REASONING if thought else Channel.TEXT, "answer", node[1])
            else:
                stack += reversed(node)


class _LongestAnswer(_PositionalAnswer):
    """The same text comes again and again, with more in it: the longest that is prose is the answer."""

    @override
    def _said(self, data: object) -> None:
        texts = (text for _, text in leaves(data, ()) if " " in text or not text.isascii())
        self.draft.put(Channel.TEXT, "answer", max(texts, key=len, default=""))
