"""The facts that are kept for policies: a table beside the records, whose rows go with their record.

Separate because only replay and explain read it: whoever lists records must not pay for it.
"""

import sqlite3
from collections.abc import Iterable
from typing import LiteralString

from lockgate.store.record_store import Decided

WITH_FACTS: LiteralString = (
    "SELECT position, id, verdict, reason, rule, facts FROM records LEFT JOIN record_facts ON record = position"
)
SPAN: LiteralString = "SELECT min(position), max(position) FROM (SELECT position FROM records"
WITHOUT_FACTS: LiteralString = "SELECT position, id, verdict, reason, rule, NULL FROM records"
_KEEP = "INSERT INTO record_facts (record, facts) VALUES (?, ?)"
_FACTS_OF = "SELECT facts FROM record_facts WHERE record = (SELECT position FROM records WHERE id = ?)"


def keep_facts(database: sqlite3.Connection) -> None:
    """The table, as a step of the migrations."""
    database.execute("CREATE TABLE record_facts (record INTEGER PRIMARY KEY, facts BLOB NOT NULL)")
    database.execute("""
        CREATE TRIGGER facts_go_with_their_record AFTER DELETE ON records
        BEGIN DELETE FROM record_facts WHERE record = OLD.position; END
    """)


def insert_facts(database: sqlite3.Connection, position: int | None, facts: bytes) -> None:
    """Keep the facts of the record at `position`."""
    database.execute(_KEEP, (position, facts))


def read_facts(database: sqlite3.Connection, record_id: str) -> bytes | None:
    """The facts that were kept with a record."""
    found = database.execute(_FACTS_OF, (record_id,)).fetchone()
    return found[0] if found is not None else None


def decided(rows: Iterable[tuple[int, str, str, str, str, bytes | None]]) -> tuple[Decided, ...]:
    """Rows of `WITH_FACTS` or `WITHOUT_FACTS`."""
    return tuple(
        Decided(position=position, id=record, verdict=verdict, reason=reason, rule=rule, facts=facts)
        for position, record, verdict, reason, rule, facts in rows
    )
