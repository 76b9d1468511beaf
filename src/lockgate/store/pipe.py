"""A worker's end of the way to the recorder.

Separate from the collector because it lives in the proxy's event loop. Laws: `put` never blocks and never raises; a record
leaves the buffer only when the recorder has acknowledged it, so a recorder that is killed loses nothing; what the bounded
buffer cannot take is counted in `lost`.
"""

import asyncio
import os
import socket
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import msgspec
import structlog
from structlog.typing import FilteringBoundLogger

from lockgate.facts.acknowledgement import Acknowledgement
from lockgate.facts.mcp import McpSighting
from lockgate.facts.record import Record
from lockgate.facts.usage import UsageCell
from lockgate.store.wire import (
    MAX_FRAME_BYTES,
    Acknowledged,
    Batch,
    BrokenFrame,
    Counted,
    Hello,
    Sightings,
    Statistics,
    WorkerStats,
    encode_record,
    frame,
    read_ack,
    read_ack_blocking,
)

_log: FilteringBoundLogger = structlog.get_logger("lockgate.store.pipe")
_SIGHTINGS_KEPT = 256
_COUNTED_KEPT = 64
_ACKNOWLEDGED_KEPT = 2000
_FRAME_SPARE_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class PipeLimits:
    """How much may wait for the recorder, how much travels at once, how long to pause between attempts to connect.

    `gather_seconds` is the pause after a batch: under load, records then travel together instead of waking two processes
    for each. The first record after a quiet moment goes at once.
    """

    waiting_records: int = 20_000
    waiting_bytes: int = 64 * 1024 * 1024
    batch_records: int = 500
    batch_bytes: int = 1024 * 1024
    batches_in_flight: int = 4
    gather_seconds: float = 0.02
    first_pause_seconds: float = 0.05
    longest_pause_seconds: float = 2.0


