"""Remote procedure calls whose service nobody knows, and Kimi's, which are JSON in Connect envelopes."""

import json

from wire_samples.protobuf import envelope, message
from wire_samples.sample import WireSample, as_json


def connect_json(document: object) -> bytes:
    """A list of messages as JSON in envelopes."""
    calls = document if isinstance(document, list) else [document]
    return b"".join(envelope(as_json(call)) for call in calls)


def connect_proto(document: object) -> bytes:
    """A list of messages as protobuf in envelopes."""
    calls = document if isinstance(document, list) else [document]
    return b"".join(envelope(message(call)) for call in calls)


def connect_end(**members: object) -> bytes:
    return envelope(json.dumps(members).encode(), 2)


def kimi(operation: str, mask: str, **block: object) -> bytes:
    return envelope(as_json({"op": operation, "mask": mask, "eventOffset": 1, "block": {"id": "1", **block}}))


SAMPLES = (
    WireSample(
        id="kimi-web",
        path="/apiv2/kimi.gateway.chat.v1.ChatService/Chat",
        headers={"content_type": "application/connect+json"},
        encode=connect_json,
        document=[{
            "chat_id": "19a0b1c2-d3e4-8f00-9000-0000abcdef01",
            "scenario": "SCENARIO_K2D5",
            "tools": [{"type": "TOOL_TYPE_SEARCH", "search": {}}],
            "message": {
                "parent_id": "19a0b1c2-0000-8f00-9000-0000abcdef02",
                "role": "user",
                "blocks": [
                    {"message_id": "", "text": {"content": "which of the two 😀 is longer"}},
                    {"file": {"id": "file-77aa", "name": "plan.txt"}},
                ],
                "scenario": "SCENARIO_K2D5",
            },
            "options": {"thinking": False},
        }],
        prompt="which of the two 😀 is longer",
        media_type="application/connect+json",
        answer=(
            envelope(as_json({"chat": {"id": "19a0b1c2-d3e4-8f00-9000-0000abcdef01"}, "eventOffset": 0})),
            envelope(b'{"heartbeat":{}}'),
            kimi("set", "block.think", think={"content": "hm"}),
            kimi("set", "block.text", text={"content": "Grü"}),
            kimi("append", "block.text.content", text={"content": "ße 😀"}),
            envelope(b'{"done":{}}'),
            connect_end(),
        ),
    ),
    WireSample(
        id="rpc-text",
        path="/acme.v1.Assistant/Ask",
        headers={"content_type": "application/connect+proto"},
        encode=connect_proto,
        document=[{
            "f1": {"f1": "please compare both of the versions", "f2": 7},
            "f2": {"f3": "0b0b0b0b-0b0b-0b0b-0b0b-0b0b0b0b0b0b", "f4": ["/srv/notes/first-draft.txt", "second-draft"]},
        }],
        prompt="please compare both of the versions",
        sniffed=False,
        media_type="application/connect+proto",
        answer=(
            envelope(message({"f1": {"f1": "Grü"}})),
            envelope(message({"f1": {"f1": "ße 😀"}})),
            connect_end(metadata={}),
        ),
    ),
)  # fmt: skip
