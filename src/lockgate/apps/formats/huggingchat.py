"""HuggingChat: the prompt is a JSON document in one field of a multipart form, files lie beside it as base64.

Older pages send the document alone. Answers are one JSON value per line; tokens are padded with U+0000 so that their size says
nothing, and the final answer repeats all of them.
"""

import re
from typing import override

import orjson

from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.base import Refusal, StreamReader, Unreadable
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.json_text import Parsed, parse_json, unreadable
from lockgate.apps.formats.json_view import dig, is_array, is_object, items, members, string
from lockgate.apps.formats.multipart_document import fields_named, parse_multipart_document
from lockgate.apps.formats.ndjson import NdjsonReader
from lockgate.apps.formats.nested_documents import parse_nested
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.refusal import refuse_with
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Attachment, Conversation, PartKind, Role
from lockgate.facts.traffic import Answer, Body, Request, Response

_CONVERSATION = re.compile(r"/conversation/([0-9a-f]{24})(?:/|$)")
_ENCODED = "base64;"


class HuggingChat(DocumentFormat):
    """`huggingchat`."""

    id = "huggingchat"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """The page's own document, alone."""
        body = members(document)
        return isinstance(body.get("inputs"), str) and {"id", "is_retry"} <= body.keys()

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """A final answer, as the page streams it."""
        answer = {"type": "finalAnswer", "text": refusal.message, "interrupted": False}
        lines = ({"type": "status", "status": "started"}, {"type": "stream", "token": refusal.message}, answer)
        content = b"".join(orjson.dumps(line) + b"\n" for line in lines)
        return refuse_with(refusal, request, status=200, content=content, content_type="application/jsonl")

    @override
    def _parse(self, request: Request, body: Body) -> Parsed | Unreadable:
        if not request.media_type.startswith("multipart/"):
            return parse_json(body.content)
        return parse_multipart_document(body.content, request.headers.get("content-type"))

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        at = _where(document)
        if isinstance(at, Unreadable):
            return at
        page.open(Role.USER, (*at, "inputs"))
        page.typed((*at, "inputs"))
        for file in page.files:
            _read_file(page, file)
        found = _CONVERSATION.search(request.path)
        return page.conversation(
            conversation_id=found.group(1) if found else None, model=page.model((*at, "model")), wants_stream=True
        )

    @override
    def stream_reader(self, response: Response) -> StreamReader:
        """Lines, whatever the content type says."""
        return NdjsonReader(self._interpreter())

    @override
    def _interpreter(self) -> Interpreter:
        return _HuggingChatAnswer()


def _where(document: object) -> Path | Unreadable:
    """The path of the page's document: the body itself, or one field of a form."""
    if is_object(document):
        return () if "inputs" in document else unreadable("no inputs")
    parts = fields_named(document, "data") if is_array(document) else []
    if len(parts) != 1:
        return unreadable("not exactly one data field")
    nested = parse_nested(string(dig(document, parts[0], 1)))
    if isinstance(nested, Unreadable):
        return nested
    return (parts[0], 1, "json") if is_object(nested) else unreadable("no inputs")


def _read_file(page: Page, file: Attachment) -> None:
    """A file as it is, or (with a name that says so) written as base64."""
    name = file.name.removeprefix(_ENCODED)
    if file.name != name and page.data(file.path, name=name, media_type=file.media_type):
        return
    page.text(file.path, PartKind.FILE)
    page.attach(file)


class _HuggingChatAnswer(Interpreter):
    """One value per line; `type` says what it is."""

    @override
    def event(self, name: str, data: object) -> None:
        """Take one line."""
        draft = self.draft
        match dig(data, "type"):
            case "stream":
                draft.add(Channel.TEXT, "answer", string(dig(data, "token")).replace("\0", ""))
            case "reasoning":
                draft.add(Channel.REASONING, "answer", string(dig(data, "token")).replace("\0", ""))
            case "finalAnswer":
                draft.put(Channel.TEXT, "answer", dig(data, "text"))
                draft.finished = True
            case "tool" if is_object(dig(data, "call")):
                call = dig(data, "call")
                arguments = orjson.dumps(dig(call, "parameters") or {}).decode()
                draft.put(Channel.CALL, str(dig(data, "uuid")), f"{string(dig(call, 'name'))} {arguments}")
            case "status" if dig(data, "status") == "error":
                draft.failed(dig(data, "message"))
            case None:
                draft.failed(dig(data, "message") or dig(data, "error"))
            case _:
                for file in items(dig(data, "files")):
                    draft.refers_to(dig(file, "sha"))
