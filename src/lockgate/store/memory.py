"""A record store that forgets: for tests and for `lockgate up` without a disk.

Separate from the SQLite store, same contract. It must never be the default of a running gateway.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from threading import Lock

from lockgate.facts.record import Record
from lockgate.store.novelties import MOST_DETAILS, Novelty, NoveltyKind, novelty_of
from lockgate.store.record_store import EVERY_RECORD, Decided, RecordFilter, Role, StoredRecord, Tally, references_of


class MemoryStore:
    """Records in a dictionary, in order of arrival."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._rows: dict[str, StoredRecord] = {}
        self._facts: dict[str, bytes | None] = {}
        self._novelties: dict[tuple[NoveltyKind, str, str], Novelty] = {}
        self._last_position = 0

    def append(self, records: Sequence[Record]) -> tuple[Record, ...]:
        """See `RecordStore.append`."""
        fresh: list[Record] = []
        with self._lock:
            for record in records:
                if record.id in self._rows:
                    continue
                self._last_position += 1
                bare = replace(record, facts=b"")
                self._rows[record.id] = StoredRecord(position=self._last_position, record=bare)
                self._facts[record.id] = record.facts or None
                fresh.append(record)
                self._note(novelty_of(record))
        return tuple(fresh)

    def novelties(self, kind: NoveltyKind, subject: str | None = None) -> tuple[Novelty, ...]:
        """See `RecordStore.novelties`."""
        with self._lock:
            found = [seen for seen in self._novelties.values() if seen.kind is kind and subject in (None, seen.subject)]
        return tuple(sorted(found, key=lambda seen: (-seen.last_at, seen.subject, seen.detail)))

    def _note(self, seen: Novelty | None) -> None:
        if seen is None:
            return
        of_subject = [key for key in self._novelties if key[:2] == (seen.kind, seen.subject)]
        key = (seen.kind, seen.subject, seen.detail)
        if key not in self._novelties and len(of_subject) >= MOST_DETAILS:
            seen = replace(seen, detail="*")
            key = (seen.kind, seen.subject, "*")
        before = self._novelties.get(key)
        self._novelties[key] = seen if before is None else before.and_later(seen)

    def newest(
        self, wanted: RecordFilter = EVERY_RECORD, *, limit: int = 100, before: int | None = None
    ) -> tuple[StoredRecord, ...]:
        """See `RecordStore.newest`."""
        older = (row for row in reversed(self._matching(wanted)) if before is None or row.position < before)
        return tuple(row for row, _ in zip(older, range(limit), strict=False))

    def tail(self, after: int, wanted: RecordFilter = EVERY_RECORD, *, limit: int = 1000) -> tuple[StoredRecord, ...]:
        """See `RecordStore.tail`."""
        newer = (row for row in self._matching(wanted) if row.position > after)
        return tuple(row for row, _ in zip(newer, range(limit), strict=False))

    def get(self, record_id: str) -> Record | None:
        """See `RecordStore.get`."""
        with self._lock:
            row = self._rows.get(record_id)
        return row.record if row else None

    def span(self, wanted: RecordFilter = EVERY_RECORD, *, newest: int | None = None) -> tuple[int, int] | None:
        """See `RecordStore.span`."""
        rows = self._matching(wanted)
        rows = rows if newest is None else rows[max(0, len(rows) - newest) :]
        return (rows[0].position, rows[-1].position) if rows else None

    def decided(
        self, wanted: RecordFilter = EVERY_RECORD, *, after: int = 0, last: int | None = None, limit: int = 1000
    ) -> tuple[Decided, ...]:
        """See `RecordStore.decided`."""
        rows = [row for row in self.tail(after, wanted, limit=limit) if last is None or row.position <= last]
        return tuple(
            Decided(
                position=row.position, id=row.record.id, verdict=row.record.verdict, reason=row.record.reason,
                rule=row.record.rule, facts=self.facts_of(row.record.id),
            )
            for row in rows
        )  # fmt: skip

    def facts_of(self, record_id: str) -> bytes | None:
        """See `RecordStore.facts_of`."""
        with self._lock:
            return self._facts.get(record_id)

    def joined(self, role: Role, values: Collection[str], *, limit: int = 100) -> tuple[StoredRecord, ...]:
        """See `RecordStore.joined`."""
        wanted = {(role, value) for value in values}
        found = (row for row in reversed(self._matching(EVERY_RECORD)) if not wanted.isdisjoint(references_of(row.record)))
        return tuple(row for row, _ in zip(found, range(limit), strict=False))

    def count(self, wanted: RecordFilter = EVERY_RECORD) -> int:
        """See `RecordStore.count`."""
        return len(self._matching(wanted))

    def tally(self, by: Tally, wanted: RecordFilter = EVERY_RECORD, *, limit: int = 20) -> tuple[tuple[str, int], ...]:
        """See `RecordStore.tally`."""
        counts = Counter(str(getattr(row.record, by.value)) for row in self._matching(wanted))
        return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:limit])

    def remove(self, before: float) -> int:
        """See `RecordStore.remove`."""
        with self._lock:
            old = [record_id for record_id, row in self._rows.items() if row.record.started_at < before]
            for record_id in old:
                del self._rows[record_id], self._facts[record_id]
        return len(old)

    def remove_captures(self, before: float) -> int:
        """See `RecordStore.remove_captures`."""
        with self._lock:
            old = [row for row in self._rows.values() if row.record.started_at < before and row.record.sealed is not None]
            for row in old:
                bare = replace(row.record, sealed=None)
                self._rows[bare.id] = StoredRecord(position=row.position, record=bare)
        return len(old)

    def remove_ended_captures(self, now: float) -> int:
        """See `RecordStore.remove_ended_captures`."""
        with self._lock:
            kept = [row for row in self._rows.values() if row.record.sealed is not None and row.record.capture_days]
            ended = [row for row in kept if row.record.started_at + row.record.capture_days * 86_400 < now]
            for row in ended:
                bare = replace(row.record, sealed=None)
                self._rows[bare.id] = StoredRecord(position=row.position, record=bare)
        return len(ended)

    def remove_beside(self, before: float) -> None:
        """See `RecordStore.remove_beside`; no more than records is kept here."""

    def remove_usage(self, now: float, met_before: float | None) -> None:
        """See `RecordStore.remove_usage`; nothing is counted here."""

    def close(self) -> None:
        """Nothing to release."""

    def _matching(self, wanted: RecordFilter) -> list[StoredRecord]:
        with self._lock:
            rows = list(self._rows.values())
        return [row for row in rows if _matches(row.record, wanted)]


def _matches(record: Record, wanted: RecordFilter) -> bool:
    pairs = (
        (wanted.app, record.app),
        (wanted.user, record.user),
        (wanted.verdict, record.verdict),
        (wanted.reason, record.reason),
        (wanted.operation, record.operation),
        (wanted.rule, record.rule),
        (wanted.host, record.host),
        (wanted.conversation, record.conversation),
        (wanted.has_findings, bool(record.findings)),
    )
    return (
        all(value is None or value == actual for value, actual in pairs)
        and (wanted.since is None or record.started_at >= wanted.since)
        and (wanted.until is None or record.started_at < wanted.until)
    )
