"""The laws of exceptions and of policies in monitor mode, over random policies and random exchanges."""

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from random_policies import CONTENT_TESTS, EARLY_TESTS, LATER_TESTS, conditions, decided, law, policies, told

from lockgate.facts.decision import Capture, Decision, Reason, Verdict
from lockgate.facts.traffic import Phase
from lockgate.policy import Pending, Settled, Walk, do_not_inspect, evaluate

CONDITIONS = conditions(EARLY_TESTS + CONTENT_TESTS + LATER_TESTS)
DAYS = st.sampled_from(["2026-01-04", "2026-01-05", "2030-01-01"])
"""Before the day of the exchanges, that day, long after it."""
EXPIRED = "2026-01-04"


@st.composite
def with_exceptions(draw, days=DAYS, about_response=False):
    policy = draw(policies(about_response=about_response))
    ids = [rule["id"] for rule in policy["rules"]]
    count = draw(st.integers(1, 3))
    policy["exceptions"] = [
        {
            "id": f"e{number}", "rules": draw(st.lists(st.sampled_from(ids), min_size=1, max_size=2, unique=True)),
            "when": draw(CONDITIONS), "owner": "somebody", "reason": "some reason", "expires": draw(days),
        }
        for number in range(count)
    ]  # fmt: skip
    return policy


def same(decision):
    return replace(decision, trace=(), policy_version="")


@law
@given(data=st.data())
def test_learning_more_never_turns_a_settled_decision(data, tools, exchanges):
    ruleset = tools.compile(data.draw(with_exceptions(about_response=True)))
    settled = None
    for facts in data.draw(exchanges()).stages():
        outcome = evaluate(ruleset, Walk.REQUEST, facts)
        if settled is not None:
            assert isinstance(outcome, Settled)
            assert told(outcome.decision) == settled
        elif isinstance(outcome, Settled):
            settled = told(outcome.decision)
    assert settled is not None


@law
@given(data=st.data())
def test_an_expired_exception_is_as_if_it_were_not_there(data, tools, exchanges):
    policy = data.draw(with_exceptions(st.just(EXPIRED), about_response=True))
    without = {key: value for key, value in policy.items() if key != "exceptions"}
    expired, absent = tools.compile(policy), tools.compile(without)
    for facts in data.draw(exchanges()).stages():
        outcome, other = (evaluate(ruleset, Walk.REQUEST, facts) for ruleset in (expired, absent))
        assert type(outcome) is type(other)
        if isinstance(outcome, Settled):
            assert replace(outcome.decision, policy_version="") == replace(other.decision, policy_version="")
        else:
            assert outcome.demand == other.demand


@law
@given(data=st.data())
def test_an_exception_changes_no_rule_that_it_does_not_name(data, tools, exchanges):
    """Each step of a rule that no exception names is what it is without exceptions, as far as both walks go."""
    policy = data.draw(with_exceptions())
    named = {rule for each in policy["exceptions"] for rule in each["rules"]}
    without = {key: value for key, value in policy.items() if key != "exceptions"}
    facts = data.draw(exchanges()).last()
    steps, plain = (
        {step.rule: step for step in decided(tools.compile(each), facts).trace} for each in (policy, without)
    )  # fmt: skip
    for rule in steps.keys() & plain.keys() - named:
        assert steps[rule] == plain[rule]


@law
@given(data=st.data())
def test_whom_no_exception_covers_meets_the_policy_without_them(data, tools, exchanges):
    policy = data.draw(with_exceptions())
    facts = data.draw(exchanges()).last()
    compiled = tools.compile(policy)
    assume(all(each.check(facts).truth == "no" or facts.at >= each.until for each in compiled.exceptions))
    without = {key: value for key, value in policy.items() if key != "exceptions"}
    assert same(decided(compiled, facts)) == same(decided(tools.compile(without), facts))


