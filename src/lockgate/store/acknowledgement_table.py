"""What people acknowledged, in the record database: one row each time, so that a reviewer sees who said what when.

Separate from the records because it is asked for on its own, and lives on after them. Every function works on a connection
whose transaction somebody else holds. What somebody wrote stands here sealed, or not at all.
"""

import sqlite3
from collections.abc import Iterable, Sequence

import msgspec

from lockgate.facts.acknowledgement import Acknowledgement
from lockgate.facts.record import SealedText

_MOST = 50_000
_MOST_OF_ONE = 500
_STILL_TOLD_SECONDS = 2 * 3600.0
"""How long one that is over is told to workers: by it they know that a link was used. Longer than any link lives."""

_sealed = msgspec.msgpack.Decoder(SealedText)

_INSERT = "INSERT OR IGNORE INTO acknowledgements VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)"
_COLUMNS = (
    "SELECT id, subject, rule, app, terms, at, until, choice, characters, reference, revoked_at, justification"
    " FROM acknowledgements"
)
_TOLD = f"{_COLUMNS} WHERE iif(revoked_at > 0, revoked_at, until) > ? OR at > ? ORDER BY at"
_LISTED = f"{_COLUMNS} WHERE (?1 = '' OR subject = ?1) AND (?2 = '' OR rule = ?2) ORDER BY at DESC, id LIMIT ?3"
_REVOKE = """
    UPDATE acknowledgements SET revoked_at = ?1 WHERE revoked_at = 0 AND until > ?1
    AND (id IN (SELECT value FROM json_each(?2)))
"""
_CROWD = """
    DELETE FROM acknowledgements WHERE id IN (
        SELECT id FROM acknowledgements WHERE subject = ?1 ORDER BY at DESC LIMIT -1 OFFSET ?2)
"""
_OLDEST = "DELETE FROM acknowledgements WHERE id IN (SELECT id FROM acknowledgements ORDER BY at DESC LIMIT -1 OFFSET ?)"


def create_acknowledgements(database: sqlite3.Connection) -> None:
    """The step that adds the table. `justification` is MessagePack; `revision` grows with every change workers have to know."""
    database.execute("""
        CREATE TABLE acknowledgements (
            id TEXT PRIMARY KEY, subject TEXT NOT NULL, rule TEXT NOT NULL, app TEXT NOT NULL, terms TEXT NOT NULL,
            at REAL NOT NULL, until REAL NOT NULL, choice TEXT NOT NULL, characters INTEGER NOT NULL, reference TEXT NOT NULL,
            justification BLOB, revoked_at REAL NOT NULL)
    """)
    database.execute("CREATE INDEX acknowledgements_by_subject ON acknowledgements (subject)")
    database.execute("CREATE TABLE acknowledgement_revision (revision INTEGER NOT NULL)")
    database.execute("INSERT INTO acknowledgement_revision VALUES (0)")


def note(database: sqlite3.Connection, given: Iterable[Acknowledgement]) -> None:
    """Add what was acknowledged; what is there already stays as it is. The oldest go when there are too many."""
    new = [each for each in given if database.execute(_INSERT, _row(each)).rowcount == 1]
    if new:
        for subject in sorted({each.subject for each in new}):
            database.execute(_CROWD, (subject, _MOST_OF_ONE))
        database.execute(_OLDEST, (_MOST,))
        _changed(database)


def revoke(database: sqlite3.Connection, ids: Sequence[str], now: float) -> int:
    """End those that still stand; how many did."""
    ended = database.execute(_REVOKE, (now, msgspec.json.encode(list(ids)).decode())).rowcount
    if ended:
        _changed(database)
    return ended


def revision(database: sqlite3.Connection) -> int:
    """Grows whenever `told` would give something new."""
    return int(database.execute("SELECT revision FROM acknowledgement_revision").fetchone()[0])


def told(database: sqlite3.Connection, now: float) -> tuple[Acknowledgement, ...]:
    """What workers judge by: those that stand, and those that were over not long ago. Without what people wrote."""
    lately = now - _STILL_TOLD_SECONDS
    return tuple(_acknowledgement(row, with_text=False) for row in database.execute(_TOLD, (lately, lately)).fetchall())


def listed(database: sqlite3.Connection, subject: str, rule: str, limit: int) -> tuple[Acknowledgement, ...]:
    """The newest of a subject and for a rule, or of all where that is empty."""
    rows = database.execute(_LISTED, (subject, rule, limit)).fetchall()
    return tuple(_acknowledgement(row, with_text=True) for row in rows)


def forget(database: sqlite3.Connection, before: float) -> None:
    """Delete those that were over before this time."""
    database.execute("DELETE FROM acknowledgements WHERE iif(revoked_at > 0, revoked_at, until) < ?", (before,))


def _changed(database: sqlite3.Connection) -> None:
    database.execute("UPDATE acknowledgement_revision SET revision = revision + 1")


def _row(given: Acknowledgement) -> tuple[object, ...]:
    text = None if given.justification is None else msgspec.msgpack.encode(given.justification)
    return (
        given.id, given.subject, given.rule, given.app, given.terms, given.at, given.until, given.choice, given.characters,
        given.reference, text,
    )  # fmt: skip


def _acknowledgement(row: tuple[object, ...], *, with_text: bool) -> Acknowledgement:
    names = ("id", "subject", "rule", "app", "terms", "at", "until", "choice", "characters", "reference", "revoked_at")
    sealed = row[-1] if with_text else None
    known = dict(zip(names, row[:-1], strict=True))
    text = _sealed.decode(sealed) if isinstance(sealed, bytes) else None
    return msgspec.convert(known | {"justification": text}, Acknowledgement)
