"""What Google's web apps have in common: a form whose `f.req` field holds JSON, which holds JSON as a string, and a token `at`.

Answers are guarded chunks. Separate because Gemini, NotebookLM and all calls by `batchexecute` speak it; each says what its
arrays mean.
"""

import re
from abc import ABC
from collections.abc import Sequence
from typing import override

from lockgate.apps.formats.base import Refusal, StreamReader, Unreadable
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.form_text import parse_form
from lockgate.apps.formats.guarded_chunks import GuardedChunksReader, guarded
from lockgate.apps.formats.json_text import Parsed, unreadable
from lockgate.apps.formats.json_view import dig, is_array, items, string
from lockgate.apps.formats.leaf_paths import value_at
from lockgate.apps.formats.nested_documents import parse_nested
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.refusal import JSON, refuse_with
from lockgate.facts.problem import Path
from lockgate.facts.traffic import Answer, Request, Response

_REQUEST_TOKEN = re.compile(r"[A-Za-z0-9_-]{10,80}:[0-9]{10,16}", re.ASCII)


class GoogleForm(DocumentFormat, ABC):
    """A format of such forms; its documents are arrays of pairs."""

    @override
    def _decode(self, content: bytes) -> Parsed | Unreadable:
        return parse_form(content)

    @override
    def stream_reader(self, response: Response) -> StreamReader:
        """Always the same framing, whatever the content type says."""
        return GuardedChunksReader(self._interpreter())


def answer_with(frame: Sequence[object], refusal: Refusal, request: Request) -> Answer:
    """A successful answer of one frame, as the page reads it."""
    return refuse_with(refusal, request, status=200, content=guarded([frame]), content_type=f"{JSON}; charset=utf-8")


def request_path(document: object) -> Path | Unreadable:
    """The path of the array in a form's one `f.req` field."""
    fields = [index for index, pair in enumerate(items(document)) if is_array(pair) and dig(pair, 0) == "f.req"]
    if len(fields) != 1:
        return unreadable("not exactly one f.req field")
    path = (fields[0], 1, "json")
    return path if is_array(value_at(document, path)) else unreadable("f.req is no array")


def inner_path(document: object) -> Path | Unreadable:
    """The path of the array in a streamed call, whose `f.req` is `[null, "<array>"]`."""
    path = request_path(document)
    if isinstance(path, Unreadable):
        return path
    outer = value_at(document, path)
    if not isinstance(dig(outer, 1), str):
        return unreadable("f.req is not a prompt")
    inner = parse_nested(string(dig(outer, 1)))
    if isinstance(inner, Unreadable):
        return inner
    return (*path, 1, "json") if is_array(inner) else unreadable("f.req is not a prompt")


def claim_token(page: Page, document: object) -> None:
    """Leave the token out that keeps other sites from calling, if it looks like one."""
    for index, pair in enumerate(items(document)):
        if dig(pair, 0) == "at" and _REQUEST_TOKEN.fullmatch(string(dig(pair, 1))):
            page.claim((index, 1))


def close_form(page: Page, document: object, inner: Path) -> None:
    """Everything else that a streamed call says, in the open turn. The strings that hold it are claimed with it."""
    field, _, outer, *_ = inner
    page.rest(inner)
    page.claim(inner[:-1])
    page.rest((field, 1, outer))
    page.claim((field, 1))
    claim_token(page, document)
