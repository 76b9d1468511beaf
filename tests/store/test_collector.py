"""From workers to the store over a real socket."""

import asyncio
import socket
import stat
import sys
from pathlib import Path
from threading import Event

import pytest

from lockgate.facts.problem import UsageError
from lockgate.store.collector import Collector
from lockgate.store.memory import MemoryStore
from lockgate.store.pipe import PipeLimits, RecordPipe
from lockgate.store.record_store import StoreUnavailable
from lockgate.store.sqlite import SqliteStore
from lockgate.store.wire import Ack, Batch, Hello, WorkerStats, frame, read_ack
from lockgate.store.writer import RecordWriter, WriterLimits

QUICK = WriterLimits(gather_seconds=0.001, retry_seconds=0.01)
IMPATIENT = PipeLimits(first_pause_seconds=0.005, longest_pause_seconds=0.02)
PROCESS = Path(__file__).with_name("recorder_process.py")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "r.sock"


class Recorder:
    """Writer and collector over a store, as the recorder process has them."""

    def __init__(self, path, store):
        self.store = store
        self.writer = RecordWriter(store, limits=QUICK)
        self.reports = asyncio.Queue()
        self.collector = Collector(path, self.writer, on_stats=self.reports.put_nowait)

    async def __aenter__(self):
        await self.collector.start()
        return self

    async def __aexit__(self, *_):
        await self.collector.close()
        await asyncio.to_thread(self.writer.close, deadline_seconds=0.1)


def ids(store):
    return [row.record.id for row in store.tail(0, limit=100_000)]


async def test_what_workers_put_arrives_once_and_in_order(path, record):
    async with Recorder(path, MemoryStore()) as recorder:
        pipes = [RecordPipe(path, worker=n, limits=IMPATIENT) for n in range(3)]
        for pipe in pipes:
            pipe.start()
        for number in range(700):
            for n, pipe in enumerate(pipes):
                pipe.put(record(f"{n}-{number:03}", worker=n))
        for pipe in pipes:
            await pipe.close()
            assert (pipe.pending, pipe.lost) == (0, 0)
    stored = ids(recorder.store)
    for n in range(3):
        assert [name for name in stored if name.startswith(f"{n}-")] == [f"{n}-{number:03}" for number in range(700)]


async def test_records_put_before_the_recorder_is_there_are_kept(path, record):
    pipe = RecordPipe(path, worker=1, limits=IMPATIENT)
    pipe.put(record("early"))
    pipe.start()
    assert not pipe.connected
    async with Recorder(path, MemoryStore()) as recorder:
        await pipe.wait_until_drained()
        assert pipe.connected
        assert ids(recorder.store) == ["early"]
        await pipe.close()


async def test_the_buffer_is_bounded_and_what_it_cannot_take_is_counted(path, record):
    pipe = RecordPipe(path, worker=1, limits=PipeLimits(waiting_records=3))
    for number in range(5):
        pipe.put(record(str(number)))
    assert (pipe.pending, pipe.lost) == (3, 2)
    by_size = RecordPipe(path, worker=1, limits=PipeLimits(waiting_bytes=7000))
    by_size.put(record("a", error="x" * 4000))
    by_size.put(record("b", error="x" * 4000))
    assert (by_size.pending, by_size.lost) == (1, 1)


async def test_what_cannot_travel_is_counted_and_never_raises(path, record):
    pipe = RecordPipe(path, worker=1)
    pipe.put(record("odd", tags=(object(),)))
    pipe.put(record("large", error="x" * (33 * 1024 * 1024)))
    assert (pipe.pending, pipe.lost) == (0, 2)


async def test_closing_without_a_recorder_ends_at_the_deadline_and_counts_the_loss(path, record):
    pipe = RecordPipe(path, worker=1, limits=IMPATIENT)
    pipe.start()
    pipe.put(record("a"))
    await pipe.close(deadline_seconds=0.01)
    pipe.put(record("late"))
    assert (pipe.pending, pipe.lost) == (0, 2)


