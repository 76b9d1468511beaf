"""The recorder's end: a Unix stream socket that workers send records to.

Separate from the pipe because it lives in the recorder process, beside the one writer. Laws: a batch is acknowledged only
after it is committed; while the store is unavailable nothing more is read, so that records wait in the workers' bounded
buffers; one record that cannot be decoded does not stop the others.
"""

import asyncio
import os
import socket
import stat
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Protocol

import structlog
from structlog.typing import FilteringBoundLogger

from lockgate.facts.acknowledgement import Acknowledgement
from lockgate.facts.mcp import McpSighting
from lockgate.facts.problem import Problem, UsageError
from lockgate.facts.record import Record
from lockgate.store.record_store import StoreUnavailable
from lockgate.store.wire import (
    Ack,
    Acknowledged,
    Batch,
    BrokenFrame,
    Counted,
    Hello,
    Reset,
    Revoke,
    Sightings,
    Statistics,
    WorkerStats,
    decode_record,
    frame,
    read_from_worker,
)
from lockgate.store.writer import RecordWriter

_log: FilteringBoundLogger = structlog.get_logger("lockgate.store.collector")
_SOCKET_PATH_BYTES = 107  # sun_path of unix(7), less its final zero
_BATCHES_IN_FLIGHT = 64  # over all workers; bounds what waits in the writer's queue


def _nobody(_: object) -> None:
    """Nobody wants to know."""


class UsageKeeping(Protocol):
    """Who keeps what workers count."""

    def keep(self, counted: Counted) -> None:
        """Take counts on their way. Never blocks."""
        ...

    async def reset(self, reset: Reset) -> None:
        """Let somebody's counters begin anew. Raises ConnectionError when that is not possible now."""
        ...


class _NotCounting:
    def keep(self, counted: Counted) -> None:
        """Nobody wants it."""

    async def reset(self, reset: Reset) -> None:
        """There is nothing to reset."""


