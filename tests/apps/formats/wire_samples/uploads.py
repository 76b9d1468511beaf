"""Files: as the whole body, in forms, in JSON, and where an address takes several of these."""

from wire_samples.notations import MULTIPART, as_multipart, as_text
from wire_samples.sample import WireSample

GIVEN = ('{"id": "file-7", "upload_url": "https://files.example/', 'file-7?signature=x"}')
REFUSED = (400, {
    "error": {"message": "{message}", "type": "policy_violation", "param": None, "code": "blocked_by_policy"},
    "detail": "{message}",
    "message": "{message}",
})  # fmt: skip

SAMPLES = (
    WireSample(
        id="file-bytes",
        path="/files/f/raw",
        document="the plan,\nin full 😀",
        prompt="",
        encode=as_text,
        sniffed=False,
        media_type="application/json",
        answer=GIVEN,
        heard="",
        refused=REFUSED,
    ),
    WireSample(
        id="file-form",
        path="/upload",
        document={"purpose": "assistants", "prompt": "what it is about", "file": ["plan.txt", "text/plain", "the plan 😀"]},
        prompt="what it is about",
        encode=as_multipart,
        headers=MULTIPART,
        sniffed=False,
        media_type="application/json",
        answer=GIVEN,
        heard="",
        refused=REFUSED,
    ),
    WireSample(
        id="file-json",
        path="/files",
        document={"files": [{"file_name": "plan.txt", "content": "the plan, in full 😀"}], "note": "about the plan"},
        prompt="",
        sniffed=False,
        media_type="application/json",
        answer=GIVEN,
        heard="",
        refused=REFUSED,
    ),
    WireSample(
        id="file-upload",
        path="/files",
        document={"file": ["plan.txt", "text/plain", "the plan, in full 😀"], "text": "read it to me"},
        prompt="read it to me",
        encode=as_multipart,
        headers=MULTIPART,
        sniffed=False,
        media_type="application/json",
        answer=GIVEN,
        heard="",
        refused=REFUSED,
    ),
)
