r"""JSON as text: strict reading, exact writing, and the checks that keep two parsers from seeing two documents.

Separate because a body, a form field and a string inside a document are all read by these same rules. An object that names a
member twice is refused: parsers differ on which of the two counts, so a gateway that picks one reads something the model does
not get. Deep nesting is refused before anything recursive meets it. Nothing here may raise on hostile input.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple, NoReturn, cast

import orjson

from lockgate.apps.formats import quick_json
from lockgate.apps.formats.base import Unreadable
from lockgate.apps.formats.budget import Budget
from lockgate.facts.prompt import Attachment
from lockgate.facts.traffic import Completeness

MAX_DEPTH = 96
"""How deep a document may nest. Real bodies stay below 20; the writer's own limit is 254."""

MAX_MARKS = 1_500_000
"""How many of the marks that begin values a document may have, strings within strings included.

Beside the values themselves (`budget.MAX_VALUES`): a million tokens of code stay far below both.
"""

_NAME_ENDS = re.compile(rb'"[ \t\r\n]*:')
_UNESCAPED_NAME_ENDS = re.compile(rb'(?<!\\)"[ \t\r\n]*:')
_CONTAINERS = (dict, list)

_OTHER_ENCODINGS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A document: plain data, and how to write such data back into the notation it came in.

    `files` are those that lie beside the document, each with the path where the document names it. `budget` is what is left
    for what is nested in it.
    """

    value: object
    write: Callable[[object], bytes]
    files: tuple[Attachment, ...] = ()
    budget: Budget = field(default_factory=Budget, compare=False)


def unreadable(detail: str) -> Unreadable:
    """A body that cannot be decoded; `detail` never quotes it."""
    return Unreadable(completeness=Completeness.UNDECODABLE, detail=detail)


def parse_json(content: bytes, budget: Budget | None = None) -> Parsed | Unreadable:
    """The document in `content`, whatever its content type says. UTF-8, or UTF-16 and UTF-32 with a byte order mark.

    `budget` is that of the body, when the document is only a piece of it.
    """
    budget = budget or Budget()
    value = _at_a_glance(content, budget)
    if isinstance(value, Unreadable):
        return value
    if value is not None:
        return Parsed(value=value, write=write_json, budget=budget)
    encoding = "utf-8"
    if content[:2] in (b"\xff\xfe", b"\xfe\xff", b"\x00\x00"):
        encoding = next((name for mark, name in _OTHER_ENCODINGS if content.startswith(mark)), encoding)
    try:
        text = content.decode(encoding).removeprefix("\ufeff")
    except UnicodeError:
        return unreadable("text encoding is broken")
    value = JsonReader(budget).load(text)
    if isinstance(value, Unreadable):
        return value
    return Parsed(value=value, write=partial(write_json, encoding=encoding), budget=budget)


def write_json(value: object, encoding: str = "utf-8") -> bytes:
    """`value` written compactly, in the encoding its document came in."""
    try:
        content = orjson.dumps(value)
    except TypeError:
        # Lone surrogates and integers beyond 64 bits, which only the slower writer can put back as they came.
        content = json.dumps(value, separators=(",", ":")).encode()
    return content if encoding == "utf-8" else content.decode().encode(encoding)


_TOO_MUCH = unreadable("nested too deeply, or too many pieces")


class _Refused(ValueError):  # noqa: N818 - says what became of the document
    """A document that two parsers could take for two different ones, or that would take too long to look at."""


class JsonReader:
    """Reads documents, all on one budget.

    It is the standard library's parser: it alone shows every member of an object, takes the lone surrogates that JavaScript
    clients send when they cut a string inside an emoji, and keeps integers of any length as they are.
    """

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._decoder = json.JSONDecoder(object_pairs_hook=_members_on(budget), parse_constant=_no_constant)

    def load(self, text: str) -> object | Unreadable:
        """The document in `text`."""
        budget = self._budget
        if len(text) > MAX_MARKS and text.count('"') + text.count("[") + text.count("{") > MAX_MARKS:
            budget.used_up = True
            return unreadable("too many pieces")
        left = budget.values
        try:
            value = cast("object", self._decoder.decode(text))
        except _Refused as refused:
            return unreadable(str(refused))
        except (ValueError, RecursionError):
            return unreadable("not JSON")
        budget.values = left
        held = _held(value, left)
        if held is None or not budget.take_values(held.values, held.containers):
            budget.used_up = True
            return _TOO_MUCH
        return value


def _at_a_glance(content: bytes, budget: Budget) -> object:
    """The document in `content` by the faster parser, if it is plain that the other would find the same; None says nothing.

    That parser keeps the last of several members of one name, so every name is counted in the text: outside of strings, a
    quotation mark before a colon ends a name. Inside of them it comes after a backslash, and may be counted in vain.
    """
    if len(content) > MAX_MARKS or content[:1] not in (b"{", b"["):
        return None
    try:
        value = quick_json.loads(content)
    except ValueError:
        return None
    held = _held(value, budget.values)
    if held is None:
        budget.used_up = True
        return _TOO_MUCH  # and with what was left out, there would be more
    if len(_NAME_ENDS.findall(content)) != held.names and (
        b'\\\\"' in content or len(_UNESCAPED_NAME_ENDS.findall(content)) != held.names
    ):
        return None
    return value if budget.take_values(held.values, held.containers) else _TOO_MUCH


def _members_on(budget: Budget) -> Callable[[list[tuple[str, object]]], dict[str, object]]:
    def members(pairs: list[tuple[str, object]]) -> dict[str, object]:
        budget.values -= 1
        found = dict(pairs)
        if len(found) != len(pairs):
            raise _Refused("an object names a member twice")
        if budget.values < 0:
            budget.used_up = True
            raise _Refused("too many pieces")
        return found

    return members


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


class _Held(NamedTuple):
    """What a document holds: values, members among them, and objects and arrays."""

    values: int
    names: int
    containers: int


def _held(value: object, most: int) -> _Held | None:
    """None when there are more than `most` values or they lie deeper than MAX_DEPTH."""
    values = names = containers = 0
    level: list[Any] = [value] if isinstance(value, _CONTAINERS) else []
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        containers += len(level)
        for node in level:
            if isinstance(node, dict):
                names += len(node)
                values += len(node)
                below += [child for child in node.values() if isinstance(child, _CONTAINERS)]
            else:
                values += len(node)
                below += [child for child in node if isinstance(child, _CONTAINERS)]
        if not below or values > most:
            level = below if values <= most else [value]
            break
        level = below
    return None if level else _Held(values, names, containers)