class Collector:
    """Accepts workers and feeds the writer.

    Called on the event loop: `on_stats` with every report of a worker, `on_sightings` with what it saw of MCP servers,
    `on_acknowledged` with what people acknowledged, `on_revoked` with the ids of what an operator ends (it gives how many
    stood), `on_gone` with the number of a worker whose connection ended.
    """

    def __init__(  # noqa: PLR0913 - one parameter per kind of news
        self,
        socket_path: Path,
        writer: RecordWriter,
        *,
        on_stats: Callable[[WorkerStats], None] = _nobody,
        on_gone: Callable[[int], None] = _nobody,
        on_sightings: Callable[[tuple[McpSighting, ...]], None] = _nobody,
        on_acknowledged: Callable[[tuple[Acknowledgement, ...]], None] = _nobody,
        on_revoked: Callable[[tuple[str, ...]], Awaitable[int]] | None = None,
    ) -> None:
        self._socket_path = socket_path
        self._writer = writer
        self._on_stats = on_stats
        self._on_gone = on_gone
        self._on_sightings = on_sightings
        self._usage: UsageKeeping = _NotCounting()
        self._on_acknowledged = on_acknowledged
        self._on_revoked = on_revoked
        self._slots = asyncio.Semaphore(_BATCHES_IN_FLIGHT)
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._workers: dict[int, WorkerStats] = {}
        self._undecodable = 0

    @property
    def workers(self) -> Mapping[int, WorkerStats]:
        """The latest figures of each connected worker, by worker number."""
        return self._workers

    @property
    def undecodable(self) -> int:
        """Records that arrived and could not be read; they are acknowledged, because sending them again would not help."""
        return self._undecodable

    def count_with(self, usage: UsageKeeping) -> None:
        """From now on, what workers count goes to `usage`, and whoever asks for a reset is told when that is done."""
        self._usage = usage

    async def start(self) -> None:
        """Listen (mode 0600). Raises UsageError when the socket cannot be made."""
        listener = _listener(self._socket_path)
        self._server = await asyncio.start_unix_server(self._serve, sock=listener)

    async def close(self) -> None:
        """Stop listening, let go of the workers: what is queued is the writer's to flush, the rest waits in their buffers."""
        if self._server is None:
            return
        self._server.close()
        for connection in tuple(self._connections):
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None
        self._socket_path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.current_task()
        if connection is None:  # asyncio always calls this in a task
            return
        self._connections.add(connection)
        hello: Hello | None = None
        try:
            match await read_from_worker(reader):
                case Hello() as hello:
                    self._workers[hello.worker] = WorkerStats(worker=hello.worker, pid=hello.pid)
                    await self._listen(reader, writer)
                case Reset() as reset:
                    await self._usage.reset(reset)
                    writer.write(frame(Ack(0)))
                    await writer.drain()
                case Revoke(ids=ids) if self._on_revoked is not None:
                    writer.write(frame(Ack(await self._on_revoked(ids))))
                    await writer.drain()
                case _:
                    _log.warning("a connection that did not introduce itself was closed")
        except BrokenFrame as error:
            _log.error("a connection was closed: it does not speak the recorder's protocol", why=str(error), hello=str(hello))
        except StoreUnavailable as error:
            _log.warning("nothing was revoked: the store is not available", why=str(error))
        except ConnectionError:
            pass  # the worker went away; what it was not told is committed it will send again
        except asyncio.CancelledError:
            pass  # only `close` cancels a connection
        finally:
            self._connections.discard(connection)
            if hello is not None:
                self._forget(hello)
            writer.close()

    def _forget(self, hello: Hello) -> None:
        """A worker is gone, unless its replacement, which has the same number, is there already."""
        known = self._workers.get(hello.worker)
        if known is not None and known.pid == hello.pid:
            del self._workers[hello.worker]
            self._on_gone(hello.worker)

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        unconfirmed: asyncio.Queue[tuple[int, asyncio.Future[None]]] = asyncio.Queue()
        acknowledging = asyncio.create_task(self._acknowledge(unconfirmed, writer))
        try:
            while (message := await read_from_worker(reader)) is not None:
                match message:
                    case Statistics(stats=stats):
                        self._workers[stats.worker] = stats
                        self._on_stats(stats)
                    case Sightings(sightings=sightings):
                        self._on_sightings(sightings)
                    case Counted():
                        self._usage.keep(message)
                    case Acknowledged(given=given):
                        self._on_acknowledged(given)
                    case Batch():
                        await self._slots.acquire()
                        committed = self._submit(message)
                        if committed is None:
                            return  # no room: without an acknowledgement the worker keeps the records and comes again
                        unconfirmed.put_nowait((message.number, committed))
                    case Hello() | Reset() | Revoke():
                        raise BrokenFrame("a second greeting")
        finally:
            acknowledging.cancel()
            await asyncio.gather(acknowledging, return_exceptions=True)

    def _submit(self, batch: Batch) -> asyncio.Future[None] | None:
        """Queue a batch; its slot is free again when the writer is done with it, whatever becomes of the connection."""
        accepted: Future[None] | None = self._writer.offer(self._decoded(batch))
        if accepted is None:
            self._slots.release()
            return None
        committed = asyncio.wrap_future(accepted)
        committed.add_done_callback(lambda _: self._slots.release())
        return committed

    def _decoded(self, batch: Batch) -> list[Record]:
        records: list[Record] = []
        for raw in batch.records:
            try:
                records.append(decode_record(raw))
            except BrokenFrame as error:
                self._undecodable += 1
                _log.error("a record could not be decoded", why=str(error))
        return records

    async def _acknowledge(
        self, unconfirmed: asyncio.Queue[tuple[int, asyncio.Future[None]]], writer: asyncio.StreamWriter
    ) -> None:
        while True:
            number, committed = await unconfirmed.get()
            await asyncio.shield(committed)
            writer.write(frame(Ack(number)))
            await writer.drain()


def _listener(path: Path) -> socket.socket:
    """A bound socket that only this user may connect to. A socket left over by a killed recorder is replaced."""
    if len(os.fsencode(path)) > _SOCKET_PATH_BYTES:
        raise UsageError(
            Problem(
                problem=f"the path of the recorder's socket is too long: {path}", help="use a state folder with a shorter path"
            )
        )
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if path.exists() and stat.S_ISSOCK(path.stat().st_mode):
            path.unlink()
        listener.bind(str(path))
        path.chmod(0o600)  # before listen(): nobody can have connected yet
    except OSError as error:
        listener.close()
        raise UsageError(Problem(problem=f"cannot make the recorder's socket {path}: {error.strerror}")) from None
    return listener
