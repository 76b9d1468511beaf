"""What every refusal has in common, whatever the dialect of its body.

Separate because these headers decide whether a person sees the message at all: without the CORS pair a browser hides it from
the page, without `x-should-retry` SDKs ask again, and a cached refusal would outlive the policy that caused it.
"""

import orjson

from lockgate.apps.formats.base import Refusal
from lockgate.facts.traffic import Answer, Headers, Request

JSON = "application/json"
EVENT_STREAM = "text/event-stream; charset=utf-8"

_MAX_ORIGIN = 512


def refuse_with(refusal: Refusal, request: Request, *, status: int, content: bytes, content_type: str = JSON) -> Answer:
    """The answer that carries `content` to the client of `request`."""
    pairs = [
        ("content-type", content_type),
        ("cache-control", "no-store"),
        ("x-should-retry", "false"),
        ("x-lockgate-reason", refusal.code),
        ("x-lockgate-reference", refusal.reference),
    ]
    origin = request.headers.get("origin")
    if origin and len(origin) <= _MAX_ORIGIN and origin.isascii() and origin.isprintable():
        pairs += [
            ("access-control-allow-origin", origin),
            ("access-control-allow-credentials", "true"),
            ("access-control-expose-headers", "x-lockgate-reason, x-lockgate-reference"),
            ("vary", "origin"),
        ]
    return Answer(status=status, headers=Headers(tuple(pairs)), content=content)


def refuse_with_json(refusal: Refusal, request: Request, body: object, *, status: int = 400) -> Answer:
    """The answer that carries `body` as JSON; 400 is the one status that all measured API clients show without retrying."""
    return refuse_with(refusal, request, status=status, content=orjson.dumps(body))


def google_error(refusal: Refusal) -> dict[str, object]:
    """The error object of Google's APIs."""
    return {"error": {"code": 403, "message": refusal.message, "status": "PERMISSION_DENIED"}}


def openai_error(refusal: Refusal) -> dict[str, object]:
    """The error object of OpenAI's APIs, which most others copy."""
    return {
        "error": {"message": refusal.message, "type": "policy_violation", "param": None, "code": "blocked_by_policy"},
    }
