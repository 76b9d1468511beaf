"""Zed's hosted models: a vendor's whole body inside an envelope that names the vendor, and its stream one event per line.

The inner body is read and rewritten by that vendor's own format; only the paths get longer. An error is a `status` line.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import override

import orjson

from lockgate.apps.formats.answer_draft import Interpreter
from lockgate.apps.formats.anthropic_messages import AnthropicMessages
from lockgate.apps.formats.base import Refusal, StreamReader, Unreadable
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.gemini_generate import GeminiGenerate
from lockgate.apps.formats.json_text import Parsed, parse_json, unreadable, write_json
from lockgate.apps.formats.json_view import dig, is_object, members, string
from lockgate.apps.formats.leaf_paths import rewrite
from lockgate.apps.formats.ndjson import NdjsonReader
from lockgate.apps.formats.openai_chat import OpenAiChat
from lockgate.apps.formats.openai_responses import OpenAiResponses
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.refusal import refuse_with
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation, ModelAnswer
from lockgate.facts.traffic import Answer, Body, Headers, Request, Response

_ANTHROPIC, _GEMINI, _CHAT, _RESPONSES = AnthropicMessages(), GeminiGenerate(), OpenAiChat(), OpenAiResponses()
_VENDORS: tuple[DocumentFormat, ...] = (_GEMINI, _RESPONSES, _ANTHROPIC, _CHAT)
_INNER = "provider_request"
_EVENTS = Response(status=200, headers=Headers((("content-type", "text/event-stream"),)))


class Zed(DocumentFormat):
    """`zed`."""

    id = "zed"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """An envelope with a vendor and its body."""
        return isinstance(dig(document, "provider"), str) and _INNER in members(document)

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """A line that says that the request failed; the editor shows its message."""
        line = {"status": {"failed": {"code": "http_403", "message": refusal.message, "request_id": refusal.reference}}}
        content = orjson.dumps(line) + b"\n"
        return refuse_with(refusal, request, status=200, content=content, content_type="application/x-ndjson")

    @override
    def read_request(self, request: Request, body: Body) -> Conversation | Unreadable:
        """What the inner body says, with what the envelope adds before it."""
        outer = super().read_request(request, body)
        found = _inner(body)
        if isinstance(outer, Unreadable):
            return outer
        if isinstance(found, Unreadable):
            return found
        at, known, inner = found
        read = known.read_request(request, inner)
        if isinstance(read, Unreadable):
            return read
        turns = (
            replace(turn, parts=tuple(replace(part, path=(*at, *part.path)) for part in turn.parts)) for turn in read.turns
        )
        return replace(
            read, turns=(*outer.turns, *turns), id=outer.id or read.id, model=outer.model or read.model, wants_stream=True,
        )  # fmt: skip

    @override
    def rewrite_request(self, request: Request, body: Body, texts: Mapping[Path, str]) -> bytes:
        """The body with the text at each path replaced. Raises ValueError for a path that `read_request` did not give."""
        found, parsed = _inner(body), parse_json(body.content)
        if isinstance(found, Unreadable) or isinstance(parsed, Unreadable):
            raise ValueError("a path that reading this request did not give")  # noqa: TRY004 - what the protocol says
        at, known, inner = found
        inside = {path[len(at) :]: text for path, text in texts.items() if path[: len(at)] == at}
        outside = {path: text for path, text in texts.items() if path[: len(at)] != at}
        outer = super().read_request(request, body)
        given = {part.path for turn in outer.turns for part in turn.parts} if isinstance(outer, Conversation) else set[Path]()
        if not outside.keys() <= given:
            raise ValueError("a path that reading this request did not give")
        written = known.rewrite_request(request, inner, inside)
        document = rewrite(parsed.value, outside) if outside else parsed.value
        changed = parse_json(written)
        if not texts or not is_object(document) or not isinstance(changed, Parsed):
            return body.content
        document[_INNER] = written.decode() if at[-1] == "json" else changed.value
        return parsed.write(document)

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        if not is_object(document):
            return unreadable("not an object")
        page.claim((_INNER,))
        return page.conversation(conversation_id=string(document.get("thread_id")), model=page.model(), wants_stream=True)

    @override
    def stream_reader(self, response: Response) -> StreamReader:
        """Lines, whatever the content type says."""
        return NdjsonReader(self._interpreter())

    @override
    def _interpreter(self) -> Interpreter:
        return _ZedAnswer()


def _inner(body: Body) -> tuple[Path, DocumentFormat, Body] | Unreadable:
    """Where the inner body is, which format it has by its shape, and its bytes."""
    parsed = parse_json(body.content)
    held = dig(parsed.value, _INNER) if isinstance(parsed, Parsed) else None
    content = held.encode("utf-8", "surrogatepass") if isinstance(held, str) else write_json(held)
    inner = parse_json(content)
    if not isinstance(inner, Parsed) or not is_object(inner.value):
        return unreadable("no inner request")
    request = Request(method="POST", scheme="https", host="inner.invalid", port=443)
    known = next((vendor for vendor in _VENDORS if vendor.recognises(request, inner.value)), _CHAT)
    return ((_INNER, "json") if isinstance(held, str) else (_INNER,)), known, Body(content=content)


class _ZedAnswer(Interpreter):
    """Hands each event on to the reader of the vendor that the first one shows."""

    def __init__(self) -> None:
        super().__init__()
        self._reader: StreamReader | None = None
        self._ended = False

    @override
    def event(self, name: str, data: object) -> None:
        """Take one line."""
        status = dig(data, "status")
        self.draft.failed(dig(status, "failed", "message") or dig(data, "message") or dig(data, "error"))
        self._ended = self._ended or status == "stream_ended"
        event = dig(data, "event") if "event" in members(data) else data if status is None else None
        if not is_object(event):
            return
        if self._reader is None:
            self._reader = _vendor_of(event).stream_reader(_EVENTS)
        self._reader.feed(b"data: " + write_json(event) + b"\n\n")

    @override
    def answer(self) -> ModelAnswer:
        """What was said, as its vendor's format understands it."""
        own = super().answer()
        if self._reader is None:
            return own
        heard = self._reader.finish()
        return replace(heard, error=heard.error or own.error, finished=(heard.finished or self._ended) and not own.error)


def _vendor_of(event: dict[str, object]) -> DocumentFormat:
    if "choices" in event:
        return _CHAT
    if "candidates" in event:
        return _GEMINI
    return _RESPONSES if string(event.get("type")).startswith("response.") else _ANTHROPIC
