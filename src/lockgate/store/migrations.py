"""How a record database came to its present shape: named steps, each applied once, in order.

Separate so that the history of the schema can be read in one place. A step that has shipped is never edited; a new need is a
new step at the end.
"""

import sqlite3
import time
from collections.abc import Callable

from lockgate.facts.problem import Problem, UsageError
from lockgate.store.acknowledgement_table import create_acknowledgements
from lockgate.store.facts_table import keep_facts
from lockgate.store.novelties import create_novelties
from lockgate.store.usage_tables import create_usage


def create_records(database: sqlite3.Connection) -> None:
    """One row per record: columns for what is searched, `body` (JSON) for the rest, `sealed` (MessagePack) for captured text.

    `sealed` comes last: a row's tail is not read from disk unless it is asked for. AUTOINCREMENT keeps positions from being
    used again after the newest rows were deleted.
    """
    database.execute("""
        CREATE TABLE records (
            position INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            started_at REAL NOT NULL,
            app TEXT NOT NULL,
            user TEXT NOT NULL,
            verdict TEXT NOT NULL,
            reason TEXT NOT NULL,
            operation TEXT NOT NULL,
            rule TEXT NOT NULL,
            host TEXT NOT NULL,
            conversation TEXT NOT NULL,
            findings INTEGER NOT NULL,
            body TEXT NOT NULL,
            sealed BLOB
        )
    """)


def index_searched_columns(database: sqlite3.Connection) -> None:
    """What people ask for: when, who, which app, what was stopped, which conversation. SQLite adds the position by itself."""
    for column in ("started_at", "user", "app", "verdict", "conversation"):
        database.execute(f"CREATE INDEX records_by_{column} ON records ({column})")


def create_mcp_inventory(database: sqlite3.Connection) -> None:
    """What was seen of MCP servers: themselves, each definition of each tool, what happened to tools, calls and callers.

    `definition` is the server's text, not a person's. `current` marks the definitions of the latest list. `revision` grows
    with every change that workers have to know of.
    """
    for statement in (
        """CREATE TABLE mcp_servers (
            server TEXT PRIMARY KEY, name TEXT NOT NULL, version TEXT NOT NULL, protocol TEXT NOT NULL,
            instructions TEXT NOT NULL, first_seen REAL NOT NULL, last_seen REAL NOT NULL) WITHOUT ROWID""",
        """CREATE TABLE mcp_tools (
            server TEXT NOT NULL, tool TEXT NOT NULL, digest TEXT NOT NULL, first_seen REAL NOT NULL, last_seen REAL NOT NULL,
            current INTEGER NOT NULL, definition TEXT NOT NULL, PRIMARY KEY (server, tool, digest)) WITHOUT ROWID""",
        """CREATE TABLE mcp_events (
            position INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, server TEXT NOT NULL, tool TEXT NOT NULL,
            what TEXT NOT NULL, digest TEXT NOT NULL)""",
        "CREATE INDEX mcp_events_by_server ON mcp_events (server)",
        """CREATE TABLE mcp_calls (
            server TEXT NOT NULL, tool TEXT NOT NULL, calls INTEGER NOT NULL, refused INTEGER NOT NULL, last_at REAL NOT NULL,
            PRIMARY KEY (server, tool)) WITHOUT ROWID""",
        """CREATE TABLE mcp_callers (
            server TEXT NOT NULL, caller TEXT NOT NULL, last_at REAL NOT NULL, PRIMARY KEY (server, caller)) WITHOUT ROWID""",
        """CREATE TABLE mcp_endpoints (
            endpoint TEXT PRIMARY KEY, server TEXT NOT NULL, last_seen REAL NOT NULL) WITHOUT ROWID""",
        "CREATE TABLE mcp_revision (revision INTEGER NOT NULL)",
        "INSERT INTO mcp_revision VALUES (0)",
    ):
        database.execute(statement)


def join_by_references(database: sqlite3.Connection) -> None:
    """By which names and digests of files records find each other. Rows go with their record."""
    database.execute("""
        CREATE TABLE record_references (
            role TEXT NOT NULL,
            value TEXT NOT NULL,
            record INTEGER NOT NULL,
            PRIMARY KEY (role, value, record)
        ) WITHOUT ROWID
    """)
    database.execute("CREATE INDEX references_by_record ON record_references (record)")
    database.execute("""
        CREATE TRIGGER references_go_with_their_record AFTER DELETE ON records
        BEGIN DELETE FROM record_references WHERE record = OLD.position; END
    """)


def find_captures_that_end(database: sqlite3.Connection) -> None:
    """When sealed text goes whose rule says for how long it is kept; others are not in it."""
    database.execute("""
        CREATE INDEX captures_by_end ON records (started_at + 86400 * json_extract(body, '$.capture_days'))
        WHERE json_extract(body, '$.capture_days') > 0 AND sealed IS NOT NULL
    """)


STEPS: tuple[Callable[[sqlite3.Connection], None], ...] = (
    create_records,
    index_searched_columns,
    create_mcp_inventory,
    join_by_references,
    create_novelties,
    keep_facts,
    create_usage,
    find_captures_that_end,
    create_acknowledgements,
)


def migrate(database: sqlite3.Connection, *, steps: tuple[Callable[[sqlite3.Connection], None], ...] = STEPS) -> None:
    """Apply the steps this database has not had, each in its own transaction. Raises UsageError for a newer database."""
    database.execute("CREATE TABLE IF NOT EXISTS schema_steps (name TEXT PRIMARY KEY, applied_at REAL NOT NULL) WITHOUT ROWID")
    applied = {name for (name,) in database.execute("SELECT name FROM schema_steps")}
    refuse_newer(applied, steps)
    for step in steps:
        if step.__name__ in applied:
            continue
        database.execute("BEGIN IMMEDIATE")
        try:
            step(database)
            database.execute("INSERT INTO schema_steps VALUES (?, ?)", (step.__name__, time.time()))
        except BaseException:
            database.execute("ROLLBACK")
            raise
        database.execute("COMMIT")


def refuse_newer(applied: set[str], steps: tuple[Callable[[sqlite3.Connection], None], ...] = STEPS) -> None:
    """Raise UsageError when the database had steps that this version does not know."""
    unknown = sorted(applied - {step.__name__ for step in steps})
    if unknown:
        raise UsageError(
            Problem(
                problem=f"the record database was written by a newer Lockgate (unknown step `{unknown[0]}`)",
                help="run that version again, or move the file aside to start an empty one",
            )
        )
