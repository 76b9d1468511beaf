"""The embedded record store: one SQLite file in WAL mode.

Separate because it is the only file that speaks SQL for records. One process writes (an advisory lock on `<file>.lock` says
who), any number read. A committed record survives a killed process and a lost power supply (`synchronous=FULL`).
"""

import fcntl
import os
import sqlite3
from collections.abc import Collection, Generator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import LiteralString, Self, override

import msgspec

from lockgate.facts.mcp import McpSighting
from lockgate.facts.problem import Problem, UsageError
from lockgate.facts.record import Record, SealedText
from lockgate.gate.mcp_inventory import McpInventory
from lockgate.store import acknowledgement_table, mcp_tables, usage_tables
from lockgate.store.facts_table import SPAN, WITH_FACTS, WITHOUT_FACTS, decided, insert_facts, keep_facts, read_facts
from lockgate.store.mcp_tables import Happening, McpServer
from lockgate.store.migrations import STEPS, join_by_references, migrate, refuse_newer
from lockgate.store.novelties import Novelty, NoveltyKind, note_novelty, novelty_of, read_novelties
from lockgate.store.record_store import (
    EVERY_RECORD,
    Decided,
    RecordFilter,
    Role,
    StoredRecord,
    StoreUnavailable,
    Tally,
    references_of,
)
from lockgate.store.table_methods import TableMethods
from lockgate.store.transaction import transaction

_BUSY_SECONDS = 5.0
_CHECKED_UP_TO_BYTES = 256 * 1024 * 1024  # a full check reads the whole file; above this, `check()` is for a maintenance window
_REMOVED_PER_TRANSACTION = 2000  # deleting in slices lets the recorder's commits in between

_INSERT = """
    INSERT INTO records (id, started_at, app, user, verdict, reason, operation, rule, host, conversation, findings, body,
    sealed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING
"""
_REFER = "INSERT OR IGNORE INTO record_references (role, value, record) VALUES (?, ?, ?)"
_JOINED = """
    WHERE position IN (SELECT record FROM record_references WHERE role = ? AND value IN (SELECT value FROM json_each(?)))
    ORDER BY position DESC LIMIT ?
"""
_REMOVE = """
    DELETE FROM records WHERE position IN (SELECT position FROM records WHERE started_at < ? LIMIT ?)
"""
_REMOVE_CAPTURES = """
    UPDATE records SET sealed = NULL
    WHERE position IN (SELECT position FROM records WHERE started_at < ? AND sealed IS NOT NULL LIMIT ?)
"""
_REMOVE_ENDED_CAPTURES = """
    UPDATE records SET sealed = NULL
    WHERE position IN (
        SELECT position FROM records
        WHERE json_extract(body, '$.capture_days') > 0 AND sealed IS NOT NULL
            AND started_at + 86400 * json_extract(body, '$.capture_days') < ? LIMIT ?)
"""
_COLUMNS: dict[Tally, LiteralString] = {
    Tally.APP: "app",
    Tally.USER: "user",
    Tally.VERDICT: "verdict",
    Tally.REASON: "reason",
    Tally.OPERATION: "operation",
    Tally.RULE: "rule",
    Tally.HOST: "host",
}
_body = msgspec.json.Decoder(Record)
_sealed = msgspec.msgpack.Decoder(SealedText)


