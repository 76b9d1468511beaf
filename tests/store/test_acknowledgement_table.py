"""What people acknowledged, as it is kept: each once, bounded, ended when it is revoked, its words sealed."""

from dataclasses import replace

import pytest

from lockgate.facts.acknowledgement import Acknowledgement
from lockgate.facts.record import SealedText
from lockgate.store import acknowledgement_table as table
from lockgate.store.acknowledgement_store import AcknowledgementStore
from lockgate.store.retention import prune
from lockgate.store.sqlite import SqliteStore

DAY = 86_400
SEALED = SealedText(key_id="k", wrapped_key=b"w", nonce=b"n", ciphertext=b"c")
GIVEN = Acknowledgement(
    id="a", subject="user:ana", rule="read", app="chatgpt", terms="0123", at=1000.0, until=2000.0, choice="Work",
    characters=30, justification=SEALED, reference="r",
)  # fmt: skip


@pytest.fixture
def store(tmp_path):
    opened = AcknowledgementStore(SqliteStore.for_writing(tmp_path / "records.db"))
    yield opened
    opened.close()


def told(store, now=1500.0):
    return store.told(now)


def listed(store, subject="", rule="", limit=100):
    return store.listed(subject, rule, limit)


def test_what_is_kept_comes_back_with_its_words_only_for_those_who_list_it(store):
    store.note([GIVEN])
    assert listed(store) == (GIVEN,)
    assert told(store) == (replace(GIVEN, justification=None),)


def test_it_survives_a_restart(store, tmp_path):
    store.note([GIVEN])
    store.close()
    again = AcknowledgementStore(SqliteStore.for_writing(tmp_path / "records.db"))
    assert told(again)
    again.close()


def test_the_same_again_is_nothing_new(store):
    store.note([GIVEN])
    first = store.revision()
    store.note([replace(GIVEN, until=9000.0)])
    assert store.revision() == first
    assert listed(store) == (GIVEN,)


def test_one_that_is_over_is_told_as_long_as_a_link_may_be_about(store):
    store.note([GIVEN])
    assert told(store, now=GIVEN.until + 3600)
    assert told(store, now=GIVEN.until + 3 * 3600) == ()


def test_what_is_revoked_is_told_as_such_and_only_once(store):
    store.note([GIVEN, replace(GIVEN, id="b", subject="user:bob")])
    assert store.revoke(["a", "nonsense"], 1500.0) == 1
    assert store.revoke(["a"], 1600.0) == 0
    assert {each.id: each.revoked_at for each in told(store)} == {"a": 1500.0, "b": 0.0}


def test_what_is_over_cannot_be_revoked(store):
    store.note([GIVEN])
    revision = store.revision()
    assert store.revoke(["a"], 2500.0) == 0
    assert store.revision() == revision


def test_one_subject_cannot_fill_the_table(store, monkeypatch):
    monkeypatch.setattr(table, "_MOST_OF_ONE", 3)
    store.note([replace(GIVEN, id="other", subject="user:bob", at=1.0)])
    for number in range(5):
        store.note([replace(GIVEN, id=str(number), at=1000.0 + number)])
    assert {each.id for each in listed(store)} == {"other", "2", "3", "4"}


def test_there_is_a_bound_over_all(store, monkeypatch):
    monkeypatch.setattr(table, "_MOST", 2)
    several = [replace(GIVEN, id=str(number), subject=f"user:{number}", at=float(number)) for number in range(4)]
    store.note(several)
    assert {each.id for each in listed(store)} == {"2", "3"}


def test_lists_are_narrowed(store):
    store.note([GIVEN, replace(GIVEN, id="b", subject="user:bob", at=1.0), replace(GIVEN, id="c", rule="x")])
    assert {each.id for each in listed(store, subject="user:ana")} == {"a", "c"}
    assert {each.id for each in listed(store, rule="read")} == {"a", "b"}
    assert [each.id for each in listed(store, rule="read", limit=1)] == ["a"]


def test_it_goes_when_records_of_its_end_would(store):
    store.note([GIVEN])
    prune(store._store, now=GIVEN.until + 9 * DAY, older_than_days=10)
    assert listed(store)
    prune(store._store, now=GIVEN.until + 11 * DAY, older_than_days=10)
    assert listed(store) == ()
