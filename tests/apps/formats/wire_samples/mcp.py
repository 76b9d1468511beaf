"""MCP: a batch of an agent's call and a person's answer to a question of the server; the answer on a stream."""

from wire_samples.sample import WireSample, event

SAMPLE = WireSample(
    id="mcp",
    path="/mcp",
    document=[
        {
            "jsonrpc": "2.0", "id": 7, "method": "tools/call",
            "params": {
                "name": "create_issue", "_meta": {"progressToken": 7},
                "arguments": {"title": "Broken hinge", "labels": ["north", "door"], "nested": '{"body": "it squeaks 😀"}'},
            },
        },
        {"jsonrpc": "2.0", "id": "q-1", "result": {"action": "accept", "content": {"colour": "a dark green"}}},
        {"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": "t", "message": "half of it done"}},
    ],
    prompt="a dark green",
    headers={"accept": "application/json, text/event-stream", "mcp-session-id": "s-1", "mcp-protocol-version": "2025-03-26"},
    answer=(
        ": ping\r\n\r\n",
        event({"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": 7, "progress": 1}}),
        event(
            {"jsonrpc": "2.0", "id": 7, "result": {"content": [{"type": "text", "text": "Grüße 😀"}], "isError": False}},
            name="message", end="\r\n",
        ),
    ),
    refused=(400, {
        "jsonrpc": "2.0", "id": None,
        "error": {"code": -32010, "message": "{message}", "data": {"reason": "rule", "reference": "abc123"}},
    }),
)  # fmt: skip
