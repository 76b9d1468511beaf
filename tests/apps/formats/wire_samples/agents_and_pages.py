from wire_samples.sample import WireSample, event


def task(**result: object) -> str:
    return event({"jsonrpc": "2.0", "id": "call-1", "result": {"taskId": "t1", "contextId": "ctx-1", **result}})


def artifact(text: str, *, append: bool) -> dict[str, object]:
    parts = [{"kind": "text", "text": text}]
    return {"kind": "artifact-update", "append": append, "artifact": {"artifactId": "a1", "parts": parts}}


PARTS = [
    {"type": "text", "text": "which one is it"},
    {"type": "file", "mediaType": "image/png", "filename": "a.png", "url": "data:image/png;base64,iVBORw0KGgoAAAA="},
]

SAMPLES = (
    WireSample(
        id="a2a",
        path="/agents/travel",
        document={
            "jsonrpc": "2.0", "id": "call-1", "method": "message/stream",
            "params": {
                "message": {
                    "kind": "message", "messageId": "m1", "contextId": "ctx-1", "role": "user",
                    "parts": [{"kind": "text", "text": "book two seats"}, {"kind": "data", "data": {"train": "the night one"}}],
                },
                "configuration": {"pushNotificationConfig": {"url": "https://hooks.example.com/a"}},
            },
        },
        prompt="book two seats",
        answer=(
            task(kind="status-update", status={"state": "working"}),
            task(**artifact("Grü", append=False)),
            task(**artifact("ße 😀", append=True)),
            task(kind="status-update", status={"state": "completed"}, final=True),
        ),
    ),
    WireSample(
        id="ai-sdk-ui",
        path="/api/chat",
        document={
            "id": "chat-17", "trigger": "submit-message",
            "messages": [
                {"id": "1", "role": "user", "parts": [{"type": "text", "text": "earlier question"}]},
                {"id": "2", "role": "assistant", "parts": [
                    {"type": "step-start"},
                    {"type": "reasoning", "text": "thinking of it"},
                    {"type": "tool-lookup", "toolCallId": "c1", "state": "output-available", "input": {"q": "pictures"},
                     "output": {"found": "two of them"}},
                    {"type": "text", "text": "there are two"},
                ]},
                {"id": "3", "role": "user", "parts": PARTS},
            ],
        },
        prompt="which one is it",
        answer=(
            event({"type": "start", "messageId": "m"}),
            event({"type": "text-start", "id": "t1"}),
            event({"type": "text-delta", "id": "t1", "delta": "Grü"}, end="\r\n"),
            event({"type": "text-delta", "id": "t1", "delta": "ße 😀"}),
            event({"type": "finish"}),
            event("[DONE]"),
        ),
    ),
    WireSample(
        id="ai-sdk-data",
        path="/api/chat",
        document={
            "id": "chat-17",
            "messages": [{
                "role": "user", "content": "name a bird", "parts": [{"type": "text", "text": "name a bird"}],
                "experimental_attachments": [{"name": "b.png", "contentType": "image/png", "url": "https://example.com/b.png"}],
            }],
        },
        prompt="name a bird\nname a bird",
        media_type="text/plain",
        answer=('f:{"messageId":"m"}\n', '0:"Grü"\n', '0:"ße 😀"\n', 'd:{"finishReason":"stop"}\n'),
    ),
)  # fmt: skip
