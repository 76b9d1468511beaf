"""As much protobuf as the fake vendors need: a message from nested data, and the text at a way of field numbers.

Separate, and sharing nothing with the gateway: what one side misunderstands, the other must not misunderstand as well.
"""

from typing import Any


def message(data: dict[int, Any]) -> bytes:
    """A message of texts, bytes, whole numbers, messages and lists of these, by field number."""
    written = b""
    for number, value in data.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, int):
                written += _varint(number << 3) + _varint(one)
                continue
            raw = message(one) if isinstance(one, dict) else one if isinstance(one, bytes) else str(one).encode()
            written += _varint(number << 3 | 2) + _varint(len(raw)) + raw
    return written


def at(content: bytes, *way: int) -> bytes:
    """The last length-delimited field at this way, empty when there is none."""
    for number in way:
        content = ([b""] + [value for found, value in _fields(content) if found == number])[-1]
    return content


def envelope(payload: bytes, flags: int = 0) -> bytes:
    """A message in an envelope."""
    return bytes((flags,)) + len(payload).to_bytes(4, "big") + payload


def first_envelope(content: bytes) -> bytes:
    """The message in the first envelope."""
    return content[5 : 5 + int.from_bytes(content[1:5], "big")]


def _fields(content: bytes) -> list[tuple[int, bytes]]:
    found: list[tuple[int, bytes]] = []
    position = 0
    while position < len(content):
        tag, position = _read_varint(content, position)
        value, position = _read_varint(content, position)
        if tag & 7 == 2:
            found.append((tag >> 3, content[position : position + value]))
            position += value
    return found


def _varint(value: int) -> bytes:
    return bytes((value,)) if value < 0x80 else bytes((value & 0x7F | 0x80,)) + _varint(value >> 7)


def _read_varint(content: bytes, position: int) -> tuple[int, int]:
    value, shift = 0, 0
    while True:
        byte = content[position]
        value |= (byte & 0x7F) << shift
        position, shift = position + 1, shift + 7
        if byte < 0x80:
            return value, position