async def test_a_recorder_that_restarts_gets_what_it_had_not_acknowledged(path, record):
    pipe = RecordPipe(path, worker=1, limits=IMPATIENT)
    pipe.start()
    store = MemoryStore()
    async with Recorder(path, store):
        pipe.put(record("a"))
        await pipe.wait_until_drained()
    pipe.put(record("b"))
    async with Recorder(path, store):
        await pipe.close()
    assert ids(store) == ["a", "b"]
    assert pipe.lost == 0


async def test_nothing_is_acknowledged_while_the_store_is_unavailable(path, record):
    class Full(MemoryStore):
        is_full = True
        refused = Event()

        def append(self, records):
            if self.is_full:
                self.refused.set()
                raise StoreUnavailable("database or disk is full")
            return super().append(records)

    store = Full()
    async with Recorder(path, store) as recorder:
        pipe = RecordPipe(path, worker=1, limits=IMPATIENT)
        pipe.start()
        pipe.put(record("a"))
        assert await asyncio.to_thread(store.refused.wait, 10)
        assert pipe.pending == 1
        store.is_full = False
        await pipe.wait_until_drained()
        assert ids(store) == ["a"]
        assert recorder.writer.stats.unavailable == ""
        await pipe.close()


async def test_a_worker_that_dies_leaves_no_trace_and_frees_its_place(path, record):
    async with Recorder(path, MemoryStore()) as recorder:
        for _ in range(100):  # more often than there are places for batches in flight
            _, writer = await asyncio.open_unix_connection(path)
            writer.write(frame(Hello(worker=1, pid=1)) + frame(Batch(number=1, records=())))
            await writer.drain()
            writer.close()
        pipe = RecordPipe(path, worker=2, limits=IMPATIENT)
        pipe.start()
        pipe.put(record("a"))
        await pipe.close()
        assert pipe.lost == 0
        assert ids(recorder.store) == ["a"]


async def test_the_latest_figures_of_a_worker_arrive(path):
    async with Recorder(path, MemoryStore()) as recorder:
        pipe = RecordPipe(path, worker=4, limits=IMPATIENT)
        pipe.report(WorkerStats(worker=4, pid=1, exchanges_opened=1))
        pipe.report(WorkerStats(worker=4, pid=1, exchanges_opened=2))
        pipe.start()
        assert await recorder.reports.get() == WorkerStats(worker=4, pid=1, exchanges_opened=2)
        assert recorder.collector.workers[4].exchanges_opened == 2
        await pipe.close()


async def test_the_last_figures_arrive_although_the_pipe_is_closed_at_once(path):
    async with Recorder(path, MemoryStore()) as recorder:
        pipe = RecordPipe(path, worker=4, limits=IMPATIENT)
        pipe.report(WorkerStats(worker=4, pid=1, exchanges_opened=1))
        pipe.start()
        await recorder.reports.get()
        pipe.report(WorkerStats(worker=4, pid=1, exchanges_opened=2))
        await pipe.close()
        assert (await recorder.reports.get()).exchanges_opened == 2


async def test_a_worker_that_leaves_is_announced_unless_its_replacement_is_there(path):
    gone = asyncio.Queue()
    writer = RecordWriter(MemoryStore(), limits=QUICK)
    collector = Collector(path, writer, on_gone=gone.put_nowait)
    await collector.start()
    connections = []
    for number, pid in ((1, 10), (1, 11), (2, 20)):
        reader, stream = await asyncio.open_unix_connection(path)
        stream.write(frame(Hello(worker=number, pid=pid)) + frame(Batch(number=1, records=())))
        assert await read_ack(reader) == Ack(1)
        connections.append(stream)
    connections[0].close()
    connections[2].close()
    assert await gone.get() == 2
    assert set(collector.workers) == {1}
    assert collector.workers[1].pid == 11
    connections[1].close()
    assert await gone.get() == 1
    await collector.close()
    writer.close()


