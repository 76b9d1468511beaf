"""What workers and the recorder say to each other: length-prefixed MessagePack over a Unix stream socket.

Separate so that both ends share one definition. Records travel as raw bytes inside a batch, so that one undecodable record
cannot spoil the others. It must never carry readable captured text: a `Record` has none.
"""

import struct
from asyncio import IncompleteReadError, StreamReader
from dataclasses import dataclass, fields, replace
from math import isfinite
from socket import socket
from typing import Any, cast

import msgspec

from lockgate.facts.acknowledgement import Acknowledgement
from lockgate.facts.mcp import McpSighting
from lockgate.facts.record import AttachmentSummary, FindingSummary, Record
from lockgate.facts.redaction import Redaction
from lockgate.facts.usage import UsageCell

MAX_FRAME_BYTES = 32 * 1024 * 1024
_LENGTH = struct.Struct("!I")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerStats:
    """What a worker says about itself now and then. Counters count from the worker's start.

    `policy_version` is what it decides by; `policy_refused` is whether it does not take over what the files say now.
    """

    worker: int
    pid: int
    exchanges_opened: int = 0
    exchanges_recorded: int = 0
    exchanges_in_flight: int = 0
    records_pending: int = 0
    records_lost: int = 0
    clients_refused: int = 0
    rss_bytes: int = 0
    policy_version: str = ""
    policy_refused: bool = False


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """A worker's first message."""

    worker: int
    pid: int


class Batch(msgspec.Struct, frozen=True, tag="batch"):
    """Records, each encoded by `encode_record`. `number` is what the recorder acknowledges once they are committed."""

    number: int
    records: tuple[msgspec.Raw, ...]


class Statistics(msgspec.Struct, frozen=True, tag="statistics"):
    """The latest figures of a worker; not acknowledged."""

    stats: WorkerStats


class Sightings(msgspec.Struct, frozen=True, tag="sightings"):
    """What was seen of MCP servers; not acknowledged, because it will be seen again."""

    sightings: tuple[McpSighting, ...]


class Counted(msgspec.Struct, frozen=True, tag="counted"):
    """What a worker counted; `source` is one life of it. Not acknowledged: the worker sees in the store what arrived."""

    source: str
    cells: tuple[UsageCell, ...]


class Reset(msgspec.Struct, frozen=True, tag="reset"):
    """The counters of `subject` begin anew; acknowledged with number 0 once that is committed."""

    subject: str
    epoch: int


class Acknowledged(msgspec.Struct, frozen=True, tag="acknowledged"):
    """What people acknowledged; not acknowledged itself, because it is told again until the store has it."""

    given: tuple[Acknowledgement, ...]


class Revoke(msgspec.Struct, frozen=True, tag="revoke"):
    """The first and only message of an operator: these acknowledgements end. Answered by an `Ack` of how many stood."""

    ids: tuple[str, ...]


class Ack(msgspec.Struct, frozen=True, tag="ack"):
    """The recorder has committed this batch."""

    number: int


type FromWorker = Hello | Batch | Statistics | Sightings | Counted | Reset | Acknowledged | Revoke

_encoder = msgspec.msgpack.Encoder()
_from_worker: msgspec.msgpack.Decoder[FromWorker] = msgspec.msgpack.Decoder(
    Hello | Batch | Statistics | Sightings | Counted | Reset | Acknowledged | Revoke
)
_ack = msgspec.msgpack.Decoder(Ack)
_record = msgspec.msgpack.Decoder(Record)


class BrokenFrame(Exception):  # noqa: N818 - says what arrived
    """The other end does not speak this protocol; the connection is of no further use."""


def encode_record(record: Record) -> bytes:
    """`record` as MessagePack. Always succeeds: what UTF-8 cannot carry is escaped, a time that is no number becomes 0."""
    if not (isfinite(record.started_at) and isfinite(record.duration_ms) and isfinite(record.first_byte_ms)):
        record = _repaired(record)
    try:
        return _encoder.encode(record)
    except UnicodeEncodeError:  # mitmproxy keeps undecodable bytes of a path as lone surrogates
        return _encoder.encode(_repaired(record))


def decode_record(raw: msgspec.Raw) -> Record:
    """The inverse of `encode_record`. Raises `BrokenFrame`."""
    try:
        return _record.decode(raw)
    except msgspec.DecodeError as error:
        raise BrokenFrame(str(error)) from None


def _repaired(record: Record) -> Record:
    return replace(record, **{field.name: _repair(getattr(record, field.name)) for field in fields(record)})


def _repair(value: Any) -> Any:
    match value:
        case float() if not isfinite(value):
            return 0.0
        case str() if type(value) is str:
            return value.encode("utf-8", "backslashreplace").decode()
        case tuple():
            return tuple(_repair(item) for item in cast("tuple[Any, ...]", value))
        case FindingSummary() | AttachmentSummary() | Redaction():
            return replace(value, **{field.name: _repair(getattr(value, field.name)) for field in fields(value)})
        case _:
            return value


def frame(message: FromWorker | Ack) -> bytes:
    """`message` with its length in front (4 bytes, big-endian)."""
    payload = _encoder.encode(message)
    return _LENGTH.pack(len(payload)) + payload


async def read_from_worker(reader: StreamReader) -> FromWorker | None:
    """The next message of a worker, None at the end of the stream. Raises `BrokenFrame`."""
    payload = await _read_frame(reader)
    try:
        return None if payload is None else _from_worker.decode(payload)
    except msgspec.DecodeError as error:
        raise BrokenFrame(str(error)) from None


async def read_ack(reader: StreamReader) -> Ack | None:
    """The next acknowledgement, None at the end of the stream. Raises `BrokenFrame`."""
    payload = await _read_frame(reader)
    try:
        return None if payload is None else _ack.decode(payload)
    except msgspec.DecodeError as error:
        raise BrokenFrame(str(error)) from None


def read_ack_blocking(connection: socket) -> Ack:
    """As `read_ack`, without an event loop. Raises OSError at the end of the stream, and when it takes too long."""
    with connection.makefile("rb") as stream:
        head = stream.read(_LENGTH.size)
        if len(head) < _LENGTH.size:
            raise ConnectionError("the recorder closed the connection")
        (length,) = _LENGTH.unpack(head)
        return _ack.decode(stream.read(length))


async def _read_frame(reader: StreamReader) -> bytes | None:
    try:
        (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
        if length > MAX_FRAME_BYTES:
            raise BrokenFrame(f"a message of {length} bytes is announced, {MAX_FRAME_BYTES} are allowed")
        return await reader.readexactly(length)
    except (IncompleteReadError, ConnectionError):
        return None
