"""What people acknowledged, as the store keeps it: reading and changing it through the one connection to the database.

Separate from the record store because records have their own promises, and few ask for these.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Self

from lockgate.facts.acknowledgement import Acknowledgement
from lockgate.store import acknowledgement_table
from lockgate.store.sqlite import SqliteStore


class AcknowledgementStore:
    """Works on an open record database. Any method may raise StoreUnavailable."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store

    @classmethod
    def for_reading(cls, path: Path) -> Self:
        """Open a database without the right to change it. Raises UsageError as `SqliteStore.for_reading` does."""
        return cls(SqliteStore.for_reading(path))

    def note(self, given: Sequence[Acknowledgement]) -> None:
        """Keep all of them or none; what is there already stays as it is."""
        self._store.change(partial(acknowledgement_table.note, given=given))

    def revoke(self, ids: Sequence[str], now: float) -> int:
        """End those that still stand; how many did."""
        return self._store.change(partial(acknowledgement_table.revoke, ids=ids, now=now))

    def revision(self) -> int:
        """Grows whenever `told` would give something new."""
        return self._store.ask(acknowledgement_table.revision)

    def told(self, now: float) -> tuple[Acknowledgement, ...]:
        """What workers judge by, without what people wrote."""
        return self._store.ask(partial(acknowledgement_table.told, now=now))

    def listed(self, subject: str = "", rule: str = "", limit: int = 100) -> tuple[Acknowledgement, ...]:
        """The newest of a subject and for a rule, or of all where that is empty."""
        return self._store.ask(partial(acknowledgement_table.listed, subject=subject, rule=rule, limit=limit))

    def close(self) -> None:
        """Close the database."""
        self._store.close()
