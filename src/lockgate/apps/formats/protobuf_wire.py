"""The protobuf wire format, bare: fields of a message by number and kind, without knowing any schema.

https://protobuf.dev/programming-guides/encoding/. Separate from what fields mean, because requests, answers and nested messages
are all taken apart by these rules. Groups (kinds 3 and 4, deprecated before 2010) are refused: with them nearly any text would
pass for a message. Never raises, and looks at every byte once.
"""

from collections.abc import Mapping
from typing import NamedTuple, cast

from lockgate.apps.formats.budget import Budget

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
"""The kinds of values (wire types)."""

_LONGEST_VARINT = 10
_MOST_FIELD_NUMBER = (1 << 29) - 1


class Field(NamedTuple):
    """One field: its tag begins at `start`, its value at `at`, and ends before `end`. `varint` is the value of a varint."""

    number: int
    kind: int
    start: int
    at: int
    end: int
    varint: int


def fields_of(content: bytes, start: int, end: int, budget: Budget) -> list[Field] | None:
    """The fields between `start` and `end`, or None when these bytes are no message or the budget is used up.

    Messages that are tried in vain cost what others do.
    """
    found: list[Field] = []
    at = start
    while at < end:
        budget.values -= 1
        if budget.values < 0:
            return None
        begin = at
        tag, at = read_varint(content, at, end)
        number, kind = tag >> 3, tag & 7
        if at < 0 or not 1 <= number <= _MOST_FIELD_NUMBER:
            return None
        value, varint = at, 0
        if kind == LENGTH:
            length, value = read_varint(content, at, end)
            at = value + length
        elif kind == VARINT:
            varint, at = read_varint(content, at, end)
        elif kind in (FIXED64, FIXED32):
            at += 8 if kind == FIXED64 else 4
        else:
            return None
        if value < 0 or not 0 <= at <= end:
            return None
        found.append(Field(number, kind, begin, value, at, varint))
    return found


def read_varint(content: bytes, at: int, end: int) -> tuple[int, int]:
    """The varint at `at` and where it ends; the end is negative when it is cut off or too long."""
    value = 0
    for index in range(at, min(end, at + _LONGEST_VARINT)):
        byte = content[index]
        value |= (byte & 0x7F) << 7 * (index - at)
        if byte < 0x80:
            return value, index + 1
    return 0, -(1 << 62)


def write_varint(value: int) -> bytes:
    """The shortest varint of a value that is not negative."""
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)


def write_protobuf(message: Mapping[str, object]) -> bytes:
    """A message of texts, whole numbers, messages and lists of these; `f3` is the name of field 3."""
    written = bytearray()
    for name, value in message.items():
        number = int(name.removeprefix("f"))
        for one in value if isinstance(value, (list, tuple)) else (value,):
            written += _written_field(number, one)
    return bytes(written)


def _written_field(number: int, value: object) -> bytes:
    if isinstance(value, int):
        return write_varint(number << 3 | VARINT) + write_varint(value)
    if isinstance(value, Mapping):
        raw = write_protobuf(cast("Mapping[str, object]", value))
    else:
        # A name that a client gave may be told back to it, with half an emoji in it, which UTF-8 cannot say.
        raw = str(value).encode(errors="replace")
    return write_varint(number << 3 | LENGTH) + write_varint(len(raw)) + raw
