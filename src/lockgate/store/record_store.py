"""What every record store promises.

Separate so that the embedded and the in-memory store (and one on a server) are interchangeable; one contract suite runs on
all of them. Laws: a record id is stored at most once; positions only grow and are never used again; a failing disk is
`StoreUnavailable`, never a silent loss.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from lockgate.facts.decision import Reason, Verdict
from lockgate.facts.record import Record
from lockgate.store.novelties import Novelty, NoveltyKind

_PAGE = 1000


class StoreUnavailable(Exception):  # noqa: N818 - a state of the world that passes, not a mistake
    """The store cannot take or give records now (disk full, read-only, locked). Trying again later may work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFilter:
    """Which records are meant; an absent field does not restrict.

    `since` (inclusive) and `until` (exclusive) are seconds since the epoch and apply to `started_at`. `has_findings` keeps
    records with at least one finding (True) or none (False).
    """

    app: str | None = None
    user: str | None = None
    verdict: Verdict | None = None
    reason: Reason | None = None
    operation: str | None = None
    rule: str | None = None
    host: str | None = None
    conversation: str | None = None
    has_findings: bool | None = None
    since: float | None = None
    until: float | None = None


EVERY_RECORD = RecordFilter()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRecord:
    """A record with its place in the order of arrival. Positions grow, with gaps; they are the cursors."""

    position: int
    record: Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What was decided about an exchange, with the facts that were kept of it; none where nobody kept them."""

    position: int
    id: str
    verdict: str
    reason: str
    rule: str
    facts: bytes | None = field(default=None, repr=False)


class Tally(StrEnum):
    """What records can be counted by."""

    APP = "app"
    USER = "user"
    VERDICT = "verdict"
    REASON = "reason"
    OPERATION = "operation"
    RULE = "rule"
    HOST = "host"


class Role(StrEnum):
    """What a name is to a record: of a file, of a file's content, of a task in an app."""

    NAMED = "named"
    UPLOADED = "uploaded"
    CONTENT = "content"
    ASKED = "asked"
    ANSWERED = "answered"


def references_of(record: Record) -> Iterator[tuple[Role, str]]:
    """The names by which a record is found: files it names, what its upload is called, digests of what left with it, tasks."""
    yield from ((Role.NAMED, name) for name in record.refers_to)
    yield from ((Role.UPLOADED, name) for name in record.uploaded_as)
    yield from ((Role.CONTENT, file.sha256) for file in record.attachments if file.sha256)
    role = Role.ANSWERED if record.holds_answer else Role.ASKED
    yield from ((role, name) for name in names_of_tasks(record))


def names_of_tasks(record: Record) -> tuple[str, ...]:
    """The tasks of a record. Ids of different apps are different tasks."""
    return tuple(f"{record.app}:{task}" for task in record.tasks)


class RecordStore(Protocol):
    """Keeps records. Safe to call from several threads; any method may raise `StoreUnavailable`."""

    def append(self, records: Sequence[Record]) -> tuple[Record, ...]:
        """Store all of `records` or none; the ones that are new come back (an id that is already there is left alone)."""
        ...

    def newest(
        self, wanted: RecordFilter = EVERY_RECORD, *, limit: int = 100, before: int | None = None
    ) -> tuple[StoredRecord, ...]:
        """The last `limit` arrivals, latest first; `before` continues after the last position of a page."""
        ...

    def tail(self, after: int, wanted: RecordFilter = EVERY_RECORD, *, limit: int = 1000) -> tuple[StoredRecord, ...]:
        """Up to `limit` records that arrived after position `after`, oldest first."""
        ...

    def get(self, record_id: str) -> Record | None:
        """The record with this id."""
        ...

    def span(self, wanted: RecordFilter = EVERY_RECORD, *, newest: int | None = None) -> tuple[int, int] | None:
        """The positions of the first and the last of the records that are meant, or of so many of the newest; None for none."""
        ...

    def decided(
        self, wanted: RecordFilter = EVERY_RECORD, *, after: int = 0, last: int | None = None, limit: int = 1000
    ) -> tuple[Decided, ...]:
        """What was decided about up to `limit` records from position `after` (exclusive) to `last`, oldest first."""
        ...

    def facts_of(self, record_id: str) -> bytes | None:
        """The facts that were kept with a record."""
        ...

    def joined(self, role: Role, values: Collection[str], *, limit: int = 100) -> tuple[StoredRecord, ...]:
        """The last `limit` arrivals to which one of `values` is a name in this role, latest first."""
        ...

    def count(self, wanted: RecordFilter = EVERY_RECORD) -> int:
        """How many records there are."""
        ...

    def tally(self, by: Tally, wanted: RecordFilter = EVERY_RECORD, *, limit: int = 20) -> tuple[tuple[str, int], ...]:
        """The most frequent values of `by` with their counts, highest count first, then by name."""
        ...

    def novelties(self, kind: NoveltyKind, subject: str | None = None) -> tuple[Novelty, ...]:
        """What is new and wants a person, those seen last first; of one host or app, or of all."""
        ...

    def remove(self, before: float) -> int:
        """Delete records that started before this time; how many there were."""
        ...

    def remove_captures(self, before: float) -> int:
        """Delete the sealed text, and only that, of records that started before this time; how many had one."""
        ...

    def remove_ended_captures(self, now: float) -> int:
        """Delete the sealed text, and only that, of records whose `capture_days` are over; how many there were."""
        ...

    def remove_beside(self, before: float) -> None:
        """Delete what is known of MCP servers that nobody has seen since this time, and acknowledgements that ended before."""
        ...

    def remove_usage(self, now: float, met_before: float | None) -> None:
        """Delete counts of use that no window reaches any more, and meetings of whoever did not use the app since."""
        ...

    def close(self) -> None:
        """Release files. Closing twice is fine."""
        ...


def everything(store: RecordStore, wanted: RecordFilter = EVERY_RECORD, *, after: int = 0) -> Iterator[StoredRecord]:
    """All records in order of arrival, read page by page; records that arrive meanwhile are included."""
    while page := store.tail(after, wanted, limit=_PAGE):
        yield from page
        after = page[-1].position
