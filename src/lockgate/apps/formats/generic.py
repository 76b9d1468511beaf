"""What can be done for a body in no known format: read every text in it, and refuse in a way most clients understand.

Separate from the registry's formats because it recognises nothing: it is what the gate falls back on. It reads JSON (also one
value per line), forms, multipart fields and plain text; anything else becomes one attachment.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import override

from lockgate.apps.formats.answer_draft import Interpreter
from lockgate.apps.formats.attached import attached
from lockgate.apps.formats.base import Refusal, Unreadable
from lockgate.apps.formats.budget import LEFT_OUT
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.form_text import parse_form
from lockgate.apps.formats.inline_data import text_of
from lockgate.apps.formats.json_lines import parse_json_lines
from lockgate.apps.formats.json_text import Parsed, parse_json, unreadable
from lockgate.apps.formats.json_view import string
from lockgate.apps.formats.leaf_paths import deep_leaves, leaves, rewrite
from lockgate.apps.formats.multipart_text import parse_multipart
from lockgate.apps.formats.nested_documents import NestedDocuments
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.refusal import openai_error, refuse_with, refuse_with_json
from lockgate.apps.formats.rpc_body import framing_of, looks_enveloped
from lockgate.apps.formats.rpc_refusal import refuse_call
from lockgate.apps.formats.rpc_text import RPC_TEXT
from lockgate.apps.formats.structural_words import says_nothing
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Attachment, Conversation, Part, PartKind, Role, chain
from lockgate.facts.traffic import Answer, Body, Completeness, Request

_TYPED_NAMES = frozenset({
    "content", "input", "inputs", "instruction", "message", "parts", "prompt", "q", "query", "query_str", "question", "text",
    "user_input", "value",
})  # fmt: skip
"""Members under which most apps send what a person typed."""

_MOST_LOOKED_INTO = 64
_FORM = "application/x-www-form-urlencoded"
_LIKE_FORM = re.compile(rb"[A-Za-z0-9_.%\[\]-]{1,100}=[^\s<>{}]*+")
_LIKE_JSON = re.compile(r'[\s\ufeff]*[{\[]\s*["{\[]')


class GenericText(DocumentFormat):
    """`generic-text`: not in the registry, as it would recognise everything."""

    id = "generic-text"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """Never: nothing tells this format from any other."""
        return False

    @override
    def read_request(self, request: Request, body: Body) -> Conversation | Unreadable:
        """Every text of the body in one turn; its files, or the whole of a binary body, as attachments."""
        if not body.content:
            return Conversation(turns=())
        called = RPC_TEXT.read_request(request, body) if _is_call(request, body) else None
        if isinstance(called, Conversation):
            return called
        found = _take_apart(request, body)
        if isinstance(found, Unreadable):
            return found
        nested = NestedDocuments(found.parsed.budget)
        parts = (*found.parts(nested), *found.files_as_text(), *found.otherwise())
        files = tuple(file if _file_text(file) is None else replace(file, content=None) for file in found.attachments)
        turns = chain([(Role.USER, parts, files)]) if parts or files else ()
        # Raw JSON can hide words behind escapes, so reading it as plain text is only part of a look.
        text = string(found.parsed.value)
        raw_json = len(text) > 0 and _LIKE_JSON.match(text) is not None
        unread = (*(("JSON that cannot be decoded",) if raw_json else ()), *((found.unread,) if found.unread else ()))
        unread = (*unread, LEFT_OUT) if found.parsed.budget.used_up else unread
        return Conversation(turns=turns, unread=unread)

    @override
    def rewrite_request(self, request: Request, body: Body, texts: Mapping[Path, str]) -> bytes:
        """The body with the text at each path replaced. Raises ValueError for a path that `read_request` did not give."""
        if not texts:
            return body.content
        if _is_call(request, body) and isinstance(RPC_TEXT.read_request(request, body), Conversation):
            return RPC_TEXT.rewrite_request(request, body, texts)
        found = _take_apart(request, body) if body.content else unreadable("empty")
        if isinstance(found, Unreadable) or not texts.keys() <= found.given():
            raise ValueError("a path that reading this request did not give")
        return found.parsed.write(rewrite(found.parsed.value, texts))

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """An error object for a client that speaks JSON, an error of its framing for a call, plain text for any other."""
        if framing_of(request.media_type) is not None:
            return refuse_call(refusal, request)
        if "json" in request.media_type or "json" in request.headers.get("accept"):
            return refuse_with_json(refusal, request, openai_error(refusal))
        content = refusal.message.encode("utf-8", "replace")
        return refuse_with(refusal, request, status=400, content=content, content_type="text/plain; charset=utf-8")

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        return unreadable("read without a page")

    @override
    def _interpreter(self) -> Interpreter:
        return _Silence()


class _Silence(Interpreter):
    """Nothing can be told about an answer in an unknown format."""

    @override
    def event(self, name: str, data: object) -> None:
        """Let it pass."""


GENERIC = GenericText()


def generic_text(request: Request, body: Body) -> Conversation | Unreadable:
    """The texts of a body in no known format. Never raises."""
    return GENERIC.read_request(request, body)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A body taken apart. In a document of `[name, value]` pairs, every value is what a person may have typed."""

    parsed: Parsed
    attachments: tuple[Attachment, ...] = ()
    in_pairs: bool = False
    read_otherwise: Parsed | None = None
    unread: str = ""

    def given(self) -> set[Path]:
        """The paths of texts that can be replaced."""
        return {part.path for part in self.parts(NestedDocuments(self.parsed.budget))}

    def parts(self, nested: NestedDocuments) -> tuple[Part, ...]:
        """Every text that says something, with all of what looks typed."""
        return tuple(
            Part(text=text, path=path, kind=PartKind.TEXT if self._is_typed(path) else PartKind.MACHINE)
            for path, text in deep_leaves(self.parsed.value, (), nested=nested)
            if text and (self._is_typed(path) or not says_nothing(text))
        )

    def files_as_text(self) -> tuple[Part, ...]:
        """The files that are plain text, whatever they are declared to be. They are read here, not rewritten."""
        texts = ((index, _file_text(file)) for index, file in enumerate(self.attachments))
        return tuple(Part(text=text, path=("files", index)) for index, text in texts if text)

    def otherwise(self) -> tuple[Part, ...]:
        """What somebody reads who takes the body for a form. Read here, not rewritten."""
        other = leaves(self.read_otherwise.value, ("form",)) if self.read_otherwise else ()
        return tuple(Part(text=text, path=path, kind=PartKind.MACHINE) for path, text in other if not says_nothing(text))

    def _is_typed(self, path: Path) -> bool:
        name = next((step for step in reversed(path) if isinstance(step, str) and step != "json"), None)
        if name is None:
            return not path or (self.in_pairs and path[1:2] == (1,))
        return name.lower() in _TYPED_NAMES


