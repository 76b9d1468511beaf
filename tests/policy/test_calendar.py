"""Hours, days and dates are those of the clocks in the policy's time zone, also in the nights in which those change."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from lockgate.facts.decision import Truth, Verdict
from lockgate.facts.problem import UsageError
from lockgate.home.yaml_document import parse_yaml
from lockgate.policy import Walk, evaluate, parse_moment, read_cases, run_cases

POLICY = "version: 1\ndefault: allow\n{}rules: [{{id: a, when: {{{}}}, then: block}}]"
BERLIN = "time_zone: Europe/Berlin\n"


@pytest.fixture
def truth(ruleset, sheet):
    def ask(condition, at, zone=BERLIN):
        facts = replace(sheet(), at=datetime.fromisoformat(at))
        return evaluate(ruleset(POLICY.format(zone, condition)), Walk.REQUEST, facts).decision.trace[0].truth

    return ask


@pytest.mark.parametrize(
    ("condition", "at", "expected"),
    [
        ("time.weekday: monday", "2026-01-04T23:30+00:00", Truth.YES),
        ("time.weekday: sunday", "2026-01-04T22:30+00:00", Truth.YES),
        ("time.date: 2026-01-05", "2026-01-04T23:30+00:00", Truth.YES),
        ("time.of_day: {at_most: '01:00'}", "2026-01-04T23:30+00:00", Truth.YES),
        # 29 March 2026: the hour from two to three does not exist.
        ("time.of_day: {between: ['02:00', '02:59']}", "2026-03-29T00:59:59+00:00", Truth.NO),
        ("time.of_day: {between: ['02:00', '02:59']}", "2026-03-29T01:00:00+00:00", Truth.NO),
        ("time.of_day: {between: ['01:30', '03:00']}", "2026-03-29T01:00:30+00:00", Truth.YES),
        # 25 October 2026: the hour from two to three comes twice.
        ("time.of_day: {between: ['02:00', '02:59']}", "2026-10-25T00:00:00+00:00", Truth.YES),
        ("time.of_day: {between: ['02:00', '02:59']}", "2026-10-25T01:59:59+00:00", Truth.YES),
        ("time.of_day: {between: ['02:00', '02:59']}", "2026-10-25T02:00:00+00:00", Truth.NO),
        # Nine in the morning is nine in summer and in winter.
        ("time.of_day: {at_least: '09:00'}", "2026-01-15T07:59:59+00:00", Truth.NO),
        ("time.of_day: {at_least: '09:00'}", "2026-01-15T08:00:00+00:00", Truth.YES),
        ("time.of_day: {at_least: '09:00'}", "2026-07-15T07:00:00+00:00", Truth.YES),
    ],
)
def test_clocks_hang_in_the_zone_of_the_policy(condition, at, expected, truth):
    assert truth(condition, at) is expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("21:59", Truth.NO),
        ("22:00", Truth.YES),
        ("23:59", Truth.YES),
        ("00:00", Truth.YES),
        ("06:00", Truth.YES),
        ("06:01", Truth.NO),
    ],
)
def test_a_span_may_go_past_midnight(at, expected, truth):
    assert truth("time.of_day: {between: [22:00, 06:00]}", f"2026-01-05T{at}+00:00", zone="") is expected


def test_midnight_is_an_end(truth):
    condition = "time.of_day: {between: [18:00, 24:00]}"
    assert truth(condition, "2026-01-05T23:59:59+00:00", zone="") is Truth.YES
    assert truth(condition, "2026-01-06T00:00:00+00:00", zone="") is Truth.NO


def test_a_trace_tells_times_as_people_write_them(ruleset, sheet):
    condition = "time.of_day: {at_least: '00:00'}, time.date: 2026-01-05"
    (step,) = evaluate(ruleset(POLICY.format("", condition)), Walk.REQUEST, sheet()).decision.trace
    assert step.why == "time.of_day is 00:00; time.date is 2026-01-05"


def test_hours_without_a_zone_get_a_note(ruleset):
    (note,) = ruleset(POLICY.format("", "time.weekday: monday")).notes
    assert "UTC" in str(note)
    assert "time_zone:" in str(note)
    assert ruleset(POLICY.format("time_zone: UTC\n", "time.weekday: monday")).notes == ()


def test_the_zone_belongs_to_the_meaning_of_a_policy(ruleset):
    text = POLICY.format(BERLIN, "time.weekday: monday")
    assert ruleset(text).version != ruleset(text.replace("Berlin", "Paris")).version


def test_a_time_of_a_case_is_that_of_the_policy_unless_it_says_otherwise(ruleset):
    compiled = ruleset(POLICY.format(BERLIN, "time.of_day: {between: [09:00, 17:30]}"))
    cases = """version: 1
cases:
  - {name: morning, given: {app: none, at: 2026-07-01T09:00}, expect: {verdict: block}}
  - {name: before, given: {app: none, at: 2026-07-01T08:59}, expect: {verdict: allow}}
  - {name: morning in London, given: {app: none, at: 2026-07-01T08:00+01:00}, expect: {verdict: block}}
  - {name: nine in Greenwich, given: {app: none, at: 2026-07-01T16:00Z}, expect: {verdict: allow}}
"""
    results = run_cases(compiled, None, read_cases(parse_yaml(cases, "c.yaml")))
    assert [result.decision.verdict for result in results] == [Verdict.BLOCK, Verdict.ALLOW, Verdict.BLOCK, Verdict.ALLOW]


@pytest.mark.parametrize(
    "text", ["", "noon", "2026-01-05", "09:00", "2026-13-01T00:00", "0001-01-01T00:00+14:00", "9999-12-31T23:00-14:00"]
)
def test_what_is_no_moment_is_none(text):
    assert parse_moment(text) is None


def test_a_case_with_no_moment_is_told_so():
    with pytest.raises(UsageError, match="`at` is not a moment"):
        read_cases(parse_yaml("version: 1\ncases: [{name: a, given: {at: noon}, expect: {verdict: allow}}]", "c.yaml"))


def test_a_moment_keeps_its_offset():
    assert parse_moment("2026-03-03T10:00:00+01:00") == datetime(2026, 3, 3, 9, tzinfo=UTC)
