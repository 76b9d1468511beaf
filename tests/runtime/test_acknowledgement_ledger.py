"""A worker's view of acknowledgements: at once what it took itself, soon what the store has, and what is revoked ends."""

from dataclasses import replace

import pytest

from lockgate.facts.acknowledgement import Acknowledgement
from lockgate.runtime import acknowledgement_ledger
from lockgate.runtime.acknowledgement_ledger import AcknowledgementLedger
from lockgate.store.acknowledgement_store import AcknowledgementStore
from lockgate.store.sqlite import SqliteStore

GIVEN = Acknowledgement(id="a", subject="user:ana", rule="read", app="chatgpt", terms="0123", at=1000.0, until=2000.0)


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(acknowledgement_ledger.time, "time", lambda: now[0])
    return now


@pytest.fixture
def store(tmp_path):
    opened = AcknowledgementStore(SqliteStore.for_writing(tmp_path / "records.db"))
    yield opened
    opened.close()


@pytest.fixture
def told():
    return []


@pytest.fixture
def ledger(tmp_path, told):
    made = AcknowledgementLedger(tmp_path / "records.db", told.append)
    yield made
    made.close()


def known(ledger):
    return ledger.current.latest("user:ana", "read", "chatgpt")


def test_what_is_taken_is_known_and_told_at_once(ledger, told):
    ledger.take(GIVEN)
    assert known(ledger) == GIVEN
    assert told == [GIVEN]


async def test_what_another_worker_took_comes_from_the_store(ledger, store):
    await ledger.look()
    assert known(ledger) is None
    store.note([GIVEN])
    await ledger.look()
    assert known(ledger) == GIVEN


async def test_what_the_store_has_not_got_stays_and_is_told_again(ledger, store, told, clock):
    ledger.take(GIVEN)
    for _ in range(20):
        clock[0] += 6
        store.note([replace(GIVEN, id=f"b{clock[0]}", subject="user:bob")])
        await ledger.look()
    assert known(ledger) == GIVEN
    assert told == [GIVEN] * 5


async def test_what_the_store_has_is_told_no_more_and_ends_with_it(ledger, store, told, clock):
    ledger.take(GIVEN)
    store.note([GIVEN])
    await ledger.look()
    clock[0] += 30
    store.revoke(["a"], clock[0])
    await ledger.look()
    assert known(ledger).revoked_at == clock[0]
    assert told == [GIVEN]


async def test_a_store_that_cannot_be_read_leaves_what_is_known(ledger, tmp_path):
    ledger.take(GIVEN)
    (tmp_path / "records.db").write_bytes(b"this is no database, whatever its name says" * 100)
    await ledger.look()
    assert known(ledger) == GIVEN


async def test_without_a_store_there_is_only_what_was_taken(ledger):
    await ledger.look()
    ledger.take(GIVEN)
    await ledger.look()
    assert known(ledger) == GIVEN
