"""Reading along with what passes without a look, to notice an AI app nobody has described, or a known one that has changed.

Separate from deciding because nothing here can hold, change or stop anything: bytes are copied as they pass, so many and no
more, and looked at when the exchange is over. It must never keep a word of them.
"""

from dataclasses import dataclass, field

from lockgate.apps.discovery import answer_signs, may_answer_as_model, request_signs, together
from lockgate.apps.formats.base import WireFormat
from lockgate.apps.formats.json_text import Parsed, parse_json
from lockgate.apps.shape import shape_of
from lockgate.facts.app import AppMatch
from lockgate.facts.discovery import Drift, Noticed
from lockgate.facts.traffic import Body, Request, Response
from lockgate.gate.context import GateContext
from lockgate.gate.decode import decode_body
from lockgate.gate.events import RequestChunkSeen, ResponseChunkSeen

_MOST_OF_BODY = 256 * 1024
_MOST_OF_ANSWER = 8 * 1024
_TEXT_TYPES = ("json", "x-www-form-urlencoded", "text/plain")


def is_worth_noticing(request: Request, app: AppMatch | None, *, read: bool) -> bool:
    """Whether what passes may show something new: of a host outside the library, or of an app at a path its file lacks.

    `read` says that the body was held and read; then only the answer of an unknown host can show more.
    """
    undescribed = app is None or (app.operation is None and not read)
    return undescribed and request.method in ("POST", "PUT", "PATCH") and _is_texty(request)


@dataclass(slots=True)
class PassingBytes:
    """The beginning of what passes, both ways."""

    body: bytearray = field(default_factory=bytearray)
    answer: bytearray = field(default_factory=bytearray)
    cut: bool = False

    def take(self, event: RequestChunkSeen | ResponseChunkSeen) -> None:
        """Keep what there is room for."""
        if isinstance(event, ResponseChunkSeen):
            self.answer += event.chunk[: _MOST_OF_ANSWER - len(self.answer)]
            return
        self.cut = self.cut or len(self.body) + len(event.chunk) > _MOST_OF_BODY
        self.body += event.chunk[: _MOST_OF_BODY - len(self.body)]


def notice_request(
    request: Request, app: AppMatch | None, wire_format: WireFormat | None, body: Body, drift: Drift | None
) -> Noticed:
    """What a request shows whose body is at hand. `app` is as the path alone told, `drift` what reading it came to."""
    parsed = parse_json(body.content) if body.content and (app is None or drift is not None) else None
    document = parsed.value if isinstance(parsed, Parsed) else None
    if app is None:
        return Noticed(discovery=request_signs(request, wire_format.id if wire_format else "", document))
    return Noticed(drift=drift, shape=shape_of(document) if document is not None else "")


def notice_passing(context: GateContext, request: Request, app: AppMatch | None, passed: PassingBytes) -> Noticed:
    """What a request shows whose body passed unread."""
    if passed.cut or not passed.body:
        return notice_request(request, app, None, Body(content=b""), Drift.UNKNOWN_PATH if passed.body else None)
    body = decode_body(bytes(passed.body), request.headers.get("content-encoding"), _MOST_OF_BODY)
    return notice_request(request, app, context.sniff(request, body), body, Drift.UNKNOWN_PATH)


def with_answer(noticed: Noticed, response: Response | None, passed: PassingBytes) -> Noticed:
    """`noticed`, and what the beginning of the answer shows."""
    if response is None or not passed.answer or not may_answer_as_model(response):
        return noticed
    decoded = decode_body(bytes(passed.answer), response.headers.get("content-encoding"), _MOST_OF_ANSWER)
    found = together(noticed.discovery, answer_signs(response, decoded.content or bytes(passed.answer)))
    return Noticed(discovery=found, drift=noticed.drift, shape=noticed.shape)


def _is_texty(request: Request) -> bool:
    media_type = request.media_type
    return not media_type or media_type.endswith(_TEXT_TYPES)
