"""The MCP inventory in the record database: what was seen of servers and their tools, and who called what.

Separate from the records because it is knowledge about servers, kept as long as they are in use. Every function works on a
connection whose transaction somebody else holds. It must never hold what a person or an agent said: definitions and
instructions are the server's own words.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import LiteralString

from lockgate.facts.decision import Verdict
from lockgate.facts.mcp import McpSighting, McpTool, ToolVariant
from lockgate.facts.record import Record
from lockgate.gate.mcp_inventory import McpInventory

_MOST_SERVERS = 20_000
_MOST_TOOLS = 2000
_MOST_VARIANTS = 64
_MOST_EVENTS = 2000
_MOST_CALLERS = 10_000


class ToolEvent(StrEnum):
    """What happened to a tool: listed for the first time, another definition, no longer listed, listed again."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    BACK = "back"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolHistory:
    """A tool with every definition it has had (oldest first), which of them are listed now, and how often it was called."""

    name: str
    variants: tuple[ToolVariant, ...]
    current: frozenset[str] = frozenset()
    definitions: dict[str, str] = field(default_factory=dict[str, str], repr=False)
    calls: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One line of a server's history. `at` is seconds since the epoch."""

    at: float
    tool: str
    what: ToolEvent
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class McpServer:
    """A server as far as it is known. `calls` and `refused` count requests, `callers` the users (or addresses) behind them."""

    server: str
    name: str = ""
    version: str = ""
    protocol: str = ""
    instructions: str = field(default="", repr=False)
    first_seen: float = 0.0
    last_seen: float = 0.0
    calls: int = 0
    refused: int = 0
    callers: int = 0
    tools: tuple[ToolHistory, ...] = ()


def note_sightings(database: sqlite3.Connection, sightings: Iterable[McpSighting]) -> None:
    """Add what was seen. The revision grows when workers have to know of it."""
    news = False
    for sighting in sightings:
        if sighting.seen.endpoint:
            news |= _note_endpoint(database, sighting)
        elif _note_server(database, sighting) and sighting.seen.tools is not None:
            news |= _note_tools(database, sighting, sighting.seen.tools)
    if news:
        database.execute("UPDATE mcp_revision SET revision = revision + 1")


def count_requests(database: sqlite3.Connection, records: Iterable[Record]) -> None:
    """Count what records say was asked of servers."""
    for record in records:
        if not record.mcp_server or not _is_known(database, record.mcp_server, record.started_at):
            continue
        refused = record.verdict in (Verdict.BLOCK, Verdict.REDIRECT, Verdict.COACH)
        for tool in ("", *record.mcp_tools):
            database.execute(_COUNT, (record.mcp_server, tool, refused, record.started_at))
        if _room(database, "SELECT count(*) FROM mcp_callers WHERE server = ?", record.mcp_server, _MOST_CALLERS):
            caller = record.user or record.client_address
            database.execute(_CALLER, (record.mcp_server, caller, record.started_at))


def revision(database: sqlite3.Connection) -> int:
    """Grows whenever `inventory` would give something new."""
    return int(database.execute("SELECT revision FROM mcp_revision").fetchone()[0])


def inventory(database: sqlite3.Connection) -> McpInventory:
    """What workers judge by."""
    servers: dict[str, dict[str, tuple[ToolVariant, ...]]] = {}
    rows = database.execute("SELECT server, tool, digest, first_seen, last_seen FROM mcp_tools ORDER BY first_seen")
    for server, tool, digest, first_seen, last_seen in rows:
        tools = servers.setdefault(server, {})
        tools[tool] = (*tools.get(tool, ()), ToolVariant(digest=digest, first_seen=first_seen, last_seen=last_seen))
    endpoints = dict(database.execute("SELECT endpoint, server FROM mcp_endpoints").fetchall())
    return McpInventory(servers=servers, endpoints=endpoints)


def servers(database: sqlite3.Connection) -> tuple[McpServer, ...]:
    """Every server with its tools, the one last seen first. Definitions are left out."""
    return tuple(_server(database, row, with_text=False) for row in database.execute(_SERVERS).fetchall())


def server(database: sqlite3.Connection, name: str) -> McpServer | None:
    """One server with the definitions of its tools."""
    row = database.execute("SELECT * FROM mcp_servers WHERE server = ?", (name,)).fetchone()
    return None if row is None else _server(database, row, with_text=True)


