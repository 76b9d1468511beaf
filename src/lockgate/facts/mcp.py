"""MCP, the Model Context Protocol: what a request asks of a server, and what a server says about itself and its tools.

Separate because agents speak it with any host, whether that host is an app of the library or not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b


@dataclass(frozen=True, slots=True, kw_only=True)
class McpCall:
    """What one request asks of an MCP server: one message, or a batch of them.

    `server` is `host[:port]/path`, one spelling for each server. `methods` and `tools` (those called) have each name once;
    a client's answer to its server counts under the method it answers. `version` is the protocol's, as far as this request
    says. `ids` are those of the requests that wait for an answer. `housekeeping` says that nothing but the protocol's own
    upkeep is said. `later_page` says that a list is asked for from its middle. `mismatch` names what the headers and the body
    say differently. `changed` are the tools called whose definition is not the accepted one. `unread` says that the body,
    which is or may be MCP, could not be read: then methods and tools are not known.
    """

    server: str
    methods: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    version: str = ""
    ids: tuple[str | int, ...] = field(default=(), repr=False)
    housekeeping: bool = False
    later_page: bool = False
    mismatch: str = ""
    changed: tuple[str, ...] = ()
    unread: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class McpTool:
    """A tool as its server describes it. `definition` is what a model is told of it, as JSON; `digest` covers all of that."""

    name: str
    digest: str
    definition: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class McpSeen:
    """What an answer says about its server.

    `protocol` is the version that was agreed on. `tools` is None when the answer lists none; `complete` says that there are no
    others. `endpoint` is where the server of an old client wants its messages sent (2024-11-05).
    """

    name: str = ""
    version: str = ""
    protocol: str = ""
    instructions: str = field(default="", repr=False)
    tools: tuple[McpTool, ...] | None = None
    complete: bool = False
    endpoint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class McpSighting:
    """Something seen of `server` (in its one spelling) at `at`, in seconds since the epoch."""

    server: str
    at: float
    seen: McpSeen


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolVariant:
    """One definition a tool has had, by its digest, and when it was first and last seen (seconds since the epoch)."""

    digest: str
    first_seen: float
    last_seen: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedTool:
    """The definitions of a tool that the organisation accepted, by digest, and when (seconds since the epoch)."""

    digests: frozenset[str]
    at: float


type AcceptedTools = Mapping[str, Mapping[str, AcceptedTool]]
"""What the organisation accepted, by server and tool."""


def is_changed(variants: Sequence[ToolVariant], accepted: AcceptedTool | None) -> bool:
    """Whether a tool (its variants, oldest first) has a definition that was not accepted.

    Until something was accepted, the first definition that was seen counts as such (trust on first use). A definition that was
    not seen again after the acceptance is past. One that was is not made good by another that comes after it: a server may
    show its clients different ones, so this stands until somebody has looked.
    """
    if accepted is None and variants:
        accepted = AcceptedTool(digests=frozenset({variants[0].digest}), at=variants[0].first_seen)
    return accepted is not None and any(
        variant.digest not in accepted.digests and variant.last_seen > accepted.at for variant in variants
    )


def tool_digest(definition: bytes) -> str:
    """The digest of a tool's definition in its canonical form (BLAKE2b, 16 bytes, hex)."""
    return blake2b(definition, digest_size=16).hexdigest()