async def converse(path, data):
    """Send `data` and return what comes back until the end."""
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(data)
    answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.parametrize(
    "nonsense",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x00\x00\x00\x01\xc1",
        frame(Ack(1)),
        frame(Batch(number=1, records=())),
        frame(Hello(1, 1)) * 2,
    ],
)
async def test_who_does_not_speak_the_protocol_is_sent_away_and_others_are_served(path, record, nonsense):
    async with Recorder(path, MemoryStore()) as recorder:
        assert await converse(path, nonsense) == b""
        pipe = RecordPipe(path, worker=1, limits=IMPATIENT)
        pipe.start()
        pipe.put(record("a"))
        await pipe.close()
        assert ids(recorder.store) == ["a"]


async def test_a_record_that_cannot_be_read_is_counted_and_the_others_stored(path, record):
    import msgspec

    from lockgate.store.wire import encode_record

    async with Recorder(path, MemoryStore()) as recorder:
        reader, writer = await asyncio.open_unix_connection(path)
        bad = msgspec.msgpack.encode({"id": "no record"})
        batch = Batch(number=9, records=(msgspec.Raw(bad), msgspec.Raw(encode_record(record("good")))))
        writer.write(frame(Hello(worker=1, pid=1)) + frame(batch))
        assert await read_ack(reader) == Ack(9)
        assert recorder.collector.undecodable == 1
        assert ids(recorder.store) == ["good"]
        writer.close()


async def test_the_socket_is_for_the_owner_only_and_is_gone_afterwards(path):
    async with Recorder(path, MemoryStore()):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.exists()


async def test_a_socket_left_behind_is_replaced_but_a_file_is_not(path):
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(path))
    async with Recorder(path, MemoryStore()):
        pass
    path.write_text("mine")
    writer = RecordWriter(MemoryStore())
    with pytest.raises(UsageError, match="cannot make the recorder's socket"):
        await Collector(path, writer).start()
    writer.close()
    assert path.read_text() == "mine"


async def test_a_path_that_no_socket_can_have_is_refused_with_a_next_step(tmp_path):
    writer = RecordWriter(MemoryStore())
    with pytest.raises(UsageError, match="shorter path"):
        await Collector(tmp_path / ("x" * 120), writer).start()
    writer.close()


async def spawn(path, database, moment, due):
    return await asyncio.create_subprocess_exec(sys.executable, str(PROCESS), str(path), str(database), moment, str(due))


@pytest.mark.parametrize("moment", ["before-commit", "after-commit"])
async def test_a_recorder_killed_in_mid_stream_loses_nothing_and_doubles_nothing(tmp_path, path, record, moment):
    """SIGKILL on either side of a commit: what was acknowledged is there, the rest is sent again, ids stay unique."""
    database = tmp_path / "records.db"
    first = await spawn(path, database, moment, due=1500)
    pipe = RecordPipe(path, worker=1, limits=IMPATIENT)
    pipe.start()
    sent = [f"{number:05}" for number in range(4000)]
    for name in sent[:3000]:
        pipe.put(record(name))
    assert await first.wait() == -9
    acknowledged = sent[: 3000 - pipe.pending]

    survived = SqliteStore.for_reading(database)
    on_disk = ids(survived)
    survived.close()
    assert set(acknowledged) <= set(on_disk)
    assert on_disk == sent[: len(on_disk)]
    assert len(on_disk) < 3000

    for name in sent[3000:]:
        pipe.put(record(name))
    second = await spawn(path, database, "never", due=0)
    await pipe.close(deadline_seconds=60)
    assert (pipe.pending, pipe.lost) == (0, 0)
    second.terminate()
    assert await second.wait() == 0

    after = SqliteStore.for_reading(database)
    assert ids(after) == sent
    after.close()