@law
@given(data=st.data())
def test_exceptions_that_hold_are_rules_taken_out(data, tools, exchanges):
    """Whoever is covered meets the policy without the rules that are named: the rule itself is nowhere more than absent."""
    policy = data.draw(with_exceptions(st.just("2030-01-01")))
    facts = data.draw(exchanges()).last()
    compiled = tools.compile(policy)
    truths = {each.id: each.check(facts).truth for each in compiled.exceptions}
    assume(set(truths.values()) <= {"yes", "no"})
    spared = {rule for each in compiled.exceptions if truths[each.id] == "yes" for rule in each.rules}
    rest = [rule for rule in policy["rules"] if rule["id"] not in spared]
    without = tools.compile({**{key: value for key, value in policy.items() if key != "exceptions"}, "rules": rest})
    decision = decided(compiled, facts)
    assert replace(same(decision), exceptions=()) == same(decided(without, facts))
    assert {each.partition(":")[2] for each in decision.exceptions} <= spared


@law
@given(data=st.data())
def test_an_exception_that_cannot_be_told_never_opens(data, tools, exchanges):
    policy = data.draw(with_exceptions(st.just("2030-01-01")))
    facts = data.draw(exchanges()).last()
    compiled = tools.compile(policy)
    untold = {each.id for each in compiled.exceptions if each.check(facts).truth == "uninspectable"}
    assume(untold)
    stopping = {rule.id for rule in compiled.rules if rule.actions.ends is not Verdict.ALLOW}
    assume(all(set(each.rules) <= stopping for each in compiled.exceptions))
    told_ones = [each for each in policy["exceptions"] if each["id"] not in untold]
    without = tools.compile({**policy, "exceptions": told_ones})
    assert same(decided(compiled, facts)) == same(decided(without, facts))


@law
@given(data=st.data())
def test_a_policy_in_monitor_mode_changes_no_effect_and_tells_what_acting_would_have_done(data, tools, exchanges):
    policy = data.draw(with_exceptions(about_response=True))
    watching, acting = tools.compile({**policy, "mode": "monitor"}), tools.compile(policy)
    for facts in data.draw(exchanges()).stages():
        outcome, other = (evaluate(ruleset, Walk.REQUEST, facts) for ruleset in (watching, acting))
        assert isinstance(outcome, Pending) or isinstance(other, Settled)  # where it stops nothing, the response matters, too
        decision = outcome.decision if isinstance(outcome, Settled) else outcome.standing
        would = other.decision if isinstance(other, Settled) else other.standing
        plain = Decision(verdict=Verdict.ALLOW, reason=Reason.MONITOR_MODE, policy_version=watching.version)
        assert replace(decision, monitored=(), trace=()) == plain
        assert decision.trace == would.trace
        enforced = {rule.id for rule in acting.rules if rule.enforces}
        acted = [each for each in decision.monitored if each.partition(":")[0] in enforced | {"default", "on_uninspectable"}]
        if would.verdict is not Verdict.ALLOW:
            setting = {Reason.DEFAULT: "default", Reason.UNINSPECTABLE: "on_uninspectable"}.get(would.reason)
            rule = acting.rule(would.rule) if setting is None else None
            assert acted[-1] == (f"{setting}:{would.verdict.value}" if rule is None else f"{rule.id}:{rule.actions.label}")
        elif would.capture is not Capture.NONE or would.tags:
            assert acted


@pytest.mark.parametrize("phase", [Phase.CONNECT, Phase.RESPONSE_HEADERS])
def test_do_not_inspect_applies_in_monitor_mode(phase, ruleset, sheet):
    text = "version: 1\nmode: monitor\ndefault: block\ndo_not_inspect: [{id: banks, when: {host: chatgpt.com}}]\nrules: []\n"
    assert do_not_inspect(ruleset(text), sheet(phase)) == "banks"
    decision = decided(ruleset(text), sheet(Phase.REQUEST_BODY))
    assert (decision.verdict, decision.monitored) == (Verdict.ALLOW, ("default:block",))
