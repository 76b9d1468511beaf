"""The contract of a record store: every implementation passes this suite."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.facts.decision import Reason, Verdict
from lockgate.facts.record import FindingSummary, Record, SealedText
from lockgate.store.memory import MemoryStore
from lockgate.store.novelties import MOST_DETAILS, NoveltyKind
from lockgate.store.record_store import RecordFilter, RecordStore, Tally, everything
from lockgate.store.retention import prune
from lockgate.store.sqlite import SqliteStore

DAY = 86_400

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
numbers = st.floats(allow_nan=False, allow_infinity=False)
records = st.builds(
    Record,
    id=texts,
    started_at=numbers,
    duration_ms=numbers,
    first_byte_ms=numbers,
    kind=texts,
    client_address=texts,
    user=texts,
    groups=st.lists(texts, max_size=3).map(tuple),
    path=texts,
    app=texts,
    verdict=st.sampled_from(Verdict),
    reason=st.sampled_from(Reason),
    findings=st.lists(
        st.builds(
            FindingSummary,
            detector=texts,
            profiles=st.lists(texts, max_size=2).map(tuple),
            detection_confidence=texts,
            mask=texts,
        ),
        max_size=3,
    ).map(tuple),
    sealed=st.none() | st.builds(SealedText, key_id=texts, wrapped_key=st.binary(), nonce=st.binary(), ciphertext=st.binary()),
    error=texts,
)


def open_store(kind: str, folder: Path) -> RecordStore:
    return MemoryStore() if kind == "memory" else SqliteStore.for_writing(folder / "records.db")


@pytest.fixture(params=["memory", "sqlite"])
def kind(request):
    return request.param


@pytest.fixture
def store(kind, tmp_path):
    opened = open_store(kind, tmp_path)
    yield opened
    opened.close()


def ids(page):
    return [row.record.id for row in page]


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
@given(batch=st.lists(records, unique_by=lambda record: record.id, max_size=5))
@settings(max_examples=40, deadline=None)
def test_what_is_stored_comes_back_unchanged_and_in_order_of_arrival(kind, batch):
    with TemporaryDirectory() as folder:
        store = open_store(kind, Path(folder))
        assert store.append(batch) == tuple(batch)
        assert [row.record for row in store.tail(0)] == batch
        assert [store.get(record.id) for record in batch] == batch
        store.close()


def test_a_record_is_stored_once_however_often_it_arrives(store, record):
    first = record("a", app="one")
    assert store.append([first, first]) == (first,)
    assert store.append([record("a", app="two"), record("b")]) == (record("b"),)
    assert store.get("a") == first
    assert store.count() == 2


few = st.sampled_from(["", "a", "b"])
filters = st.builds(
    RecordFilter,
    app=st.none() | few,
    user=st.none() | few,
    verdict=st.none() | st.sampled_from(Verdict),
    has_findings=st.none() | st.booleans(),
    since=st.none() | st.sampled_from([0.0, 1.0, 2.0]),
    until=st.none() | st.sampled_from([0.0, 1.0, 2.0]),
)
similar = st.builds(
    Record,
    id=st.integers(0, 30).map(str),
    started_at=st.sampled_from([0.0, 1.0, 2.0]),
    duration_ms=st.just(1.0),
    kind=st.just("http"),
    client_address=st.just("192.0.2.7"),
    app=few,
    user=few,
    verdict=st.sampled_from(Verdict),
    findings=st.sampled_from([(), (FindingSummary(detector="d", profiles=(), detection_confidence="low", mask="*"),)]),
)


@given(
    batches=st.lists(st.lists(similar, max_size=8), max_size=3),
    wanted=filters,
    by=st.sampled_from(Tally),
    cut=st.integers(0, 9),
)
@settings(max_examples=60, deadline=None)
def test_both_stores_give_the_same_answers(batches, wanted, by, cut):
    with TemporaryDirectory() as folder:
        stores = [open_store(kind, Path(folder)) for kind in ("memory", "sqlite")]
        answers = []
        for store in stores:
            fresh = [store.append(batch) for batch in batches]
            rows = store.tail(0)
            cursor = rows[min(cut, len(rows) - 1)].position if rows else 0  # positions may have gaps: only their order counts
            pages = (
                ids(store.newest(wanted, limit=5, before=cursor)),
                ids(store.newest(wanted)),
                ids(store.tail(cursor, wanted)),
            )
            answers.append((fresh, pages, store.count(wanted), store.tally(by, wanted), store.remove(1.5), ids(store.tail(0))))
            store.close()
        assert answers[0] == answers[1]


def test_an_unknown_id_is_none(store):
    assert store.get("nothing") is None


def test_pages_of_the_newest_meet_without_gap_or_overlap(store, record):
    store.append([record(str(number)) for number in range(7)])
    seen, before = [], None
    while page := store.newest(limit=3, before=before):
        seen += ids(page)
        before = page[-1].position
    assert seen == ["6", "5", "4", "3", "2", "1", "0"]


def test_the_tail_continues_where_a_cursor_left_off(store, record):
    store.append([record("a"), record("b")])
    cursor = store.tail(0)[-1].position
    assert store.tail(cursor) == ()
    store.append([record("c")])
    assert ids(store.tail(cursor)) == ["c"]


def test_positions_are_never_used_again_even_when_the_newest_records_are_removed(store, record):
    store.append([record("a"), record("b")])
    cursor = store.newest(limit=1)[0].position
    assert store.remove(before=2000.0) == 2
    store.append([record("c")])
    assert ids(store.tail(cursor)) == ["c"]


FINDING = FindingSummary(detector="d", profiles=("p",), detection_confidence="high", mask="***")


@pytest.mark.parametrize(
    "wanted",
    [
        RecordFilter(app="x"),
        RecordFilter(user="ana"),
        RecordFilter(verdict=Verdict.BLOCK),
        RecordFilter(reason=Reason.RULE),
        RecordFilter(operation="upload"),
        RecordFilter(rule="r"),
        RecordFilter(host="x.example"),
        RecordFilter(conversation="c"),
        RecordFilter(has_findings=True),
        RecordFilter(since=1000.5),
        RecordFilter(app="x", verdict=Verdict.BLOCK, has_findings=True, since=1001.0, until=1001.5),
    ],
)
def test_each_filter_separates_the_record_it_names_from_one_it_does_not(store, record, wanted):
    other = record("other")
    named = record(
        "named", started_at=1001.0, app="x", user="ana", verdict=Verdict.BLOCK, reason=Reason.RULE, operation="upload",
        rule="r", host="x.example", conversation="c", findings=(FINDING,),
    )  # fmt: skip
    store.append([other, named])
    assert ids(store.newest(wanted)) == ["named"]
    assert ids(store.tail(0, wanted)) == ["named"]
    assert store.count(wanted) == 1


def test_a_filter_can_ask_for_the_empty_value_and_for_no_findings(store, record):
    store.append([record("plain"), record("other", user="ana", findings=(FINDING,))])
    assert ids(store.newest(RecordFilter(user=""))) == ["plain"]
    assert ids(store.newest(RecordFilter(has_findings=False))) == ["plain"]


def test_until_is_exclusive_and_since_inclusive(store, record):
    store.append([record("a", started_at=1.0), record("b", started_at=2.0)])
    assert ids(store.newest(RecordFilter(until=2.0))) == ["a"]
    assert ids(store.newest(RecordFilter(since=2.0))) == ["b"]


def test_a_filter_value_is_data_and_never_part_of_the_query(store, record):
    store.append([record("a", app="x' OR '1'='1")])
    assert store.count(RecordFilter(app="' OR '1'='1")) == 0
    assert store.count(RecordFilter(app="x' OR '1'='1")) == 1


@pytest.mark.parametrize("by", list(Tally))
def test_a_tally_can_be_made_by_every_name(store, record, by):
    store.append([record("a"), record("b")])
    assert [count for _, count in store.tally(by)] == [2]


def test_a_tally_counts_the_highest_first_then_by_name(store, record):
    store.append([record(str(n), app=app, verdict=Verdict.BLOCK if n else Verdict.ALLOW) for n, app in enumerate("bbacac")])
    assert store.tally(Tally.APP, limit=2) == (("a", 2), ("b", 2))
    assert store.tally(Tally.APP, RecordFilter(verdict=Verdict.ALLOW)) == (("b", 1),)


def test_everything_reads_across_pages(store, record):
    store.append([record(str(number)) for number in range(1500)])
    assert ids(everything(store)) == [str(number) for number in range(1500)]


def test_pruning_removes_what_is_older_and_nothing_else(store, record):
    sealed = SealedText(key_id="k", wrapped_key=b"w", nonce=b"n", ciphertext=b"c")
    made = [record(str(age), started_at=100 * DAY - age * DAY, sealed=sealed) for age in (0, 10, 40)]
    store.append(made)
    pruned = prune(store, now=100 * DAY, older_than_days=30, captures_older_than_days=5)
    assert (pruned.records, pruned.captures) == (1, 1)
    assert [row.record for row in store.tail(0)] == [made[0], replace(made[1], sealed=None)]


def test_without_a_limit_nothing_is_pruned(store, record):
    store.append([record("a", started_at=0.0)])
    prune(store, now=1e10, older_than_days=None)
    assert store.count() == 1


def test_pruning_goes_on_until_all_slices_are_gone(store, record):
    store.append([record(str(number), started_at=1.0) for number in range(4100)])
    assert store.remove(before=2.0) == 4100
    assert store.count() == 0


def test_several_threads_may_append_and_read(store, record):
    threads = [
        Thread(target=lambda n=n: [store.append([record(f"{n}-{i}")]) and store.newest(limit=1) for i in range(25)])
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.count() == 100


def test_closing_twice_is_fine(store):
    store.close()
    store.close()


class TestNovelties:
    """What is new is counted as its records arrive, once for each record, and stays when they are removed."""

    def test_unknown_apps_by_host(self, store, record):
        first = record("a", host="chat.example.net", discovered=("sign one",), started_at=10.0)
        later = record("b", host="chat.example.net", discovered=("sign one", "sign two"), started_at=20.0)
        store.append([first, later, record("c", host="other.example.net", started_at=30.0)])
        store.append([first])
        (seen,) = store.novelties(NoveltyKind.DISCOVERED)
        assert (seen.subject, seen.what, seen.exchanges) == ("chat.example.net", "sign one; sign two", 2)
        assert (seen.first_at, seen.last_at) == (10.0, 20.0)
        store.remove(1000.0)
        assert store.novelties(NoveltyKind.DISCOVERED) == (seen,)

    def test_drift_by_app_and_kind_of_path(self, store, record):
        common = {"app": "acme", "host": "a.example", "method": "POST", "drift": "unknown_path", "shape": "{a: text}"}
        paths = ("/v1/chats/3f2a9c01-77/send", "/v1/chats/9b", "/v1/chats/plans-for-ada/send", "/v1/chats/77/send")
        store.append([record(str(number), path=path, **common) for number, path in enumerate(paths)])
        store.append([record("other", **common | {"app": "apex"}, path="/x")])
        seen = {row.detail: row.exchanges for row in store.novelties(NoveltyKind.DRIFT, "acme")}
        assert seen == {"unknown_path: POST a.example/v1/chats/*/send": 3, "unknown_path: POST a.example/v1/chats/*": 1}
        assert len(store.novelties(NoveltyKind.DRIFT)) == 3

    def test_invented_hosts_do_not_fill_the_store(self, store, record):
        names = ["".join(chr(97 + (number // 26**place) % 26) for place in range(3)) for number in range(MOST_DETAILS + 50)]
        common = {"app": "acme", "path": "/v1", "method": "POST", "drift": "unknown_path"}
        store.append([record(name, host=f"{name}.example", **common) for name in names])
        rows = store.novelties(NoveltyKind.DRIFT, "acme")
        assert len(rows) == MOST_DETAILS + 1
        assert {row.exchanges for row in rows if row.detail == "*"} == {50}


def test_facts_are_kept_beside_a_record_and_go_with_it(store, record):
    store.append([record("a", facts=b"\x00\xff", started_at=1.0), record("b", started_at=2.0), record("c", facts=b"c")])
    assert [store.facts_of(name) for name in ("a", "b", "c", "nobody")] == [b"\x00\xff", None, b"c", None]
    assert store.get("a") == record("a", started_at=1.0), "a record is read without them"
    assert [row.record.facts for row in store.newest()] == [b"", b"", b""]
    store.append([record("a", facts=b"other")])
    assert store.facts_of("a") == b"\x00\xff"
    store.remove(1.5)
    assert store.facts_of("a") is None
    assert store.facts_of("c") == b"c"


def test_what_was_decided_is_read_with_the_facts_in_order_of_arrival(store, record):
    store.append([
        record("a", facts=b"1", verdict=Verdict.BLOCK, reason=Reason.RULE, rule="no-ai", app="chatgpt"),
        record("b", app="claude"),
        record("c", facts=b"3", app="chatgpt"),
    ])  # fmt: skip
    everyone = store.decided()
    assert [(row.id, row.verdict, row.reason, row.rule, row.facts) for row in everyone] == [
        ("a", "block", "rule", "no-ai", b"1"), ("b", "allow", "default", "", None), ("c", "allow", "default", "", b"3"),
    ]  # fmt: skip
    assert [row.id for row in store.decided(RecordFilter(app="chatgpt"))] == ["a", "c"]
    first, second, third = (row.position for row in everyone)
    assert [row.id for row in store.decided(after=first)] == ["b", "c"]
    assert [row.id for row in store.decided(after=first, last=second)] == ["b"]
    assert [row.id for row in store.decided(limit=2)] == ["a", "b"]
    assert store.decided(after=third) == ()


def test_text_goes_when_the_days_of_its_rule_are_over_and_its_record_stays(store, record):
    sealed = SealedText(key_id="k", wrapped_key=b"w", nonce=b"n", ciphertext=b"c")
    kept = {"short": 7, "long": 40, "as its record": 0}
    store.append([record(name, started_at=10 * DAY, capture_days=days, sealed=sealed) for name, days in kept.items()])

    def with_text():
        return {row.record.id for row in store.tail(0) if row.record.sealed is not None}

    assert prune(store, now=17 * DAY - 1, older_than_days=100).captures == 0
    assert with_text() == set(kept)
    pruned = prune(store, now=17 * DAY + 1, older_than_days=100)
    assert (pruned.records, pruned.captures, store.count()) == (0, 1, 3)
    assert with_text() == {"long", "as its record"}
    assert prune(store, now=51 * DAY, older_than_days=100).captures == 1
    assert with_text() == {"as its record"}
