"""Sliding windows against a model that keeps every event, and counts of others that may come in any order."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.facts.usage import Count, CounterKey, Window
from lockgate.runtime.usage_ledger import FrozenUsage, UsageLedger, cells_of

law = settings(max_examples=100, deadline=None)
WINDOWS = (60, 600, 3600, 86_400, 604_800, 2_592_000)
START = 1_800_000_000


def key_of(seconds, subject="user:alice", scope="limit:a"):
    return CounterKey(scope, subject, "prompts", Window(seconds, "").width)


@pytest.mark.parametrize("seconds", WINDOWS)
def test_a_window_has_at_most_a_hundred_and_some_buckets_and_is_off_by_a_tenth_at_most_but_for_a_minute(seconds):
    width = Window(seconds, "").width
    assert seconds / width <= 120
    assert width <= seconds / (6 if seconds == 60 else 10)


@law
@given(st.sampled_from(WINDOWS), st.lists(st.tuples(st.floats(0, 2), st.integers(1, 5)), max_size=40), st.floats(0, 3))
def test_never_too_little_and_too_much_only_for_one_bucket(seconds, gaps, after):
    ledger, key, at, events = UsageLedger(), key_of(seconds), float(START), []
    for gap, amount in gaps:
        at += gap * seconds / 10
        ledger.add([Count(key=key, amount=amount)], at)
        events.append((at, amount))
    now = at + after * seconds / 3

    used = ledger.used(key, seconds, now)

    exact = sum(amount for when, amount in events if when > now - seconds)
    with_a_bucket_more = sum(amount for when, amount in events if when > now - seconds - key.width)
    assert exact <= used <= with_a_bucket_more


@law
@given(st.sampled_from(WINDOWS), st.lists(st.floats(0, 1), min_size=1, max_size=30), st.integers(1, 30))
def test_a_place_is_free_when_it_was_said_to_be_and_not_before(seconds, gaps, most):
    ledger, key, at = UsageLedger(), key_of(seconds), float(START)
    for gap in gaps:
        at += gap * seconds / 40
        ledger.add([Count(key=key, amount=1)], at)

    wait = ledger.free_after(key, seconds, most, at)

    assert ledger.used(key, seconds, at + wait) < most
    if wait > 2:
        assert ledger.used(key, seconds, at + wait - 2) >= most


@law
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 5), st.integers(1, 9)), max_size=30),
    st.integers(1, 6), st.randoms(use_true_random=False),
)  # fmt: skip
def test_what_others_counted_may_arrive_in_any_order_and_twice(events, batches, order):
    key, totals, told = key_of(3600), {}, []
    by_source = {}
    for source, bucket, amount in events:
        by_source[source, bucket] = by_source.get((source, bucket), 0) + amount
        totals = {}
        for (_, each), value in by_source.items():
            totals[each] = totals.get(each, 0) + value
        told.append(dict(totals))
    expected = sum(totals.values())
    first = START // key.width
    ledger = UsageLedger()
    ledger.others_counted({(key, 0): cells_of({first + bucket: amount for bucket, amount in totals.items()})})
    arrived = [*told[-1:] * batches]
    order.shuffle(arrived)
    for each in arrived:
        ledger.others_counted({(key, 0): cells_of({first + bucket: amount for bucket, amount in each.items()})})
    assert ledger.used(key, 3600, (first + 6) * key.width) == expected


def limited(key, seconds=3600, most=5, amount=1):
    return Count(key=key, amount=amount, most=most, seconds=seconds)


def test_at_the_edge_only_as_many_are_taken_as_there_are_places():
    ledger, key = UsageLedger(), key_of(3600)
    taken = [ledger.take([limited(key)], START) for _ in range(20)]
    assert taken == [()] * 5 + [(key,)] * 15
    assert ledger.used(key, 3600, START) == 5


def test_of_several_counts_all_are_taken_or_none():
    ledger, full, free = UsageLedger(), key_of(3600), key_of(3600, "group:staff")
    ledger.add([Count(key=full, amount=5)], START)
    assert ledger.take([limited(free), limited(full)], START) == (full,)
    assert ledger.used(free, 3600, START) == 0


def test_with_others_known_the_places_are_shared_and_what_is_not_known_yet_is_all_that_can_be_too_much():
    """The bound that the documentation gives: what the others let through since they were last heard of."""
    workers, key = [UsageLedger() for _ in range(4)], key_of(3600)
    chance, through, unheard = random.Random(7), 0, 0
    for second in range(120):
        at = START + second
        since = 0
        for _ in range(chance.randrange(4)):
            worker = chance.choice(workers)
            taken = worker.take([limited(key, most=50)], at) == ()
            through, since = through + taken, since + taken
        unheard = max(unheard, since)
        for worker in workers:
            sums = {}
            for other in workers:
                if other is not worker:
                    for bucket in range(START // 60, at // 60 + 1):
                        cell = other.cell(key, bucket)
                        sums[bucket] = sums.get(bucket, 0) + (cell.amount if cell else 0)
            worker.others_counted({(key, 0): cells_of(sums)})
    assert 50 <= through <= 50 + unheard


def test_what_an_exchange_has_read_stays_and_only_what_is_asked_anew_changes():
    ledger, one, two = UsageLedger(), key_of(3600), key_of(3600, "user:bob")
    seen = FrozenUsage(ledger, START)
    assert (seen.used(one, 3600), seen.used(two, 3600)) == (0, 0)
    ledger.add([Count(key=one, amount=3), Count(key=two, amount=3)], START)
    assert (seen.used(one, 3600), seen.used(two, 3600)) == (0, 0)
    anew = seen.anew([one], START)
    assert (anew.used(one, 3600), anew.used(two, 3600)) == (3, 0)


def test_the_first_exchanges_are_one_meeting():
    ledger = UsageLedger()
    assert not ledger.met_before("user:alice", "chatgpt", START)
    ledger.meet("user:alice", "chatgpt", START)
    ledger.meet("user:alice", "chatgpt", START + 300)
    assert not ledger.met_before("user:alice", "chatgpt", START + 599)
    assert ledger.met_before("user:alice", "chatgpt", START + 600)
    assert not ledger.met_before("user:alice", "claude", START + 600)


def test_counters_begin_anew_with_a_later_epoch_and_what_is_told_of_an_earlier_one_is_nothing():
    ledger, key, other = UsageLedger(), key_of(3600), key_of(3600, "user:bob")
    ledger.add([Count(key=key, amount=4), Count(key=other, amount=4)], START)
    assert ledger.began_anew({"user:alice": 1}) == ("user:alice",)
    ledger.others_counted({(key, 0): cells_of({START // key.width: 9})})
    assert (ledger.used(key, 3600, START), ledger.used(other, 3600, START)) == (0, 4)
    ledger.add([Count(key=key, amount=1)], START)
    assert [(cell.subject, cell.epoch, cell.amount) for cell in ledger.news(10)] == [("user:bob", 0, 4), ("user:alice", 1, 1)]
    assert ledger.began_anew({"user:alice": 1}) == ()
    assert ledger.used(key, 3600, START) == 1


def test_what_no_window_reaches_is_forgotten():
    ledger = UsageLedger()
    for number in range(5000):
        ledger.add([Count(key=key_of(600, f"user:{number}"), amount=1)], START)
    ledger.add([Count(key=key_of(86_400), amount=1)], START)
    for _ in range(4):
        ledger.sweep(START + 700)
    assert list(ledger.counters()) == [key_of(86_400)]


def test_memory_is_bounded_and_the_oldest_make_room():
    ledger = UsageLedger(most_counters=100)
    for number in range(1000):
        ledger.add([Count(key=key_of(600, f"user:{number}"), amount=1)], START)
    assert len(ledger) <= 100
    assert ledger.used(key_of(600, "user:999"), 600, START) == 1


def test_a_clock_that_goes_back_loses_nothing():
    ledger, key = UsageLedger(), key_of(600)
    ledger.add([Count(key=key, amount=1)], START)
    ledger.add([Count(key=key, amount=1)], START - 100)
    assert ledger.used(key, 600, START) == 2
    assert sum(cell.amount for cell in ledger.news(10)) == 2
