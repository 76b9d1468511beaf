"""The shape of a document: its member names and types, none of its values.

Separate because it is what may be kept of a body that nobody could read: enough to describe the format from, nothing of what
was said. A name that does not look like one of a program's is content (people's names and ids are used as member names, too)
and is left out.
"""

import re
from collections.abc import Iterator

from lockgate.apps.formats.json_view import is_array, is_object

_MOST_NAMES = 40
_DEEPEST = 8
_LONGEST = 1000
_NAME = re.compile(r"[$@]?[A-Za-z_][A-Za-z_-]{0,30}[0-9]{0,2}", re.ASCII)


ID_STEP = re.compile(r"(?=[^/]*[0-9])[A-Za-z0-9_.~=:@-]{8,}|[0-9]+|[^/]{40,}")
"""A step of a path that looks like an id: any other could stand there."""


def shape_of(document: object) -> str:
    """`{messages: [{content: text, role: text}], model: text}` for a chat request; at most a thousand characters."""
    shape = "".join(_written(document, _DEEPEST))
    return shape if len(shape) <= _LONGEST else shape[: _LONGEST - 1] + "…"


def _written(value: object, depth: int) -> Iterator[str]:
    if is_object(value):
        yield from _object(value, depth)
    elif is_array(value):
        yield "["
        # One of each kind of item: a long list is no more telling than a short one.
        yield ", ".join(sorted({"".join(_written(item, depth - 1)) for item in value[:_MOST_NAMES]}) if depth else ["…"])
        yield "]"
    elif isinstance(value, str):
        yield "text"
    elif isinstance(value, bool):
        yield "yes/no"
    elif value is None:
        yield "nothing"
    else:
        yield "number"


def _object(value: dict[str, object], depth: int) -> Iterator[str]:
    if not depth:
        yield "{…}"
        return
    names = [name for name in value if _NAME.fullmatch(name)]
    members = [f"{name}: {''.join(_written(value[name], depth - 1))}" for name in sorted(names)[:_MOST_NAMES]]
    others = {"".join(_written(child, depth - 1)) for name, child in list(value.items())[:_MOST_NAMES] if name not in names}
    members += [f"*: {other}" for other in sorted(others)]
    yield "{" + ", ".join(members) + "}"
