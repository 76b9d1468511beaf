"""How a remote procedure call is refused: in the framing it came in, for its client reads nothing else.

Separate from formats, because the framing decides and not the app. A Connect stream ends with an error, gRPC has status and
message (in the headers when there is no message at all: "trailers-only"), a bare call gets HTTP 403 with a JSON error.
"""

from dataclasses import replace
from urllib.parse import quote

import orjson

from lockgate.apps.formats.base import Refusal
from lockgate.apps.formats.envelope import END, TRAILERS, seal, to_base64
from lockgate.apps.formats.refusal import google_number, refuse_with, refuse_with_json
from lockgate.apps.formats.rpc_body import Framing, framing_of
from lockgate.facts.traffic import Answer, Headers, Request


def connect_code(refusal: Refusal) -> str:
    """Connect's code; in gRPC they are status 7 and 8."""
    return "resource_exhausted" if refusal.for_now else "permission_denied"


def refuse_call(refusal: Refusal, request: Request, details: tuple[object, ...] = ()) -> Answer:
    """The error of the request's own framing. `details` go with it where the framing has a place for them."""
    error: dict[str, object] = {"code": connect_code(refusal), "message": refusal.message}
    if details:
        error["details"] = details
    match framing_of(request.media_type):
        case Framing.CONNECT:
            content = seal(orjson.dumps({"error": error}), END)
        case Framing.GRPC:
            answer = refuse_with(refusal, request, status=200, content=b"", content_type=request.media_type)
            return replace(answer, headers=Headers((*answer.headers.pairs, *_status(refusal))))
        case Framing.GRPC_WEB:
            content = _trailers(refusal)
        case Framing.GRPC_WEB_TEXT:
            content = to_base64(_trailers(refusal))
        case _:
            return refuse_with_json(refusal, request, error, status=403)
    return refuse_with(refusal, request, status=200, content=content, content_type=request.media_type)


def _status(refusal: Refusal) -> tuple[tuple[str, str], ...]:
    # Percent-encoded as gRPC has it: printable ASCII but the percent sign stays.
    return (
        ("grpc-status", str(google_number(refusal))),
        ("grpc-message", quote(refusal.message, safe=" !\"#$&'()*+,/:;<=>?@[\\]^`{|}")),
    )


def _trailers(refusal: Refusal) -> bytes:
    return seal("".join(f"{name}: {value}\r\n" for name, value in _status(refusal)).encode(), TRAILERS)