def happenings(database: sqlite3.Connection, name: str) -> tuple[Happening, ...]:
    """What happened to a server's tools, latest first."""
    rows = database.execute("SELECT at, tool, what, digest FROM mcp_events WHERE server = ? ORDER BY position DESC", (name,))
    return tuple(Happening(at=at, tool=tool, what=ToolEvent(what), digest=digest) for at, tool, what, digest in rows)


def forget(database: sqlite3.Connection, before: float) -> None:
    """Delete servers that nobody has seen since `before`, with everything about them."""
    gone = database.execute("SELECT server FROM mcp_servers WHERE last_seen < ?", (before,)).fetchall()
    for statement in _FORGET:
        database.executemany(statement, gone)
    if gone:
        database.execute("UPDATE mcp_revision SET revision = revision + 1")


_SERVERS = "SELECT * FROM mcp_servers ORDER BY last_seen DESC, server"
_SEEN = """
    INSERT INTO mcp_servers VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6) ON CONFLICT (server) DO UPDATE SET
    name = iif(?2 = '', name, ?2), version = iif(?2 = '', version, ?3), protocol = iif(?4 = '', protocol, ?4),
    instructions = iif(?5 = '', instructions, ?5), last_seen = max(last_seen, ?6)
"""
_VARIANT = """
    INSERT INTO mcp_tools VALUES (?1, ?2, ?3, ?4, ?4, 1, ?5) ON CONFLICT (server, tool, digest) DO UPDATE SET
    last_seen = max(last_seen, ?4), current = 1, definition = iif(?5 = '', definition, ?5)
"""
_EVENT = "INSERT INTO mcp_events (at, server, tool, what, digest) VALUES (?, ?, ?, ?, ?)"
_COUNT = """
    INSERT INTO mcp_calls VALUES (?1, ?2, 1, ?3, ?4) ON CONFLICT (server, tool) DO UPDATE SET
    calls = calls + 1, refused = refused + ?3, last_at = max(last_at, ?4)
"""
_CALLER = """
    INSERT INTO mcp_callers VALUES (?1, ?2, ?3) ON CONFLICT (server, caller) DO UPDATE SET last_at = max(last_at, ?3)
"""
_FORGET = (
    "DELETE FROM mcp_servers WHERE server = ?",
    "DELETE FROM mcp_tools WHERE server = ?",
    "DELETE FROM mcp_events WHERE server = ?",
    "DELETE FROM mcp_calls WHERE server = ?",
    "DELETE FROM mcp_callers WHERE server = ?",
    "DELETE FROM mcp_endpoints WHERE server = ?",
)


def _is_known(database: sqlite3.Connection, name: str, at: float) -> bool:
    """Whether there is a row for this server; one is made while there is room."""
    known = database.execute("SELECT 1 FROM mcp_servers WHERE server = ?", (name,)).fetchone() is not None
    if not known and not _room(database, "SELECT count(*) FROM mcp_servers WHERE ?1 = ?1", name, _MOST_SERVERS):
        return False
    database.execute(_SEEN, (name, "", "", "", "", at))
    return True


def _room(database: sqlite3.Connection, count: LiteralString, name: str, most: int) -> bool:
    return int(database.execute(count, (name,)).fetchone()[0]) < most


def _note_endpoint(database: sqlite3.Connection, sighting: McpSighting) -> bool:
    row = (sighting.seen.endpoint, sighting.server, sighting.at)
    known = database.execute("SELECT server FROM mcp_endpoints WHERE endpoint = ?", row[:1]).fetchone()
    if known is None and not _room(database, "SELECT count(*) FROM mcp_endpoints WHERE ?1 = ?1", row[0], _MOST_SERVERS):
        return False
    database.execute("INSERT OR REPLACE INTO mcp_endpoints VALUES (?, ?, ?)", row)
    return known is None or known[0] != sighting.server


def _note_server(database: sqlite3.Connection, sighting: McpSighting) -> bool:
    seen = sighting.seen
    if not _is_known(database, sighting.server, sighting.at):
        return False
    row = (sighting.server, seen.name, seen.version, seen.protocol, seen.instructions, sighting.at)
    database.execute(_SEEN, row)
    return True


