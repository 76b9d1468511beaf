"""What the embedded store does with counts of use.

Separate from the store because records and counts have nothing in common but the file they are in.
"""

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager

from lockgate.facts.usage import UsageCell
from lockgate.store import usage_tables
from lockgate.store.transaction import transaction
from lockgate.store.usage_tables import UsageNews


class UsageMethods(ABC):
    """Keeps counts. Safe to call from several threads; any method may raise `StoreUnavailable`."""

    @abstractmethod
    def _exclusively(self) -> AbstractContextManager[sqlite3.Connection]:
        """The database, for one thread at a time."""

    def note_usage(self, source: str, cells: Sequence[UsageCell]) -> None:
        """Keep what a worker (of one life, `source`) counted: all of `cells` or none."""
        with self._exclusively() as database, transaction(database):
            usage_tables.note_cells(database, source, cells)

    def usage_news(self, *, source: str, since: int, now: float, with_met: bool) -> UsageNews:
        """What changed after `since` in what others counted, and what of one's own has arrived."""
        with self._exclusively() as database:
            return usage_tables.news(database, source=source, since=since, now=now, with_met=with_met)

    def usage(self, *, now: float, subjects: Sequence[str] = ()) -> UsageNews:
        """What was counted of some subjects, or of everybody."""
        with self._exclusively() as database:
            return usage_tables.counted(database, now=now, subjects=subjects)

    def reset_usage(self, subject: str, epoch: int) -> None:
        """Let the counters of somebody begin anew; epochs grow."""
        with self._exclusively() as database, transaction(database):
            usage_tables.begin_anew(database, subject, epoch)

    def remove_usage(self, now: float, met_before: float | None) -> None:
        """Delete counts that no window reaches any more, and meetings of whoever did not use the app since `met_before`."""
        with self._exclusively() as database, transaction(database):
            usage_tables.forget(database, now)
            if met_before is not None:
                usage_tables.forget_meetings(database, met_before)
