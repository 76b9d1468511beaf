"""Checking a name and password without paying for Argon2 on every request.

Separate from the identifier because it is all state: a cache of recent answers, what is being checked right now, and who
failed too often. Laws: a password is never stored, only a keyed digest under a secret of this process; everything is bounded;
unknown and disabled users cost as much as known ones; the event loop never waits for a hash.
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
        accepted = self._recall(digest)
        if accepted is None:
            if self._failed_too_often(address):
                return LoginOutcome.TOO_MANY_ATTEMPTS
            accepted = await self._checked(digest, address, name, password)
        return LoginOutcome.ACCEPTED if accepted else LoginOutcome.WRONG

    async def _checked(self, digest: bytes, address: str, name: str, password: str) -> bool:
        """A browser opens many connections at once with the same credentials: they share one check."""
        checking = self._checking.get(digest)
        if checking is None:
            checking = self._checking[digest] = asyncio.create_task(self._hash_and_compare(digest, address, name, password))
            checking.add_done_callback(lambda _: self._checking.pop(digest, None))
        return await asyncio.shield(checking)  # a client that leaves must not cancel the check of the others

    async def _hash_and_compare(self, digest: bytes, address: str, name: str, password: str) -> bool:
        async with self._turns:  # each check takes 64 MiB
            if self._failed_too_often(address):
                return False  # several attempts were under way; the allowance is used up, and nothing is remembered
            user = self._users.get(name)
            matches = await asyncio.to_thread(password_matches, user.password if user else DUMMY_HASH, password)
            accepted = matches and user is not None and not user.disabled
            self._remember(digest, accepted=accepted)
            if not accepted:
                self._count_failure(address)
        return accepted

    def _recall(self, digest: bytes) -> bool | None:
        answer = self._answers.get(digest)
        if answer is None or answer.until <= self._clock():
            return None
        self._answers.move_to_end(digest)
        return answer.accepted

    def _remember(self, digest: bytes, *, accepted: bool) -> None:
        seconds = self._limits.accepted_seconds if accepted else self._limits.refused_seconds
        self._answers[digest] = _Remembered(accepted, self._clock() + seconds)
        self._answers.move_to_end(digest)
        if len(self._answers) > self._limits.remembered:
            self._answers.popitem(last=False)

    def _failed_too_often(self, address: str) -> bool:
        failures = self._failures.get(address)
        return failures is not None and failures.until > self._clock() and failures.number >= self._limits.failures

    def _count_failure(self, address: str) -> None:
        now = self._clock()
        failures = self._failures.pop(address, None)
        if failures is None or failures.until <= now:
            failures = _Failures(0, now + self._limits.failure_window_seconds)
        failures.number += 1
        self._failures[address] = failures
        if len(self._failures) > self._limits.remembered:
            self._failures.popitem(last=False)