class SqliteStore(TableMethods):
    """Records in one file. Open with `for_writing` (one process) or `for_reading`."""

    def __init__(self, database: sqlite3.Connection, lock_file: int | None, *, lacks: frozenset[str] = frozenset()) -> None:
        self._database = database
        self._lacks = lacks  # a database that no recorder of this version has opened yet lacks the newest tables
        self._lock_file = lock_file
        self._lock = Lock()

    @classmethod
    def for_writing(cls, path: Path) -> Self:
        """Open or create `path` (mode 0600). Raises UsageError when another process writes to it or when it is damaged."""
        with _told_as_usage_errors(path), ExitStack() as undo:
            lock_file = _lock(path)
            undo.callback(os.close, lock_file)
            # Created before SQLite sees it, because SQLite would create it readable for everybody.
            os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
            left_unclean = path.with_name(path.name + "-wal").exists()
            database = undo.enter_context(closing(_connect(f"{path.absolute().as_uri()}?mode=rw")))
            database.execute("PRAGMA auto_vacuum=INCREMENTAL")  # takes effect only before the first table
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("PRAGMA synchronous=FULL")
            migrate(database)
            if left_unclean and path.stat().st_size <= _CHECKED_UP_TO_BYTES:
                _refuse_damaged(path, _check(database))
            undo.pop_all()
            return cls(database, lock_file)

    @classmethod
    def for_reading(cls, path: Path) -> Self:
        """Open `path` without the right to change it. Raises UsageError when it is missing, damaged or from a newer version."""
        if not path.exists():
            raise UsageError(
                Problem(problem=f"there is no record database at {path}", help="it appears when `lockgate up` first runs")
            )
        with _told_as_usage_errors(path), ExitStack() as undo:
            database = undo.enter_context(closing(_connect(f"{path.absolute().as_uri()}?mode=ro")))
            steps = {name for (name,) in database.execute("SELECT name FROM schema_steps")}
            refuse_newer(steps)
            undo.pop_all()
            return cls(database, None, lacks=frozenset(step.__name__ for step in STEPS) - steps)

    def append(self, records: Sequence[Record]) -> tuple[Record, ...]:
        """See `RecordStore.append`."""
        rows = [_row(record) for record in records]
        with self._exclusively() as database, transaction(database):
            fresh = tuple(record for record, row in zip(records, rows, strict=True) if _insert(database, record, row))
            mcp_tables.count_requests(database, fresh)
            usage_tables.note_meetings(database, fresh)
            for record in fresh:
                seen = novelty_of(record)
                if seen is not None:
                    note_novelty(database, seen)
            return fresh

    def newest(
        self, wanted: RecordFilter = EVERY_RECORD, *, limit: int = 100, before: int | None = None
    ) -> tuple[StoredRecord, ...]:
        """See `RecordStore.newest`."""
        where, values = _where(wanted, ("position < ?", before))
        return self._read(_sql(where, "ORDER BY position DESC LIMIT ?"), (*values, limit))

    def tail(self, after: int, wanted: RecordFilter = EVERY_RECORD, *, limit: int = 1000) -> tuple[StoredRecord, ...]:
        """See `RecordStore.tail`."""
        where, values = _where(wanted, ("position > ?", after))
        return self._read(_sql(where, "ORDER BY position LIMIT ?"), (*values, limit))

    def get(self, record_id: str) -> Record | None:
        """See `RecordStore.get`."""
        found = self._read("WHERE id = ?", (record_id,))
        return found[0].record if found else None

    def span(self, wanted: RecordFilter = EVERY_RECORD, *, newest: int | None = None) -> tuple[int, int] | None:
        """See `RecordStore.span`."""
        where, values = _where(wanted)
        query = _sql(SPAN, where, "ORDER BY position DESC LIMIT ?)")
        with self._exclusively() as database:
            first, last = database.execute(query, (*values, -1 if newest is None else newest)).fetchone()
        return None if first is None else (first, last)

    def decided(
        self, wanted: RecordFilter = EVERY_RECORD, *, after: int = 0, last: int | None = None, limit: int = 1000
    ) -> tuple[Decided, ...]:
        """See `RecordStore.decided`."""
        where, values = _where(wanted, ("position > ?", after), ("position <= ?", last))
        columns = WITHOUT_FACTS if keep_facts.__name__ in self._lacks else WITH_FACTS
        with self._exclusively() as database:
            rows = database.execute(_sql(columns, where, "ORDER BY position LIMIT ?"), (*values, limit)).fetchall()
        return decided(rows)

    def facts_of(self, record_id: str) -> bytes | None:
        """See `RecordStore.facts_of`."""
        if keep_facts.__name__ in self._lacks:
            return None
        with self._exclusively() as database:
            return read_facts(database, record_id)

    def joined(self, role: Role, values: Collection[str], *, limit: int = 100) -> tuple[StoredRecord, ...]:
        """See `RecordStore.joined`."""
        if join_by_references.__name__ in self._lacks:
            return ()
        return self._read(_JOINED, (role.value, msgspec.json.encode(sorted(values)).decode(), limit))

    def count(self, wanted: RecordFilter = EVERY_RECORD) -> int:
        """See `RecordStore.count`."""
        where, values = _where(wanted)
        with self._exclusively() as database:
            return int(database.execute(_sql("SELECT count(*) FROM records", where), values).fetchone()[0])

    def tally(self, by: Tally, wanted: RecordFilter = EVERY_RECORD, *, limit: int = 20) -> tuple[tuple[str, int], ...]:
        """See `RecordStore.tally`."""
        where, values = _where(wanted)
        query = _sql("SELECT", _COLUMNS[by], ", count(*) FROM records", where, "GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ?")
        with self._exclusively() as database:
            return tuple((str(value), int(number)) for value, number in database.execute(query, (*values, limit)))

    def novelties(self, kind: NoveltyKind, subject: str | None = None) -> tuple[Novelty, ...]:
        """See `RecordStore.novelties`."""
        with self._exclusively() as database:
            return read_novelties(database, kind, subject)

    def remove(self, before: float) -> int:
        """See `RecordStore.remove`."""
        return self._in_slices(_REMOVE, before)

    def remove_captures(self, before: float) -> int:
        """See `RecordStore.remove_captures`."""
        return self._in_slices(_REMOVE_CAPTURES, before)

    def remove_ended_captures(self, now: float) -> int:
        """See `RecordStore.remove_ended_captures`."""
        return self._in_slices(_REMOVE_ENDED_CAPTURES, now)

    def remove_beside(self, before: float) -> None:
        """See `RecordStore.remove_beside`."""
        with self._exclusively() as database, transaction(database):
            mcp_tables.forget(database, before)
            acknowledgement_table.forget(database, before)

    def note_sightings(self, sightings: Sequence[McpSighting]) -> None:
        """Keep what was seen of MCP servers: all of `sightings` or none."""
        with self._exclusively() as database, transaction(database):
            mcp_tables.note_sightings(database, sightings)

    def mcp_revision(self) -> int:
        """A number that grows whenever `mcp_inventory` would give something new."""
        with self._exclusively() as database:
            return mcp_tables.revision(database)

    def mcp_inventory(self) -> McpInventory:
        """What is known of the tools of MCP servers."""
        with self._exclusively() as database:
            return mcp_tables.inventory(database)

    def mcp_servers(self) -> tuple[McpServer, ...]:
        """Every MCP server with its tools, the one last seen first."""
        with self._exclusively() as database:
            return mcp_tables.servers(database)

    def mcp_server(self, name: str) -> McpServer | None:
        """One MCP server, with the definitions its tools have had."""
        with self._exclusively() as database:
            return mcp_tables.server(database, name)

    def mcp_happenings(self, name: str) -> tuple[Happening, ...]:
        """What happened to a server's tools, latest first."""
        with self._exclusively() as database:
            return mcp_tables.happenings(database, name)

    def check(self) -> tuple[str, ...]:
        """What is damaged in the file; empty when it is sound. Reads all of it."""
        with self._exclusively() as database:
            return _check(database)

    def close(self) -> None:
        """See `RecordStore.close`."""
        with self._lock:
            self._database.close()
            if self._lock_file is not None:
                os.close(self._lock_file)
                self._lock_file = None

    def _read(self, rest: LiteralString, values: tuple[object, ...]) -> tuple[StoredRecord, ...]:
        with self._exclusively() as database:
            rows = database.execute(_sql("SELECT position, body, sealed FROM records", rest), values).fetchall()
        return tuple(_stored(*row) for row in rows)

    def _in_slices(self, statement: LiteralString, before: float) -> int:
        total = 0
        while True:
            with self._exclusively() as database:
                with transaction(database):
                    changed = database.execute(statement, (before, _REMOVED_PER_TRANSACTION)).rowcount
                # Gives freed pages back to the disk; one page per step, so the statement has to be read to its end.
                database.execute("PRAGMA incremental_vacuum(4096)").fetchall()
            if changed == 0:
                return total
            total += changed

    @override
    @contextmanager
    def _exclusively(self) -> Generator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._database
            except (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.ProgrammingError):
                raise  # the row or the statement is wrong, not the store
            except sqlite3.DatabaseError as error:
                raise StoreUnavailable(str(error)) from error


