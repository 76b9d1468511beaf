"""`mcp.yaml`: the tools of MCP servers that the organisation has looked at and accepted as they are.

Separate because it is a decision, kept with the policies under whatever version control they are under, while what was seen
is in the record store. `lockgate mcp accept` writes it whole; a person may edit it.
"""

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from lockgate.facts.mcp import AcceptedTool, AcceptedTools
from lockgate.facts.problem import Problem, UsageError
from lockgate.home.home import Home
from lockgate.home.reading import read_document
from lockgate.home.replace_file import replace_file
from lockgate.home.schema import read_as

_CONFIG = {"extra": "forbid"}
_DIGEST = re.compile(r"[0-9a-f]{32}")
_HEADER = """\
# Tools of MCP servers that were looked at and accepted as they are: `lockgate mcp accept` adds to it, and writes it anew.
# A digest covers what a model is told of a tool (title, description, schemas, annotations).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedEntry:
    """A tool: the digests of its accepted definitions, when they were accepted (UTC, RFC 3339) and by whom."""

    __pydantic_config__ = _CONFIG
    digests: tuple[str, ...]
    at: datetime
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class McpFile:
    """Everything in `mcp.yaml`: accepted tools by server (`host[:port]/path`) and name."""

    __pydantic_config__ = _CONFIG
    servers: dict[str, dict[str, AcceptedEntry]] = field(default_factory=dict[str, dict[str, AcceptedEntry]])


def load_accepted(home: Home) -> AcceptedTools:
    """What was accepted; nothing when there is no file. Raises UsageError listing every problem with its place."""
    return {
        server: {
            name: AcceptedTool(digests=frozenset(entry.digests), at=entry.at.replace(tzinfo=entry.at.tzinfo or UTC).timestamp())
            for name, entry in tools.items()
        }
        for server, tools in _read(home.mcp_file).servers.items()
    }


def accept_tools(home: Home, server: str, tools: dict[str, AcceptedEntry]) -> None:
    """Add accepted tools of a server, in place of what was accepted of the same tools. Raises UsageError as loading does."""
    file = _read(home.mcp_file)
    servers = {**file.servers, server: {**file.servers.get(server, {}), **tools}}
    replace_file(home.mcp_file, _written(servers))


def _read(path: Path) -> McpFile:
    if not path.exists():
        return McpFile()
    document = read_document(path)
    if document.data is None:
        return McpFile()
    file = read_as(document, McpFile)
    problems = [
        Problem(
            place=document.place(("servers", server, name, "digests")),
            problem=f"`{name}` has something that is not the digest of a tool",
            help="32 hexadecimal digits, as `lockgate mcp show` prints them",
        )
        for server, tools in file.servers.items()
        for name, entry in tools.items()
        if not entry.digests or not all(map(_DIGEST.fullmatch, entry.digests))
    ]
    if problems:
        raise UsageError(*problems)
    return file


def _written(servers: dict[str, dict[str, AcceptedEntry]]) -> str:
    """JSON texts are valid YAML, whatever is in them."""
    lines = [_HEADER, "servers:\n"]
    for server in sorted(servers):
        lines.append(f"  {json.dumps(server)}:\n")
        for name, entry in sorted(servers[server].items()):
            at = entry.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            digests = ", ".join(map(json.dumps, entry.digests))
            lines.append(
                f"    {json.dumps(name)}: {{digests: [{digests}], at: {json.dumps(at)}, by: {json.dumps(entry.by)}}}\n"
            )
    return "".join(lines)
