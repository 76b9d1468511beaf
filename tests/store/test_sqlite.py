"""What the file store promises beyond the contract: privacy, one writer, survival, honest failures."""

import sqlite3
import stat

import pytest

from lockgate.facts.problem import UsageError
from lockgate.store.migrations import STEPS, migrate
from lockgate.store.record_store import StoreUnavailable
from lockgate.store.sqlite import SqliteStore


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "records.db"


def test_every_file_is_for_the_owner_only(path, record):
    store = SqliteStore.for_writing(path)
    store.append([record("a")])
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    store.close()
    assert set(modes) == {"records.db", "records.db-wal", "records.db-shm", "records.db.lock"}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_records_are_there_after_reopening(path, record):
    first = SqliteStore.for_writing(path)
    first.append([record("a")])
    first.close()
    again = SqliteStore.for_writing(path)
    assert again.get("a") == record("a")
    again.close()


def test_a_second_writer_is_refused_and_the_first_goes_on(path, record):
    first = SqliteStore.for_writing(path)
    with pytest.raises(UsageError, match="another process already writes"):
        SqliteStore.for_writing(path)
    assert first.append([record("a")])
    first.close()
    SqliteStore.for_writing(path).close()


def test_a_reader_sees_commits_of_a_writer_and_cannot_write(path, record):
    writer = SqliteStore.for_writing(path)
    reader = SqliteStore.for_reading(path)
    writer.append([record("a")])
    assert reader.get("a") == record("a")
    with pytest.raises(StoreUnavailable):
        reader.append([record("b")])
    reader.close()
    writer.close()


def test_reading_what_is_not_there_says_when_it_will_be(path):
    with pytest.raises(UsageError, match="it appears when"):
        SqliteStore.for_reading(path)
    assert not path.exists()


def test_a_full_disk_is_unavailable_then_everything_goes_on(path, record):
    store = SqliteStore.for_writing(path)
    pages = store._database.execute("PRAGMA page_count").fetchone()[0]
    store._database.execute(f"PRAGMA max_page_count={pages + 2}")
    batch = [record(str(n), error="x" * 500) for n in range(200)]
    with pytest.raises(StoreUnavailable, match="full"):
        store.append(batch)
    assert store.count() == 0, "a batch is stored whole or not at all"
    store._database.execute("PRAGMA max_page_count=100000")
    assert len(store.append(batch)) == 200
    store.close()


def test_a_record_that_cannot_be_stored_is_an_error_of_its_own(path, record):
    store = SqliteStore.for_writing(path)
    with pytest.raises(sqlite3.IntegrityError):
        store.append([record("a"), record("b", started_at=float("nan"))])
    assert store.count() == 0
    store.close()


@pytest.mark.parametrize("opening", [SqliteStore.for_writing, SqliteStore.for_reading])
def test_a_file_that_is_no_database_is_refused_with_the_next_step(path, opening):
    path.parent.mkdir()
    path.write_bytes(b"this is not a database at all" * 100)
    with pytest.raises(UsageError, match=r"is damaged[^$]*move the file aside"):
        opening(path)


def test_damage_is_found_when_the_last_process_did_not_end_well(path, record):
    store = SqliteStore.for_writing(path)
    store.append([record(str(n), app=f"app-{n}", error="x" * 300) for n in range(2000)])
    store.close()
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 2)
        file.write(b"\xff" * 8192)
    path.with_name("records.db-wal").touch()
    with pytest.raises(UsageError, match="is damaged"):
        SqliteStore.for_writing(path)


def test_a_sound_file_has_no_damage(path, record):
    store = SqliteStore.for_writing(path)
    store.append([record("a")])
    assert store.check() == ()
    store.close()


@pytest.mark.parametrize("opening", [SqliteStore.for_writing, SqliteStore.for_reading])
def test_a_database_of_a_newer_version_is_refused(path, opening):
    SqliteStore.for_writing(path).close()
    with sqlite3.connect(path) as database:
        database.execute("INSERT INTO schema_steps VALUES ('from_the_future', 0)")
    database.close()
    with pytest.raises(UsageError, match="newer Lockgate"):
        opening(path)
    # a refused file is not kept locked
    with sqlite3.connect(path) as database:
        database.execute("DELETE FROM schema_steps WHERE name = 'from_the_future'")
    database.close()
    SqliteStore.for_writing(path).close()


def test_each_step_is_applied_once_and_a_failing_one_leaves_nothing():
    database = sqlite3.connect(":memory:", isolation_level=None)

    def half_done(connection):
        connection.execute("CREATE TABLE half (x)")
        raise ZeroDivisionError

    migrate(database)
    migrate(database)
    with pytest.raises(ZeroDivisionError):
        migrate(database, steps=(*STEPS, half_done))
    names = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    steps = {name for (name,) in database.execute("SELECT name FROM schema_steps")}
    database.close()
    assert "half" not in names
    assert steps == {step.__name__ for step in STEPS}


def test_pruning_gives_space_back_to_the_disk(path, record):
    store = SqliteStore.for_writing(path)
    store.append([record(str(n), error="x" * 2000) for n in range(3000)])
    store.close()
    store = SqliteStore.for_writing(path)
    before = path.stat().st_size
    store.remove(before=2000.0)
    store.close()
    assert path.stat().st_size < before / 10


def test_the_usual_questions_use_an_index(path):
    store = SqliteStore.for_writing(path)
    for column in ("user", "app", "verdict", "conversation"):
        query = f"EXPLAIN QUERY PLAN SELECT body FROM records WHERE {column} = 'x' ORDER BY position DESC LIMIT 100"
        (plan,) = store._database.execute(query).fetchall()
        assert f"records_by_{column}" in plan[3]
    store.close()


def test_a_folder_that_cannot_be_used_is_a_usage_error(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(UsageError, match="cannot open the record database"):
        SqliteStore.for_writing(blocked / "records.db")
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError, match="cannot open the record database"):
        SqliteStore.for_writing(tmp_path / "folder")


def test_a_reader_of_a_file_from_before_facts_were_kept_finds_none(path, record):
    path.parent.mkdir()
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    migrate(database, steps=tuple(step for step in STEPS if step.__name__ != "keep_facts"))
    database.close()
    reader = SqliteStore.for_reading(path)
    assert reader.decided() == ()
    assert reader.facts_of("a") is None
    reader.close()
    writer = SqliteStore.for_writing(path)
    writer.append([record("a", facts=b"f")])
    assert writer.facts_of("a") == b"f"
    writer.close()


def test_facts_do_not_stay_behind_when_their_record_is_removed(path, record):
    store = SqliteStore.for_writing(path)
    store.append([record("a", facts=b"f", started_at=1.0)])
    store.remove(2.0)
    assert store._database.execute("SELECT count(*) FROM record_facts").fetchone() == (0,)
    store.close()