def _connect(uri: str) -> sqlite3.Connection:
    return sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)


def _lock(path: Path) -> int:
    """An exclusive lock that the kernel lets go of when this process ends, however it ends."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock_file = os.open(path.with_name(path.name + ".lock"), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock_file)
        problem = f"another process already writes to {path}"
        raise UsageError(Problem(problem=problem, help="stop the other `lockgate up` of this home first")) from None
    return lock_file


def _check(database: sqlite3.Connection) -> tuple[str, ...]:
    return tuple(str(line) for (line,) in database.execute("PRAGMA quick_check(5)") if line != "ok")


def _refuse_damaged(path: Path, damage: tuple[str, ...]) -> None:
    if damage:
        raise _damaged(path, damage[0])


def _damaged(path: Path, how: str) -> UsageError:
    problem = f"the record database {path} is damaged: {how}"
    return UsageError(Problem(problem=problem, help="move the file aside; a new one is made at the next start"))


@contextmanager
def _told_as_usage_errors(path: Path) -> Generator[None]:
    """What can go wrong at opening is the operator's to mend."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise UsageError(Problem(problem=f"cannot open the record database {path}: {error}")) from None
    except sqlite3.DatabaseError as error:
        raise _damaged(path, str(error)) from None
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise UsageError(Problem(problem=f"cannot open the record database {path}: {why}")) from None


