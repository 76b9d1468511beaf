"""From a worker's pipe to the store: what is seen of MCP servers arrives, never holds up a record, and may be lost."""

import asyncio

from lockgate.facts.mcp import McpSeen, McpSighting, McpTool
from lockgate.store.collector import Collector
from lockgate.store.memory import MemoryStore
from lockgate.store.pipe import PipeLimits, RecordPipe
from lockgate.store.record_store import StoreUnavailable
from lockgate.store.sightings import SightingKeeper
from lockgate.store.writer import RecordWriter, WriterLimits

SEEN = McpSeen(name="pages", tools=(McpTool(name="a", digest="0" * 32, definition="{}"),), complete=True)


def sighting(number=1):
    return McpSighting(server=f"s{number}.example/mcp", at=float(number), seen=SEEN)


async def test_what_a_worker_sees_arrives_as_it_was(tmp_path, record):
    arrived = asyncio.Queue()
    writer = RecordWriter(MemoryStore(), limits=WriterLimits(gather_seconds=0.001))
    collector = Collector(tmp_path / "r.sock", writer, on_sightings=arrived.put_nowait)
    await collector.start()
    pipe = RecordPipe(tmp_path / "r.sock", worker=1, limits=PipeLimits(first_pause_seconds=0.005))
    pipe.sight(sighting(1))
    pipe.start()
    pipe.put(record("a"))
    pipe.sight(sighting(2))
    assert [await arrived.get(), await arrived.get()] == [(sighting(1),), (sighting(2),)]
    await pipe.close()
    await collector.close()
    await asyncio.to_thread(writer.close)


async def test_without_a_recorder_the_latest_are_kept_and_closing_does_not_wait_for_them(tmp_path):
    pipe = RecordPipe(tmp_path / "r.sock", worker=1)
    pipe.start()
    for number in range(1000):
        pipe.sight(sighting(number))
    await asyncio.wait_for(pipe.close(), 1)
    assert (pipe.pending, pipe.lost) == (0, 0)


class Kept:
    def __init__(self, fails=()):
        self.kept, self.fails, self.tries = [], list(fails), 0

    def note_sightings(self, sightings):
        self.tries += 1
        if self.fails:
            raise self.fails.pop()
        self.kept += sightings


async def test_the_keeper_writes_what_waits_before_it_closes():
    store = Kept()
    keeper = SightingKeeper(store)
    keeper.keep([sighting(number) for number in range(500)])
    await keeper.close()
    assert store.kept == [sighting(number) for number in range(500)]


async def test_a_store_that_fails_loses_what_it_was_given_and_no_more():
    store = Kept(fails=[StoreUnavailable("the disk is full"), ValueError("odd")])
    keeper = SightingKeeper(store)
    for number in range(3):
        keeper.keep([sighting(number)])
        await asyncio.wait_for(keeper._waiting.join(), 5)
    await keeper.close()
    assert (store.kept, store.tries) == ([sighting(2)], 3)


async def test_what_finds_no_room_is_counted():
    keeper = SightingKeeper(Kept())
    keeper.keep([sighting(number) for number in range(2100)])
    assert keeper.dropped == 100
    await keeper.close()
