"""MCP servers as text for a terminal and as JSON.

Separate from the commands so that what is shown can be read in one place. What a server says is a stranger's text: control
characters never reach the terminal.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from difflib import unified_diff
from typing import Any

from lockgate.facts.mcp import AcceptedTool, AcceptedTools, is_changed
from lockgate.store.mcp_tables import Happening, McpServer, ToolHistory

_SERVER_WIDTH = 44
_NAME_WIDTH = 22
_DIGEST_SHOWN = 12
_MOST_DIFFERENCE_LINES = 60
_LONGEST_LINE = 400
_MOST_HAPPENINGS = 20


def servers_heading() -> str:
    """The titles above `server_line`."""
    return f"{'SERVER':<{_SERVER_WIDTH}}  {'NAME':<{_NAME_WIDTH}}  TOOLS  CHANGED  REQUESTS  REFUSED  PEOPLE  LAST SEEN"


def server_line(server: McpServer, accepted: AcceptedTools) -> str:
    """One server in a row."""
    data = server_data(server, accepted)
    name = visible(f"{server.name} {server.version}".strip() or "-")
    return (
        f"{visible(server.server):<{_SERVER_WIDTH}}  {name[:_NAME_WIDTH]:<{_NAME_WIDTH}}  {len(data['tools']):>5}  "
        f"{len(data['changed']):>7}  {server.calls:>8}  {server.refused:>7}  {server.callers:>6}  {_when(server.last_seen)}"
    )


def server_page(server: McpServer, happened: tuple[Happening, ...], accepted: AcceptedTools) -> str:
    """One server in full."""
    approved = accepted.get(server.server, {})
    protocol = f", protocol {visible(server.protocol)}" if server.protocol else ""
    lines = [
        visible(server.server),
        f"  calls itself  {visible(f'{server.name} {server.version}'.strip()) or 'nothing yet'}{protocol}",
        f"  seen          first {_when(server.first_seen)}, last {_when(server.last_seen)}",
        f"  requests      {server.calls}, {server.refused} of them refused, by {server.callers} people or addresses",
    ]
    if server.instructions:
        lines += ["  tells models", *(f"    {visible(line)[:_LONGEST_LINE]}" for line in server.instructions.splitlines()[:20])]
    lines += ["", f"Tools ({len(server.tools)})"]
    lines += [_tool_line(tool, approved.get(tool.name)) for tool in server.tools]
    for tool in server.tools:
        if is_changed(tool.variants, approved.get(tool.name)):
            lines += [
                "",
                f"How {visible(tool.name)} differs from what was accepted",
                *_difference(tool, approved.get(tool.name)),
            ]
    if happened:
        lines += ["", "What happened"]
        lines += [
            f"  {_when(each.at)}  {each.what.value:<8} {visible(each.tool)}  {each.digest[:_DIGEST_SHOWN]}".rstrip()
            for each in happened[:_MOST_HAPPENINGS]
        ]
    return "\n".join(lines)


def server_data(server: McpServer, accepted: AcceptedTools, happened: tuple[Happening, ...] | None = None) -> dict[str, Any]:
    """One server as JSON types; with definitions and history when `happened` is given."""
    approved = accepted.get(server.server, {})
    tools = [_tool_data(tool, approved.get(tool.name), with_text=happened is not None) for tool in server.tools]
    data: dict[str, Any] = {
        "server": server.server,
        "name": server.name,
        "version": server.version,
        "protocol": server.protocol,
        "first_seen": _when(server.first_seen),
        "last_seen": _when(server.last_seen),
        "requests": server.calls,
        "refused": server.refused,
        "people": server.callers,
        "changed": [tool["name"] for tool in tools if tool["state"] == "changed"],
        "tools": tools,
    }
    if happened is not None:
        data["instructions"] = server.instructions
        data["history"] = [
            {"at": _when(each.at), "what": each.what.value, "tool": each.tool, "digest": each.digest} for each in happened
        ]
    return data


def _state(tool: ToolHistory, accepted: AcceptedTool | None) -> str:
    """In one word, the worst first."""
    if is_changed(tool.variants, accepted):
        return "changed"
    if not tool.current:
        return "gone"
    return "accepted" if accepted is not None and tool.current <= accepted.digests else "first seen"


def _tool_data(tool: ToolHistory, accepted: AcceptedTool | None, *, with_text: bool) -> dict[str, Any]:
    data: dict[str, Any] = {
        "name": tool.name,
        "state": _state(tool, accepted),
        "digests": sorted(tool.current),
        "first_seen": _when(tool.variants[0].first_seen) if tool.variants else "",
        "calls": tool.calls,
        "refused": tool.refused,
    }
    if with_text:
        data["variants"] = [
            {
                "digest": variant.digest,
                "first_seen": _when(variant.first_seen),
                "last_seen": _when(variant.last_seen),
                "definition": tool.definitions.get(variant.digest, ""),
            }
            for variant in tool.variants
        ]
    return data


def _tool_line(tool: ToolHistory, accepted: AcceptedTool | None) -> str:
    state = _state(tool, accepted)
    state = state.upper() if state == "changed" else state
    digests = ", ".join(digest[:_DIGEST_SHOWN] for digest in sorted(tool.current)) or "not listed"
    calls = f"{tool.calls} calls, {tool.refused} refused" if tool.calls else "never called"
    since = _when(tool.variants[0].first_seen) if tool.variants else ""
    return f"  {visible(tool.name):<32} {state:<10} {digests:<{_DIGEST_SHOWN}}  since {since}  {calls}"


def _difference(tool: ToolHistory, accepted: AcceptedTool | None) -> Iterator[str]:
    """From the accepted definition (or the first one) to the latest that is not."""
    good = accepted.digests if accepted is not None else {tool.variants[0].digest}
    before = next((variant.digest for variant in reversed(tool.variants) if variant.digest in good), tool.variants[0].digest)
    others = [variant for variant in tool.variants if variant.digest not in good]
    after = max(others, key=lambda variant: variant.last_seen).digest
    old, new = (_definition_lines(tool.definitions.get(digest, "")) for digest in (before, after))
    names = (f"{before[:_DIGEST_SHOWN]} (accepted)", f"{after[:_DIGEST_SHOWN]}")
    for number, line in enumerate(unified_diff(old, new, *names, lineterm="", n=1)):
        if number >= _MOST_DIFFERENCE_LINES:
            yield "  ... more: lockgate mcp show --json"
            return
        yield f"  {visible(line)[:_LONGEST_LINE]}"


def _definition_lines(definition: str) -> list[str]:
    """A definition with each member and each line of its description on a line of its own; as it is when it was cut."""
    try:
        told: object = json.loads(definition)
    except ValueError:
        return definition.splitlines()
    lines: list[str] = []
    for line in json.dumps(told, indent=2, ensure_ascii=False).splitlines():
        lines += line.replace("\\n", "\\n\n").split("\n")
    return lines


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).astimezone().isoformat(sep=" ", timespec="seconds") if seconds else ""


def visible(text: str) -> str:
    """`text` with every control character replaced."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
