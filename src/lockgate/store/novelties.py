"""What is new and wants a person: AI apps nobody described, and known apps that changed, counted as their records arrive.

Separate from the records because it outlives them: retention removes a record, not the news that an app was first seen in
spring. It must never hold content: signs, paths of known words alone and shapes without values are all there is.
"""

import sqlite3
from dataclasses import dataclass
from enum import StrEnum

from lockgate.apps.path_words import known_steps
from lockgate.facts.record import Record

MOST_DETAILS = 300
"""Rows of one subject; what comes beyond is counted under `*`, so that invented paths cannot fill the disk."""


class NoveltyKind(StrEnum):
    """What was seen."""

    DISCOVERED = "discovered"
    DRIFT = "drift"


@dataclass(frozen=True, slots=True, kw_only=True)
class Novelty:
    """`subject` is a host (discovered) or an app (drift), `detail` where in it, `what` the signs or the shape.

    Times are seconds since the epoch; `exchanges` counts the records.
    """

    kind: NoveltyKind
    subject: str
    detail: str
    what: str
    first_at: float
    last_at: float
    exchanges: int = 1

    def and_later(self, other: "Novelty") -> "Novelty":
        """The two as one row."""
        first, last = sorted((self, other), key=lambda each: each.last_at)
        return Novelty(
            kind=self.kind, subject=self.subject, detail=self.detail, what=last.what or first.what,
            first_at=min(self.first_at, other.first_at), last_at=last.last_at, exchanges=self.exchanges + other.exchanges,
        )  # fmt: skip


def novelty_of(record: Record) -> Novelty | None:
    """What is new in a record, if anything."""
    at = record.started_at
    if record.discovered:
        what = "; ".join(record.discovered)
        return Novelty(kind=NoveltyKind.DISCOVERED, subject=record.host, detail="", what=what, first_at=at, last_at=at)
    if record.drift:
        detail = f"{record.drift}: {record.method} {record.host}{known_steps(record.path)}"
        return Novelty(kind=NoveltyKind.DRIFT, subject=record.app, detail=detail, what=record.shape, first_at=at, last_at=at)
    return None


def create_novelties(database: sqlite3.Connection) -> None:
    """One row for each thing that was seen; see `lockgate.store.novelties`."""
    database.execute("""
        CREATE TABLE novelties (
            kind TEXT NOT NULL,
            subject TEXT NOT NULL,
            detail TEXT NOT NULL,
            what TEXT NOT NULL,
            first_at REAL NOT NULL,
            last_at REAL NOT NULL,
            exchanges INTEGER NOT NULL,
            PRIMARY KEY (kind, subject, detail)
        ) WITHOUT ROWID
    """)


def note_novelty(database: sqlite3.Connection, seen: Novelty) -> None:
    """Add one to its row."""
    key = (seen.kind, seen.subject, seen.detail)
    row = "SELECT 1 FROM novelties WHERE kind = ? AND subject = ? AND detail = ?"
    if database.execute(row, key).fetchone() is None:
        many = "SELECT count(*) FROM novelties WHERE kind = ? AND subject = ?"
        if database.execute(many, key[:2]).fetchone()[0] >= MOST_DETAILS:
            key = (seen.kind, seen.subject, "*")
    database.execute(
        """
        INSERT INTO novelties VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (kind, subject, detail) DO UPDATE SET
        first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at),
        what = CASE WHEN excluded.what <> '' THEN excluded.what ELSE what END, exchanges = exchanges + excluded.exchanges
        """,
        (*key, seen.what, seen.first_at, seen.last_at, seen.exchanges),
    )


def read_novelties(database: sqlite3.Connection, kind: NoveltyKind, subject: str | None) -> tuple[Novelty, ...]:
    """The rows of a kind, those seen last first."""
    rows = database.execute(
        """
        SELECT subject, detail, what, first_at, last_at, exchanges FROM novelties
        WHERE kind = ? AND (? IS NULL OR subject = ?) ORDER BY last_at DESC, subject, detail
        """,
        (kind, subject, subject),
    )
    return tuple(
        Novelty(kind=kind, subject=subject, detail=detail, what=what, first_at=first, last_at=last, exchanges=exchanges)
        for subject, detail, what, first, last, exchanges in rows
    )
