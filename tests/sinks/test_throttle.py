"""At most so many in a minute, the rest in one summary, and nothing is forgotten or told twice."""

from lockgate.facts.decision import Verdict
from lockgate.facts.record import Record
from lockgate.sinks.throttle import WINDOW_SECONDS, Throttle

BLOCKED = Record(id="r", started_at=0.0, duration_ms=0.0, kind="request", client_address="", verdict=Verdict.BLOCK)
ALLOWED = Record(id="r", started_at=0.0, duration_ms=0.0, kind="request", client_address="")


def test_the_first_of_a_minute_are_told_and_the_rest_is_summed_up_once():
    throttle = Throttle()
    records = (BLOCKED, ALLOWED, BLOCKED, ALLOWED)
    told = [throttle.tells("a", 2, record, 100.0 + second) for second, record in enumerate(records)]
    assert told == [True, True, False, False]
    assert throttle.over(100.0 + WINDOW_SECONDS - 1) == ()
    (summary,) = throttle.over(100.0 + WINDOW_SECONDS)
    assert (summary.rule, summary.count, summary.since, summary.until) == ("a", 2, 102.0, 160.0)
    assert summary.verdicts == {"block": 1, "allow": 1}
    assert throttle.over(500.0) == ()
    assert throttle.tells("a", 2, BLOCKED, 500.0)


def test_rules_do_not_use_up_one_anothers_share():
    throttle = Throttle()
    assert throttle.tells("a", 1, BLOCKED, 0.0)
    assert throttle.tells("b", 1, BLOCKED, 0.0)
    assert not throttle.tells("a", 1, BLOCKED, 0.0)


def test_a_quiet_minute_has_no_summary():
    throttle = Throttle()
    throttle.tells("a", 5, BLOCKED, 0.0)
    assert throttle.over(1000.0) == ()


def test_at_the_end_what_was_not_told_is_summed_up_at_once():
    throttle = Throttle()
    for _ in range(4):
        throttle.tells("a", 1, BLOCKED, 10.0)
    (summary,) = throttle.over(11.0, at_once=True)
    assert (summary.count, summary.until) == (3, 11.0)


def test_rules_are_bounded():
    throttle = Throttle()
    assert [throttle.tells(str(number), 1, BLOCKED, 0.0) for number in range(1001)][-2:] == [True, False]
