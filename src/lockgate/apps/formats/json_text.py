r"""JSON as text: strict reading, exact writing, and the checks that keep two parsers from seeing two documents.

Separate because a body, a form field and a string inside a document are all read by these same rules. An object that names a
member twice is refused: parsers differ on which of the two counts, so a gateway that picks one reads something the model does
not get. Deep nesting is refused before anything recursive meets it. Nothing here may raise on hostile input.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NoReturn, cast

import orjson

from lockgate.apps.formats.base import Unreadable
from lockgate.apps.formats.json_view import is_array, is_object
from lockgate.facts.traffic import Completeness

MAX_DEPTH = 96
"""How deep a document may nest. Real bodies stay below 20; the writer's own limit is 254."""

MAX_CONTAINERS = 100_000
"""How many objects and arrays a document may have: reading takes microseconds for each, in the proxy's own event loop."""

# One whole string with its closing quote, and the colon when it is a member's name. Possessive: never backtracks.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"([ \t\r\n]*+:)?', re.DOTALL)
_OTHER_ENCODINGS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A document: plain data, and how to write such data back into the notation it came in."""

    value: object
    write: Callable[[object], bytes]


def unreadable(detail: str) -> Unreadable:
    """A body that cannot be decoded; `detail` never quotes it."""
    return Unreadable(completeness=Completeness.UNDECODABLE, detail=detail)


def parse_json(content: bytes) -> Parsed | Unreadable:
    """The document in `content`, whatever its content type says. UTF-8, or UTF-16 and UTF-32 with a byte order mark."""
    encoding = "utf-8"
    if content[:2] in (b"\xff\xfe", b"\xfe\xff", b"\x00\x00"):
        encoding = next((name for mark, name in _OTHER_ENCODINGS if content.startswith(mark)), encoding)
    try:
        content = content.decode(encoding).encode() if encoding != "utf-8" else content.removeprefix(b"\xef\xbb\xbf")
    except UnicodeError:
        return unreadable("text encoding is broken")
    value = _load(content)
    if isinstance(value, Unreadable):
        return value
    shape = _shape(value)
    if shape is None:
        return unreadable("nested too deeply, or too many pieces")
    if shape != _names_written(content):
        return unreadable("an object names a member twice")
    return Parsed(value=value, write=partial(write_json, encoding=encoding))


def parse_nested(text: str) -> object | Unreadable:
    """The object or array written in `text`, a string of another document; Unreadable when it holds neither."""
    if text.lstrip()[:1] not in ("{", "["):
        return unreadable("not an object or array")
    parsed = parse_json(text.encode("utf-8", "surrogatepass"))
    return parsed.value if isinstance(parsed, Parsed) else parsed


def write_json(value: object, encoding: str = "utf-8") -> bytes:
    """`value` written compactly, in the encoding its document came in."""
    try:
        content = orjson.dumps(value)
    except TypeError:
        # Lone surrogates and integers beyond 64 bits, which only the slower writer can put back as they came.
        content = json.dumps(value, separators=(",", ":")).encode()
    return content if encoding == "utf-8" else content.decode().encode(encoding)


def _load(content: bytes) -> object | Unreadable:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        pass
    # JavaScript clients that cut a string inside an emoji send lone surrogates as escapes, which only this reader takes.
    if rb"\ud" not in content and rb"\uD" not in content:
        return unreadable("not JSON")
    try:
        return cast("object", json.loads(content, parse_constant=_no_constant))
    except (ValueError, RecursionError):
        return unreadable("not JSON")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _shape(value: object) -> int | None:
    """How many members all objects of `value` have together, or None when it nests beyond MAX_DEPTH."""
    count = containers = 0
    level = [value]
    for _ in range(MAX_DEPTH):
        below: list[object] = []
        containers += len(level)
        if containers > MAX_CONTAINERS:
            return None
        for node in level:
            if is_object(node):
                count += len(node)
                below += [child for child in node.values() if isinstance(child, (dict, list))]
            elif is_array(node):
                below += [child for child in node if isinstance(child, (dict, list))]
        if not below:
            return count
        level = below
    return None


def _names_written(content: bytes) -> int:
    colons = cast("list[bytes]", _STRING.findall(content))
    return len(colons) - colons.count(b"")
