"""How Amazon's event stream is written."""

import base64
import json
import struct
from zlib import crc32


def message(payload: bytes, **headers: str) -> bytes:
    """One message; `_` in a header's name is written as `-`, and its colon is added."""
    written = b"".join(
        bytes([len(name) + 1]) + b":" + name.replace("_", "-").encode() + b"\7" + struct.pack(">H", len(value)) + value.encode()
        for name, value in headers.items()
    )
    prelude = struct.pack(">II", 16 + len(written) + len(payload), len(written))
    body = prelude + struct.pack(">I", crc32(prelude)) + written + payload
    return body + struct.pack(">I", crc32(body))


def aws_event(name: str, data: object) -> bytes:
    """An event with a JSON payload."""
    payload = json.dumps(data, ensure_ascii=False).encode()
    return message(payload, event_type=name, content_type="application/json", message_type="event")


def aws_chunk(data: object) -> bytes:
    """A `chunk` whose bytes are text or JSON in base64."""
    inner = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    return aws_event("chunk", {"bytes": base64.b64encode(inner.encode()).decode(), "p": "abc"})


def aws_exception(name: str, text: str) -> bytes:
    """An exception inside the stream."""
    payload = json.dumps({"message": text}).encode()
    return message(payload, exception_type=name, content_type="application/json", message_type="exception")
