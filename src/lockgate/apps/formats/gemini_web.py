"""The Gemini web app: JSON inside JSON inside a form field up, length-prefixed chunks with the text so far down.

A private interface whose positions move with releases, so the prompt is found as the first string of the inner array and only
the rest goes by position. Everything else the page calls is `batchexecute`, which is left alone.
"""

from typing import override

import orjson

from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.base import Refusal, Unreadable
from lockgate.apps.formats.google_form import GoogleForm, answer_with, close_form, inner_path
from lockgate.apps.formats.json_view import dig, is_array, items, number, string
from lockgate.apps.formats.leaf_paths import leaves, value_at
from lockgate.apps.formats.nested_documents import parse_nested
from lockgate.apps.formats.page import Page
from lockgate.facts.prompt import Conversation, Role
from lockgate.facts.traffic import Answer, Request

_MODEL_HEADER = "x-goog-ext-525001261-jspb"


class GeminiWeb(GoogleForm):
    """`gemini-web`."""

    id = "gemini-web"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """A form (as an array of pairs) whose `f.req` holds an array that holds an array as a string."""
        return "batchexecute" not in request.path and isinstance(inner_path(document), tuple)

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """One frame with a finished candidate, as the page reads it; an HTTP error would only say that something went wrong."""
        ids = [conversation.id if conversation else None, f"r_{refusal.reference}"]
        candidate = [f"rc_{refusal.reference}", [refusal.message], None, None, None, None, None, None, [2]]
        inner = orjson.dumps([None, ids, None, None, [candidate]]).decode()
        return answer_with(["wrb.fr", None, inner], refusal, request)

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        at = inner_path(document)
        if isinstance(at, Unreadable):
            return at
        inner = value_at(document, at)
        page.open(Role.USER, at[:1])
        # The prompt first: what follows it in the array is settings, tokens and names of uploaded files.
        first = next((path for path, text in leaves(dig(inner, 0), (*at, 0)) if text), None)
        prompt = (*at, 0, 0) if isinstance(dig(inner, 0, 0), str) else first
        if prompt is not None:
            page.typed(prompt)
        for index, file in enumerate(items(dig(inner, 0, 3))):
            where = (*at, 0, 3, index)
            page.reference(dig(file, 0, 0), where, name=string(dig(file, 1)))
        close_form(page, document, at)
        settings = parse_nested(request.headers.get(_MODEL_HEADER))
        model = string(dig(settings, 4)) if is_array(settings) else ""
        return page.conversation(conversation_id=string(dig(inner, 2, 0)), model=model[:80], wants_stream=True)

    @override
    def _interpreter(self) -> Interpreter:
        return _GeminiWebAnswer()


class _GeminiWebAnswer(Interpreter):
    """Every frame has the whole text so far, of every candidate."""

    @override
    def event(self, name: str, data: object) -> None:
        """Take one frame: `["wrb.fr", null, "<json>"]`; frames of other calls name their call in the second place."""
        if dig(data, 0) != "wrb.fr" or dig(data, 1) is not None:
            return
        code = number(dig(data, 5, 2, 0, 1, 0))
        self.draft.failed(f"error {code}" if code else "")
        payload = parse_nested(string(dig(data, 2)))
        self.draft.belongs_to(dig(payload, 1, 0))
        for index, candidate in enumerate(items(dig(payload, 4))):
            self.draft.put(Channel.TEXT, index, dig(candidate, 1, 0))
            self.draft.put(Channel.REASONING, index, dig(candidate, 37, 0, 0))
            if dig(candidate, 8, 0) == 2:
                self.draft.finished = True
