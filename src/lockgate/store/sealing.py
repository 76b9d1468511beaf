"""Captured text is encrypted here, before it is queued, to the keys of those who may review it.

Separate because the gateway itself must never be able to read back what it captured: it holds data keys for at most an hour
and no reviewer's key ever. Text is sealed with AES-256-GCM under a data key (the record id is authenticated with it, so a
text cannot be moved to another record); the data key is wrapped with age for every reviewer.
"""

import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from lockgate.facts.problem import Problem, UsageError
from lockgate.facts.record import SealedText
from lockgate.store import age

_KEY_BYTES = 32
_NONCE_BYTES = 12
_KEY_SECONDS = 3600.0
_KEY_RECORDS = 10_000  # far below where random 96-bit nonces may repeat (NIST SP 800-38D section 8.3: 2**32)


@dataclass(slots=True)
class _DataKey:
    id: str
    cipher: AESGCM = field(repr=False)
    wrapped: bytes = field(repr=False)
    made_at: float
    used: int = 0


class Sealer:
    """Seals text for `recipients` (age public keys, `age1...`), in one thread.

    Raises UsageError when there is no recipient, or one that is not valid.
    """

    def __init__(self, recipients: Sequence[str], *, clock: Callable[[], float] = monotonic) -> None:
        if not recipients:
            raise UsageError(
                Problem(
                    problem="there is no reviewer key to seal captured text to",
                    help="add one to the settings, or capture nothing",
                )
            )
        wrong = [recipient for recipient in recipients if not age.is_recipient(recipient)]
        if wrong:
            raise UsageError(
                *(
                    Problem(problem=f"`{recipient[:24]}` is not an age public key", help="it starts with `age1`")
                    for recipient in wrong
                )
            )
        self._recipients = tuple(recipients)
        self._clock = clock
        self._key: _DataKey | None = None

    def seal(self, record_id: str, text: str) -> SealedText:
        """`text`, readable for the reviewers only and only as part of this record."""
        key = self._current_key()
        key.used += 1
        nonce = secrets.token_bytes(_NONCE_BYTES)
        ciphertext = key.cipher.encrypt(nonce, text.encode("utf-8", "surrogatepass"), record_id.encode())
        return SealedText(key_id=key.id, wrapped_key=key.wrapped, nonce=nonce, ciphertext=ciphertext)

    def _current_key(self) -> _DataKey:
        now = self._clock()
        key = self._key
        if key is None or key.used >= _KEY_RECORDS or now - key.made_at >= _KEY_SECONDS:
            secret = secrets.token_bytes(_KEY_BYTES)
            wrapped = age.wrap(secret, self._recipients)
            key = self._key = _DataKey(id=secrets.token_hex(8), cipher=AESGCM(secret), wrapped=wrapped, made_at=now)
        return key


def open_sealed(sealed: SealedText, record_id: str, identities: Sequence[str]) -> str:
    """The text that was sealed. Raises UsageError when no identity fits or when anything was changed."""
    try:
        secret = age.unwrap(sealed.wrapped_key, identities)
        return AESGCM(secret).decrypt(sealed.nonce, sealed.ciphertext, record_id.encode()).decode("utf-8", "surrogatepass")
    except age.NotForThisKey:
        raise UsageError(
            Problem(
                problem="this reviewer key cannot open the captured text",
                help="use the key that was configured when it was captured",
            )
        ) from None
    except (InvalidTag, ValueError):
        raise UsageError(
            Problem(
                problem=f"the captured text of record `{record_id}` was changed after it was sealed", help="treat it as forged"
            )
        ) from None


def create_reviewer_key(path: Path) -> str:
    """Write a new age identity to `path` (0600, never over an existing file); its recipient comes back, for the settings."""
    identity, recipient = age.new_identity()
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise UsageError(
            Problem(problem=f"{path} exists already", help="a lost key makes captured text unreadable; choose another name")
        ) from None
    except OSError as error:
        raise UsageError(Problem(problem=f"cannot write {path}: {error.strerror}")) from None
    with os.fdopen(handle, "w") as file:
        file.write(f"# Lockgate reviewer key. Keep it away from the gateway.\n# public key: {recipient}\n{identity}\n")
        file.flush()
        os.fsync(file.fileno())
    return recipient


def read_reviewer_key(path: Path) -> tuple[str, ...]:
    """The identities in an age identity file. Raises UsageError when it cannot be read or holds none."""
    try:
        lines = path.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not a text file"
        raise UsageError(Problem(problem=f"cannot read the reviewer key {path}: {why}")) from None
    identities = tuple(line.strip() for line in lines if line.strip() and not line.startswith("#"))
    if not identities or any(age.recipient_of(identity) is None for identity in identities):
        raise UsageError(
            Problem(problem=f"{path} is not an age identity file", help="`lockgate user reviewer-key FILE` makes one")
        )
    return identities
