"""Checking a name and password without paying for Argon2 on every request.

Separate from the identifier because it is all state: a cache of recent answers, what is being checked right now, and who failed too
often. Laws: a password is never stored, only a keyed digest under a secret of this process; everything is bounded; unknown and
disabled users cost as much as known ones; the event loop never waits for a hash.
"""

import asyncio
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from time import monotonic

from lockgate.identity.passwords import DUMMY_HASH, password_matches
from lockgate.identity.users_file import UserEntry


class LoginOutcome(Enum):
    """What became of an attempt."""

    ACCEPTED = auto()
    WRONG = auto()
    TOO_MANY_ATTEMPTS = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginLimits:
    """How long answers are remembered, how many, and how many different wrong attempts an address may make per window."""

    accepted_seconds: float = 600.0
    refused_seconds: float = 60.0
    remembered: int = 10_000
    failures: int = 10
    failure_window_seconds: float = 60.0
    parallel_checks: int = 2


@dataclass(frozen=True, slots=True)
class _Remembered:
    accepted: bool
    until: float


@dataclass(slots=True)
class _Failures:
    number: int
    until: float


class Logins:
    """The users of one configuration. Use from one event loop."""

    def __init__(
        self, users: Sequence[UserEntry], *, limits: LoginLimits | None = None, clock: Callable[[], float] = monotonic
    ) -> None:
        self._users = {user.name: user for user in users}
        self._limits = limits or LoginLimits()
        self._clock = clock
        self._secret = secrets.token_bytes(32)
        self._answers: OrderedDict[bytes, _Remembered] = OrderedDict()
        self._failures: OrderedDict[str, _Failures] = OrderedDict()
        self._checking: dict[bytes, asyncio.Task[bool]] = {}
        self._turns = asyncio.Semaphore(self._limits.parallel_checks)

    def user(self, name: str) -> UserEntry | None:
        """The entry of a user."""
        return self._users.get(name)

    @property
    def is_empty(self) -> bool:
        """Whether nobody can log in."""
        return not self._users

    async def check(self, address: str, name: str, password: str) -> LoginOutcome:
        """Whether this is the password of an enabled user. `address` is who asks."""
        digest = hmac.digest(self._secret, f"{name}:{password}".encode("utf-8", "surrogatepass"), "sha256")
        known = self._recall(digest)
        if known is not None:
            return LoginOutcome.ACCEPTED if known else LoginOutcome.WRONG
        if self._failed_too_often(address):
            return LoginOutcome.TOO_MANY_ATTEMPTS
        accepted = await self._checked_once(digest, name, password)
        if accepted:
            return LoginOutcome.ACCEPTED
        return LoginOutcome.WRONG

    async def _checked_once(self, digest: bytes, name: str, password: str) -> bool:
        ...
