"""Counts in the database: the order and number of arrivals do not matter, what is old goes, who met which app stays."""

import asyncio
import itertools

import pytest

from lockgate.facts.decision import Verdict
from lockgate.facts.usage import CounterKey, UsageCell
from lockgate.store import usage_tables
from lockgate.store.collector import Collector
from lockgate.store.memory import MemoryStore
from lockgate.store.pipe import PipeLimits, RecordPipe
from lockgate.store.record_store import StoreUnavailable
from lockgate.store.retention import prune
from lockgate.store.sqlite import SqliteStore
from lockgate.store.usage_keeper import UsageKeeper
from lockgate.store.wire import Counted, Reset
from lockgate.store.writer import RecordWriter

KEY = CounterKey("limit:a", "user:alice", "prompts", 60)


def cell(bucket=100, amount=1, subject="user:alice", epoch=0):
    return UsageCell(scope="limit:a", subject=subject, measure="prompts", width=60, epoch=epoch, bucket=bucket, amount=amount)


@pytest.fixture
def store(tmp_path):
    opened = SqliteStore.for_writing(tmp_path / "records.db")
    yield opened
    opened.close()


def amounts(store, now=6000.0):
    return sorted((each.subject, each.bucket, each.amount) for each in store.usage(now=now).others)


def test_cells_may_arrive_in_any_order_and_again(tmp_path):
    told = [("s1", cell(amount=1)), ("s1", cell(amount=3)), ("s2", cell(amount=2)), ("s1", cell(bucket=101))]
    outcomes = set()
    for number, order in enumerate(itertools.permutations(told)):
        store = SqliteStore.for_writing(tmp_path / f"{number}.db")
        for source, each in [*order, order[0]]:
            store.note_usage(source, [each])
        outcomes.add(tuple(amounts(store)))
        store.close()
    assert outcomes == {(("user:alice", 100, 5), ("user:alice", 101, 1))}


def test_a_reader_gets_whole_counters_that_changed_without_its_own_share(store):
    store.note_usage("s1", [cell(100, 1), cell(101, 2)])
    store.note_usage("me", [cell(100, 10)])
    first = store.usage_news(source="me", since=-1, now=6000, with_met=False)
    assert [(each.bucket, each.amount) for each in first.others] == [(100, 1), (101, 2)]
    assert [(each.bucket, each.amount) for each in first.own] == [(100, 10)]
    assert store.usage_news(source="me", since=first.change, now=6000, with_met=False) == usage_tables.UsageNews(
        change=first.change
    )
    store.note_usage("s2", [cell(101, 5), cell(7, subject="user:bob", amount=1)])
    store.note_usage("s2", [cell(101, 4)])
    later = store.usage_news(source="me", since=first.change, now=6000, with_met=False)
    assert [(each.subject, each.bucket, each.amount) for each in later.others] == [
        ("user:alice", 100, 1), ("user:alice", 101, 7), ("user:bob", 7, 1),
    ]  # fmt: skip


def test_what_no_window_reaches_is_removed_and_of_too_many_the_first_to_go(store, monkeypatch):
    store.note_usage("s", [cell(bucket) for bucket in range(100, 110)])
    assert len(amounts(store, now=0)) == 10
    prune(store, now=100 * 60 + 7200 + 60, older_than_days=None)
    assert [bucket for _, bucket, _ in amounts(store, now=0)] == list(range(101, 110))
    monkeypatch.setattr(usage_tables, "MOST_CELLS", 3)
    prune(store, now=0.0, older_than_days=None)
    assert [bucket for _, bucket, _ in amounts(store, now=0)] == [107, 108, 109]


def met(store):
    return sorted(store.usage_news(source="me", since=-1, now=0, with_met=True).met)


def test_who_used_which_app_comes_from_the_records_and_goes_when_nothing_is_done_with_it(store, record):
    used = {"app": "chatgpt", "operation": "send_prompt"}
    store.append([
        record("1", user="alice", started_at=1000.0, **used),
        record("2", user="alice", started_at=500.0, **used),
        record("3", user="", client_address="10.0.0.9", started_at=1000.0, **used),
        record("4", user="bob", started_at=1000.0, app="chatgpt", operation="browse"),
        record("5", user="bob", started_at=1000.0, verdict=Verdict.BLOCK, **used),
        record("6", user="alice", started_at=90_000_000.0, **used),
    ])  # fmt: skip
    assert met(store) == [("address:10.0.0.9", "chatgpt", 1000.0), ("user:alice", "chatgpt", 500.0)]
    prune(store, now=90_000_000.0, older_than_days=1)
    assert met(store) == [("user:alice", "chatgpt", 500.0)]


def test_an_older_database_tells_who_used_which_app_by_its_records(tmp_path, record):
    store = SqliteStore.for_writing(tmp_path / "records.db")
    store.append([record("1", user="alice", app="chatgpt", operation="upload", started_at=700.0)])
    for table in ("usage", "usage_met", "usage_resets", "usage_change"):
        store._database.execute(f"DROP TABLE {table}")
    store._database.execute("DELETE FROM schema_steps WHERE name = 'create_usage'")
    store.close()
    store = SqliteStore.for_writing(tmp_path / "records.db")
    assert met(store) == [("user:alice", "chatgpt", 700.0)]
    store.close()


async def test_counts_travel_from_a_worker_to_the_store_and_a_worker_that_ends_sends_its_last(tmp_path, store, record):
    keeper = UsageKeeper(store, gather_seconds=0.001)
    writer = RecordWriter(MemoryStore())
    collector = Collector(tmp_path / "r.sock", writer)
    collector.count_with(keeper)
    await collector.start()
    pipe = RecordPipe(tmp_path / "r.sock", worker=1, limits=PipeLimits(first_pause_seconds=0.005))
    pipe.start()
    pipe.count("s1", (cell(amount=1),))
    pipe.put(record("a"))
    await pipe.wait_until_drained()
    pipe.count("s1", (cell(amount=6),))
    await pipe.close()
    await _connection_read(collector)
    await collector.close()
    await keeper.close()
    await asyncio.to_thread(writer.close)
    assert amounts(store) == [("user:alice", 100, 6)]


async def _connection_read(collector):
    """Until the worker that is gone has been read to its end."""
    while collector.workers:  # noqa: ASYNC110 - nobody tells when it has been read
        await asyncio.sleep(0)


class Failing:
    def __init__(self, fails):
        self.fails, self.kept = fails, []

    def note_usage(self, source, cells):
        if self.fails:
            raise self.fails.pop()
        self.kept += [(source, each) for each in cells]

    def reset_usage(self, _subject, _epoch):
        raise StoreUnavailable("the disk is full")


async def test_a_store_that_fails_stops_nothing():
    store = Failing([StoreUnavailable("the disk is full"), ValueError("odd")])
    keeper = UsageKeeper(store, gather_seconds=0)
    for bucket in range(3):
        keeper.keep(Counted("s1", (cell(bucket),)))
        await keeper._write()
    assert store.kept == [("s1", cell(2))]
    with pytest.raises(ConnectionError):
        await keeper.reset(Reset("user:alice", 1))
    await keeper.close()
