"""A process ends when its supervisor does, however that ends.

The supervisor holds one end of a pipe that nobody else has and never writes; the kernel closes it with the supervisor, even
after SIGKILL. A signal on the parent's death (prctl(2), PR_SET_PDEATHSIG) would come from the kernel as well, but is lost when
the parent dies between fork and prctl, follows the thread that forked, and cannot become more urgent. Separate because worker
and recorder both hang on it. The watch is a thread, so that an event loop which is stuck ends, too.
"""

import os
import signal
import threading
import time
from collections.abc import Callable

_GRACE_SECONDS = 25.0
"""What a worker may take to drain, and after it the recorder; then both are killed."""


def _terminate() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def end_with(lifeline: int, ask: Callable[[], object] = _terminate, *, grace_seconds: float = _GRACE_SECONDS) -> None:
    """When `lifeline`, the reading end, is at its end: `ask` this process to end (from a thread), later kill its group."""

    def watch() -> None:
        while os.read(lifeline, 1):
            pass
        ask()
        time.sleep(grace_seconds)
        # The group has the examination processes as well. The supervisor gives every child a group of its own.
        if os.getpgrp() == os.getpid():
            os.killpg(os.getpid(), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()
