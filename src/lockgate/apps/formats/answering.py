"""What all answers that the gateway itself gives have in common, whatever the dialect: how they are sent, and in whose name.

Separate from refusals because status and framing differ: such an answer is a success to the client, which shows it and goes on.
"""

from collections.abc import Iterable

from lockgate.apps.formats.base import Refusal
from lockgate.apps.formats.json_text import write_json
from lockgate.apps.formats.json_view import dig, string
from lockgate.apps.formats.refusal import EVENT_STREAM, refuse_with, refuse_with_json
from lockgate.facts.prompt import Conversation
from lockgate.facts.traffic import Answer, Request

LONG_AGO = "1970-01-01T00:00:00Z"
"""The time of an answer where a client parses one: formats have no clock."""

_LONGEST_MODEL = 512


def model_of(conversation: Conversation) -> str:
    """The model that was asked, as it can be written into an answer (a hostile name may not even be encodable)."""
    return (conversation.model or "")[:_LONGEST_MODEL].encode("utf-8", "replace").decode()


def answer_in_json(refusal: Refusal, request: Request, body: object) -> Answer:
    """An answer that is one JSON value."""
    return refuse_with_json(refusal, request, body, status=200)


def answer_in_events(
    refusal: Refusal, request: Request, events: Iterable[object], *, named: bool = False, end: str = ""
) -> Answer:
    """An answer as server-sent events, each with its `type` for a name if `named`; `end` is the text of a last one."""
    content = b"".join(_event(event, named=named) for event in events)
    content += f"data: {end}\n\n".encode() if end else b""
    return refuse_with(refusal, request, status=200, content=content, content_type=EVENT_STREAM)


def answer_in_named_events(
    refusal: Refusal, request: Request, events: Iterable[tuple[str, object]], *, end: str = ""
) -> Answer:
    """An answer as server-sent events with names; `end` is the text of a last one, whose name is `done`."""
    content = b"".join(b"event: " + name.encode() + b"\ndata: " + write_json(event) + b"\n\n" for name, event in events)
    content += f"event: done\ndata: {end}\n\n".encode() if end else b""
    return refuse_with(refusal, request, status=200, content=content, content_type=EVENT_STREAM)


def answer_in_lines(refusal: Refusal, request: Request, lines: Iterable[object]) -> Answer:
    """An answer as one JSON value per line."""
    content = b"".join(write_json(line) + b"\n" for line in lines)
    return refuse_with(refusal, request, status=200, content=content, content_type="application/x-ndjson")


def _event(event: object, *, named: bool) -> bytes:
    name = f"event: {string(dig(event, 'type'))}\n".encode() if named else b""
    return name + b"data: " + write_json(event) + b"\n\n"
