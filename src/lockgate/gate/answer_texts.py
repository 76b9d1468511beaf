"""Where in an event of an answer people are told something, as opposed to what programs act on.

Separate because it is a matter of safety: a value is put back only where a person reads it. In the arguments of a tool call, in
an address or in any field that nobody knows, somebody who talked the model into it would have the value sent to themselves.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lockgate.apps.formats.json_view import is_array, is_object
from lockgate.facts.problem import Path

_TEXTS = frozenset({
    "content", "text", "delta", "output_text", "outputText", "response", "completion", "generated_text", "answer", "parts",
    "refusal", "message", "generation",
})  # fmt: skip
_NOT_TOLD = frozenset({
    "annotations", "args", "arguments", "citations", "error", "function", "functionCall", "function_call", "href", "id",
    "image_url", "input", "instructions", "link", "links", "logprobs", "metadata", "partial_json", "src", "toolUse",
    "tool_calls", "tool_use", "tools", "uri", "url", "urls",
})  # fmt: skip
_OF_TOOLS = ("tool", "function", "argument", "input", "mcp", "code", "computer", "search", "shell", "patch")
_NUMBERS = ("index", "output_index", "content_index", "contentBlockIndex", "item_id", "type")
_DEEPEST = 24
_TOLD_PLACE = re.compile(r"/message/content/parts/[0-9]+")


@dataclass(slots=True)
class ToldText:
    """One string of an event that people are told. `stream` names what it goes on from; `channel` is that without numbers."""

    holder: dict[str, object] | list[object]
    step: str | int
    stream: Path
    channel: Path

    @property
    def text(self) -> str:
        """As it stands there now."""
        found = self.holder[self.step]  # type: ignore[index]  # the step is of its holder
        return found if isinstance(found, str) else ""

    @text.setter
    def text(self, text: str) -> None:
        self.holder[self.step] = text  # type: ignore[index]  # as above


@dataclass(slots=True)
class ToldTexts:
    """The events of one answer. ChatGPT's page gets changes to a tree, each to the place of the one before if it names none."""

    _changed: str = ""

    def of(self, document: object) -> Iterator[ToldText]:
        """The texts in an event or a whole answer, in its order."""
        yield from self._below(document, (), (), named="", depth=0)

    def _change(self, node: dict[str, object], stream: Path, channel: Path) -> Iterator[ToldText]:
        place = node.get("p")
        self._changed = place if isinstance(place, str) else self._changed
        if isinstance(node["v"], str) and _TOLD_PLACE.fullmatch(self._changed):
            yield ToldText(node, "v", (*stream, "v"), (*channel, "v"))

    def _below(self, node: object, stream: Path, channel: Path, *, named: str, depth: int) -> Iterator[ToldText]:
        if depth > _DEEPEST:
            return
        if is_object(node):
            yield from self._in_object(node, stream, channel, depth)
        elif is_array(node):
            for index, child in enumerate(node):
                if isinstance(child, str) and named in _TEXTS:
                    yield ToldText(node, index, (*stream, index), channel)
                else:
                    yield from self._below(child, (*stream, index), channel, named=named, depth=depth + 1)

    def _in_object(self, node: dict[str, object], stream: Path, channel: Path, depth: int) -> Iterator[ToldText]:
        if "v" in node:
            yield from self._change(node, stream, channel)
        kind = node.get("type")
        if isinstance(kind, str) and any(word in kind for word in _OF_TOOLS):
            return
        numbers = tuple(value for name in _NUMBERS if isinstance(value := node.get(name), str | int))
        for name, child in node.items():
            here, there = (*stream, *numbers, name), (*channel, name)
            if isinstance(child, str) and name in _TEXTS:
                yield ToldText(node, name, here, there)
            elif name not in _NOT_TOLD:
                yield from self._below(child, here, there, named=name, depth=depth + 1)
