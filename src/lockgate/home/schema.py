"""From a document to a typed object: pydantic checks the shape, and its complaints are told with file, line and column.

Separate so that every data file (apps, detectors, profiles, settings) is checked and reported on in the same way.
"""

from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from lockgate.facts.problem import Document, Path, Problem, UsageError, nearest_name


@cache
def _adapter(kind: type) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def read_as[T](document: Document, kind: type[T]) -> T:
    """`document` as a `kind` (a dataclass or pydantic model). Raises UsageError listing every problem, each with its place."""
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
            known = _siblings(kind, path)
            help_text = nearest_name(str(path[-1]), known) or f"known here: {', '.join(sorted(known))}" if known else ""
            return Problem(place=document.key_place(path), problem=f"unknown key `{name}`", help=help_text)
        case "missing" | "missing_argument" | "missing_keyword_only_argument":
            return Problem(place=place, problem=f"`{name}` is missing")
        case "value_error":
            return Problem(place=place, problem=f"`{name}`: {details.get('ctx', {}).get('error', details['msg'])}")
        case _:
            return Problem(place=place, problem=f"`{name}`: {_lower_first(details['msg'])}")


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]


def _siblings(kind: type, path: Path) -> set[str]:
    """Names allowed beside an unknown key at the top level of `kind`.

    Deeper levels are described by their own reference
    page.
    """
    fields: dict[str, Any] = getattr(kind, "__dataclass_fields__", None) or getattr(kind, "model_fields", {})
    return set(fields) if len(path) == 1 else set()
