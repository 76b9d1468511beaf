"""What the vendors' front ends share: the words of the answer, and a stream of them, paced and cut where the model's
name says so.

Separate because every dialect says the same text. A model called `chopped` sends its stream in pieces of seven bytes,
so that borders fall inside lines, events and UTF-8 characters.
"""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from email import message_from_bytes, policy
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from upstream.pace import Pace

CHOPPED = "chopped"
TAIL = "naïve 日本語 ✓"
_PIECE_BYTES = 7


def answer_to(prompt: str) -> str:
    """The one answer to a prompt: what was understood, and characters of several bytes."""
    return f"You said: {prompt[-200:]} | {TAIL}"


def words(text: str) -> list[str]:
    """The text in pieces as models send them, blanks kept."""
    first, *rest = text.split(" ")
    return [first, *(f" {word}" for word in rest)]


async def body_of(request: Request) -> Any:
    """The JSON body; an empty object when it is none."""
    try:
        return orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        return {}


def text_of(content: Any) -> str:
    """The text of a message's content, as a string or in parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return " ".join(part if isinstance(part, str) else str(part.get("text", "")) for part in parts)


@dataclass(frozen=True, slots=True)
class FormPart:
    """One field of a multipart form; `name` is its file's."""

    name: str
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", "replace")


async def form_of(request: Request) -> dict[str, FormPart]:
    """The fields of a multipart form by name; `[]` at the end of one is left out."""
    head = f"content-type: {request.headers['content-type']}\r\n\r\n".encode()
    form = message_from_bytes(head + await request.body(), policy=policy.HTTP)
    return {
        str(part.get_param("name", header="content-disposition")).removesuffix("[]"): FormPart(
            part.get_filename() or "", part.get_payload(decode=True)
        )
        for part in form.iter_parts()
    }


def json(data: Any, status: int = 200) -> Response:
    """A JSON response."""
    return Response(orjson.dumps(data), status, media_type="application/json")


def event(data: Any, name: str = "") -> bytes:
    """One server-sent event."""
    text = data if isinstance(data, bytes) else orjson.dumps(data)
    return (b"event: " + name.encode() + b"\n" if name else b"") + b"data: " + text + b"\n\n"


def stream(request: Request, model: str, events: Iterable[bytes], media_type: str = "text/event-stream") -> Response:
    """Events one by one, each in its turn."""
    return StreamingResponse(_sending(request, model, events), media_type=media_type, headers={"cache-control": "no-cache"})


async def _sending(request: Request, model: str, events: Iterable[bytes]) -> AsyncIterator[bytes]:
    pace: Pace = request.app.state.pace
    for item in events:
        await pace.next(model)
        if model == CHOPPED:
            for start in range(0, len(item), _PIECE_BYTES):
                yield item[start : start + _PIECE_BYTES]
        else:
            yield item
        request.scope["state"]["arrival"].events_sent += 1
        pace.note(model)
