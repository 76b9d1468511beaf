"""Where a redirected person lands, and what the page there may learn: one opaque query parameter.

Separate because it is a promise: the address that was stopped, with whatever the person typed into it, never travels on. The
context is encrypted and authenticated (AES-256-GCM under a key derived for this one use), so that the landing page's owner
can read it with the key, nobody on the way can, and nobody can make one up. It names no person: the reference leads those who
may know to the record.
"""

import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

PARAMETER = "lockgate"

_PURPOSE = b"lockgate redirect context 1"
_KEY_BYTES = 32
_SHORTEST_KEY_BYTES = 16
_NONCE_BYTES = 12
_PAD_TO_BYTES = 192  # most contexts have one length, which then says nothing
_LONGEST_TOKEN = 4096
_LONGEST_TARGET = 2048
_CLOCK_SKEW_SECONDS = 60
_ASCII = "".join(map(chr, range(0x21, 0x7F)))  # left as written; anything else is percent-encoded for the header


@dataclass(frozen=True, slots=True, kw_only=True)
class RedirectContext:
    """What the landing page may say about the exchange. `at` is seconds since the epoch, set when the redirect is made."""

    app: str
    host: str
    reason: str
    rule: str = ""
    reference: str = ""
    at: int = 0


def is_redirect_target(to: str) -> bool:
    """Whether `to` is a whole http(s) address without credentials, spaces and control characters."""
    if len(to) > _LONGEST_TARGET or not to.isprintable() or " " in to:
        return False
    try:
        parts = urlsplit(to)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        return False


def redirect_location(to: str, context: RedirectContext, key: bytes, now: int) -> str:
    """`to` with the sealed context added to its query; the rest stays as it is. Raises ValueError for a target that is none."""
    if not is_redirect_target(to):
        raise ValueError(f"`{to}` is not a whole http(s) address")
    address, hash_mark, fragment = quote(to, safe=_ASCII).partition("#")
    path, _, query = address.partition("?")
    kept = [pair for pair in query.split("&") if pair and pair.partition("=")[0] != PARAMETER]
    return f"{path}?{'&'.join([*kept, f'{PARAMETER}={_seal(context, key, now)}'])}{hash_mark}{fragment}"


def read_context(token: str, key: bytes, now: int, max_age: int) -> RedirectContext | None:
    """The context in a `lockgate` parameter; None when it is forged, damaged, in the future or older than `max_age` seconds."""
    if len(token) > _LONGEST_TOKEN:
        return None
    try:
        sealed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        plain = _cipher(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _PURPOSE)
    except (ValueError, InvalidTag):
        return None
    context = RedirectContext(**json.loads(plain))
    return context if now - max_age <= context.at <= now + _CLOCK_SKEW_SECONDS else None


def _seal(context: RedirectContext, key: bytes, now: int) -> str:
    said = {
        "app": context.app,
        "host": context.host,
        "reason": context.reason,
        "rule": context.rule,
        "reference": context.reference,
        "at": now,
    }
    plain = json.dumps(said, separators=(",", ":")).encode()
    plain += b" " * (-len(plain) % _PAD_TO_BYTES)
    nonce = os.urandom(_NONCE_BYTES)
    return urlsafe_b64encode(nonce + _cipher(key).encrypt(nonce, plain, _PURPOSE)).rstrip(b"=").decode()


def _cipher(key: bytes) -> AESGCM:
    if len(key) < _SHORTEST_KEY_BYTES:
        raise ValueError(f"a redirect key has at least {_SHORTEST_KEY_BYTES} bytes")
    return AESGCM(HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=_PURPOSE).derive(key))