def _is_call(request: Request, body: Body) -> bool:
    return framing_of(request.media_type) is not None or looks_enveloped(body.content)


def _file_text(file: Attachment) -> str | None:
    return text_of(file.content) if file.content else None


def _take_apart(request: Request, body: Body) -> _Found | Unreadable:
    content = body.content
    if request.media_type.startswith("multipart/"):
        multipart = parse_multipart(content, request.headers.get("content-type"))
        if isinstance(multipart, Unreadable):
            return _undivided(request, body, multipart.detail)
        files = (
            attached(file.content, name=file.name, media_type=file.media_type, look=number < _MOST_LOOKED_INTO)
            for number, file in enumerate(multipart.files)
        )
        return _Found(parsed=multipart.parts, attachments=tuple(files), in_pairs=True)
    form = parse_form(content) if request.media_type == _FORM or _LIKE_FORM.fullmatch(content) else None
    for parsed in (parse_json(content), parse_json_lines(content)):
        if isinstance(parsed, Parsed):
            # Some clients declare everything a form; whoever goes by the declaration reads something else in it.
            return _Found(parsed=parsed, read_otherwise=form if isinstance(form, Parsed) else None)
    if isinstance(form, Parsed):
        return _Found(parsed=form, in_pairs=True)
    return _undivided(request, body, form.detail if form else "")


def _undivided(request: Request, body: Body, unread: str) -> _Found | Unreadable:
    """The whole body as one text, or as one file; `unread` is why it should have been more, if it should."""
    content = body.content
    text = text_of(content)
    if text is not None:
        return _Found(parsed=Parsed(value=text, write=_write_text), unread=unread)
    if body.completeness in (Completeness.ENCRYPTED, Completeness.UNDECODABLE):
        return Unreadable(completeness=body.completeness, detail="not text")
    file = attached(content, media_type=request.media_type)
    return _Found(parsed=Parsed(value=[], write=lambda _: content), attachments=(file,))


def _write_text(value: object) -> bytes:
    return string(value).encode("utf-8", "surrogatepass")
