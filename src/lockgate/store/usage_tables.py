"""Counts of use in the record database: what each worker counted, who met which app, whose counts began anew.

Separate from records because it is small and changes all the time. A cell only grows, so that what arrives twice or late
changes nothing; `change` grows with every write, so that a reader asks for what is new.
"""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lockgate.facts.app import Operation
from lockgate.facts.decision import Verdict
from lockgate.facts.record import Record
from lockgate.facts.traffic import Client
from lockgate.facts.usage import UsageCell, kept_seconds, subject_of

MOST_CELLS = 4_000_000
_SEEN_AGAIN_SECONDS = 86_400
_USES = frozenset({"", *(operation.value for operation in Operation if operation.carries_payload)})
"""Operations that take content along, or of which nobody knows whether they do."""
_UPSERT = """
    INSERT INTO usage (scope, subject, measure, width, epoch, source, bucket, amount, expires_at, change)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (scope, subject, measure, width, epoch, source, bucket)
    DO UPDATE SET amount = excluded.amount, change = excluded.change WHERE excluded.amount > amount
"""
_OF_OTHERS = """
    SELECT scope, subject, measure, width, epoch, bucket, SUM(amount) FROM usage
    WHERE source <> :source AND expires_at > :now AND (scope, subject, measure, width, epoch) IN (
        SELECT DISTINCT scope, subject, measure, width, epoch FROM usage WHERE change > :change AND source <> :source)
    GROUP BY scope, subject, measure, width, epoch, bucket
"""
_OWN = "SELECT scope, subject, measure, width, epoch, bucket, amount FROM usage WHERE change > :change AND source = :source"
_OF_ALL = """
    SELECT scope, subject, measure, width, epoch, bucket, SUM(amount) FROM usage
    WHERE expires_at > :now AND (:all OR subject IN (SELECT value FROM json_each(:subjects)))
    GROUP BY scope, subject, measure, width, epoch, bucket
"""
_MET = "SELECT subject, app, first_at FROM usage_met WHERE subject IN (SELECT value FROM json_each(:subjects))"


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageNews:
    """What changed since a reader last asked, up to `change`.

    `others` are sums over all other sources of every bucket of a counter that changed; `own` are cells of this source that
    have arrived. `met` are (subject, app, when), `epochs` since when the counters of a subject count.
    """

    change: int
    others: tuple[UsageCell, ...] = ()
    own: tuple[UsageCell, ...] = ()
    met: tuple[tuple[str, str, float], ...] = ()
    epochs: tuple[tuple[str, int], ...] = ()


def create_usage(database: sqlite3.Connection) -> None:
    """Cells of counters, first meetings (also those that records still tell), and resets."""
    for statement in (
        """CREATE TABLE usage (
            scope TEXT NOT NULL, subject TEXT NOT NULL, measure TEXT NOT NULL, width INTEGER NOT NULL, epoch INTEGER NOT NULL,
            source TEXT NOT NULL, bucket INTEGER NOT NULL, amount INTEGER NOT NULL, expires_at INTEGER NOT NULL,
            change INTEGER NOT NULL,
            PRIMARY KEY (scope, subject, measure, width, epoch, source, bucket)) WITHOUT ROWID""",
        "CREATE INDEX usage_by_change ON usage (change)",
        "CREATE INDEX usage_by_expiry ON usage (expires_at)",
        """CREATE TABLE usage_met (
            subject TEXT NOT NULL, app TEXT NOT NULL, first_at REAL NOT NULL, last_at REAL NOT NULL, change INTEGER NOT NULL,
            PRIMARY KEY (subject, app)) WITHOUT ROWID""",
        "CREATE INDEX usage_met_by_change ON usage_met (change)",
        """CREATE TABLE usage_resets (
            subject TEXT PRIMARY KEY, epoch INTEGER NOT NULL, change INTEGER NOT NULL) WITHOUT ROWID""",
        "CREATE TABLE usage_change (change INTEGER NOT NULL)",
        "INSERT INTO usage_change VALUES (0)",
    ):
        database.execute(statement)
    _meet_from_records(database)


def note_cells(database: sqlite3.Connection, source: str, cells: Sequence[UsageCell]) -> None:
    """Keep what a worker counted."""
    change = _next_change(database)
    database.executemany(
        _UPSERT,
        [(*cell.key, cell.epoch, source, cell.bucket, cell.amount, _expires_at(cell), change) for cell in cells],
    )


def note_meetings(database: sqlite3.Connection, records: Iterable[Record]) -> None:
    """Keep who used which app, as their records come."""
    used = [record for record in records if record.app and record.verdict is Verdict.ALLOW and record.operation in _USES]
    if used:
        change = _next_change(database)
        for record in used:
            subject = subject_of(Client(address=record.client_address, user=record.user or None))
            _meet(database, subject, record.app, (record.started_at, record.started_at), change)


