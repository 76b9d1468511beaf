"""The one writer: a thread that turns what arrives into few commits.

Separate because committing is slow and must never happen on an event loop. Laws: a submission's future is done only after its
records are committed; a store that is unavailable is tried again while records wait in a bounded queue; what could not be
stored is counted, in `WriterStats`, and nowhere else forgotten.
"""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Condition, Thread
from time import monotonic

import structlog
from structlog.typing import FilteringBoundLogger

from lockgate.facts.record import Record
from lockgate.store.record_store import RecordStore, StoreUnavailable

_log: FilteringBoundLogger = structlog.get_logger("lockgate.store.writer")


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterLimits:
    """When to commit (whichever comes first), how many records may wait, and how long to pause after a failed commit."""

    rows_per_commit: int = 500
    gather_seconds: float = 0.05
    waiting_records: int = 50_000
    retry_seconds: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterStats:
    """Counters since the start.

    `stored` are new records, `repeated` arrived a second time, `refused` can never be stored (a record the store rejects by
    itself), `lost` found the queue full or were still waiting when the writer closed. `unavailable` says why nothing can be
    stored now, and is empty when all is well.
    """

    pending: int = 0
    stored: int = 0
    repeated: int = 0
    refused: int = 0
    lost: int = 0
    sink_failures: int = 0
    unavailable: str = ""


@dataclass(frozen=True, slots=True)
class _Submission:
    records: tuple[Record, ...]
    done: Future[None] = field(default_factory=Future[None])


def _nobody(_records: Sequence[Record]) -> None:
    """No sink."""


class RecordWriter:
    """Feeds a store from any thread. `on_stored` is called in the writer's thread with the new records of each commit."""

    def __init__(
        self,
        store: RecordStore,
        *,
        on_stored: Callable[[Sequence[Record]], None] = _nobody,
        limits: WriterLimits | None = None,
    ) -> None:
        self._store = store
        self._on_stored = on_stored
        self._limits = limits or WriterLimits()
        self._queue: deque[_Submission] = deque()
        self._queued_rows = 0
        self._changed = Condition()
        self._closing = False
        self._give_up_at = float("inf")
        self._pending = self._stored = self._repeated = self._refused = self._lost = self._sink_failures = 0
        self._unavailable = ""
        self._thread = Thread(target=self._run, name="record-writer", daemon=True)
        self._thread.start()

    @property
    def stats(self) -> WriterStats:
        """The counters now."""
        with self._changed:
            return WriterStats(
                pending=self._pending,
                stored=self._stored,
                repeated=self._repeated,
                refused=self._refused,
                lost=self._lost,
                sink_failures=self._sink_failures,
                unavailable=self._unavailable,
            )

    def offer(self, records: Sequence[Record]) -> Future[None] | None:
        """Queue `records`; the future is done when they are committed. None, and counted as lost, when there is no room."""
        submission = _Submission(tuple(records))
        submission.done.set_running_or_notify_cancel()  # from here on a waiter that is cancelled cannot take records back
        with self._changed:
            if self._closing or self._pending + len(submission.records) > self._limits.waiting_records:
                self._lost += len(submission.records)
                return None
            self._pending += len(submission.records)
            self._queue.append(submission)
            self._queued_rows += len(submission.records)
            self._changed.notify_all()
        return submission.done

    def close(self, *, deadline_seconds: float = 10.0) -> None:
        """Commit what waits, for at most `deadline_seconds`; the rest is counted as lost. Leaves the store open."""
        with self._changed:
            self._closing = True
            self._give_up_at = min(self._give_up_at, monotonic() + deadline_seconds)
            self._changed.notify_all()
        self._thread.join()

    def _run(self) -> None:
        while batch := self._gather():
            if not self._commit(batch):
                self._abandon(batch)

    def _gather(self) -> list[_Submission]:
        """The next submissions to commit together; empty when the writer has closed and nothing waits."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closing)
            if not self._closing:
                enough = self._limits.rows_per_commit
                self._changed.wait_for(lambda: self._closing or self._queued_rows >= enough, self._limits.gather_seconds)
            batch: list[_Submission] = []
            rows = 0
            while self._queue and (not batch or rows + len(self._queue[0].records) <= self._limits.rows_per_commit):
                batch.append(self._queue.popleft())
                rows += len(batch[-1].records)
            self._queued_rows -= rows
            return batch

    def _commit(self, batch: list[_Submission]) -> bool:
        records = [record for submission in batch for record in submission.records]
        while True:
            try:
                fresh = self._store.append(records)
                break
            except StoreUnavailable as error:
                if not self._wait_for_store(str(error)):
                    return False
            except Exception:  # noqa: BLE001 - whatever it was, the thread must live and the other records be stored
                _log.exception("a batch was rejected; storing its records one by one", records=len(records))
                self._settle(batch, *self._one_by_one(records))
                return True
        self._settle(batch, fresh, 0)
        return True

    def _one_by_one(self, records: list[Record]) -> tuple[tuple[Record, ...], int]:
        """One record that cannot be stored must not take the others with it."""
        fresh: list[Record] = []
        refused = 0
        for record in records:
            try:
                fresh.extend(self._store.append((record,)))
            except Exception:  # noqa: BLE001 - as above; the record is counted and named
                refused += 1
                _log.exception("a record could not be stored", record=record.id)
        return tuple(fresh), refused

    def _wait_for_store(self, why: str) -> bool:
        """Pause after a failure; False when the deadline of `close` has passed."""
        with self._changed:
            if not self._unavailable:
                _log.error("the record store is unavailable; records wait", why=why, pending=self._pending)
            self._unavailable = why
            if monotonic() >= self._give_up_at:
                return False
            was_closing = self._closing
            pause = min(self._limits.retry_seconds, max(0.0, self._give_up_at - monotonic()))
            self._changed.wait_for(lambda: self._closing and not was_closing, timeout=pause)
            return True

    def _settle(self, batch: list[_Submission], fresh: tuple[Record, ...], refused: int) -> None:
        total = sum(len(submission.records) for submission in batch)
        with self._changed:
            if self._unavailable:
                _log.info("the record store is available again", pending=self._pending)
            self._unavailable = ""
            self._pending -= total
            self._stored += len(fresh)
            self._refused += refused
            self._repeated += total - len(fresh) - refused
        for submission in batch:
            submission.done.set_result(None)
        if fresh:
            self._tell(fresh)

    def _tell(self, fresh: tuple[Record, ...]) -> None:
        try:
            self._on_stored(fresh)
        except Exception:  # noqa: BLE001 - a sink is other people's code; it must not stop the recorder
            with self._changed:
                self._sink_failures += 1
            _log.exception("a sink failed; its records are stored all the same", records=len(fresh))

    def _abandon(self, batch: list[_Submission]) -> None:
        lost = sum(len(submission.records) for submission in batch)
        with self._changed:
            self._pending -= lost
            self._lost += lost
            why = self._unavailable
        _log.error("records lost: the store stayed unavailable until the writer had to close", records=lost, why=why)
        for submission in batch:
            submission.done.set_exception(StoreUnavailable(why))
