"""Exceptions: whom a rule spares, until when, and that nothing else changes by them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from random_policies import decided

from lockgate.facts.decision import Capture, Reason, Truth, Verdict
from lockgate.facts.finding import ExaminationState
from lockgate.facts.traffic import Phase, Response
from lockgate.policy import Pending, Walk, evaluate
from lockgate.policy.expiry import expired, expiring, state_of

HEAD = "version: 1\ndefault: allow\nrules:\n"
NO_KEYS = "  - {id: no-keys, when: {dlp.profiles: credentials}, then: block}\n"
OTHER = "  - {id: other, when: {host: other.example}, then: block}\n"
LAST_DAY = "2026-01-05"
"""The day of the sheets of these tests."""


def exception(when="", rules="[no-keys]", expires="2027-01-31", name="spared"):
    condition = f", when: {when}" if when else ""
    return f"  - {{id: {name}, rules: {rules}{condition}, owner: Data team, reason: Their own keys, expires: {expires}}}\n"


def policy(*exceptions, head=HEAD, rules=NO_KEYS + OTHER):
    return head + rules + "exceptions:\n" + "".join(exceptions)


@pytest.fixture
def leak(sheet, examination, finding):
    """A sheet in which credentials were found, unless something else is said."""

    def make(phase=Phase.REQUEST_BODY, **changes):
        found = examination(finding("credentials"))
        return sheet(phase, **{"examination": found} | changes)

    return make


def test_whom_an_exception_covers_is_spared_and_the_decision_says_by_what(ruleset, leak):
    outcome = evaluate(ruleset(policy(exception("{user: alice}"))), Walk.REQUEST, leak())
    assert (outcome.decision.verdict, outcome.decision.exceptions) == (Verdict.ALLOW, ("spared:no-keys",))
    step = outcome.decision.trace[0]
    assert (step.truth, step.excepted) == (Truth.NO, "spared")
    assert step.why.startswith("excepted by spared: user is alice; without it yes: ")


def test_whom_it_does_not_cover_is_stopped(ruleset, leak):
    decision = decided(ruleset(policy(exception("{user: bob}"))), leak())
    assert (decision.verdict, decision.rule, decision.exceptions) == (Verdict.BLOCK, "no-keys", ())


def test_an_exception_that_spared_nobody_is_not_recorded(ruleset, leak, examination):
    decision = decided(ruleset(policy(exception("{user: alice}"))), leak(examination=examination()))
    assert (decision.verdict, decision.exceptions) == (Verdict.ALLOW, ())


@pytest.mark.parametrize(("at", "verdict"), [("2026-01-05T23:59:59", Verdict.ALLOW), ("2026-01-06T00:00:00", Verdict.BLOCK)])
def test_it_holds_to_the_end_of_its_last_day_by_the_time_of_the_exchange(at, verdict, ruleset, leak):
    compiled = ruleset(policy(exception("{user: alice}", expires=LAST_DAY)))
    facts = replace(leak(), at=datetime.fromisoformat(at).replace(tzinfo=UTC))
    assert decided(compiled, facts).verdict is verdict


def test_its_last_day_ends_by_the_clocks_of_the_policy(ruleset, leak):
    head = HEAD.replace("default", "time_zone: Pacific/Auckland\ndefault")
    compiled = ruleset(policy(exception("{user: alice}", expires=LAST_DAY), head=head))
    last, first = (datetime.fromisoformat(f"2026-01-05T{clock}").replace(tzinfo=UTC) for clock in ("10:59:59", "11:00:00"))
    assert decided(compiled, replace(leak(), at=last)).verdict is Verdict.ALLOW
    assert decided(compiled, replace(leak(), at=first)).verdict is Verdict.BLOCK


def test_the_look_is_waited_for_because_the_record_says_whether_somebody_was_spared(ruleset, sheet):
    outcome = evaluate(ruleset(policy(exception("{user: alice}"))), Walk.REQUEST, sheet(Phase.REQUEST_BODY, examination=None))
    assert isinstance(outcome, Pending)
    assert outcome.demand.profiles == {"credentials"}


def test_one_examination_answers_the_rule_and_its_exception(ruleset, sheet):
    outcome = evaluate(ruleset(policy(exception("{dlp.profiles: pii}"))), Walk.REQUEST, sheet(Phase.CONNECT))
    assert isinstance(outcome, Pending)
    assert outcome.demand.profiles == {"credentials", "pii"}


FAILED = ExaminationState.TIMED_OUT


@pytest.mark.parametrize("on_uninspectable", ["block", "allow"])
def test_an_exception_that_cannot_be_told_is_not_granted_by_a_rule_that_stops(on_uninspectable, ruleset, leak, examination):
    head = HEAD.replace("rules:", f"on_uninspectable: {on_uninspectable}\nrules:")
    compiled = ruleset(policy(exception("{dlp.profiles: pii}", "[other]"), head=head, rules=OTHER))
    facts = leak(host="other.example", examination=examination(state=FAILED, profiles={"pii"}))
    decision = decided(compiled, facts)
    assert (decision.verdict, decision.reason, decision.rule, decision.exceptions) == (Verdict.BLOCK, Reason.RULE, "other", ())
    assert "exception spared is not granted: dlp.profiles cannot be known for pii" in decision.trace[0].why


def test_an_exception_from_an_allow_that_cannot_be_told_leaves_it_doubtful(ruleset, leak, examination):
    rules = "  - {id: fine, when: {user: alice}, then: allow}\n  - {id: all, then: block}\n"
    compiled = ruleset(policy(exception("{dlp.profiles: pii}", "[fine]"), rules=rules))
    decision = decided(compiled, leak(examination=examination(state=FAILED, profiles={"pii"})))
    assert (decision.verdict, decision.reason, decision.rule) == (Verdict.BLOCK, Reason.UNINSPECTABLE, "fine")


def test_what_could_not_be_looked_at_is_spared_as_well(ruleset, leak, examination):
    compiled = ruleset(policy(exception("{user: alice}")))
    decision = decided(compiled, leak(examination=examination(state=FAILED)))
    assert (decision.verdict, decision.exceptions) == (Verdict.ALLOW, ("spared:no-keys",))


def test_of_several_the_first_that_is_known_earliest_is_named(ruleset, leak):
    compiled = ruleset(policy(exception("{dlp.profiles: credentials}", name="late"), exception("{user: alice}", name="early")))
    assert [each.id for each in compiled.exceptions] == ["late", "early"]
    assert decided(compiled, leak()).exceptions == ("early:no-keys",)


def test_a_rule_that_only_adds_adds_nothing(ruleset, leak):
    rules = "  - {id: no-keys, when: {dlp.profiles: credentials}, then: [{tag: keys}, {capture: full}]}\n" + OTHER
    decision = decided(ruleset(policy(exception("{user: alice}"), rules=rules)), leak())
    assert (decision.tags, decision.capture, decision.exceptions) == ((), Capture.NONE, ("spared:no-keys",))


def test_a_rule_in_monitor_mode_does_not_tell_and_nobody_was_spared(ruleset, leak):
    rules = NO_KEYS.replace("then: block", "then: block, mode: monitor") + OTHER
    decision = decided(ruleset(policy(exception("{user: alice}"), rules=rules)), leak())
    assert (decision.monitored, decision.exceptions) == ((), ())
    assert decision.trace[0].why.startswith("excepted by spared")


def test_a_rule_about_the_response_has_exceptions_too(ruleset, sheet):
    rules = "  - {id: no-errors, when: {response.status: {at_least: 500}}, then: block}\n" + OTHER
    compiled = ruleset(policy(exception("{response.status: 503}", "[no-errors]"), rules=rules))
    outcomes = [
        evaluate(compiled, Walk.RESPONSE, sheet(Phase.RESPONSE_HEADERS, response=Response(status=status))).decision
        for status in (500, 503)
    ]
    assert [each.verdict for each in outcomes] == [Verdict.BLOCK, Verdict.ALLOW]
    assert outcomes[1].exceptions == ("spared:no-errors",)


def test_expiry_is_told_and_never_refused(ruleset):
    compiled = ruleset(policy(exception("{user: alice}", expires="2026-01-20")))
    day = datetime(2026, 1, 21, tzinfo=UTC)
    (over,) = expired(compiled, day)
    assert "exception `spared` expired on 2026-01-20, and `no-keys` acts again" in str(over)
    assert over.place.line == 7
    assert expired(compiled, day - timedelta(seconds=1)) == ()
    assert len(list(expiring(compiled, day - timedelta(days=14)))) == 1
    assert list(expiring(compiled, day - timedelta(days=15))) == []
    (only,) = compiled.exceptions
    assert [state_of(only, day + timedelta(days=days)) for days in (-30, -1, 0)] == ["holds", "expires soon", "expired"]


def test_the_last_day_there_is_can_be_written(ruleset, leak):
    compiled = ruleset(policy(exception("{user: alice}", expires="9999-12-31")))
    assert decided(compiled, leak()).verdict is Verdict.ALLOW


def test_an_exception_that_covers_all_its_rules_apply_to_is_a_note(ruleset):
    (note,) = ruleset(policy(exception())).notes
    assert "`spared` switches `no-keys` off for everybody" in note.problem
