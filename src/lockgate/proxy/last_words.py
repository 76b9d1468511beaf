"""What a worker says when its event loop is stuck: one record for every exchange under way, and then its end.

Separate because nothing of the loop can be used for it: a thread watches, and sends the records over a connection of its
own. The supervisor would replace a silent worker as well, later, and without knowing what it was doing. A loop that is
stuck inside a library which never lets another thread run leaves the supervisor only; what was under way is then counted.
"""

import os
import threading
import time
from collections.abc import Callable

import structlog

_log = structlog.get_logger(__name__)
STUCK_SECONDS = 10.0
"""How long the loop may stay away. Longer than any decision, shorter than the supervisor's patience."""
_EXIT_CODE = 70


class LoopWatch:
    """Watches the event loop from a thread. `say` writes and sends what is left to say; it runs in that thread."""

    def __init__(self, say: Callable[[], None], stuck_seconds: float = STUCK_SECONDS) -> None:
        self._say = say
        self._stuck_seconds = stuck_seconds
        self._last = time.monotonic()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="loop-watch", daemon=True)

    def start(self) -> None:
        """Begin to watch; `beat` is expected from now on."""
        self.beat()
        self._thread.start()

    def beat(self) -> None:
        """The loop is alive."""
        self._last = time.monotonic()

    def stop(self) -> None:
        """The loop ends as it should."""
        self._stopped.set()

    def _watch(self) -> None:
        overdue = 0  # twice in a row: after the whole process was stopped for a while, the loop gets its chance first
        while overdue < 2:
            if self._stopped.wait(self._stuck_seconds / 10):
                return
            overdue = overdue + 1 if time.monotonic() - self._last > self._stuck_seconds else 0
        _log.critical("the event loop is stuck; the worker ends", pid=os.getpid())
        try:
            self._say()
        except Exception:  # noqa: BLE001 - whatever failed, the worker must end
            _log.exception("the last records could not be written")
        os._exit(_EXIT_CODE)
