"""Reading a HAR file: what browsers save of the network (HTTP Archive 1.2).

Separate because a HAR holds cookies and tokens: only what drafting an app file needs is taken out of it, and nothing is kept.
"""

import base64
import binascii
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import orjson

from lockgate.apps.learning.saved import NEVER_TAKEN, SavedExchange
from lockgate.facts.problem import Problem, UsageError
from lockgate.facts.traffic import Headers, Request, Response

_LARGEST_BYTES = 256 << 20


def read_har(file: Path) -> tuple[SavedExchange, ...]:
    """The exchanges of a HAR file. Raises UsageError when it is none."""
    try:
        if file.stat().st_size > _LARGEST_BYTES:
            raise UsageError(Problem(problem=f"`{file}` is too large", help=f"at most {_LARGEST_BYTES >> 20} MiB"))
        document: Any = orjson.loads(file.read_bytes())
        entries = cast("list[dict[str, Any]]", document["log"]["entries"])
        return tuple(_exchanges(entries))
    except OSError as error:
        raise UsageError(Problem(problem=f"cannot read `{file}`: {(error.strerror or str(error)).lower()}")) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        help_text = "in the browser's network panel: save all as HAR with content"
        raise UsageError(Problem(problem=f"`{file}` is not a HAR file", help=help_text)) from None


def looks_like_har(beginning: bytes) -> bool:
    """Whether a file that begins like this may be one."""
    return beginning.lstrip()[:1] == b"{"


def _exchanges(entries: list[dict[str, Any]]) -> Iterator[SavedExchange]:
    for entry in entries:
        asked, answered = entry["request"], entry.get("response") or {}
        url = urlsplit(str(asked["url"]))
        if url.scheme not in ("http", "https", "ws", "wss") or not url.hostname:
            continue
        headers = _headers(asked)
        if url.scheme in ("ws", "wss"):
            headers += (("upgrade", "websocket"),)
        request = Request(
            method=str(asked["method"]).upper(),
            scheme={"ws": "http", "wss": "https"}.get(url.scheme, url.scheme),
            host=url.hostname.lower(),
            port=url.port or (443 if url.scheme in ("https", "wss") else 80),
            path=url.path or "/",
            query=url.query,
            headers=Headers(headers),
        )
        response = Response(status=int(answered.get("status") or 0), headers=Headers(_headers(answered)))
        body = str((asked.get("postData") or {}).get("text") or "").encode()
        yield SavedExchange(request=request, body=body, response=response, answer=_content(answered.get("content") or {}))


def _headers(side: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    pairs = ((str(pair["name"]).lower(), str(pair["value"])) for pair in side.get("headers") or [])
    return tuple((name, value) for name, value in pairs if name not in NEVER_TAKEN and not name.startswith(":"))


def _content(content: dict[str, Any]) -> bytes:
    text = str(content.get("text") or "")
    if content.get("encoding") != "base64":
        return text.encode()
    try:
        return base64.b64decode(text)
    except binascii.Error:
        return b""
