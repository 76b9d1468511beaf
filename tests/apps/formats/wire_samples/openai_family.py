from wire_samples.sample import WireSample, event

OPENAI_ERROR = {
    "error": {"message": "{message}", "type": "policy_violation", "param": None, "code": "blocked_by_policy"},
}  # fmt: skip


def run_event(kind: str, **more: object) -> str:
    return event({"id": "msg_1", "object": kind, **more}, name=kind)


def said(value: str) -> dict[str, object]:
    return {"delta": {"content": [{"index": 0, "type": "text", "text": {"value": value}}]}}


SAMPLES = (
    WireSample(
        id="openai-completions",
        path="/v1/completions",
        document={"model": "codestral-latest", "prompt": "def greet(name):", "suffix": "return text", "stream": True},
        prompt="def greet(name):",
        answer=(
            event({"model": "codestral", "choices": [{"index": 0, "text": "Grü", "finish_reason": None}]}, end="\r\n"),
            event({"choices": [{"index": 0, "text": "ße 😀", "finish_reason": "stop"}]}),
            event("[DONE]"),
        ),
        refused=(400, OPENAI_ERROR),
    ),
    WireSample(
        id="openai-embeddings",
        path="/v1/embeddings",
        document={"model": "text-embedding-3-small", "input": ["the quarterly plan", "another piece"]},
        prompt="the quarterly plan\nanother piece",
        media_type="application/json",
        answer=('{"object": "list", "model": "text-embedding-3-small", "data": [{"embedding": [0.1, 0.2], "index": 0}]}',),
        heard="",
        refused=(400, OPENAI_ERROR),
    ),
    WireSample(
        id="openai-assistants",
        path="/v1/threads/runs",
        document={
            "assistant_id": "asst_1",
            "stream": True,
            "instructions": "Answer in one sentence.",
            "thread": {"messages": [{"role": "user", "content": [{"type": "text", "text": "summarise the file"}],
                                     "attachments": [{"file_id": "file-abc123", "tools": [{"type": "file_search"}]}]}]},
        },
        prompt="summarise the file",
        answer=(
            run_event("thread.run", thread_id="thread_1", status="queued", model="gpt-5"),
            run_event("thread.message.delta", **said("Grü")),
            run_event("thread.message.delta", **said("ße 😀")),
            run_event("thread.message", role="assistant", content=[{"type": "text", "text": {"value": "Grüße 😀"}}]),
            event("[DONE]", name="done", end="\r\n"),
        ),
        refused=(400, OPENAI_ERROR),
    ),
)  # fmt: skip
