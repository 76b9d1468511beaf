"""Where text sits in a document: walking to every leaf, and putting new text back at a path.

A path is a tuple of steps. Into an object, a string step is a member and an integer step the *name* of the n-th member. Into an
array, an integer step is an item. Into a string, a step is an operator:

| step    | what is below it                                          |
|---------|-----------------------------------------------------------|
| `json`  | the document written in the string                        |
| `base64`| the UTF-8 text encoded in the string (or in its data URI) |
| `3:14`  | code points 3 (inclusive) to 14 (exclusive)               |

Separate because reading and rewriting must agree on this to the character.
"""

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import Any

from lockgate.apps.formats.base import Unreadable
from lockgate.apps.formats.budget import MAX_NESTED
from lockgate.apps.formats.json_text import write_json
from lockgate.apps.formats.json_view import is_array, is_object
from lockgate.apps.formats.nested_documents import NestedDocuments, parse_nested
from lockgate.facts.problem import Path

_MAX_NAME = 23
_PLAIN_NAME = re.compile(r"[A-Za-z_$@][A-Za-z0-9_.$-]{0,22}", re.ASCII)
_CONTAINERS = (dict, list)
_DOCUMENT_STARTS = ("{", "[")
_LEAST_DOCUMENT = 8
"""Characters. What is shorter says no more as a document than as the text it is."""
_LARGE = 10**8
_NO_PATHS: frozenset[Path] = frozenset()


def leaves(  # noqa: C901, PLR0912 - one loop over all of every body, where each call costs more than what is done
    value: object, path: Path, skip: AbstractSet[Path] = _NO_PATHS, *, least: int = 0
) -> Iterator[tuple[Path, str]]:
    """Every string below `value`, in document order, with its path; nothing at or below a path in `skip`.

    Numbers of nine digits and more count as text (card and account numbers are sent unquoted, too), and so do member names
    that do not look like names. Values shorter than `least` code points are left out.
    """
    if path in skip:
        return
    if not isinstance(value, _CONTAINERS):
        text = value if isinstance(value, str) else _digits(value)
        if text is value or text:
            yield path, text
        return
    # The way down, as containers that are being gone through: a path is put together only for what may be handed out.
    stack: list[tuple[Path, Iterator[tuple[str | int, Any]]]] = []
    node: Any = value
    while True:
        if isinstance(node, dict):
            for index, name in enumerate(node):
                if len(name) > _MAX_NAME or not _is_plain(name):
                    yield (*path, index), name
            stack.append((path, iter(node.items())))
        else:
            stack.append((path, enumerate(node)))
        node = None
        while stack and node is None:
            at, entries = stack[-1]
            for step, child in entries:
                if isinstance(child, str):
                    if len(child) >= least and (*at, step) not in skip:
                        yield (*at, step), child
                elif isinstance(child, _CONTAINERS):
                    if child and (*at, step) not in skip:
                        path, node = (*at, step), child
                        break
                elif child is not None and (digits := _digits(child)) and (*at, step) not in skip:
                    yield (*at, step), digits
            else:
                stack.pop()
        if node is None:
            return


def deep_leaves(  # noqa: PLR0913 - how `leaves` is asked, and how to go on
    value: object,
    path: Path,
    skip: AbstractSet[Path] = _NO_PATHS,
    *,
    nested: NestedDocuments | None = None,
    depth: int = MAX_NESTED,
    least: int = 0,
) -> Iterator[tuple[Path, str]]:
    """As `leaves`, reading on inside strings that hold a document themselves, up to `depth` documents deep.

    `nested` are the documents of the body, which share its budget: a document that it has no room for is a text like any other.
    """
    documents = nested or NestedDocuments()
    for at, text in leaves(value, path, skip, least=least):
        if text[:1] not in _DOCUMENT_STARTS or len(text) < _LEAST_DOCUMENT:
            yield at, text
            continue
        if not depth:
            documents.leave(text)
            yield at, text
            continue
        inside = documents.parse(text)
        if isinstance(inside, Unreadable):
            yield at, text
            continue
        found = False
        for below in deep_leaves(inside, (*at, "json"), skip, nested=documents, depth=depth - 1, least=least):
            found = True
            yield below
        # A document without any text counts as text itself; one whose texts are all skipped has been read.
        if not found and next(leaves(inside, ()), None) is None:
            yield at, text


