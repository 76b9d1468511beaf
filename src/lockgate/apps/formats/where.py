"""Places in a document, as app files write them: `$.messages[*].content`, `field data >json> $.inputs`, `$.text on partial`.

    [field NAME] [>json>] $PATH [>json> $PATH]... [on NAME...] [if CONDITION]
    pb NUMBER[.NUMBER]... [on NAME...] [if CONDITION]

`$PATH` is a JSONPath (RFC 9535), `>json>` steps into a string that holds JSON, `field` is a field of a form, of a multipart
body or of a URL, `pb` a field of a protobuf message. `on` asks for the name of an event, `if` for a filter expression about the
whole document (`@`).

Separate because requests and answers are read with the same places. Descendants (`..`), functions, lists of selectors and
queries from the root inside a filter are refused: without them, a place takes no more steps than the document has values.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto

from jsonpath_rfc9535 import JSONPathEnvironment, JSONPathError, JSONPathQuery

from lockgate.apps.formats.base import Unreadable
from lockgate.apps.formats.json_view import dig, is_array, is_object, items, string
from lockgate.apps.formats.nested_documents import parse_nested
from lockgate.apps.formats.protobuf_places import as_json_path
from lockgate.facts.problem import Path

_SHAPE = re.compile(r"(?P<way>.+?)(?: on (?P<names>\S+(?: \S+)*))?")
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'")
_PLAIN = re.compile(r"\$(?:\['[\w -]+'\]|\[-?\d+\]|\[\*\])*")
_STEP = re.compile(r"\['([\w -]+)'\]|\[(-?\d+|\*)\]")
_PART_NAME = re.compile(r'[;\s]name=(?:"([^"\r\n]*)"|([^\s;"]+))', re.IGNORECASE)
_INTO_JSON = " >json> "

_ENVIRONMENT = JSONPathEnvironment()
_ENVIRONMENT.functions.clear()

type Found = tuple[Path, object]
type Parse = Callable[[str], object]
"""The document in a string, or `Unreadable`."""


class _Each(Enum):
    """The step to every item of an array, or every value of an object."""

    EACH = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leg:
    """The part of a place that lies in one document. Most are `steps` alone, which are followed without the library."""

    query: JSONPathQuery
    steps: tuple[str | int | _Each, ...] | None

    def find(self, document: object) -> list[Found]:
        if self.steps is None:
            return [(tuple(node.location), node.value) for node in self.query.finditer(document)]
        found: list[Found] = [((), document)]
        for step in self.steps:
            if step is _Each.EACH:
                found = [((*at, name), child) for at, node in found for name, child in _entries(node)]
            elif len(found) == 1:
                found = _at(found[0], step)
            else:
                found = [one for each in found for one in _at(each, step)]
            if not found:
                break
        return found


def _at(found: Found, step: str | int) -> list[Found]:
    at, node = found
    if isinstance(step, str):
        return [((*at, step), node[step])] if is_object(node) and step in node else []
    return [((*at, step % len(node)), node[step])] if is_array(node) and -len(node) <= step < len(node) else []


def _entries(node: object) -> Iterable[tuple[str | int, object]]:
    return node.items() if is_object(node) else enumerate(items(node))


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """One place, ready to be looked for. With `in_messages`, it is looked for in each message of a call."""

    text: str
    field: str | None
    legs: tuple[_Leg, ...]
    names: frozenset[str]
    condition: JSONPathQuery | None
    in_messages: bool = False

    def find(self, document: object, name: str = "", *, parse: Parse = parse_nested) -> list[Found]:
        """Everything at this place, each with its path. Never raises. `name` is the event's, for a place with `on`.

        `parse` reads the document in a string; whoever looks for many places keeps what was read before.
        """
        if self.in_messages:
            below = replace(self, in_messages=False)
            messages = enumerate(items(document))
            return [
                ((index, *path), value) for index, message in messages for path, value in below.find(message, name, parse=parse)
            ]
        if self.names and name not in self.names:
            return []
        if self.field is None and self.condition is None and len(self.legs) == 1:
            return self.legs[0].find(document)
        if self.condition is not None and not self.condition.findall([document]):
            return []
        found: list[Found] = [((), document)] if self.field is None else list(_fields(document, self.field))
        for index, leg in enumerate(self.legs):
            if index or self.field is not None:
                found = list(_nested(found, parse))
            found = [((*at, *below), value) for at, inside in found for below, value in leg.find(inside)]
        return found

    def first(self, document: object, name: str = "", *, parse: Parse = parse_nested) -> object:
        """The first value at this place, or None."""
        found = self.find(document, name, parse=parse)
        return found[0][1] if found else None


def compile_where(text: str, *, in_messages: bool = False) -> Where:
    """The place that `text` describes. Raises ValueError with a lower-case clause when it describes none."""
    way, _, condition = as_json_path(text).partition(" if ")
    shape = _SHAPE.fullmatch(way.strip())
    if shape is None:
        raise ValueError(f"`{text}` is not a place")
    first, *rest = shape["way"].split(_INTO_JSON)
    field = first.removeprefix("field ") if first.startswith("field ") else None
    return Where(
        text=text,
        field=field,
        legs=tuple(map(_leg, rest if field is not None else (first, *rest))),
        names=frozenset((shape["names"] or "").split()),
        condition=_query(f"$[?{condition.strip()}]", shown=condition)[0] if condition else None,
        in_messages=in_messages,
    )


def _leg(text: str) -> _Leg:
    if not text.strip().startswith("$"):
        raise ValueError(f"`{text}` is not a JSONPath: it begins with `$`")
    query, canonical = _query(text.strip(), shown=text)
    steps = None
    if _PLAIN.fullmatch(canonical):
        steps = tuple(name or (_Each.EACH if index == "*" else int(index)) for name, index in _STEP.findall(canonical))
    return _Leg(query=query, steps=steps)


def _query(text: str, *, shown: str) -> tuple[JSONPathQuery, str]:
    try:
        query = _ENVIRONMENT.compile(text)
    except JSONPathError as error:
        reason = str(error).partition("\n")[0]
        raise ValueError(f"`{shown}` is not a JSONPath: {reason[:1].lower()}{reason[1:]}") from None
    canonical = str(query)
    bare = _QUOTED.sub("", canonical)
    if ".." in bare:
        raise ValueError(f"`{shown}` looks everywhere below a place (`..`), which has no bound")
    if "," in bare:
        raise ValueError(f"`{shown}` names several members at once; write a place for each")
    if "$" in bare[1:]:
        raise ValueError(f"`{shown}` looks at the whole document from inside a filter")
    return query, canonical


def _nested(found: list[Found], parse: Parse) -> Iterator[Found]:
    for at, value in found:
        if isinstance(value, str) and not isinstance(nested := parse(value), Unreadable):
            yield (*at, "json"), nested


def _fields(document: object, name: str) -> Iterator[Found]:
    """The values of a field, in a document of `[name, value]` pairs, or of `[headers, text]` pairs of a multipart body."""
    for index, pair in enumerate(items(document)):
        head = string(dig(pair, 0))
        if head != name:
            part = _PART_NAME.search(head)
            if part is None or (part[1] or part[2]) != name:
                continue
        yield (index, 1), dig(pair, 1)
