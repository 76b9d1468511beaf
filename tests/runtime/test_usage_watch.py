"""Workers that share a store: each knows at once what it counted, soon what the others did, and loses nothing on the way."""

import pytest

from lockgate.facts.record import Record
from lockgate.facts.usage import Count, CounterKey
from lockgate.home.home import Home
from lockgate.runtime.usage_watch import UsageWatch, stored_usage
from lockgate.store.sqlite import SqliteStore

KEY = CounterKey("limit:a", "user:alice", "prompts", 60)
START = 1_800_000_000.0


@pytest.fixture
def store(tmp_path):
    (tmp_path / "state").mkdir()
    opened = SqliteStore.for_writing(Home(tmp_path).records_db)
    yield opened
    opened.close()


class Recorder:
    """Takes what workers tell, while it lives."""

    def __init__(self, store):
        self.store, self.lives, self.heard = store, True, 0

    def __call__(self, source, cells):
        self.heard += len(cells)
        if self.lives:
            self.store.note_usage(source, cells)


@pytest.fixture
def recorder(store):
    return Recorder(store)


@pytest.fixture
def clock():
    return [START]


@pytest.fixture
def worker(tmp_path, recorder, clock):
    made = []

    def start():
        made.append(UsageWatch(Home(tmp_path).records_db, recorder, clock=lambda: clock[0]))
        return made[-1]

    yield start
    for each in made:
        each.close()


def one(amount=1, **more):
    return [Count(key=KEY, amount=amount, **more)]


async def test_a_worker_knows_at_once_what_it_counted_and_after_a_look_what_others_did(worker):
    a, b = worker(), worker()
    a.add(one(2))
    b.add(one(3))
    assert (a.seen().used(KEY, 3600), b.seen().used(KEY, 3600)) == (2, 3)
    for each in (a, b):
        each.tell()
    for each in (a, b, a, b):
        await each.look()
    assert (a.seen().used(KEY, 3600), b.seen().used(KEY, 3600)) == (5, 5)
    a.add(one())
    a.tell()
    await b.look()
    assert b.seen().used(KEY, 3600) == 6


async def test_a_worker_that_starts_again_knows_what_it_counted_before(worker):
    before = worker()
    before.add(one(7))
    before.tell()
    after = worker()
    await after.look()
    after.add(one())
    after.tell()
    third = worker()
    await third.look()
    assert (after.seen().used(KEY, 3600), third.seen().used(KEY, 3600)) == (8, 8)


async def test_what_a_dead_recorder_did_not_keep_is_told_again_and_what_arrived_is_not(worker, recorder, clock):
    a, b = worker(), worker()
    recorder.lives = False
    a.add(one(4))
    a.tell()
    recorder.lives = True
    clock[0] += 4
    a.tell()
    await a.look()
    await b.look()
    assert b.seen().used(KEY, 3600) == 4
    heard = recorder.heard
    clock[0] += 4
    a.tell()
    assert recorder.heard == heard


async def test_a_store_that_cannot_be_read_leaves_what_is_known(worker, tmp_path, store):
    a, b = worker(), worker()
    a.add(one(4))
    a.tell()
    await b.look()
    store.close()
    Home(tmp_path).records_db.write_text("this is no database, and long enough to be taken for a damaged one" * 200)
    b.close()
    await b.look()
    assert b.seen().used(KEY, 3600) == 4
    b.add(one())
    assert b.seen().used(KEY, 3600) == 5


async def test_a_reset_reaches_every_worker_and_only_whom_it_is_for(worker, store):
    a, b = worker(), worker()
    bob = KEY._replace(subject="user:bob")
    a.add([*one(4), Count(key=bob, amount=2)])
    a.tell()
    await b.look()
    store.reset_usage("user:alice", 1)
    a.add(one())
    a.tell()  # it has not heard yet: what it tells is of before
    for each in (a, b):
        await each.look()
    assert [each.seen().used(KEY, 3600) for each in (a, b)] == [0, 0]
    assert [each.seen().used(bob, 3600) for each in (a, b)] == [2, 2]
    a.add(one())
    a.tell()
    await b.look()
    assert b.seen().used(KEY, 3600) == 1
    store.reset_usage("user:alice", 1)
    await b.look()
    assert b.seen().used(KEY, 3600) == 0


async def test_meetings_are_loaded_when_somebody_asks_for_them(worker, store, clock):
    a = worker()
    used = Record(
        id="1", app="chatgpt", user="alice", operation="send_prompt", started_at=START - 5000, duration_ms=1.0,
        kind="request", client_address="192.0.2.7",
    )  # fmt: skip
    store.append([used])
    await a.look()
    assert a.seen().first_use("user:alice", "chatgpt")
    a.with_meetings = True
    await a.look()
    assert not a.seen().first_use("user:alice", "chatgpt")
    assert a.seen().first_use("user:alice", "claude")
    a.meet("user:alice", "claude")
    clock[0] += 700
    assert not a.seen().first_use("user:alice", "claude")


def test_explaining_sees_what_is_stored(tmp_path, recorder):
    recorder("s1", ())
    assert stored_usage(Home(tmp_path), START).used(KEY, 3600) == 0
    watch = UsageWatch(Home(tmp_path).records_db, recorder, clock=lambda: START)
    watch.add(one(3))
    watch.tell()
    assert stored_usage(Home(tmp_path), START, ["user:alice"]).used(KEY, 3600) == 3
    assert stored_usage(Home(tmp_path), START, ["user:bob"]).used(KEY, 3600) == 0
    assert stored_usage(Home(tmp_path / "elsewhere"), START).used(KEY, 3600) == 0
