"""Argon2id, and nothing else.

Separate so that the cost of a login is set in one place (RFC 9106, second recommended option: 64 MiB, three passes). It must
never keep a password longer than a call.
"""

from argon2 import PasswordHasher, Type, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=4, type=Type.ID)
_LARGEST_MEMORY_KIB = 1024 * 1024

# Written down because making it costs every process a third of a second at its start.
DUMMY_HASH = "$argon2id$v=19$m=65536,t=3,p=4$QDtxMIfIf016nmfJFChuFQ$y/eECCbGuAm0JAYUrOHNTuuu0yjXrQqzJGFkZdN2NJw"
"""Checked for unknown names, so that a refusal takes as long as for a known one."""


def hash_password(password: str) -> str:
    """What `users.yaml` holds for `password`. Takes tens of milliseconds; not for an event loop."""
    return _hasher.hash(password)


def is_password_hash(text: str) -> bool:
    """Whether `text` is an Argon2id hash of a bearable cost."""
    try:
        parameters = extract_parameters(text)
    except (InvalidHashError, ValueError):
        return False
    return parameters.type is Type.ID and parameters.memory_cost <= _LARGEST_MEMORY_KIB


def password_matches(password_hash: str, password: str) -> bool:
    """Whether `password` is the one. Takes tens of milliseconds; not for an event loop."""
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