def value_at(document: object, path: Path, parse: Callable[[str], object] = parse_nested) -> object:
    """What lies at `path`, following `json` steps into strings; None where nothing does. `parse` reads such a string."""
    node: Any = document
    for step in path:
        if isinstance(node, dict):
            node = node.get(step) if isinstance(step, str) else None
        elif isinstance(node, list):
            node = node[step] if isinstance(step, int) and 0 <= step < len(node) else None
        elif isinstance(node, str) and step == "json":
            nested = parse(node)
            node = None if isinstance(nested, Unreadable) else nested
        else:
            return None
    return node


def slice_step(start: int, end: int) -> str:
    """The step for code points `start` to `end` of a string."""
    return f"{start}:{end}"


def rewrite(document: object, texts: Mapping[Path, str]) -> object:
    """`document` with the text at each path replaced (in place where it can be). Raises ValueError for a path without text."""
    if () in texts:
        if len(texts) > 1:
            raise ValueError("one replacement lies inside another")
        return texts[()]
    below: dict[str | int, dict[Path, str]] = {}
    for path, text in texts.items():
        below.setdefault(path[0], {})[path[1:]] = text
    if is_object(document):
        return _rewrite_object(document, below)
    if is_array(document):
        return _rewrite_array(document, below)
    if isinstance(document, str):
        return _rewrite_string(document, below)
    raise ValueError("no text at this path")


def _rewrite_object(node: dict[str, object], below: dict[str | int, dict[Path, str]]) -> dict[str, object]:
    names = list(node)
    renamed: dict[str, str] = {}
    for step, inner in below.items():
        if isinstance(step, str):
            if step not in node:
                raise ValueError("no text at this path")
            node[step] = rewrite(node[step], inner)
        elif 0 <= step < len(names) and set(inner) == {()}:
            renamed[names[step]] = inner[()]
        else:
            raise ValueError("no text at this path")
    if not renamed:
        return node
    result = {renamed.get(name, name): child for name, child in node.items()}
    if len(result) != len(node):
        raise ValueError("a replaced member name exists already")
    return result


def _rewrite_array(node: list[object], below: dict[str | int, dict[Path, str]]) -> list[object]:
    for step, inner in below.items():
        if not isinstance(step, int) or not 0 <= step < len(node):
            raise ValueError("no text at this path")
        node[step] = rewrite(node[step], inner)
    return node


def _rewrite_string(text: str, below: dict[str | int, dict[Path, str]]) -> str:
    if "json" in below and len(below) == 1:
        value = parse_nested(text)
        if isinstance(value, Unreadable):
            raise ValueError("no document in this string")
        return write_json(rewrite(value, below["json"])).decode()
    if "base64" in below and len(below) == 1 and set(below["base64"]) == {()}:
        head, comma, _ = text.rpartition(",")
        return head + comma + base64.b64encode(below["base64"][()].encode("utf-8", "surrogatepass")).decode()
    pieces = sorted((*_bounds(step), inner) for step, inner in below.items())
    end = len(text)
    for start, stop, inner in reversed(pieces):
        if stop > end or set(inner) != {()}:
            raise ValueError("no text at this path")
        text = text[:start] + inner[()] + text[stop:]
        end = start
    return text


def _bounds(step: str | int) -> tuple[int, int]:
    start, _, stop = str(step).partition(":")
    if not (start.isdecimal() and stop.isdecimal() and int(start) <= int(stop)):
        raise ValueError("no text at this path")
    return int(start), int(stop)


@lru_cache(maxsize=4096)  # every message has the same few; none is kept that is longer than a name
def _is_plain(name: str) -> bool:
    """Whether a member's name, which is short, looks like a name: without anything that content has."""
    return (name.isascii() and name.isidentifier()) or _PLAIN_NAME.fullmatch(name) is not None


def _digits(value: object) -> str:
    """A number that is long enough to be one of a card or an account, as text."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value) if isinstance(value, int) and abs(value) >= _LARGE and value.bit_length() <= 256 else ""
