"""A notation for exchanges: `>>` sends an event, `<<` states the effect that must come of it.

    play = Playbook(exchange)
    play >> headers >> body << Examine
    play << Hold() >> body ...

A playbook refuses to go on, and to end, while an effect has not been stated: a test cannot forget one.
"""

from collections import deque
from types import TracebackType
from typing import Self

from lockgate.gate.effects import Effect
from lockgate.gate.events import Event
from lockgate.gate.judging import Judging

type Expected = Effect | type
"""An effect that must be equal, or the class of an effect."""


class Playbook:
    """Plays events to an exchange. Use as a context manager so that leaving it checks that every effect was stated."""

    def __init__(self, exchange: Judging) -> None:
        self.exchange = exchange
        self._said: deque[Effect] = deque()
        self.last: Effect | None = None

    def __rshift__(self, event: Event) -> Self:
        """Send an event."""
        self._nothing_left()
        self._said.extend(self.exchange.handle(event))
        return self

    def __lshift__(self, expected: Expected) -> Self:
        """State the next effect."""
        if not self._said:
            raise AssertionError(f"expected {expected!r}, but the exchange said nothing more")
        said = self._said.popleft()
        matches = isinstance(said, expected) if isinstance(expected, type) else said == expected
        if not matches:
            raise AssertionError(f"expected {expected!r}, but the exchange said {said!r}")
        self.last = said
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        if kind is None:
            self._nothing_left()

    def _nothing_left(self) -> None:
        if self._said:
            raise AssertionError(f"effects that were not stated: {list(self._said)!r}")
