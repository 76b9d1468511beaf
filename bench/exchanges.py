"""Every exchange that is a sample in an app file, with the format that reads it: what is measured and fuzzed starts from these.

Separate because the bench of formats, the bench of discovery and the fuzzer share it.
"""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from lockgate.apps.formats.base import SocketFormat, WireFormat
from lockgate.apps.formats.described import described_formats
from lockgate.apps.formats.registry import FORMATS, SOCKET_FORMATS
from lockgate.apps.sample_exchange import sample_answer, sample_body, sample_replies, sample_request
from lockgate.apps.schema import AppFile, Sample
from lockgate.facts.traffic import Request, Response, SocketMessage
from lockgate.home.schema import read_as
from lockgate.home.yaml_document import parse_yaml

APPS = Path(__file__).resolve().parent.parent / "apps"
_NO_APPS = {"rubric.yaml", "clients.yaml", "tenant-control.yaml"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One sample: its request with the body, or the first message of a WebSocket, and what answers it where that is known."""

    app: str
    format: str
    request: Request
    content: bytes = field(repr=False)
    is_text: bool = True
    prompt: str = ""
    response: Response | None = None
    answer: bytes = field(default=b"", repr=False)
    replies: tuple[SocketMessage, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """All samples, and all formats by id: of code and of app files."""

    exchanges: tuple[Exchange, ...]
    formats: dict[str, WireFormat]
    sockets: dict[str, SocketFormat]


@cache
def known() -> Known:
    """What the app files beside this folder hold."""
    files = [file for file in sorted(APPS.glob("*.yaml")) if file.name not in _NO_APPS]
    apps = [read_as(parse_yaml(file.read_text(encoding="utf-8"), str(file)), AppFile) for file in files]
    described = described_formats((app.id, app.operations) for app in apps)
    return Known(
        exchanges=tuple(exchange for app in apps for sample in app.samples if (exchange := _exchange(app.id, sample))),
        formats={**FORMATS, **described.formats},
        sockets={**SOCKET_FORMATS, **described.sockets},
    )


def _exchange(app: str, sample: Sample) -> Exchange | None:
    body = sample_body(sample)
    if not sample.format or (body is None and sample.response is None):
        return None
    request = sample_request(sample)
    response, answer, replies = None, b"", ()
    if sample.response is not None and request.is_websocket_upgrade:
        replies = sample_replies(sample.response)
    elif sample.response is not None:
        response, whole = sample_answer(sample.response)
        answer = whole.content
    return Exchange(
        app=app,
        format=sample.format,
        request=request,
        content=body.content if body else b"",
        is_text=not sample.base64,
        prompt=sample.prompt or "",
        response=response,
        answer=answer,
        replies=replies,
    )
