"""Protobuf without its schema as a document: every text in it at an exact path, and a way back that changes only what is new.

A message reads as an object that maps `f1`, `f2`, ... to the values of that field in their order, so that the walkers of plain
data do the rest; a rewritten text has all length prefixes around it made anew, and everything else stays byte for byte.

The wire does not tell a text from a nested message or from bytes. What is `Known` decides; where nothing is known:

* UTF-8 without control characters is text. If it is also a message of nothing but texts, both readings are kept (the whole
  string as `as_text` beside the fields), for either may be the true one and neither may be lost.
* Other bytes are a message if they are one whose fields explain them, otherwise text if they are UTF-8 or mostly letters.
* The rest are bytes: short ones (hashes, keys, packed numbers) say nothing, long ones are handed out as a file.

Separate from formats, which only say what stands where. Numbers are not text here: an identifier or a time that a program made
would look like an account number. Never raises on hostile bytes, and is linear in them for each level of depth.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from lockgate.apps.formats.base import Unreadable
from lockgate.apps.formats.budget import Budget
from lockgate.apps.formats.json_text import Parsed, unreadable
from lockgate.apps.formats.json_view import items, members
from lockgate.apps.formats.protobuf_wire import LENGTH, VARINT, Field, fields_of, write_varint
from lockgate.apps.formats.text_changes import Change, with_changes

MAX_DEPTH = 40
SHORT = 64
"""Bytes of a binary value above which it counts as a file and no longer as a hash, a key or a few packed numbers."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_STRAY = re.compile(r"[\udc80-\udcff]")
_LONGEST_NUMBER = 10**8  # greater ones are no roles or kinds, and would be taken for account numbers
_LETTERS = b" abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_WORDS_IN_TEXT = re.compile(rb"[0-9A-Za-z]{4}")
_WORDS_IN_BYTES = re.compile(rb"[\x20-\x7e]{16}")
_PRINTABLE = re.compile(rb"[\x20-\x7e]{8}")


AS_TEXT = "as_text"
"""The member of a message that is its other reading."""


class Leaf(Enum):
    """What is known of a field that is no message."""

    TEXT = auto()
    FILE = auto()


@dataclass(frozen=True, slots=True)
class Hex:
    """A field that has a message written in hexadecimal digits."""

    known: "Known"


type Known = Mapping[int, Known | Leaf | Hex]
"""What is known of a message: the kinds of its fields by their numbers."""

NOTHING_KNOWN: Known = {}


@dataclass(slots=True)
class _Message:
    """A message taken apart: each field with what its value turned out to be. `text` is its other reading, if it has one."""

    start: int
    end: int
    fields: "list[tuple[Field, _Value]]"
    text: str | None = None


@dataclass(slots=True)
class _Taken:
    """One run of bytes with the message in it. Hexadecimal digits inside it are another run, with offsets of its own."""

    content: bytes
    budget: Budget
    root: _Message = field(default_factory=lambda: _Message(0, 0, []))


type _Value = _Message | _Taken | str | bytes | int | None


def parse_protobuf(content: bytes, known: Known = NOTHING_KNOWN, budget: Budget | None = None) -> Parsed | Unreadable:
    """The message in `content`. `write` raises ValueError for texts that cannot stand where they should.

    `budget` is that of the body, when the message is only a piece of it.
    """
    budget = budget or Budget()
    taken = _take_apart(content, known, budget, 0)
    if isinstance(taken, Unreadable):
        return taken
    return Parsed(value=_view(taken.root), write=lambda view: _written(taken, taken.root, view), budget=budget)


def _take_apart(content: bytes, known: Known, budget: Budget, depth: int) -> _Taken | Unreadable:
    taken = _Taken(content, budget)
    root = _message(taken, 0, len(content), known, depth)
    if budget.values < 0:
        budget.used_up = True
        return unreadable("too many pieces")
    if root is None:
        return unreadable("not a protobuf message")
    taken.root = root
    return taken


def _message(taken: _Taken, start: int, end: int, known: Known, depth: int) -> _Message | None:
    found = fields_of(taken.content, start, end, taken.budget) if depth <= MAX_DEPTH else None
    if found is None:
        return None
    return _Message(start, end, [(one, _value(taken, one, known.get(one.number), depth)) for one in found])


def _value(taken: _Taken, one: Field, known: Known | Leaf | Hex | None, depth: int) -> _Value:
    if one.kind == VARINT:
        return one.varint if one.varint < _LONGEST_NUMBER else None
    if one.kind != LENGTH:
        return None
    match known:
        case Leaf.TEXT:
            return _lossless(taken, one)
        case Leaf.FILE:
            text = _text(taken, one)
            return taken.content[one.at : one.end] if text is None else text
        case Hex():
            return _hex(taken, one, known.known, depth) or _lossless(taken, one)
        case None:
            return _guess(taken, one, depth)
        case _:
            return _expected(taken, one, known, depth) or _guess(taken, one, depth)


def _expected(taken: _Taken, one: Field, known: Known, depth: int) -> _Message | None:
    """The message that should be here, unless what is here is a text: what is known of one version may be wrong of another."""
    message = _message(taken, one.at, one.end, known, depth + 1)
    text = _text(taken, one)
    is_words = text is not None and _CONTROL.search(text) is None
    return None if message is None or (is_words and not _explains(taken, message, is_text=True)) else message


