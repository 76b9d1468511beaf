"""Reading along with what passes without a look, to notice an AI app nobody has described, or a known one that has changed.

Separate from deciding because nothing here can hold, change or stop anything: bytes are copied as they pass, so many and no
more, and looked at when the exchange is over. It must never keep a word of them.
"""

from dataclasses import dataclass, field

from lockgate.apps.discovery import answer_signs, legible, may_answer_as_model, request_signs, together
from lockgate.apps.formats.base import WireFormat
from lockgate.apps.formats.json_text import Parsed, parse_json
from lockgate.apps.shape import shape_of
from lockgate.facts.app import AppMatch
from lockgate.facts.discovery import Drift, Noticed
from lockgate.facts.traffic import Body, Request, Response, SocketMessage
from lockgate.gate.context import GateContext
from lockgate.gate.decode import decode_body
from lockgate.gate.events import RequestChunkSeen, ResponseChunkSeen

_MOST_OF_BODY = 256 * 1024
_MOST_OF_ANSWER = 8 * 1024
_MOST_OF_OTHERS = 16 * 1024
_MOST_OF_MESSAGE = 64 * 1024
_TEXT_TYPES = ("json", "x-www-form-urlencoded", "text/plain")
# Of a form with files and of a call in protobuf the beginning says enough; of half a JSON document nothing can be read.
_BEGINNING_TYPES = ("multipart/form-data", "proto", "grpc")


def is_worth_noticing(request: Request, app: AppMatch | None, *, read: bool) -> bool:
    """Whether what passes may show something new: of a host outside the library, or of an app at a path its file lacks.

    `read` says that the body was held and read; then only the answer of an unknown host can show more.
    """
    undescribed = app is None or (app.operation is None and not read)
    if not undescribed or request.method not in ("POST", "PUT", "PATCH"):
        return False
    return _is_texty(request) or (app is None and _is_told_by_its_beginning(request))


def passing_bytes(request: Request) -> "PassingBytes":
    """Where to keep what passes of this request and its answer."""
    begins = _is_told_by_its_beginning(request)
    return PassingBytes(most=_MOST_OF_OTHERS if begins else _MOST_OF_BODY, begins=begins)


@dataclass(slots=True)
class PassingBytes:
    """The beginning of what passes, both ways. `begins`: a part of the body is worth reading, too."""

    most: int = _MOST_OF_BODY
    begins: bool = False
    body: bytearray = field(default_factory=bytearray)
    answer: bytearray = field(default_factory=bytearray)
    cut: bool = False

    def take(self, event: RequestChunkSeen | ResponseChunkSeen) -> None:
        """Keep what there is room for."""
        if isinstance(event, ResponseChunkSeen):
            if len(self.answer) < _MOST_OF_ANSWER:
                self.answer += event.chunk[: _MOST_OF_ANSWER - len(self.answer)]
            return
        if len(self.body) + len(event.chunk) > self.most:
            self.cut = True
        if len(self.body) < self.most:
            self.body += event.chunk[: self.most - len(self.body)]


def notice_request(
    request: Request, app: AppMatch | None, wire_format: WireFormat | None, body: Body, drift: Drift | None
) -> Noticed:
    """What a request shows whose body is at hand. `app` is as the path alone told, `drift` what reading it came to."""
    if app is None:
        document = legible(request, body.content) if body.content else None
        return Noticed(discovery=request_signs(request, wire_format.id if wire_format else "", document))
    parsed = parse_json(body.content) if body.content and drift is not None else None
    document = parsed.value if isinstance(parsed, Parsed) else None
    return Noticed(drift=drift, shape=shape_of(document) if document is not None else "")


def notice_passing(context: GateContext, request: Request, app: AppMatch | None, passed: PassingBytes) -> Noticed:
    """What a request shows whose body passed unread."""
    if not passed.body or (passed.cut and not passed.begins):
        return notice_request(request, app, None, Body(content=b""), Drift.UNKNOWN_PATH if passed.body else None)
    body = decode_body(bytes(passed.body), request.headers.get("content-encoding"), _MOST_OF_BODY)
    return notice_request(request, app, context.sniff(request, body), body, Drift.UNKNOWN_PATH)


def notice_message(context: GateContext, request: Request, message: SocketMessage) -> Noticed:
    """What a message of a WebSocket shows that somebody opened to a host outside the library."""
    if len(message.content) > _MOST_OF_MESSAGE or not message.is_text:
        return Noticed(discovery=request_signs(request, "", None))
    sniffed = context.sniff(request, Body(content=message.content))
    # Socket.IO and its like put a number before the JSON.
    document = legible(request, message.content.lstrip(b"0123456789"))
    return Noticed(discovery=request_signs(request, sniffed.id if sniffed else "", document))


def with_answer(noticed: Noticed, response: Response | None, passed: PassingBytes) -> Noticed:
    """`noticed`, and what the beginning of the answer shows."""
    if response is None or not passed.answer or not may_answer_as_model(response):
        return noticed
    decoded = decode_body(bytes(passed.answer), response.headers.get("content-encoding"), _MOST_OF_ANSWER)
    found = together(noticed.discovery, answer_signs(response, decoded.content or bytes(passed.answer)))
    return Noticed(discovery=found, drift=noticed.drift, shape=noticed.shape)


def _is_texty(request: Request) -> bool:
    media_type = request.media_type
    # `application/x-amz-json-1.1` and `application/json+protobuf` are JSON, too.
    return not media_type or "json" in media_type or media_type.endswith(_TEXT_TYPES)


def _is_told_by_its_beginning(request: Request) -> bool:
    media_type = request.media_type
    return "json" not in media_type and any(part in media_type for part in _BEGINNING_TYPES)
