"""What every refusal has in common, whatever the dialect of its body.

Separate because these headers decide whether a person sees the message at all: without the CORS pair a browser hides it from
the page, without `x-should-retry` SDKs ask again, and a cached refusal would outlive the policy that caused it.
"""

import orjson

from lockgate.apps.formats.base import Refusal
from lockgate.facts.traffic import Answer, Headers, Request

JSON = "application/json"
EVENT_STREAM = "text/event-stream; charset=utf-8"

TOO_MANY_REQUESTS = 429

_MAX_ORIGIN = 512
_USUAL = frozenset({400, 403})
"""Where an app needs another status to show the message at all, that stays."""


def refuse_with(refusal: Refusal, request: Request, *, status: int, content: bytes, content_type: str = JSON) -> Answer:
    """The answer that carries `content` to the client of `request`.

    A refusal for some time has status 429 in place of 400 or 403, and says when it ends. SDKs are told not to try again all the
    same: they would do so within a minute, and a person has to know.
    """
    if refusal.for_now and status in _USUAL:
        status = TOO_MANY_REQUESTS
    pairs = [
        ("content-type", content_type),
        ("cache-control", "no-store"),
        ("x-should-retry", "false"),
        ("x-lockgate-reason", refusal.code),
        ("x-lockgate-reference", refusal.reference),
    ]
    if refusal.retry_after is not None:
        pairs.append(("retry-after", str(refusal.retry_after)))
    origin = request.headers.get("origin")
    if origin and len(origin) <= _MAX_ORIGIN and origin.isascii() and origin.isprintable():
        pairs += [
            ("access-control-allow-origin", origin),
            ("access-control-allow-credentials", "true"),
            (
                "access-control-expose-headers",
                "retry-after, x-lockgate-reason, x-lockgate-reference"
                if refusal.for_now
                else "x-lockgate-reason, x-lockgate-reference",
            ),
            ("vary", "origin"),
        ]
    return Answer(status=status, headers=Headers(tuple(pairs)), content=content)


def refuse_with_json(refusal: Refusal, request: Request, body: object, *, status: int = 400) -> Answer:
    """The answer that carries `body` as JSON; 400 is the one status that all measured API clients show without retrying."""
    return refuse_with(refusal, request, status=status, content=orjson.dumps(body))


def google_error(refusal: Refusal) -> dict[str, object]:
    """The error object of Google's APIs."""
    return {"error": google_status(refusal)}


def google_status(refusal: Refusal) -> dict[str, object]:
    """What Google's APIs call a status."""
    code, status = (TOO_MANY_REQUESTS, "RESOURCE_EXHAUSTED") if refusal.for_now else (403, "PERMISSION_DENIED")
    return {"code": code, "message": refusal.message, "status": status}


def google_number(refusal: Refusal) -> int:
    """The same as a number (google.rpc.Code, and status of gRPC): RESOURCE_EXHAUSTED or PERMISSION_DENIED."""
    return 8 if refusal.for_now else 7


def openai_error(refusal: Refusal) -> dict[str, object]:
    """The error object of OpenAI's APIs, which most others copy."""
    kind, code = openai_kind(refusal)
    return {"error": {"message": refusal.message, "type": kind, "param": None, "code": code}}


def openai_kind(refusal: Refusal) -> tuple[str, str]:
    """Type and code of OpenAI's errors."""
    return ("rate_limit_error", "rate_limit_exceeded") if refusal.for_now else ("policy_violation", "blocked_by_policy")
