"""Streams whose every event waits for the test's word: a model called `paced-ID` sends an event only when ID was granted one.

Separate because it replaces every sleep: "the first event passed before the last was sent" is proved by order, not by time.
"""

import asyncio
from collections import defaultdict

PREFIX = "paced-"


class Pace:
    """Grants per stream id."""

    def __init__(self) -> None:
        self._granted: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(0))
        self.sent: defaultdict[str, int] = defaultdict(int)

    def grant(self, stream: str, events: int) -> None:
        """Let `events` more events of `stream` go."""
        for _ in range(events):
            self._granted[stream].release()

    async def next(self, model: str) -> None:
        """Wait for the turn of the next event of a paced model; at once for any other."""
        if model.startswith(PREFIX):
            await self._granted[model.removeprefix(PREFIX)].acquire()

    def note(self, model: str) -> None:
        """An event was sent."""
        if model.startswith(PREFIX):
            self.sent[model.removeprefix(PREFIX)] += 1
