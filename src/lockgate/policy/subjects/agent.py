"""Selectors of what agents do: MCP servers, their tools, and tools named in conversations.

Separate because MCP goes to any host, whether an app is known there or not.
"""

from lockgate.facts.traffic import Phase
from lockgate.policy import reading
from lockgate.policy.operators import ValueType
from lockgate.policy.selector import Selector, plain

_BODY = Phase.REQUEST_BODY
AGENT: tuple[Selector, ...] = (
    Selector(
        name="mcp.server", type=ValueType.TEXT, phase=_BODY, read=plain(reading.from_mcp(lambda call: call.server)),
        doc="the MCP server a request speaks to, as `host[:port]/path`; absent when it does not speak MCP",
    ),
    Selector(
        name="mcp.method", type=ValueType.WORDS, phase=_BODY, what="MCP method",
        read=plain(reading.from_mcp(lambda call: frozenset(call.methods))),
        doc="what is asked of an MCP server, such as `tools/call`; several in a batch",
    ),
    Selector(
        name="mcp.tool", type=ValueType.WORDS, phase=_BODY, what="tool",
        read=plain(reading.from_mcp(lambda call: frozenset(call.tools))),
        doc="the tools of an MCP server that are called; several in a batch",
    ),
    Selector(
        name="mcp.tool_changed", type=ValueType.YES_NO, phase=_BODY,
        read=plain(reading.from_mcp(lambda call: bool(call.changed))),
        doc="whether a tool is called whose definition is not the accepted one, or (until it was accepted) the first one seen",
    ),
    Selector(
        name="agent.tools", type=ValueType.WORDS, phase=_BODY, what="tool", read=plain(reading.agent_tools),
        doc="the tools an agent calls, or whose results it sends to a model, in what is new of the conversation",
    ),
)  # fmt: skip
