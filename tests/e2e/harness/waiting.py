"""Waiting for a condition with a deadline: the only way a test waits for another process."""

import time
from collections.abc import Callable

_EVERY_SECONDS = 0.02


def until[T](ask: Callable[[], T], *, seconds: float = 15, what: str = "", every: float = _EVERY_SECONDS) -> T:
    """The first true answer of `ask`. Fails with the last answer when the deadline passes; asked at least once."""
    deadline = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s: {what or ask}; the last answer was {answer!r}")
        time.sleep(every)
