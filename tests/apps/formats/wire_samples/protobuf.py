"""A protobuf encoder of the tests' own: it shares nothing with what it tests, and writes any plain data.

An object maps field names to values: `f7` is field 7, any other name becomes a number made of its letters. A list is a repeated
field, a string or bytes a length-delimited one, a number a varint; booleans are numbers, nulls are left out.
"""

import struct
import zlib


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    parts = []
    while True:
        value, low = value >> 7, value & 0x7F
        parts.append(low | (0x80 if value else 0))
        if not value:
            return bytes(parts)


def number_of(name: str) -> int:
    return int(name[1:]) if name[:1] == "f" and name[1:].isdecimal() else 100 + zlib.crc32(name.encode()) % 9000


def message(data: object) -> bytes:
    """The message of an object; of anything else, a message whose field 1 it is."""
    pairs = data.items() if isinstance(data, dict) else [("f1", data)]
    return b"".join(fields(number_of(name), value) for name, value in pairs)


def fields(number: int, value: object) -> bytes:
    if value is None:
        return b""
    if isinstance(value, list):
        return b"".join(fields(number, item if not isinstance(item, list) else {"f1": item}) for item in value)
    if isinstance(value, float):
        return varint(number << 3 | 1) + struct.pack("<d", value)
    if isinstance(value, int):
        return varint(number << 3) + varint(int(value))
    raw = value if isinstance(value, bytes) else value.encode() if isinstance(value, str) else message(value)
    return varint(number << 3 | 2) + varint(len(raw)) + raw


def envelope(payload: bytes, flags: int = 0) -> bytes:
    return struct.pack(">BI", flags, len(payload)) + payload
