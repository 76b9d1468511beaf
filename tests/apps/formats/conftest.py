"""Shared ways to put a body in front of a format."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # where the tests find `wire_samples`

from lockgate.apps.formats.base import Unreadable
from lockgate.apps.formats.registry import FORMATS
from lockgate.facts.prompt import Conversation, ModelAnswer
from lockgate.facts.traffic import Body, Headers, Request, Response

type Reader = Callable[..., Conversation]


def _request(path: str = "/", **headers: str) -> Request:
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Request(method="POST", scheme="https", host="api.example.com", port=443, path=path, headers=Headers(pairs))


@pytest.fixture
def make_request() -> Callable[..., Request]:
    return _request


@pytest.fixture
def read() -> Reader:
    """Read a document (or raw bytes) with a format; the test fails when it cannot be read."""

    def read_with(format_id: str, document: object, path: str = "/", **headers: str) -> Conversation:
        content = document if isinstance(document, bytes) else json.dumps(document, ensure_ascii=False).encode()
        found = FORMATS[format_id].read_request(_request(path, **headers), Body(content=content))
        assert not isinstance(found, Unreadable), found
        return found

    return read_with


@pytest.fixture
def answer() -> Callable[..., ModelAnswer]:
    """What a format makes of a response body."""

    def answered(format_id: str, content: bytes | str, media_type: str = "text/event-stream", status: int = 200) -> ModelAnswer:
        response = Response(status=status, headers=Headers((("content-type", media_type),)))
        raw = content if isinstance(content, bytes) else content.encode()
        return FORMATS[format_id].read_response(response, Body(content=raw))

    return answered


@pytest.fixture
def said() -> Callable[[Conversation], list[tuple[str, str, str]]]:
    """A conversation as (role, kind, text) rows."""

    def rows(conversation: Conversation) -> list[tuple[str, str, str]]:
        return [(turn.role.value, part.kind.value, part.text) for turn in conversation.turns for part in turn.parts]

    return rows


@pytest.fixture
def sse() -> Callable[..., str]:
    """A stream of data-only events."""

    def stream(*events: object, done: bool = False) -> str:
        lines = [f"data: {json.dumps(event, ensure_ascii=False)}\n\n" for event in events]
        return "".join(lines) + ("data: [DONE]\n\n" if done else "")

    return stream
