"""Work for a thread that nothing may wait for: the newest that was asked for is done, one at a time.

Separate because a disk that hangs must cost what is written to it and nothing else: neither traffic nor the watch over changes.
"""

import asyncio
from collections.abc import Callable

import structlog

_log = structlog.get_logger(__name__)


class Beside:
    """Runs what it is given in a thread, in order. What has not begun when something newer is given is left out."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._next: Callable[[], None] | None = None
        self._running: asyncio.Task[None] | None = None

    def do(self, work: Callable[[], None]) -> None:
        """Do `work` as soon as what runs has ended. Needs a running event loop."""
        self._next = work
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())

    async def settle(self, seconds: float) -> None:
        """Give it this long to come to an end."""
        if self._running is not None:
            await asyncio.wait((self._running,), timeout=seconds)

    async def _run(self) -> None:
        while (work := self._next) is not None:
            self._next = None
            try:
                await asyncio.to_thread(work)
            except Exception:  # noqa: BLE001 - the traffic goes on without it
                _log.exception("what was to be written down could not be", what=self._what)
