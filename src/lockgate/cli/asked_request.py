"""The request that `lockgate explain` is asked about, from its options or from a file.

Separate from the command because what people type is read here, and only here; whatever is wrong with it is said with the
place, never shown as a traceback.
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from lockgate.facts.problem import Place, Problem, UsageError
from lockgate.facts.traffic import Headers, Request

_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_SOCKETS = {"ws": "http", "wss": "https"}
_UPGRADE = (("connection", "Upgrade"), ("upgrade", "websocket"))


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedRequest:
    """A request's head, and its body as it crosses the wire."""

    head: Request
    content: bytes


def written_request(url: str, method: str | None, headers: tuple[str, ...], body: str | None) -> AskedRequest:
    """A request from options. Without a method it is a GET, or a POST when it has a body.

    With a `ws` or `wss` URL it opens a WebSocket, and the body is the first message that the client says on it.
    """
    content = _body(body)
    fields = tuple(_header(line, None) for line in headers)
    usual = "POST" if content and not _is_socket(url) else "GET"
    return AskedRequest(head=_head(url, method or usual, fields, None), content=content)


def saved_request(name: str) -> AskedRequest:
    """A request as it stands on the wire: request line, headers, empty line, body; from a file, `-` for standard input."""
    raw = _read(name)
    end = _END_OF_HEAD.search(raw)
    head, content = (raw[: end.start()], raw[end.end() :]) if end else (raw, b"")
    lines = head.decode("utf-8", "replace").splitlines()
    words = lines[0].split() if lines else []
    start = Place(file="standard input" if name == "-" else name, line=1, column=1)
    if len(words) < 2:
        raise _wrong("this is not a request line", "for example `POST https://host/path HTTP/1.1`", start)
    fields = tuple(_header(line, Place(file=start.file, line=at, column=1)) for at, line in enumerate(lines[1:], 2))
    method, target = words[:2]
    if target.startswith("/"):
        host = Headers(fields).get("host")
        if not host:
            raise _wrong("neither a full URL nor a Host header says where this goes", "add a line `Host: example.com`", start)
        target = f"https://{host}{target}"
    return AskedRequest(head=_head(target, method, fields, start), content=content)


def _head(url: str, method: str, headers: tuple[tuple[str, str], ...], place: Place | None) -> Request:
    example = "for example https://chatgpt.com/"
    try:
        parts = urlsplit(url if "://" in url else f"https://{url}")
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError as error:
        what = "its port is not a number up to 65535" if "port" in str(error).lower() else str(error).lower()
        raise _wrong(f"`{url}` is not a URL: {what}", example, place) from None
    if parts.scheme not in _PORTS or not host:
        raise _wrong(f"`{url}` is not an http, https, ws or wss URL", example, place)
    if parts.scheme in _SOCKETS:
        headers += tuple(field for field in _UPGRADE if not Headers(headers).get(field[0]))
    return Request(
        method=method.upper(),
        scheme=_SOCKETS.get(parts.scheme, parts.scheme),
        host=host,
        port=_PORTS[parts.scheme] if port is None else port,
        path=parts.path or "/",
        query=parts.query,
        headers=Headers(headers),
    )


def _is_socket(url: str) -> bool:
    return url.partition("://")[0].lower() in _SOCKETS


def _header(line: str, place: Place | None) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not name.strip():
        raise _wrong(f"`{line}` is not a header", "write it as `Name: value`", place)
    return name.strip().lower(), value.strip()


def _body(given: str | None) -> bytes:
    if given is None:
        return b""
    return _read(given[1:]) if given.startswith("@") else given.encode()


def _read(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        problem = f"cannot read `{name}`: {(error.strerror or str(error)).lower()}"
        raise _wrong(problem, "`@` stands before the name of a file, `@-` is standard input", None) from None


def _wrong(problem: str, help_text: str, place: Place | None) -> UsageError:
    return UsageError(Problem(problem=problem, help=help_text, place=place))
