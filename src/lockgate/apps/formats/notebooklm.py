"""NotebookLM's chat: the prompt beside the ids of the sources it is about; each frame of the answer has all of it so far.

A private interface. `f.req` is `[null, "[sources, prompt, history, ...]"]`; the last number beside an answer says whether it is
one (1) or a thought (2).
"""

from typing import override

import orjson

from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.base import Refusal, Unreadable
from lockgate.apps.formats.google_form import GoogleForm, answer_with, close_form, inner_path
from lockgate.apps.formats.json_text import unreadable
from lockgate.apps.formats.json_view import dig, items, number, string
from lockgate.apps.formats.leaf_paths import leaves, value_at
from lockgate.apps.formats.nested_documents import parse_nested
from lockgate.apps.formats.page import Page
from lockgate.facts.prompt import Conversation, Role
from lockgate.facts.traffic import Answer, Request

_ANSWER, _THOUGHT = 1, 2
_ASKED = 1


class NotebookLm(GoogleForm):
    """`notebooklm`."""

    id = "notebooklm"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """An inner array of sources (an array of arrays) and a prompt."""
        at = inner_path(document)
        if isinstance(at, Unreadable):
            return False
        inner = value_at(document, at)
        return isinstance(dig(inner, 0, 0, 0), list) and isinstance(dig(inner, 1), str)

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """One frame with a whole answer, as the page reads it."""
        inner = orjson.dumps([[refusal.message, None, [], None, [None, _ANSWER]]]).decode()
        return answer_with(["wrb.fr", None, inner], refusal, request)

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        at = inner_path(document)
        if isinstance(at, Unreadable):
            return at
        inner = value_at(document, at)
        if not isinstance(dig(inner, 1), str):
            return unreadable("no prompt")
        # What was said before: newest first, with who said it.
        for index in reversed(range(len(items(dig(inner, 2))))):
            said = dig(inner, 2, index)
            page.open(Role.USER if number(dig(said, 2)) == _ASKED else Role.ASSISTANT, (*at, 2, index))
            page.text((*at, 2, index, 0))
        page.open(Role.USER, at[:1])
        page.typed((*at, 1))
        for index, source in enumerate(items(dig(inner, 0))):
            found = next((text for _, text in leaves(source, ()) if text), "")
            page.reference(found, (*at, 0, index))
        close_form(page, document, at)
        return page.conversation(conversation_id=string(dig(inner, 4)), wants_stream=True)

    @override
    def _interpreter(self) -> Interpreter:
        return _NotebookAnswer()


class _NotebookAnswer(Interpreter):
    """Every frame has the whole text so far; a thought is followed by the answer."""

    @override
    def event(self, name: str, data: object) -> None:
        """Take one frame."""
        if dig(data, 0) != "wrb.fr":
            return
        code = number(dig(data, 5, 0))
        self.draft.failed(f"error {code}" if code else "")
        payload = parse_nested(string(dig(data, 2)))
        said = dig(payload, 0)
        marker = dig(said, 4, -1)
        self.draft.put(Channel.REASONING if marker == _THOUGHT else Channel.TEXT, "answer", dig(said, 0))
        if marker == _ANSWER:
            self.draft.finished = True
        self.draft.belongs_to(dig(said, 2, 0))
