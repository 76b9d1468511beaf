"""Reading what a token (JWT) says about itself. It is not verified: the vendor does that.

Separate because tenants, tiers and kinds of credentials are all read from it, by the same bounds. It must never raise.
"""

from base64 import urlsafe_b64decode
from collections.abc import Mapping
from typing import cast

import orjson

_LONGEST_TOKEN = 16_384
_PIECES = 3


def claims_of(token: str) -> Mapping[str, object] | None:
    """The claims of a JWT (RFC 7519), None for anything else."""
    if len(token) > _LONGEST_TOKEN:
        return None
    pieces = token.split(".")
    if len(pieces) != _PIECES:
        return None
    try:
        claims: object = orjson.loads(urlsafe_b64decode(pieces[1] + "=" * (-len(pieces[1]) % 4)))
    except ValueError:
        return None
    return cast("dict[str, object]", claims) if isinstance(claims, dict) else None