def _insert(database: sqlite3.Connection, record: Record, row: tuple[object, ...]) -> bool:
    """Whether the record was new."""
    inserted = database.execute(_INSERT, row)
    if inserted.rowcount != 1:
        return False
    if record.facts:
        insert_facts(database, inserted.lastrowid, record.facts)
    named = [(role.value, value, inserted.lastrowid) for role, value in references_of(record)]
    if named:
        database.executemany(_REFER, named)
    return True


def _row(record: Record) -> tuple[object, ...]:
    bare = replace(record, sealed=None, facts=b"") if record.facts or record.sealed is not None else record
    return (
        record.id,
        record.started_at,
        record.app,
        record.user,
        record.verdict.value,
        record.reason.value,
        record.operation,
        record.rule,
        record.host,
        record.conversation,
        len(record.findings),
        msgspec.json.encode(bare).decode(),
        msgspec.msgpack.encode(record.sealed) if record.sealed is not None else None,
    )


def _stored(position: int, body: str, sealed: bytes | None) -> StoredRecord:
    record = _body.decode(body)
    return StoredRecord(position=position, record=replace(record, sealed=_sealed.decode(sealed)) if sealed else record)


def _sql(*pieces: LiteralString) -> LiteralString:
    """A statement of fixed texts. The type checker refuses anything computed here: every value is bound, never written in."""
    return " ".join(pieces)


def _where(wanted: RecordFilter, *also: tuple[LiteralString, object]) -> tuple[LiteralString, tuple[object, ...]]:
    terms: list[tuple[LiteralString, object]] = [
        ("app = ?", wanted.app),
        ("user = ?", wanted.user),
        ("verdict = ?", wanted.verdict),
        ("reason = ?", wanted.reason),
        ("operation = ?", wanted.operation),
        ("rule = ?", wanted.rule),
        ("host = ?", wanted.host),
        ("conversation = ?", wanted.conversation),
        ("(findings > 0) = ?", wanted.has_findings),
        ("started_at >= ?", wanted.since),
        ("started_at < ?", wanted.until),
        *also,
    ]
    asked: list[tuple[LiteralString, object]] = [(text, value) for text, value in terms if value is not None]
    if not asked:
        return "", ()
    conditions: list[LiteralString] = [text for text, _ in asked]
    return _sql("WHERE", " AND ".join(conditions)), tuple(value for _, value in asked)
