"""Which answers tell something of an MCP server, and reading it as they pass.

Separate from capturing answers because it happens whatever the policy says: it keeps no content of anybody's, only what a
server says of itself. It must never hold a stream.
"""

from dataclasses import dataclass, replace

from lockgate.apps.formats.mcp import MCP
from lockgate.apps.formats.mcp_answer import McpReader, OldStreamReader
from lockgate.apps.formats.mcp_messages import endpoint_of, may_be_mcp, server_of
from lockgate.facts.mcp import McpSeen
from lockgate.facts.sheet import FactSheet
from lockgate.facts.traffic import Request, Response
from lockgate.gate.effects import Sighted

_INTRODUCTIONS = frozenset({"initialize", "server/discover", "tools/list"})
_SHORT = 4 << 20
_UNENCODED = ("", "identity")


@dataclass(slots=True, kw_only=True)
class Listener:
    """One answer that is listened to. `from_start` says that a list in it is not one from its middle."""

    server: str
    request: Request
    reader: McpReader | OldStreamReader
    from_start: bool

    def feed(self, chunk: bytes) -> Sighted | None:
        """Take the next bytes; what they told, if anything."""
        self.reader.feed(chunk)
        return self._told()

    def finish(self) -> Sighted | None:
        """What the end told."""
        self.reader.finish()
        return self._told()

    def _told(self) -> Sighted | None:
        placed = (self._placed(seen) for seen in self.reader.take_seen())
        told = tuple(seen for seen in placed if seen is not None)
        return Sighted(server=self.server, seen=told) if told else None

    def _placed(self, seen: McpSeen) -> McpSeen | None:
        if seen.endpoint:
            endpoint = endpoint_of(self.request, seen.endpoint)
            return replace(seen, endpoint=endpoint) if endpoint and endpoint != self.server else None
        return replace(seen, complete=seen.complete and self.from_start)


def is_worth_reading(request: Request) -> bool:
    """Whether a request is read although no rule asks for it.

    Messages of MCP are short and sent whole, so holding one that looks like it keeps nobody waiting.
    """
    length = request.headers.get("content-length")
    return may_be_mcp(request) and length.isdecimal() and int(length[:20]) <= _SHORT


def asks_to_be_told(sheet: FactSheet) -> bool:
    """Whether an answer to this request tells something of an MCP server, as far as the request shows."""
    call, request = sheet.mcp, sheet.request
    if call is not None:
        return call.unread or not call.methods or not _INTRODUCTIONS.isdisjoint(call.methods)
    return request is not None and _opens_old_stream(request) and request.path.rstrip("/").endswith(("/sse", "/mcp"))


def listener_for(sheet: FactSheet, request: Request, response: Response) -> Listener | None:
    """Somebody to listen to this answer; None when there is nothing to be told, or it cannot be read as it passes."""
    if not 200 <= response.status < 300 or response.headers.get("content-encoding").strip().lower() not in _UNENCODED:
        return None
    call, is_stream = sheet.mcp, response.media_type == "text/event-stream"
    if call is None and is_stream and _opens_old_stream(request):
        return Listener(server=server_of(request), request=request, reader=OldStreamReader(), from_start=False)
    unread = call is None and may_be_mcp(request) and not sheet.mcp_known
    if not (is_stream or response.media_type.endswith("json")) or not (unread or asks_to_be_told(sheet)):
        return None
    return Listener(
        server=call.server if call is not None else server_of(request),
        request=request,
        reader=MCP.stream_reader(response),
        from_start=call is not None and "tools/list" in call.methods and not call.later_page,
    )


def _opens_old_stream(request: Request) -> bool:
    return request.method == "GET" and "text/event-stream" in request.headers.get("accept").lower()