class RecordPipe:
    """Sends records to the recorder's socket. Use from one event loop: `start`, `put` as often as needed, `close`."""

    def __init__(self, socket_path: Path, *, worker: int, limits: PipeLimits | None = None) -> None:
        self._socket_path = socket_path
        self._worker = worker
        self._limits = limits or PipeLimits()
        self._waiting: deque[bytes] = deque()
        self._in_flight: dict[int, list[bytes]] = {}
        self._pending = self._pending_bytes = self._lost = self._next_number = 0
        self._statistics: WorkerStats | None = None
        self._sightings: deque[McpSighting] = deque(maxlen=_SIGHTINGS_KEPT)
        self._counted: deque[Counted] = deque(maxlen=_COUNTED_KEPT)
        self._acknowledged: deque[Acknowledgement] = deque(maxlen=_ACKNOWLEDGED_KEPT)
        self._something_to_do = asyncio.Event()
        self._drained = asyncio.Event()
        self._drained.set()
        self._connected = asyncio.Event()
        self._closed = False
        self._pause = self._limits.first_pause_seconds
        self._task: asyncio.Task[None] | None = None

    @property
    def pending(self) -> int:
        """Records not acknowledged yet."""
        return self._pending

    @property
    def lost(self) -> int:
        """Records that found the buffer full, were too large, or were still pending when the pipe closed."""
        return self._lost

    @property
    def connected(self) -> bool:
        """Whether the recorder is there."""
        return self._connected.is_set()

    def start(self) -> None:
        """Begin to send. Records put earlier are kept."""
        self._task = asyncio.create_task(self._run(), name="record-pipe")

    def put(self, record: Record) -> None:
        """Take a record on its way. Never blocks, never raises."""
        try:
            encoded = encode_record(record)
        except (TypeError, ValueError, OverflowError) as error:  # a field of the wrong type: a defect, but not the client's
            self._lose(record, f"it cannot be encoded: {error}")
            return
        if self._closed:
            self._lose(record, "the pipe is closed")
        elif len(encoded) > MAX_FRAME_BYTES - _FRAME_SPARE_BYTES:
            self._lose(record, "it is too large")
        elif self._pending >= self._limits.waiting_records or self._pending_bytes + len(encoded) > self._limits.waiting_bytes:
            self._lose(record, "the buffer is full")
        else:
            self._take(encoded)

    def _lose(self, record: Record, why: str) -> None:
        self._lost += 1
        if self._lost & (self._lost - 1) == 0:  # the 1st, 2nd, 4th, 8th ...: a full disk must not flood the log as well
            _log.error("a record was lost", record=record.id, why=why, lost=self._lost)

    def _take(self, encoded: bytes) -> None:
        self._waiting.append(encoded)
        self._pending += 1
        self._pending_bytes += len(encoded)
        self._drained.clear()
        self._something_to_do.set()

    def report(self, stats: WorkerStats) -> None:
        """Send these figures when there is an opportunity; only the latest ones matter."""
        self._statistics = stats
        self._drained.clear()
        self._something_to_do.set()
        self._note_if_drained()

    def sight(self, sighting: McpSighting) -> None:
        """Send this when there is an opportunity. What finds no room is dropped, the oldest first: it will be seen again."""
        self._sightings.append(sighting)
        self._something_to_do.set()

    def count(self, source: str, cells: tuple[UsageCell, ...]) -> None:
        """Send what was counted when there is an opportunity. What is dropped or lost is sent again by whoever counts."""
        self._counted.append(Counted(source, cells))
        self._drained.clear()
        self._something_to_do.set()
        self._note_if_drained()

    def acknowledge(self, given: Acknowledgement) -> None:
        """Send this when there is an opportunity. What finds no room is dropped, the oldest first: it is told again."""
        self._acknowledged.append(given)
        self._something_to_do.set()

    async def wait_until_drained(self) -> None:
        """Return when everything put so far has been acknowledged."""
        await self._drained.wait()

    def flush_blocking(self, *, deadline_seconds: float = 3.0) -> None:
        """Send the figures and all that is not acknowledged over a connection of its own; wait until the recorder has it.

        For the moment when the event loop will not run again. Raises OSError when the recorder is not there in time.
        """
        self._take_back()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(deadline_seconds)
            connection.connect(str(self._socket_path))
            connection.sendall(frame(Hello(worker=self._worker, pid=os.getpid())))
            if self._statistics is not None:
                connection.sendall(frame(Statistics(self._statistics)))
            for counted in self._counted:
                connection.sendall(frame(counted))
            while self._waiting:
                connection.sendall(frame(self._next_batch()))
                read_ack_blocking(connection)

    async def close(self, *, deadline_seconds: float = 5.0) -> None:
        """Wait up to `deadline_seconds` for acknowledgements, then stop; what is still pending counts as lost."""
        if self._task is not None:
            try:
                await asyncio.wait_for(self._drained.wait(), deadline_seconds)
            except TimeoutError:
                _log.error("records lost: the recorder did not take them in time", records=self._pending)
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        self._closed = True
        self._lost += self._pending
        self._pending = self._pending_bytes = 0
        self._waiting.clear()
        self._in_flight.clear()
        self._drained.set()

    async def _run(self) -> None:
        while True:
            try:
                reader, writer = await asyncio.open_unix_connection(self._socket_path)
            except OSError:
                pass  # there is no recorder yet, or no longer
            else:
                try:
                    await self._converse(reader, writer)
                finally:
                    self._connected.clear()
                    self._take_back()
                    self._note_if_drained()
                    writer.close()
            await asyncio.sleep(self._pause)
            self._pause = min(self._pause * 2, self._limits.longest_pause_seconds)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Send and receive until the connection ends."""
        writer.write(frame(Hello(worker=self._worker, pid=os.getpid())))
        self._connected.set()
        self._something_to_do.set()
        sending = asyncio.create_task(self._send(writer))
        receiving = asyncio.create_task(self._receive(reader))
        try:
            await asyncio.wait((sending, receiving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            sending.cancel()
            receiving.cancel()
            outcomes = await asyncio.gather(sending, receiving, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, Exception) and not isinstance(outcome, OSError | BrokenFrame):
                raise outcome
        _log.warning("the recorder went away; records wait", pending=self._pending)

    async def _send(self, writer: asyncio.StreamWriter) -> None:
        while True:
            await self._something_to_do.wait()
            self._something_to_do.clear()
            if self._statistics is not None:
                writer.write(frame(Statistics(self._statistics)))
                self._statistics = None
                self._note_if_drained()
            while self._acknowledged:
                writer.write(frame(Acknowledged((self._acknowledged.popleft(),))))
                await writer.drain()
            while self._counted:
                writer.write(frame(self._counted.popleft()))
                await writer.drain()
            self._note_if_drained()
            while self._sightings:
                writer.write(frame(Sightings((self._sightings.popleft(),))))
                await writer.drain()
            while self._waiting and len(self._in_flight) < self._limits.batches_in_flight:
                writer.write(frame(self._next_batch()))
                await writer.drain()
                await asyncio.sleep(self._limits.gather_seconds)

    async def _receive(self, reader: asyncio.StreamReader) -> None:
        while (ack := await read_ack(reader)) is not None:
            self._pause = self._limits.first_pause_seconds  # only a recorder that acknowledges is well
            done = self._in_flight.pop(ack.number, [])
            self._pending -= len(done)
            self._pending_bytes -= sum(map(len, done))
            self._something_to_do.set()
            self._note_if_drained()

    def _note_if_drained(self) -> None:
        """Figures are worth waiting for only while there is somebody to send them to."""
        if self._pending == 0 and not (self.connected and (self._statistics is not None or self._counted)):
            self._drained.set()

    def _next_batch(self) -> Batch:
        chosen: list[bytes] = []
        size = 0
        while self._waiting and len(chosen) < self._limits.batch_records:
            size += len(self._waiting[0])
            if chosen and size > self._limits.batch_bytes:
                break
            chosen.append(self._waiting.popleft())
        self._next_number += 1
        self._in_flight[self._next_number] = chosen
        return Batch(number=self._next_number, records=tuple(msgspec.Raw(encoded) for encoded in chosen))

    def _take_back(self) -> None:
        """What was sent and not acknowledged is sent again, in its old order."""
        for number in sorted(self._in_flight, reverse=True):
            self._waiting.extendleft(reversed(self._in_flight.pop(number)))
