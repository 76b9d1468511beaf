"""Google Search's AI Mode: the question is in the address, the answer a piece of HTML.

The query of every request is read as text by whoever reads requests, so there is nothing to read here but a body that a page
should not send. A refusal is a piece of HTML, which the page puts where the answer goes.
"""

import re
from html import escape, unescape
from typing import override

from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.base import Refusal, StreamReader, Unreadable
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.json_text import unreadable
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.refusal import refuse_with
from lockgate.facts.prompt import Conversation, ModelAnswer
from lockgate.facts.traffic import Answer, Body, Request, Response

_HTML = "text/html; charset=utf-8"
_MOST = 4 * 1024 * 1024
_UNSEEN = re.compile(r"<(script|style|svg|template)\b[^<>]{0,4000}>")
_TAG = re.compile(r"<[^<>]{0,20000}>")
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

    @override
    def read_request(self, request: Request, body: Body) -> Conversation | Unreadable:
        """Nothing, where there is no body."""
        return super().read_request(request, body) if body.content else Conversation(turns=())

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        return page.conversation() if isinstance(document, (dict, list)) else unreadable("not an object")

    @override
    def stream_reader(self, response: Response) -> StreamReader:
        """The text of the page, once it has all arrived."""
        return _HtmlReader(self._interpreter())

    @override
    def _interpreter(self) -> Interpreter:
        return _HtmlAnswer()


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
    return _SPACE.sub(" ", unescape(_TAG.sub(" ", "".join(pieces)))).strip()
