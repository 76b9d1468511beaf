"""Google Search's AI Mode: the question is in the address, the answer a piece of HTML.

Only the new question is sent; the server keeps the conversation under a state of its own. A refusal is a piece of HTML, which
the page puts where the answer goes.
"""

import re
from html import escape, unescape
from typing import override

from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.base import Refusal, StreamReader, Unreadable
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.form_text import parse_form
from lockgate.apps.formats.json_text import Parsed, parse_json
from lockgate.apps.formats.json_view import dig, items, string
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.refusal import refuse_with
from lockgate.facts.prompt import Conversation, ModelAnswer, Role
from lockgate.facts.traffic import Answer, Body, Request, Response

_QUESTION = "q"
_HTML = "text/html; charset=utf-8"
_MOST = 4 * 1024 * 1024
_UNSEEN = re.compile(r"<(script|style|svg|template)\b[^<>]{0,4000}>")
_TAG = re.compile(r"<[^<>]{0,20000}>")
_INLINE = re.compile(r"</?(?:a|b|i|em|strong|span|mark|code|sub|sup)(?:\s[^<>]{0,20000})?>")
_SPACE = re.compile(r"\s+")


class GoogleAiMode(DocumentFormat):
    """`google-ai-mode`."""

    id = "google-ai-mode"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """Never: there is no body to tell it from."""
        return False

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """A paragraph."""
        content = f"<div><p>{escape(refusal.message)}</p></div>".encode("utf-8", "replace")
        return refuse_with(refusal, request, status=200, content=content, content_type=_HTML)

    @property
    def reads_url(self) -> bool:
        """The question is in the query."""
        return True

    @override
    def _parse(self, request: Request, body: Body) -> Parsed | Unreadable:
        if body.content:
            return parse_json(body.content)  # which the page does not send
        if not request.query:
            return Parsed(value=[], write=_cannot_write)
        form = parse_form(request.query.encode("utf-8", "surrogateescape"))
        return form if isinstance(form, Unreadable) else Parsed(value=form.value, write=_cannot_write)

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        fields = {string(dig(pair, 0)): index for index, pair in enumerate(items(document))}
        if _QUESTION in fields:
            page.open(Role.USER, (fields[_QUESTION],))
            page.typed((fields[_QUESTION], 1))
        return page.conversation(wants_stream=True)

    @override
    def stream_reader(self, response: Response) -> StreamReader:
        """The text of the page, once it has all arrived."""
        return _HtmlReader(self._interpreter())

    @override
    def _interpreter(self) -> Interpreter:
        return _HtmlAnswer()


def _cannot_write(_: object) -> bytes:
    raise ValueError("what is said in a URL cannot be replaced in a body")


class _HtmlReader:
    """Keeps the beginning of a page until its end."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._content = bytearray()

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self._content += chunk[: max(0, _MOST - len(self._content))]

    def finish(self) -> ModelAnswer:
        """What can be read on the page."""
        self._interpreter.event("", self._content.decode("utf-8", "replace"))
        return self._interpreter.answer()


class _HtmlAnswer(Interpreter):
    """A page that ends inside an element is not finished."""

    @override
    def event(self, name: str, data: object) -> None:
        """Take the page."""
        html = data if isinstance(data, str) else ""
        self.draft.put(Channel.TEXT, "page", _visible(html))
        self.draft.finished = html.rstrip().endswith("</div>") or html.rstrip().endswith("</html>")


def _visible(html: str) -> str:
    pieces: list[str] = []
    position = 0
    for opening in _UNSEEN.finditer(html):
        if opening.start() < position:
            continue
        pieces.append(html[position : opening.start()])
        end = html.find(f"</{opening.group(1)}", opening.end())
        position = len(html) if end < 0 else end
    pieces.append(html[position:])
    return _SPACE.sub(" ", unescape(_TAG.sub(" ", _INLINE.sub("", "".join(pieces))))).strip()
