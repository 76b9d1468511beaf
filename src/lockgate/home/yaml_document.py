"""YAML to plain data with the position of every value.

Separate because nothing below the shell may know YAML. Differs from plain YAML 1.1 on purpose: only `true` and `false`
are booleans (so `no` and `on` stay words), dates and sexagesimal numbers stay text, a repeated key is an error, and
there are no tags.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from lockgate.facts.problem import Document, Path, Place, Problem, UsageError

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?\Z")
_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "timestamp", "value", "map", "seq")}
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}
_DEPTH_LIMIT = 60
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parse_yaml(text: str, file: str) -> Document:
    """The one document in `text`.

    Raises UsageError with line and column on bad syntax, a repeated key, an alias cycle or a tag.
    """
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = Place(file=file, line=mark.line + 1, column=mark.column + 1) if mark else Place(file=file, line=1, column=1)
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise UsageError(Problem(place=place, problem=f"not valid YAML: {problem}")) from None
    found = _Places()
    data = _plain(root, file, (), found) if root is not None else None
    return Document(file=file, data=data, places=found.values, key_places=found.keys)


@dataclass(slots=True)
class _Places:
    """Where everything is, collected on the way."""

    values: dict[Path, Place] = field(default_factory=dict[Path, Place])
    keys: dict[Path, Place] = field(default_factory=dict[Path, Place])


def _place(node: Node, file: str) -> Place:
    return Place(file=file, line=node.start_mark.line + 1, column=node.start_mark.column + 1)


def _plain(node: Node, file: str, path: Path, places: _Places) -> object:
    place = _place(node, file)
    places.values[path] = place
    if node.tag and node.tag not in _TAGS:
        raise UsageError(Problem(place=place, problem=f"tag `{node.tag}` is not supported", help="write plain values"))
    if len(path) > _DEPTH_LIMIT:
        raise UsageError(Problem(place=place, problem="nested too deeply", help=f"at most {_DEPTH_LIMIT} levels"))
    if isinstance(node, ScalarNode):
        return _scalar(node)
    if isinstance(node, SequenceNode):
        return [_plain(child, file, (*path, index), places) for index, child in enumerate(node.value)]
    if isinstance(node, MappingNode):
        mapping: dict[str, object] = {}
        for key, key_place, value in _entries(node, file):
            places.keys[(*path, key)] = key_place
            mapping[key] = _plain(value, file, (*path, key), places)
        return mapping
    raise UsageError(Problem(place=place, problem="unsupported YAML construct"))


def _entries(node: MappingNode, file: str) -> Iterator[tuple[str, Place, Node]]:
    seen: set[str] = set()
    for key_node, value_node in node.value:
        place = _place(key_node, file)
        if not isinstance(key_node, ScalarNode):
            raise UsageError(Problem(place=place, problem="a key must be a word"))
        key = key_node.value
        if key in seen:
            raise UsageError(Problem(place=place, problem=f"key `{key}` is given twice", help="keep one of them"))
        seen.add(key)
        yield key, place, value_node


def _scalar(node: ScalarNode) -> object:
    if node.style:  # None from the Python parser, empty from the C one, for a plain scalar
        return node.value
    text = node.value
    lowered = text.lower()
    if lowered in _WORDS:
        return _WORDS[lowered]
    if _INTEGER.match(text):
        return int(text)
    if _FLOAT.match(text):
        return float(text)
    return text
