"""A document with other values in it, for a sample: the same members and types, nothing that somebody wrote.

Separate because it is a promise: what `learn` writes may be shown to anybody. Kept are the words that a protocol itself uses (a
role, a type, a model's name) and nothing else.
"""

import re
from collections.abc import Mapping

from lockgate.apps.formats.base import Unreadable
from lockgate.apps.formats.json_text import write_json
from lockgate.apps.formats.json_view import is_array, is_object
from lockgate.apps.formats.nested_documents import parse_nested
from lockgate.facts.problem import Path

PROMPT = "the words of a person"
ANSWER = ("the words ", "of a model")

_KEPT_NAMES = frozenset({
    "role", "type", "event", "object", "kind", "action", "mode", "status", "op", "o", "p", "path", "phase", "finish_reason",
    "author", "operationname", "content_type", "framing", "language", "locale",
})  # fmt: skip
_WORD = re.compile(r"[A-Za-z/][A-Za-z0-9_./-]{0,39}", re.ASCII)
_MODEL_NAMES = frozenset({"model", "modelid", "model_id", "model_slug", "model_name", "modelname"})
_HEXADECIMAL = re.compile(r"[0-9a-fA-F-]{8,}")
_MOST_ITEMS = 3


def with_other_values(value: object, texts: Mapping[Path, str], path: Path = ()) -> object:
    """`value` with every text, number and unusual member name replaced; `texts` says what stands at some places."""
    if path in texts:
        return texts[path]
    if is_object(value):
        return {_name(name): with_other_values(child, texts, (*path, name)) for name, child in value.items()}
    if is_array(value):
        return [with_other_values(item, texts, (*path, index)) for index, item in enumerate(value[:_MOST_ITEMS])]
    if isinstance(value, str):
        return _text(value, texts, path)
    if isinstance(value, bool) or value is None:
        return value
    return 0


def _text(value: str, texts: Mapping[Path, str], path: Path) -> str:
    nested = parse_nested(value) if value[:1] in ("{", "[") else None
    if nested is not None and not isinstance(nested, Unreadable):
        return write_json(with_other_values(nested, texts, (*path, "json"))).decode()
    name = next((step for step in reversed(path) if isinstance(step, str) and step != "json"), "").lower()
    if name in _KEPT_NAMES | _MODEL_NAMES and _WORD.fullmatch(value):
        return value
    if _HEXADECIMAL.fullmatch(value):
        return re.sub(r"[0-9a-fA-F]", "0", value)
    return "text" if value else ""


def _name(name: str) -> str:
    """Member names that look like a program's stay."""
    return name if re.fullmatch(r"[$@]?[A-Za-z_][A-Za-z_-]{0,30}[0-9]{0,2}", name, re.ASCII) else "x"
