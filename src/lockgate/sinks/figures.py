"""What a worker reports, as this package needs it.

Separate because sinks and store do not know each other: the store's `WorkerStats` has this shape, and whoever runs both hands
one to the other.
"""

from typing import Protocol


class FiguresOfWorker(Protocol):
    """Counters since the worker's start, and what is the case now."""

    @property
    def worker(self) -> int:
        """The worker's number, kept by its replacement."""
        ...

    @property
    def pid(self) -> int:
        """Its process, which changes when it is replaced."""
        ...

    @property
    def exchanges_opened(self) -> int:
        """Exchanges that began."""
        ...

    @property
    def exchanges_recorded(self) -> int:
        """Exchanges whose record was handed on."""
        ...

    @property
    def exchanges_in_flight(self) -> int:
        """Exchanges under way."""
        ...

    @property
    def records_pending(self) -> int:
        """Records the recorder has not acknowledged."""
        ...

    @property
    def records_lost(self) -> int:
        """Records that could not be kept."""
        ...

    @property
    def rss_bytes(self) -> int:
        """Resident memory."""
        ...

    @property
    def policy_version(self) -> str:
        """The policy it decides by."""
        ...

    @property
    def policy_refused(self) -> bool:
        """Whether it does not take over what the files say now."""
        ...

    @property
    def clients_refused(self) -> int:
        """Connections from networks that may not use the gateway."""
        ...
