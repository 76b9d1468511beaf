"""Whether a request's signature covers its body, so that nobody on the way may change a byte of it.

Separate because it is a fact of the request's head, whatever its format: clouds sign (Amazon, Alibaba, Tencent, Volcengine),
and whoever rewrites such a body gets a rejection from the server that explains nothing. Ask before deciding to redact. A bearer
token in the place of a signature leaves the body free.
"""

from lockgate.facts.traffic import Request

_SCHEMES = ("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256", "ACS3-HMAC-SHA256", "TC3-HMAC-SHA256", "HMAC-SHA256 Credential=")
_NOT_COVERED = frozenset({"UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"})


class SignedBodyError(ValueError):
    """The body is signed: replacing text in it would make the server refuse the request."""


def body_is_signed(request: Request) -> bool:
    """Whether changing the body of `request` breaks its signature. It says nothing about secrets known to both ends only."""
    if request.headers.get("authorization").startswith(_SCHEMES):
        return request.headers.get("x-amz-content-sha256").upper() not in _NOT_COVERED
    return "content-digest" in request.headers.get("signature-input").lower()
