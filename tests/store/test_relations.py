"""A prompt finds the uploads it refers to and an upload the prompts that used it, in every store."""

from pathlib import Path

import pytest

from lockgate.facts.record import AttachmentSummary
from lockgate.store.memory import MemoryStore
from lockgate.store.record_store import Role
from lockgate.store.relations import relations
from lockgate.store.sqlite import SqliteStore


@pytest.fixture(params=["memory", "sqlite"])
def store(request, tmp_path: Path):
    opened = MemoryStore() if request.param == "memory" else SqliteStore.for_writing(tmp_path / "records.db")
    yield opened
    opened.close()


@pytest.fixture
def flow(store, record):
    """A file in three calls, of which only the second is told by an address; two prompts that name it; others that do not."""
    content = AttachmentSummary(type="image/png", size=9, sha256="aa")
    everything = [
        record("asked", uploaded_as=("file-1", "#address")),
        record("sent", uploaded_as=("#address",), attachments=(content,)),
        record("finished", uploaded_as=("file-1",)),
        record("prompt", refers_to=("file-1",)),
        record("prompt-of-two", refers_to=("file-1", "file-2")),
        record("other-upload", uploaded_as=("file-2",), attachments=(AttachmentSummary(size=9, sha256="bb"),)),
        record("other-prompt", refers_to=("file-2",)),
        record("inline", attachments=(content, AttachmentSummary(declared="image/png"))),
        record("nothing"),
    ]
    store.append(everything)
    return {one.id: one for one in everything}


def ids(records):
    return {one.id for one in records}


def test_a_prompt_finds_every_call_of_its_upload(store, flow):
    found = relations(store, flow["prompt"])
    assert ids(found.uploads) == {"asked", "sent", "finished"}
    assert ids(found.prompts) == set()


def test_an_upload_finds_its_other_calls_the_prompts_and_the_same_content(store, flow):
    found = relations(store, flow["sent"])
    assert ids(found.uploads) == {"asked", "finished"}
    assert ids(found.prompts) == {"prompt", "prompt-of-two"}
    assert ids(found.same_content) == {"inline"}


def test_the_walk_does_not_go_on_through_a_prompt(store, flow):
    assert "other-upload" not in ids(relations(store, flow["asked"]).uploads)
    assert ids(relations(store, flow["prompt-of-two"]).uploads) == {"asked", "sent", "finished", "other-upload"}


def test_what_has_nothing_in_common_finds_nothing(store, flow):
    found = relations(store, flow["nothing"])
    assert (found.uploads, found.prompts, found.same_content) == ((), (), ())


@pytest.mark.usefixtures("flow")
def test_references_go_with_their_records(store, record):
    store.remove(before=2000.0)
    store.append([record("late", started_at=3000.0, refers_to=("file-1",))])
    assert store.joined(Role.UPLOADED, {"file-1"}) == ()
    assert ids(row.record for row in store.joined(Role.NAMED, {"file-1"})) == {"late"}


def test_the_newest_come_first_and_only_so_many(store, record):
    store.append([record(f"r{number}", uploaded_as=("x",)) for number in range(5)])
    assert [row.record.id for row in store.joined(Role.UPLOADED, {"x", "y"}, limit=2)] == ["r4", "r3"]


def test_a_record_that_is_offered_twice_is_joined_once(store, record):
    one = record("one", uploaded_as=("x", "x"), attachments=(AttachmentSummary(sha256="aa"), AttachmentSummary(sha256="aa")))
    store.append([one])
    store.append([one])
    assert len(store.joined(Role.UPLOADED, {"x"})) == len(store.joined(Role.CONTENT, {"aa"})) == 1


def test_a_database_of_an_earlier_version_gains_references_and_can_be_read_before(tmp_path, record):
    file = tmp_path / "records.db"
    store = SqliteStore.for_writing(file)
    store.append([record("old")])
    for statement in (
        "DROP TRIGGER references_go_with_their_record",
        "DROP TABLE record_references",
        "DELETE FROM schema_steps WHERE name = 'join_by_references'",
    ):
        store._database.execute(statement)
    store.close()
    reading = SqliteStore.for_reading(file)
    assert reading.joined(Role.UPLOADED, {"x"}) == ()
    reading.close()
    again = SqliteStore.for_writing(file)
    again.append([record("new", uploaded_as=("x",))])
    assert ids(row.record for row in again.joined(Role.UPLOADED, {"x"})) == {"new"}
    again.close()