def _note_tools(database: sqlite3.Connection, sighting: McpSighting, listed: Sequence[McpTool]) -> bool:
    """Each tool of a list; and of a complete one, that the others are gone. Whether there was anything new."""
    name, at, news = sighting.server, sighting.at, False
    known: dict[str, dict[str, bool]] = {}
    for tool, digest, current in database.execute("SELECT tool, digest, current FROM mcp_tools WHERE server = ?", (name,)):
        known.setdefault(tool, {})[digest] = bool(current)
    for tool in dict.fromkeys(tool.name for tool in listed):
        database.execute("UPDATE mcp_tools SET current = 0 WHERE server = ? AND tool = ?", (name, tool))
    for tool in listed:
        had = known.get(tool.name, {})
        if tool.digest not in had:
            if (not had and len(known) >= _MOST_TOOLS) or len(had) >= _MOST_VARIANTS:
                continue
            _happened(database, sighting, tool.name, ToolEvent.CHANGED if had else ToolEvent.ADDED, tool.digest)
            news = True
        elif not any(had.values()):
            _happened(database, sighting, tool.name, ToolEvent.BACK, tool.digest)
        elif not had[tool.digest]:
            _happened(database, sighting, tool.name, ToolEvent.CHANGED, tool.digest)
            news = True
        news |= len(had) > 1  # when a definition that was not accepted was last seen matters to workers
        known.setdefault(tool.name, {})[tool.digest] = True
        database.execute(_VARIANT, (name, tool.name, tool.digest, at, tool.definition))
    if sighting.seen.complete:
        gone = known.keys() - {tool.name for tool in listed}
        for tool in sorted(tool for tool in gone if any(known[tool].values())):
            _happened(database, sighting, tool, ToolEvent.REMOVED, "")
            database.execute("UPDATE mcp_tools SET current = 0 WHERE server = ? AND tool = ?", (name, tool))
    return news


def _happened(database: sqlite3.Connection, sighting: McpSighting, tool: str, what: ToolEvent, digest: str) -> None:
    if _room(database, "SELECT count(*) FROM mcp_events WHERE server = ?", sighting.server, _MOST_EVENTS):
        database.execute(_EVENT, (sighting.at, sighting.server, tool, what.value, digest))


def _server(database: sqlite3.Connection, row: tuple[str, str, str, str, str, float, float], *, with_text: bool) -> McpServer:
    name = row[0]
    calls = {
        tool: (int(count), int(refused))
        for tool, count, refused in database.execute("SELECT tool, calls, refused FROM mcp_calls WHERE server = ?", (name,))
    }
    requests, refused = calls.get("", (0, 0))
    callers = int(database.execute("SELECT count(*) FROM mcp_callers WHERE server = ?", (name,)).fetchone()[0])
    return McpServer(
        server=name, name=row[1], version=row[2], protocol=row[3], instructions=row[4], first_seen=row[5], last_seen=row[6],
        calls=requests, refused=refused, callers=callers, tools=_tools(database, name, calls, with_text=with_text),
    )  # fmt: skip


def _tools(
    database: sqlite3.Connection, name: str, calls: dict[str, tuple[int, int]], *, with_text: bool
) -> tuple[ToolHistory, ...]:
    variants: dict[str, list[ToolVariant]] = {}
    current: dict[str, set[str]] = {}
    texts: dict[str, dict[str, str]] = {}
    rows = database.execute(
        "SELECT tool, digest, first_seen, last_seen, current, definition FROM mcp_tools WHERE server = ? ORDER BY first_seen",
        (name,),
    )
    for tool, digest, first_seen, last_seen, is_current, definition in rows:
        variants.setdefault(tool, []).append(ToolVariant(digest=digest, first_seen=first_seen, last_seen=last_seen))
        current.setdefault(tool, set()).update({digest} if is_current else ())
        texts.setdefault(tool, {})[digest] = definition if with_text else ""
    return tuple(
        ToolHistory(
            name=tool, variants=tuple(variants[tool]), current=frozenset(current[tool]), definitions=texts[tool],
            calls=calls.get(tool, (0, 0))[0], refused=calls.get(tool, (0, 0))[1],
        )
        for tool in sorted(variants)
    )  # fmt: skip
