"""What is known of MCP servers while traffic runs: the definitions their tools have had, and where old servers take messages.

Separate from the store, which keeps it: this is the immutable view an exchange is judged by. Learning something gives a new
view. It is bounded, whatever servers say: what is beyond the bounds is not known here, and still kept by the store.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from lockgate.facts.mcp import AcceptedTools, McpSeen, McpSighting, ToolVariant, is_changed

_MOST_SERVERS = 5000
_MOST_TOOLS = 2000
_MOST_VARIANTS = 16
_MOST_ENDPOINTS = 5000

type Tools = Mapping[str, tuple[ToolVariant, ...]]
"""The variants of each tool of a server, oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class McpInventory:
    """Tools by server, and by the endpoint of a server of 2024-11-05 which server it belongs to."""

    servers: Mapping[str, Tools] = field(default_factory=dict[str, Tools])
    endpoints: Mapping[str, str] = field(default_factory=dict[str, str])

    def server_of(self, address: str) -> str:
        """The server that listens at `address`: itself, unless it is known as another's endpoint."""
        return self.endpoints.get(address, address)

    def changed(self, server: str, tools: Iterable[str], accepted: AcceptedTools) -> tuple[str, ...]:
        """Those of `tools` whose definition is not the accepted one. A tool that was never listed is not changed."""
        known, approved = self.servers.get(server, {}), accepted.get(server, {})
        return tuple(tool for tool in tools if is_changed(known.get(tool, ()), approved.get(tool)))

    def knows(self, server: str, tool: str, digest: str) -> bool:
        """Whether a tool had this definition before."""
        return any(variant.digest == digest for variant in self.servers.get(server, {}).get(tool, ()))

    def after(self, sighting: McpSighting) -> "McpInventory":
        """What is known once this was seen, too."""
        seen, server = sighting.seen, sighting.server
        if seen.endpoint:
            if len(self.endpoints) >= _MOST_ENDPOINTS and seen.endpoint not in self.endpoints:
                return self
            return replace(self, endpoints={**self.endpoints, seen.endpoint: server})
        if seen.tools is None or (len(self.servers) >= _MOST_SERVERS and server not in self.servers):
            return self
        tools = dict(self.servers.get(server, {}))
        for tool in seen.tools:
            if tool.name in tools or len(tools) < _MOST_TOOLS:
                tools[tool.name] = with_variant(tools.get(tool.name, ()), tool.digest, sighting.at)
        return replace(self, servers={**self.servers, server: tools})


NOTHING_KNOWN = McpInventory()


def with_variant(variants: tuple[ToolVariant, ...], digest: str, at: float) -> tuple[ToolVariant, ...]:
    """`variants` once this one was seen at `at`. The first one stays whatever comes after it; then the oldest goes."""
    for index, variant in enumerate(variants):
        if variant.digest == digest:
            seen_again = replace(variant, last_seen=max(variant.last_seen, at))
            return (*variants[:index], seen_again, *variants[index + 1 :])
    kept = variants if len(variants) < _MOST_VARIANTS else (variants[0], *variants[2:])
    return (*kept, ToolVariant(digest=digest, first_seen=at, last_seen=at))


def without_known_text(seen: McpSeen, known: McpInventory, server: str) -> McpSeen:
    """`seen` without the definitions that were kept before, so that a list that is asked for often costs little."""
    if seen.tools is None:
        return seen
    tools = tuple(replace(tool, definition="") if known.knows(server, tool.name, tool.digest) else tool for tool in seen.tools)
    return replace(seen, tools=tools)
