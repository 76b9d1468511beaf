"""YAML to plain data, with the position of every value for those who ask.

Separate because nothing below the shell may know YAML. Differs from plain YAML 1.1 on purpose: only `true` and `false`
are booleans (so `no` and `on` stay words), dates and sexagesimal numbers stay text, a repeated key is an error, and
there are no tags. A number too long for 64 bits stays text too.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, override

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from lockgate.facts.problem import Document, LatePlaces, Path, Place, Problem, UsageError

if TYPE_CHECKING:
    _Composer = yaml.BaseLoader
else:
    _Composer = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # written in C, where the library was built with it

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?\Z")
_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "timestamp", "value", "map", "seq")}
_UNTAGGED: dict[type[Node], str] = {
    ScalarNode: "tag:yaml.org,2002:str", SequenceNode: "tag:yaml.org,2002:seq", MappingNode: "tag:yaml.org,2002:map",
}  # fmt: skip
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}
_DEPTH_LIMIT = 60
_NODE_LIMIT = 1_000_000
"""Values, those that an alias repeats counted each time: a few lines of aliases can stand for more than memory holds."""
_LONGEST_INTEGER = 19
"""Characters; a longer one is an id that only looks like a number, and JSON could not carry it as one."""


class _Loader(_Composer):
    """Composes nodes; what a plain scalar means is told here alone, so nothing is guessed on the way."""

    @override
    def resolve(self, kind: type[Node], value: object, implicit: object) -> str:
        """The tag of a node that was given none."""
        return _UNTAGGED[kind]


def parse_yaml(text: str, file: str, *, placed: bool = False) -> Document:
    """The one document in `text`. With `placed`, where everything is is written down at once: for who will surely ask.

    Raises UsageError with line and column on bad syntax, a repeated key, an alias cycle or a tag.
    """
    if not placed:
        return located(_data(text, file, None), text, file)
    places = _Places()
    return Document(file=file, data=_data(text, file, places), places=places.values, key_places=places.keys)


def located(data: object, text: str, file: str) -> Document:
    """A document whose `data` is known to be what `text` says. Where things are in it is worked out when somebody asks."""
    late = _LateReading(text, file)
    return Document(file=file, data=data, places=LatePlaces(late.values), key_places=LatePlaces(late.keys))


@dataclass(slots=True)
class _LateReading:
    """A text that is read for its places once, when the first of them is asked for."""

    text: str
    file: str
    found: "_Places | None" = None

    def values(self) -> Mapping[Path, Place]:
        return self._places().values

    def keys(self) -> Mapping[Path, Place]:
        return self._places().keys

    def _places(self) -> "_Places":
        if self.found is None:
            self.found = _Places()
            _data(self.text, self.file, self.found)
        return self.found


def _data(text: str, file: str, places: "_Places | None") -> object:
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = Place(file=file, line=mark.line + 1, column=mark.column + 1) if mark else Place(file=file, line=1, column=1)
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise UsageError(Problem(place=place, problem=f"not valid YAML: {problem}", code="invalid-yaml")) from None
    return _Reader(file, places).plain(root, ()) if root is not None else None


@dataclass(slots=True)
class _Places:
    """Where everything is, collected on the way."""

    values: dict[Path, Place] = field(default_factory=dict[Path, Place])
    keys: dict[Path, Place] = field(default_factory=dict[Path, Place])


@dataclass(frozen=True, slots=True)
class _Reader:
    """One pass over the nodes of a document; `places` is what to write down of where they are, if anything."""

    file: str
    places: _Places | None
    seen: Iterator[int] = field(default_factory=count)

    def plain(self, node: Node, path: Path) -> object:
        places = self.places
        if places is not None:
            places.values[path] = self._place(node)
        if node.tag and node.tag not in _TAGS:
            raise self._refused(node, f"tag `{node.tag}` is not supported", "write plain values")
        if next(self.seen) >= _NODE_LIMIT:
            raise self._refused(
                node, "there is too much in it", f"at most {_NODE_LIMIT} values, repeated ones counted each time"
            )
        if len(path) > _DEPTH_LIMIT:
            raise self._refused(node, "nested too deeply", f"at most {_DEPTH_LIMIT} levels")
        if isinstance(node, ScalarNode):
            return _scalar(node)
        if isinstance(node, SequenceNode):
            return [self.plain(child, (*path, index)) for index, child in enumerate(node.value)]
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        raise self._refused(node, "unsupported YAML construct")

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, object]:
        mapping: dict[str, object] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                raise self._refused(key_node, "a key must be a word")
            key = key_node.value
            if key in mapping:
                raise self._refused(key_node, f"key `{key}` is given twice", "keep one of them")
            below = (*path, key)
            if self.places is not None:
                self.places.keys[below] = self._place(key_node)
            mapping[key] = self.plain(value_node, below)
        return mapping

    def _refused(self, node: Node, problem: str, help_text: str = "") -> UsageError:
        return UsageError(Problem(place=self._place(node), problem=problem, help=help_text, code="invalid-yaml"))

    def _place(self, node: Node) -> Place:
        return Place(file=self.file, line=node.start_mark.line + 1, column=node.start_mark.column + 1)


def _scalar(node: ScalarNode) -> object:
    if node.style:  # None from the Python parser, empty from the C one, for a plain scalar
        return node.value
    text = node.value
    lowered = text.lower()
    if lowered in _WORDS:
        return _WORDS[lowered]
    if _INTEGER.match(text) and len(text) <= _LONGEST_INTEGER:
        return int(text)
    if _FLOAT.match(text):
        return float(text)
    return text