def _hex(taken: _Taken, one: Field, known: Known, depth: int) -> _Taken | None:
    try:
        decoded = bytes.fromhex(taken.content[one.at : one.end].decode("ascii"))
    except ValueError:
        return None
    inner = _take_apart(decoded, known, taken.budget, depth + 1)
    return None if isinstance(inner, Unreadable) else inner


def _guess(taken: _Taken, one: Field, depth: int) -> _Value:
    text = _text(taken, one)
    if text is not None and _CONTROL.search(text) is None:
        return _printable(taken, one, text, depth)
    message = _message(taken, one.at, one.end, NOTHING_KNOWN, depth + 1)
    if message is not None and _explains(taken, message, is_text=text is not None):
        return message
    return _binary(taken, one) if text is None else text


def _printable(taken: _Taken, one: Field, text: str, depth: int) -> _Value:
    """A text, which may be a message of texts at the same time."""
    # Nearly every text fails at its first two characters, which would be tag and length.
    if len(text) < 3 or (ord(text[0]) & 7) != LENGTH or ord(text[1]) > one.end - one.at - 2:
        return text
    message = _message(taken, one.at, one.end, NOTHING_KNOWN, depth + 1)
    if message is None or not all(_is_text(value) for _, value in message.fields):
        return text
    message.text = text
    return message


def _is_text(value: _Value) -> bool:
    return isinstance(value, _Message) or (isinstance(value, str) and _STRAY.search(value) is None)


def _explains(taken: _Taken, message: _Message, *, is_text: bool) -> bool:
    """Whether what lies between a message's texts can be tags, lengths and numbers, so that no words are lost to them."""
    words = _WORDS_IN_TEXT if is_text else _WORDS_IN_BYTES
    between = message.start
    for one, value in message.fields:
        if one.kind != LENGTH:
            continue
        if words.search(taken.content, between, one.at):
            return False
        if is_text and not (_is_text(value) and (isinstance(value, _Message) or _CONTROL.search(str(value)) is None)):
            return False
        between = one.end
    return words.search(taken.content, between, message.end) is None


def _text(taken: _Taken, one: Field) -> str | None:
    try:
        return str(memoryview(taken.content)[one.at : one.end], "utf-8")
    except UnicodeDecodeError:
        return None


def _lossless(taken: _Taken, one: Field) -> str:
    return str(memoryview(taken.content)[one.at : one.end], "utf-8", "surrogateescape")


def _binary(taken: _Taken, one: Field) -> str | bytes | None:
    """Bytes that are neither UTF-8 nor a message: still a text when they are mostly letters, or short with a word in them."""
    size = one.end - one.at
    if size <= SHORT:
        return _lossless(taken, one) if _PRINTABLE.search(taken.content, one.at, one.end) else None
    raw = taken.content[one.at : one.end]
    return _lossless(taken, one) if len(raw.translate(None, _LETTERS)) * 2 < size else raw


def _view(message: _Message) -> dict[str, object]:
    """A message as plain data."""
    view: dict[str, list[object]] = {}
    for one, value in message.fields:
        inner = _view(value) if isinstance(value, _Message) else _view(value.root) if isinstance(value, _Taken) else value
        view.setdefault(f"f{one.number}", []).append(inner)
    return {**view} if message.text is None else {**view, AS_TEXT: message.text}


def _written(taken: _Taken, message: _Message, view: object) -> bytes:
    """The bytes of a message whose view has been changed."""
    old = taken.content[message.start : message.end]
    new = b"".join(_field(taken, *entry) for entry in _beside(message, view))
    text = str(members(view).get(AS_TEXT))
    if message.text is None or text == message.text:
        return new
    inside = _changes(taken, message, view, 0)
    if new != old and text == with_changes(message.text, inside):
        return new
    # The string was replaced, and not by what its fields have become: then it is written as the text it may be.
    return _encoded(with_changes(message.text, [Change(0, message.text, text), *inside]))


def _beside(message: _Message, view: object) -> list[tuple[Field, _Value, object]]:
    """The fields of a message, each with its value in `view`."""
    values = {name: iter(items(shown)) for name, shown in members(view).items()}
    return [(one, value, next(values[f"f{one.number}"])) for one, value in message.fields]


def _field(taken: _Taken, one: Field, value: _Value, shown: object) -> bytes:
    """A field, made anew if its value has changed."""
    old = taken.content[one.at : one.end]
    match value:
        case str():
            new = old if shown == value else _encoded(str(shown))
        case _Message():
            new = _written(taken, value, shown)
        case _Taken():
            digits = _written(value, value.root, shown)
            new = old if digits == value.content else digits.hex().encode()
        case _:
            return taken.content[one.start : one.end]
    if new == old:
        return taken.content[one.start : one.end]
    return write_varint(one.number << 3 | LENGTH) + write_varint(len(new)) + new


def _changes(taken: _Taken, message: _Message, view: object, at: int) -> list[Change]:
    """The texts of a message of texts, each where it stands in the string that the message is (its heads are ASCII)."""
    found: list[Change] = []
    for one, value, shown in _beside(message, view):
        at += one.at - one.start
        if isinstance(value, _Message):
            text = str(value.text)
            found += [Change(at, text, str(members(shown).get(AS_TEXT))), *_changes(taken, value, shown, at)]
            at += len(text)
        else:
            found.append(Change(at, str(value), str(shown)))
            at += len(str(value))
    return found


def _encoded(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")
