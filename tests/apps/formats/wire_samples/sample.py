"""The shape of a wire sample, and short ways to write its bytes."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

HEARD = "Grüße 😀"


def as_json(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def event(data: object, *, name: str = "", end: str = "\n") -> str:
    """One server-sent event."""
    head = f"event: {name}{end}" if name else ""
    written = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    return f"{head}data: {written}{end}{end}"


def line(data: object) -> str:
    """One JSON value on a line of its own."""
    return json.dumps(data, ensure_ascii=False) + "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class WireSample:
    """A request and an answer in one wire format.

    `document` is plain data that `encode` writes as the body. `prompt` is what a person typed in it (empty where nobody typed
    anything). `sniffed` is whether its shape alone tells the format at an unknown path. `answer` is the whole or streamed
    answer in pieces, from which `heard` must be read. `refused` is the status and (where it is JSON) the body of a refusal
    whose message is `{message}`.
    """

    id: str
    path: str
    document: object
    prompt: str
    encode: Callable[[object], bytes] = as_json
    headers: dict[str, str] = field(default_factory=dict)
    sniffed: bool = True
    media_type: str = "text/event-stream"
    answer: tuple[str | bytes, ...]
    heard: str = HEARD
    refused: tuple[int, object] | None = None

    @property
    def content(self) -> bytes:
        """The answer's bytes."""
        return b"".join(piece if isinstance(piece, bytes) else piece.encode() for piece in self.answer)
