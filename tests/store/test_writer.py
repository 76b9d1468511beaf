"""The one writer: few commits, honest futures, counted losses."""

from threading import Event

import pytest

from lockgate.store.memory import MemoryStore
from lockgate.store.record_store import StoreUnavailable
from lockgate.store.writer import RecordWriter, WriterLimits

QUICK = WriterLimits(gather_seconds=0.001, retry_seconds=0.001)


class Recording(MemoryStore):
    """A store whose commits can be watched, held back and made to fail."""

    def __init__(self):
        super().__init__()
        self.commits = []
        self.attempted = Event()
        self.may_commit = Event()
        self.may_commit.set()
        self.failures = []

    def append(self, records):
        self.attempted.set()
        assert self.may_commit.wait(10)
        if self.failures:
            raise self.failures.pop(0)
        self.commits.append(len(records))
        return super().append(records)


@pytest.fixture
def store():
    return Recording()


def test_a_future_is_done_only_after_the_commit(store, record):
    store.may_commit.clear()
    writer = RecordWriter(store, limits=QUICK)
    done = writer.offer([record("a")])
    assert store.attempted.wait(10)
    assert not done.done()
    store.may_commit.set()
    done.result(10)
    assert store.get("a") == record("a")
    writer.close()


def test_what_arrives_during_a_commit_goes_into_one_next_commit(store, record):
    store.may_commit.clear()
    writer = RecordWriter(store, limits=QUICK)
    writer.offer([record("first")])
    assert store.attempted.wait(10)
    futures = [writer.offer([record(str(n))]) for n in range(300)]
    store.may_commit.set()
    for future in futures:
        future.result(10)
    assert store.commits == [1, 300]
    writer.close()


def test_no_commit_is_larger_than_the_limit_unless_one_submission_is(store, record):
    store.may_commit.clear()
    writer = RecordWriter(store, limits=WriterLimits(rows_per_commit=10, gather_seconds=0.001))
    writer.offer([record("first")])
    assert store.attempted.wait(10)
    for n in range(8):
        writer.offer([record(f"{n}-{i}") for i in range(4)])
    writer.offer([record(f"large-{i}") for i in range(25)])
    store.may_commit.set()
    writer.close()
    assert store.commits == [1, 8, 8, 8, 8, 25]


def test_closing_stores_what_waits(store, record):
    writer = RecordWriter(store, limits=WriterLimits(gather_seconds=60))
    writer.offer([record("a")])
    writer.close()
    assert store.count() == 1
    assert writer.stats.pending == 0


def test_a_store_that_comes_back_gets_everything(store, record):
    store.failures = [StoreUnavailable("disk is full")] * 3
    writer = RecordWriter(store, limits=QUICK)
    writer.offer([record("a")]).result(10)
    assert store.count() == 1
    assert writer.stats.unavailable == ""
    assert writer.stats.lost == 0
    writer.close()


def test_a_store_that_stays_away_is_in_the_stats_and_what_it_missed_is_counted(record):
    class Gone(MemoryStore):
        attempted = Event()

        def append(self, records):
            try:
                raise StoreUnavailable("database or disk is full")
            finally:
                if len(records):
                    self.attempted.set()

    store = Gone()
    writer = RecordWriter(store, limits=QUICK)
    future = writer.offer([record("a"), record("b")])
    assert store.attempted.wait(10)
    writer.close(deadline_seconds=0.01)
    with pytest.raises(StoreUnavailable, match="full"):
        future.result(10)
    assert writer.stats.unavailable == "database or disk is full"
    assert (writer.stats.lost, writer.stats.pending, writer.stats.stored) == (2, 0, 0)


def test_a_full_queue_refuses_and_counts_and_never_blocks(store, record):
    store.may_commit.clear()
    writer = RecordWriter(store, limits=WriterLimits(waiting_records=3, gather_seconds=0.001))
    assert writer.offer([record("a"), record("b")])
    assert writer.offer([record("c"), record("d")]) is None
    assert writer.offer([record("e")])
    assert writer.stats.lost == 2
    store.may_commit.set()
    writer.close()
    assert {row.record.id for row in store.tail(0)} == {"a", "b", "e"}


def test_after_closing_nothing_is_taken(store, record):
    writer = RecordWriter(store, limits=QUICK)
    writer.close()
    assert writer.offer([record("a")]) is None
    assert writer.stats.lost == 1


def test_one_record_that_cannot_be_stored_does_not_take_others_with_it(record):
    class Picky(MemoryStore):
        def append(self, records):
            if any(entry.id == "bad" for entry in records):
                raise ValueError("cannot store this")
            return super().append(records)

    store = Picky()
    writer = RecordWriter(store, limits=QUICK)
    writer.offer([record("a"), record("bad"), record("b")]).result(10)
    assert {row.record.id for row in store.tail(0)} == {"a", "b"}
    assert (writer.stats.refused, writer.stats.stored) == (1, 2)
    writer.close()


def test_sinks_hear_of_each_record_once_and_cannot_stop_the_writer(store, record):
    heard = []

    def sink(records):
        heard.extend(entry.id for entry in records)
        raise RuntimeError("the sink is broken")

    writer = RecordWriter(store, on_stored=sink, limits=QUICK)
    writer.offer([record("a"), record("b")]).result(10)
    writer.offer([record("b"), record("c")]).result(10)
    writer.close()
    assert heard == ["a", "b", "c"]
    assert (writer.stats.sink_failures, writer.stats.repeated, writer.stats.stored) == (2, 1, 3)


def test_every_record_offered_is_in_exactly_one_counter(store, record):
    store.failures = [StoreUnavailable("busy"), ValueError("odd")]
    writer = RecordWriter(store, limits=WriterLimits(waiting_records=50, gather_seconds=0.001, retry_seconds=0.001))
    offered = 0
    for n in range(40):
        batch = [record(f"{n % 30}-{i}") for i in range(3)]
        offered += len(batch)
        writer.offer(batch)
    writer.close()
    stats = writer.stats
    assert stats.stored + stats.repeated + stats.refused + stats.lost == offered
    assert stats.stored == store.count()
