"""The border to pyrage (the age file format, X25519), which has no type information.

Separate so that the rest of the store is fully typed, and so that its exceptions are mapped once. It must never hold a key
longer than a call.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

_age: Any = import_module("pyrage")


class NotForThisKey(Exception):  # noqa: N818 - says what is the case
    """The text was not encrypted to any of the given keys, or it was changed."""


def new_identity() -> tuple[str, str]:
    """A fresh key pair: (identity, recipient); the identity is secret."""
    identity = _age.x25519.Identity.generate()
    return str(identity), str(identity.to_public())


def is_recipient(text: str) -> bool:
    """Whether `text` is an X25519 recipient (`age1...`)."""
    try:
        _age.x25519.Recipient.from_str(text)
    except _age.RecipientError:
        return False
    return True


def recipient_of(identity: str) -> str | None:
    """The recipient that belongs to an identity (`AGE-SECRET-KEY-1...`); None when it is not one."""
    try:
        return str(_age.x25519.Identity.from_str(identity).to_public())
    except _age.IdentityError:
        return None


def wrap(secret: bytes, recipients: Sequence[str]) -> bytes:
    """`secret` as an age file that each recipient can open. The recipients must be valid."""
    return _age.encrypt(secret, [_age.x25519.Recipient.from_str(recipient) for recipient in recipients])


def unwrap(wrapped: bytes, identities: Sequence[str]) -> bytes:
    """The inverse of `wrap`. Raises `NotForThisKey`. The identities must be valid."""
    try:
        return _age.decrypt(wrapped, [_age.x25519.Identity.from_str(identity) for identity in identities])
    except _age.DecryptError:
        raise NotForThisKey from None
