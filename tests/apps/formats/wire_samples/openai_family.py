import json

from wire_samples.notations import MULTIPART, as_multipart
from wire_samples.sample import WireSample, event

OPENAI_ERROR = {
    "error": {"message": "{message}", "type": "policy_violation", "param": None, "code": "blocked_by_policy"},
}  # fmt: skip


def run_event(kind: str, **more: object) -> str:
    return event({"id": "msg_1", "object": kind, **more}, name=kind)


def said(value: str) -> dict[str, object]:
    return {"delta": {"content": [{"index": 0, "type": "text", "text": {"value": value}}]}}


PICTURE = "\x89PNG\r\n\x1a\n\0\0"
BATCH = "\n".join(
    json.dumps({"custom_id": f"request-{number}", "method": "POST", "url": "/v1/chat/completions", "body": {
        "model": "gpt-5", "messages": [{"role": "system", "content": "Be terse."}, {"role": "user", "content": words}]}})
    for number, words in enumerate(("first question", "second question"))
)  # fmt: skip

SAMPLES = (
    WireSample(
        id="openai-images",
        path="/v1/images/generations",
        document={"model": "gpt-image-1", "prompt": "a lighthouse at dusk", "size": "1024x1024", "stream": True,
                  "user": "employee number 17"},
        prompt="a lighthouse at dusk",
        answer=(
            event({"type": "image_generation.partial_image", "partial_image_index": 0, "b64_json": "AAAA"}),
            event({"type": "image_generation.completed", "b64_json": "AAAA", "usage": {"total_tokens": 1}}),
        ),
        heard="",
        refused=(400, OPENAI_ERROR),
    ),
    WireSample(
        id="openai-audio",
        path="/v1/audio/transcriptions",
        document={"model": "gpt-4o-transcribe", "prompt": "a talk about sailing", "stream": "true",
                  "file": ["talk.mp3", "audio/mpeg", "\xff\xfb\0\0"]},
        prompt="a talk about sailing",
        encode=as_multipart,
        headers=MULTIPART,
        sniffed=False,
        answer=(
            event({"type": "transcript.text.delta", "delta": "Grü"}),
            event({"type": "transcript.text.delta", "delta": "ße 😀"}),
            event({"type": "transcript.text.done", "text": "Grüße 😀"}),
        ),
        refused=(400, OPENAI_ERROR),
    ),
    WireSample(
        id="openai-files",
        path="/v1/files",
        document={"purpose": "assistants", "file": ["notes.txt", "text/plain", "the plan for the quarter"]},
        prompt="",
        encode=as_multipart,
        headers=MULTIPART,
        sniffed=False,
        media_type="application/json",
        answer=('{"id": "file-abc123", "object": "file", "bytes": 7, "filename": "notes.txt", "status": "processed"}',),
        heard="",
        refused=(400, OPENAI_ERROR),
    ),
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
