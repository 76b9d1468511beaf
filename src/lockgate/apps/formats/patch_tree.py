"""A document that is built by patches, in a bounded amount of memory: the ground that several web apps stream their answers on.

Separate because DeepSeek, Perplexity, Le Chat and Notion write one idea in four dialects: an operation, a path and a value,
where most operations append to a string. Each format translates its dialect; the tree applies it. Appending is cheap, whatever
has been said before; a path that leads nowhere is ignored.
"""

from typing import cast

from lockgate.apps.formats.answer_draft import MAX_TEXT
from lockgate.apps.formats.json_view import is_array, is_object

type Steps = tuple[str | int, ...]

_MAX_NODES = 50_000
_MAX_DEPTH = 32
_MAX_STEPS = 32
_MOST_PIECES = 4096


class _Text:
    """A string that grows."""

    __slots__ = ("pieces",)

    def __init__(self, text: str) -> None:
        self.pieces = [text]

    def add(self, text: str) -> None:
        """Go on with `text`. Many small pieces become one now and then, as each takes room of its own."""
        self.pieces.append(text)
        if len(self.pieces) > _MOST_PIECES:
            self.pieces = ["".join(self.pieces)]


def steps_of(path: str) -> Steps:
    """The steps of a path with slashes (JSON Pointer, the first slash may be missing); `-` is behind the last item."""
    steps = path.strip("/").split("/", _MAX_STEPS)[:_MAX_STEPS] if path.strip("/") else []
    return tuple(_step(step) for step in steps)


def _step(step: str) -> str | int:
    digits = step.removeprefix("-")
    if digits.isdecimal() and len(digits) <= 6:
        return int(step)
    return step.replace("~1", "/").replace("~0", "~")


class PatchTree:
    """The document so far."""

    def __init__(self) -> None:
        self._root: object = None
        self._room = MAX_TEXT
        self._nodes = _MAX_NODES

    def put(self, steps: Steps, value: object) -> None:
        """Write at `steps`, over what was there. In an array, `-` and the place after the last item add one."""
        if not steps:
            self._release(self._root)
            self._root = self._kept(value)
            return
        self._place(steps, value, insert=False)

    def insert(self, steps: Steps, value: object) -> None:
        """As `put`, but an item of an array moves up instead of being overwritten (RFC 6902 `add`)."""
        if steps:
            self._place(steps, value, insert=True)
        else:
            self.put(steps, value)

    def append(self, steps: Steps, value: object) -> None:
        """Add to what is at `steps`: text to a string, items to an array, members to an object; write it where nothing is."""
        there = self._at(steps)
        if isinstance(there, _Text) and isinstance(value, str):
            kept = value[: self._room]
            self._room -= len(kept)
            if kept:
                there.add(kept)
        elif self._nodes <= 0:
            return
        elif is_array(there):
            for item in value if is_array(value) else [value]:
                there.append(self._kept(item))
        elif is_object(there) and is_object(value):
            for name, member in value.items():
                self._release(there.get(name))
                there[name] = self._kept(member)
        elif there is None:
            self.put(steps, value)

    def remove(self, steps: Steps) -> None:
        """Take away what is at `steps`."""
        parent, last = self._at(steps[:-1]), steps[-1] if steps else ""
        if is_object(parent) and isinstance(last, str):
            self._release(parent.pop(last, None))
        elif is_array(parent) and isinstance(last, int) and -len(parent) <= last < len(parent):
            self._release(parent.pop(last))

    def plain(self) -> object:
        """The document as plain data."""
        return _plain(self._root)

    def _at(self, steps: Steps) -> object:
        node = self._root
        for step in steps:
            if is_object(node):
                node = node.get(str(step))
            elif is_array(node) and isinstance(step, int) and -len(node) <= step < len(node):
                node = node[step]
            else:
                return None
        return node

    def _place(self, steps: Steps, value: object, *, insert: bool) -> None:
        parent, last = self._at(steps[:-1]), steps[-1]
        if self._nodes <= 0:
            return
        if parent is None and len(steps) == 1 and isinstance(last, str):
            self._root = parent = cast("dict[str, object]", {})
        if is_object(parent):
            self._release(parent.get(str(last)))
            parent[str(last)] = self._kept(value)
        elif is_array(parent):
            if last in ("-", len(parent)):
                parent.append(self._kept(value))
            elif isinstance(last, int) and -len(parent) <= last < len(parent):
                if insert:
                    parent.insert(last, self._kept(value))
                else:
                    self._release(parent[last])
                    parent[last] = self._kept(value)

    def _kept(self, value: object, depth: int = _MAX_DEPTH) -> object:
        """A copy of `value` that can grow, as far as there is room for it."""
        if self._nodes <= 0 or not depth:
            return None
        self._nodes -= 1
        if isinstance(value, str):
            kept = value[: self._room]
            self._room -= len(kept)
            return _Text(kept)
        if is_object(value):
            return {name[:256]: self._kept(child, depth - 1) for name, child in list(value.items())[: self._nodes]}
        if is_array(value):
            return [self._kept(child, depth - 1) for child in value[: self._nodes]]
        return value if isinstance(value, (bool, int, float)) else None

    def _release(self, value: object) -> None:
        """Give back the room of what is written over."""
        stack = [value]
        while stack:
            node = stack.pop()
            if node is None:
                continue
            self._nodes += 1
            if isinstance(node, _Text):
                self._room += sum(map(len, node.pieces))
            elif is_object(node):
                stack += node.values()
            elif is_array(node):
                stack += node


def _plain(value: object) -> object:
    if isinstance(value, _Text):
        return "".join(value.pieces)
    if is_object(value):
        return {name: _plain(child) for name, child in value.items()}
    return [_plain(child) for child in value] if is_array(value) else value
