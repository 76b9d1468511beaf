"""From a sample in an app file to the request, bodies and messages it describes.

Separate from judging samples because tests, the fuzzer and the documentation read the same samples. It must never send
anything.
"""

import base64
import binascii
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlsplit

import orjson

from lockgate.apps.canonical import canonical_host
from lockgate.apps.schema import Sample, SampleResponse
from lockgate.facts.traffic import Body, Headers, Request, Response, SocketMessage

_HOST = re.compile(r" +\w+://([^/:?#]*)")
_PORTS = {"https": 443, "wss": 443, "http": 80, "ws": 80}


def sample_request(sample: Sample) -> Request:
    """The request a sample describes. Raises ValueError when it describes none."""
    method, _, url = sample.request.partition(" ")
    parts = urlsplit(url.strip())
    if not method.isupper() or parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError(f"`{sample.request}` is not a method in capitals and a URL")
    headers = [(name.lower(), value) for name, value in sample.headers.items()]
    if sample.claims:
        headers.append(("authorization", f"Bearer {_unsigned_token(sample.claims)}"))
    if parts.scheme in ("ws", "wss"):
        headers += [("connection", "Upgrade"), ("upgrade", "websocket")]
    return Request(
        method=method,
        scheme={"wss": "https", "ws": "http"}.get(parts.scheme, parts.scheme),
        host=canonical_host(parts.hostname),
        port=parts.port or _PORTS[parts.scheme],
        path=parts.path or "/",
        query=parts.query,
        headers=Headers(tuple(headers)),
    )


def sample_host(sample: Sample) -> str:
    """The host of a sample's request, as `sample_request` gives it, at a fraction of its cost; empty when it has none."""
    match = _HOST.search(sample.request)
    return canonical_host(match.group(1)) if match else ""


def sample_body(sample: Sample) -> Body | None:
    """The body that goes with a sample's request, None when it has none. Raises ValueError for bad base64."""
    if sample.base64:
        return Body(content=_unbase64(sample.base64))
    return None if sample.body is None else Body(content=_encoded(sample.body))


def sample_message(sample: Sample) -> SocketMessage | None:
    """The client's message of a sample that opens a WebSocket, None when it has none. Raises ValueError for bad base64."""
    body = sample_body(sample)
    return None if body is None else SocketMessage(content=body.content, is_text=not sample.base64)


def sample_answer(response: SampleResponse) -> tuple[Response, Body]:
    """The response to a plain request. Raises ValueError when it does not say exactly one thing."""
    given = [response.body is not None, bool(response.events), bool(response.lines), bool(response.base64)]
    if sum(given) != 1 or response.messages:
        raise ValueError("a response is exactly one of body, events, lines, base64")
    if response.base64:
        content = _unbase64(response.base64)
    elif response.events:
        content = b"".join(map(_event, response.events))
    elif response.lines:
        content = b"".join(_encoded(line) + b"\n" for line in response.lines)
    else:
        content = _encoded(response.body)
    media_type = "text/event-stream" if response.events and response.type == "application/json" else response.type
    head = Response(status=response.status, headers=Headers((("content-type", media_type),)))
    return head, Body(content=content)


def sample_replies(response: SampleResponse) -> tuple[SocketMessage, ...]:
    """The server's messages of a sample that opens a WebSocket. `{base64: ...}` is a binary one."""
    return tuple(map(_reply, response.messages))


def _reply(message: object) -> SocketMessage:
    binary = cast("Mapping[str, Any]", message).get("base64") if isinstance(message, dict) and len(message) == 1 else None
    if isinstance(binary, str):
        return SocketMessage(content=_unbase64(binary), is_text=False)
    return SocketMessage(content=_encoded(message))


def _event(event: object) -> bytes:
    name, data = b"", event
    if isinstance(event, dict) and set(cast("dict[str, object]", event)) == {"event", "data"}:
        named = cast("dict[str, object]", event)
        name, data = f"event: {named['event']}\n".encode(), named["data"]
    return name + b"data: " + _encoded(data) + b"\n\n"


def _encoded(value: object) -> bytes:
    return value.encode() if isinstance(value, str) else orjson.dumps(value)


def _unbase64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("the base64 of a sample does not decode") from None


def _unsigned_token(claims: dict[str, object]) -> str:
    def encoded(data: dict[str, object]) -> str:
        return urlsafe_b64encode(orjson.dumps(data)).rstrip(b"=").decode()

    return f"{encoded({'alg': 'none'})}.{encoded(claims)}.sample"
