"""The Gemini web app: JSON inside JSON inside a form field up, length-prefixed chunks with the text so far down.

A private interface whose positions move with releases, so the prompt is found as the first string of the inner array and only
the rest goes by position. Everything else the page calls is `batchexecute`, which is left alone.
"""

import re
from typing import override

import orjson

from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.base import Refusal, StreamReader, Unreadable
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.form_text import parse_form
from lockgate.apps.formats.guarded_chunks import GUARD, GuardedChunksReader, utf16_length
from lockgate.apps.formats.json_text import Parsed, parse_nested, unreadable
from lockgate.apps.formats.json_view import dig, is_array, items, number, string
from lockgate.apps.formats.leaf_paths import leaves, value_at
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.refusal import JSON, refuse_with
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation, Role
from lockgate.facts.traffic import Answer, Request, Response

_REQUEST_TOKEN = re.compile(r"[A-Za-z0-9_-]{10,80}:[0-9]{10,16}", re.ASCII)


class GeminiWeb(DocumentFormat):
    """`gemini-web`."""

    id = "gemini-web"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """A form (as an array of pairs) whose `f.req` holds an array that holds an array as a string."""
        return "batchexecute" not in request.path and isinstance(_inner_path(document), tuple)

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """One frame with a finished candidate, as the page reads it; an HTTP error would only say that something went wrong."""
        ids = [conversation.id if conversation else None, f"r_{refusal.reference}"]
        candidate = [f"rc_{refusal.reference}", [refusal.message], None, None, None, None, None, None, [2]]
        inner = orjson.dumps([None, ids, None, None, [candidate]]).decode()
        frame = "\n" + orjson.dumps([["wrb.fr", None, inner]]).decode() + "\n"
        content = f"{GUARD}\n\n{utf16_length(frame)}{frame}".encode()
        return refuse_with(refusal, request, status=200, content=content, content_type=f"{JSON}; charset=utf-8")

    @override
    def _decode(self, content: bytes) -> Parsed | Unreadable:
        return parse_form(content)

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        inner_path = _inner_path(document)
        if isinstance(inner_path, Unreadable):
            return inner_path
        inner = value_at(document, inner_path)
        field, _, outer, *_ = inner_path
        page.open(Role.USER, (field,))
        # The prompt first: what follows it in the array is settings, tokens and names of uploaded files.
        prompt = next((path for path, text in leaves(dig(inner, 0), (*inner_path, 0)) if text), None)
        if prompt is not None:
            page.typed(prompt)
        for index, file in enumerate(items(dig(inner, 0, 3))):
            where = (*inner_path, 0, 3, index)
            page.reference(dig(file, 0, 0), where, name=string(dig(file, 1)))
        page.rest(inner_path)
        page.claim(inner_path[:-1])
        page.rest((field, 1, outer))
        page.claim((field, 1))
        for index, pair in enumerate(items(document)):
            if dig(pair, 0) == "at" and _REQUEST_TOKEN.fullmatch(string(dig(pair, 1))):
                page.claim((index, 1))
        return page.conversation(conversation_id=string(dig(inner, 2, 0)), wants_stream=True)

    @override
    def stream_reader(self, response: Response) -> StreamReader:
        """Always the same framing, whatever the content type says."""
        return GuardedChunksReader(self._interpreter())

    @override
    def _interpreter(self) -> Interpreter:
        return _GeminiWebAnswer()


def _inner_path(document: object) -> Path | Unreadable:
    """The path of the inner array in a form's one `f.req` field."""
    fields = [index for index, pair in enumerate(items(document)) if is_array(pair) and dig(pair, 0) == "f.req"]
    if len(fields) != 1:
        return unreadable("not exactly one f.req field")
    path = (fields[0], 1, "json")
    outer = value_at(document, path)
    if not isinstance(dig(outer, 1), str):
        return unreadable("f.req is not a prompt")
    inner = parse_nested(string(dig(outer, 1)))
    if isinstance(inner, Unreadable):
        return inner
    return (*path, 1, "json") if is_array(inner) else unreadable("f.req is not a prompt")


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
        for index, candidate in enumerate(items(dig(payload, 4))):
            self.draft.put(Channel.TEXT, index, dig(candidate, 1, 0))
            self.draft.put(Channel.REASONING, index, dig(candidate, 37, 0, 0))
            if dig(candidate, 8, 0) == 2:
                self.draft.finished = True