def begin_anew(database: sqlite3.Connection, subject: str, epoch: int) -> None:
    """From now on the counters of `subject` count from nothing."""
    database.execute(
        """INSERT INTO usage_resets VALUES (?, ?, ?) ON CONFLICT (subject)
        DO UPDATE SET epoch = max(epoch + 1, excluded.epoch), change = excluded.change""",
        (subject, epoch, _next_change(database)),
    )


def news(database: sqlite3.Connection, *, source: str, since: int, now: float, with_met: bool) -> UsageNews:
    """What changed after `since`, for a reader that counts as `source` itself."""
    asked = {"source": source, "change": since, "now": int(now)}
    database.execute("BEGIN")  # one moment for all of it
    try:
        ((change,),) = database.execute("SELECT change FROM usage_change").fetchall()
        if change == since:
            return UsageNews(change=change)
        epochs = database.execute("SELECT subject, epoch FROM usage_resets WHERE change > ?", (since,)).fetchall()
        others = database.execute(_OF_OTHERS, asked).fetchall()
        own = database.execute(_OWN, asked).fetchall()
        met: list[tuple[str, str, float]] = []
        if with_met:
            met = database.execute("SELECT subject, app, first_at FROM usage_met WHERE change > ?", (since,)).fetchall()
        return UsageNews(
            change=change,
            others=tuple(map(_cell, others)),
            own=tuple(map(_cell, own)),
            met=tuple(met),
            epochs=tuple(epochs),
        )
    finally:
        database.execute("COMMIT")


def counted(database: sqlite3.Connection, *, now: float, subjects: Sequence[str] = ()) -> UsageNews:
    """What all workers together have counted, of some subjects or of everybody, and whom these have met."""
    asked = {"now": int(now), "subjects": json.dumps(list(subjects)), "all": not subjects}
    database.execute("BEGIN")
    try:
        return UsageNews(
            change=0,
            others=tuple(map(_cell, database.execute(_OF_ALL, asked).fetchall())),
            met=tuple(database.execute(_MET, asked).fetchall()) if subjects else (),
            epochs=tuple(database.execute("SELECT subject, epoch FROM usage_resets").fetchall()),
        )
    finally:
        database.execute("COMMIT")


def forget(database: sqlite3.Connection, now: float) -> None:
    """Drop cells that no window reaches any more, and the first to go if there are too many."""
    database.execute("DELETE FROM usage WHERE expires_at <= ?", (int(now),))
    ((cells,),) = database.execute("SELECT count(*) FROM usage").fetchall()
    if cells > MOST_CELLS:
        edge = database.execute("SELECT expires_at FROM usage ORDER BY expires_at LIMIT 1 OFFSET ?", (cells - MOST_CELLS,))
        database.execute("DELETE FROM usage WHERE expires_at < ?", edge.fetchone())


def forget_meetings(database: sqlite3.Connection, before: float) -> None:
    """Whoever did not use an app since has not met it."""
    database.execute("DELETE FROM usage_met WHERE last_at < ?", (before,))


def _meet_from_records(database: sqlite3.Connection) -> None:
    """Who used which app, as far as records reach back."""
    rows = database.execute(
        """SELECT app, user, json_extract(body, '$.client_address') AS address, MIN(started_at), MAX(started_at) FROM records
        WHERE app <> '' AND verdict = 'allow' AND operation IN (SELECT value FROM json_each(?))
        GROUP BY app, user, CASE WHEN user = '' THEN address END""",
        (json.dumps(sorted(_USES)),),
    ).fetchall()
    for app, user, address, first_at, last_at in rows:
        _meet(database, subject_of(Client(address=address or "", user=user or None)), app, (first_at, last_at), 0)


def _meet(database: sqlite3.Connection, subject: str, app: str, between: tuple[float, float], change: int) -> None:
    # Written again only when that is older by a day: the table is read by every worker whenever it changes.
    database.execute(
        """INSERT INTO usage_met VALUES (?, ?, ?, ?, ?) ON CONFLICT (subject, app) DO UPDATE SET
        first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at), change = excluded.change
        WHERE excluded.first_at < first_at OR excluded.last_at > last_at + ?""",
        (subject, app, *between, change, _SEEN_AGAIN_SECONDS),
    )


def _expires_at(cell: UsageCell) -> int:
    return cell.bucket * cell.width + kept_seconds(cell.width)


def _next_change(database: sqlite3.Connection) -> int:
    ((change,),) = database.execute("UPDATE usage_change SET change = change + 1 RETURNING change").fetchall()
    return int(change)


def _cell(row: tuple[str, str, str, int, int, int, int]) -> UsageCell:
    scope, subject, measure, width, epoch, bucket, amount = row
    return UsageCell(scope=scope, subject=subject, measure=measure, width=width, epoch=epoch, bucket=bucket, amount=amount)
