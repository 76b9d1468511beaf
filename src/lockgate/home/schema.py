"""From a document to a typed object: pydantic checks the shape, and its complaints are told with file, line and column.

Separate so that every data file (apps, detectors, profiles, settings) is checked and reported on in the same way.
"""

from collections.abc import Iterable
from dataclasses import is_dataclass
from functools import cache
from types import UnionType
from typing import Any, TypeAliasType, Union, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from lockgate.facts.problem import Document, Path, Problem, UsageError, nearest_name


@cache
def _adapter(kind: type) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def read_as[T](document: Document, kind: type[T]) -> T:
    """`document` as a `kind` (a dataclass). Raises UsageError listing every problem, each with its place."""
    try:
        return _adapter(kind).validate_python(document.data)
    except ValidationError as error:
        raise UsageError(*(_problem(document, kind, details) for details in error.errors(include_url=False))) from None


def _problem(document: Document, kind: type, details: ErrorDetails) -> Problem:
    path: Path = details["loc"]
    name = ".".join(str(step) for step in path) or "the file"
    place = document.place(path)
    match details["type"]:
        case "unexpected_keyword_argument" | "extra_forbidden":
            known = _keys(kind, path[:-1])
            help_text = nearest_name(str(path[-1]), known) or _known_here(known)
            return Problem(place=document.key_place(path), problem=f"unknown key `{name}`", help=help_text)
        case "dataclass_type":
            return Problem(place=place, problem=f"`{name}` must be a mapping", help=_known_here(_keys(kind, path)))
        case "missing" | "missing_argument" | "missing_keyword_only_argument":
            return Problem(place=place, problem=f"`{name}` is missing")
        case "value_error":
            return Problem(place=place, problem=f"`{name}`: {details.get('ctx', {}).get('error', details['msg'])}")
        case _:
            return Problem(place=place, problem=f"`{name}`: {_lower_first(details['msg'])}")


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]


def _known_here(known: Iterable[str]) -> str:
    names = ", ".join(sorted(known))
    return f"known here: {names}" if names else ""


def _keys(kind: Any, path: Path) -> set[str]:
    """The keys that a mapping at `path` of a `kind` may have; none when it may have any."""
    kinds = [kind]
    for step in path:
        kinds = [inner for outer in kinds for inner in _inside(outer, step)]
    return {name for found in kinds for name in _fields(found)}


def _inside(kind: Any, step: str | int) -> list[Any]:
    """What a `kind` has under one step: the field of a dataclass, the items of a sequence, the values of a mapping."""
    fields = _fields(kind)
    if fields:
        return _members(fields[str(step)]) if str(step) in fields else []
    # The last argument is that of the items or values; a tuple's may be followed by an ellipsis.
    inner = [argument for argument in get_args(kind) if argument is not Ellipsis]
    return _members(inner[-1]) if isinstance(get_origin(kind), type) and inner else []


def _members(kind: Any) -> list[Any]:
    """A type, or each type of a union."""
    if isinstance(kind, TypeAliasType):
        return _members(kind.__value__)
    return list(get_args(kind)) if get_origin(kind) in (Union, UnionType) else [kind]


def _fields(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind) if isinstance(kind, type) and is_dataclass(kind) else {}
