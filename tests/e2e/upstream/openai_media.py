"""What OpenAI answers to pictures, sound and files."""

from collections.abc import Iterator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from upstream.answering import answer_to, body_of, event, form_of, json, stream, words

_NOW = 1_790_000_000
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


async def images(request: Request) -> Response:
    """Generations come as JSON, edits and variations as forms."""
    is_form = request.headers.get("content-type", "").startswith("multipart/")
    fields = {name: part.text for name, part in (await form_of(request)).items()} if is_form else await body_of(request)
    model, prompt = fields.get("model") or "", fields.get("prompt") or ""
    if str(fields.get("stream")).lower() == "true":
        return stream(request, model, _picture_events())
    picture = {"b64_json": PIXEL, "revised_prompt": answer_to(prompt)}
    return json({"created": _NOW, "data": [picture], "background": "opaque", "output_format": "png", "size": "1024x1024"})


def _picture_events() -> Iterator[bytes]:
    common = {
        "b64_json": PIXEL, "created_at": _NOW, "background": "opaque", "output_format": "png", "quality": "low",
        "size": "1024x1024",
    }  # fmt: skip
    for kind, more in (("partial_image", {"partial_image_index": 0}), ("completed", {"usage": None})):
        name = f"image_generation.{kind}"
        yield event(common | {"type": name} | more, name)


async def speech(_request: Request) -> Response:
    return Response(b"\xff\xfb\x90\x00" * 64, media_type="audio/mpeg")


async def transcriptions(request: Request) -> Response:
    """What was heard: in every form that may be asked for."""
    form = await form_of(request)
    model, wanted = form["model"].text, form["response_format"].text if "response_format" in form else "json"
    text = answer_to(form["prompt"].text if "prompt" in form else form["file"].name)
    if "stream" in form and form["stream"].text.lower() == "true":
        deltas = (event({"type": "transcript.text.delta", "delta": word}) for word in words(text))
        return stream(request, model, (*deltas, event({"type": "transcript.text.done", "text": text}), event(b"[DONE]")))
    if wanted in ("text", "srt", "vtt"):
        return Response(text + "\n", media_type="text/plain")
    verbose = {"task": "transcribe", "language": "english", "duration": 1.5, "segments": [], "words": []}
    return json({"text": text} | (verbose if wanted == "verbose_json" else {}))


async def files(request: Request) -> Response:
    form = await form_of(request)
    return json(_file(form["file"].name, len(form["file"].content), form["purpose"].text))


def _file(name: str, size: int, purpose: str) -> dict[str, Any]:
    return {
        "id": "file-1", "object": "file", "bytes": size, "created_at": _NOW, "filename": name, "purpose": purpose,
        "status": "processed",
    }  # fmt: skip


def _upload(body: dict[str, Any], status: str) -> dict[str, Any]:
    return {
        "id": "upload_1", "object": "upload", "bytes": body.get("bytes", 0), "created_at": _NOW, "expires_at": _NOW + 3600,
        "filename": body.get("filename", ""), "purpose": body.get("purpose", "assistants"), "status": status,
    }  # fmt: skip


async def uploads(request: Request) -> Response:
    return json(_upload(await body_of(request), "pending"))


async def upload_parts(_request: Request) -> Response:
    return json({"id": "part_1", "object": "upload.part", "created_at": _NOW, "upload_id": "upload_1"})


async def upload_complete(request: Request) -> Response:
    return json(_upload(await body_of(request), "completed") | {"file": _file("large.bin", 1, "assistants")})


async def batches(request: Request) -> Response:
    body = await body_of(request)
    return json(
        {
            "id": "batch_1", "object": "batch", "endpoint": body["endpoint"], "input_file_id": body["input_file_id"],
            "completion_window": body["completion_window"], "status": "validating", "created_at": _NOW,
        }
    )  # fmt: skip


async def videos(request: Request) -> Response:
    is_form = request.headers.get("content-type", "").startswith("multipart/")
    fields = {name: part.text for name, part in (await form_of(request)).items()} if is_form else await body_of(request)
    return json(
        {
            "id": "video_1", "object": "video", "created_at": _NOW, "status": "queued", "model": fields.get("model", "sora-2"),
            "progress": 0, "seconds": fields.get("seconds", "4"), "size": fields.get("size", "720x1280"),
            "prompt": fields.get("prompt", ""),
        }
    )  # fmt: skip


ROUTES: list[BaseRoute] = [
    *(Route(f"/v1/images/{call}", images, methods=["POST"]) for call in ("generations", "edits", "variations")),
    Route("/v1/audio/speech", speech, methods=["POST"]),
    *(Route(f"/v1/audio/{call}", transcriptions, methods=["POST"]) for call in ("transcriptions", "translations")),
    Route("/v1/files", files, methods=["POST"]),
    Route("/v1/uploads", uploads, methods=["POST"]),
    Route("/v1/uploads/{upload}/parts", upload_parts, methods=["POST"]),
    Route("/v1/uploads/{upload}/complete", upload_complete, methods=["POST"]),
    Route("/v1/batches", batches, methods=["POST"]),
    Route("/v1/videos", videos, methods=["POST"]),
]
