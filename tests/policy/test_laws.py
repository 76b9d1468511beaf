"""The laws of evaluation, over random policies and random exchanges."""

from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st
from random_policies import (
    FAILURES,
    FINDINGS,
    MORE_RULES,
    RULES_ABOUT_CONTENT,
    decided,
    effects,
    law,
    policies,
    told,
)  # fmt: skip

from lockgate.facts.decision import Reason, Verdict
from lockgate.facts.finding import DetectionConfidence, ExaminationState
from lockgate.facts.traffic import Phase
from lockgate.policy import Pending, Settled, Walk, evaluate


@law
@given(data=st.data())
def test_learning_more_never_turns_a_settled_decision(data, tools, exchanges):
    ruleset = tools.compile(data.draw(policies(about_response=True)))
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
def test_facts_one_by_one_on_demand_and_all_at_once_end_in_the_same_decision(data, tools, exchanges):
    ruleset = tools.compile(data.draw(policies(about_response=True)))
    exchange = data.draw(exchanges())
    outcome = None
    for phase in (Phase.CONNECT, Phase.REQUEST_HEADERS, Phase.REQUEST_BODY):
        outcome = evaluate(ruleset, Walk.REQUEST, exchange.sheet(phase))
        if isinstance(outcome, Settled):
            break
    if isinstance(outcome, Pending):
        assert outcome.demand.needs_examination
        assert outcome.demand.profiles <= ruleset.profiles
        outcome = evaluate(
            ruleset, Walk.REQUEST, exchange.sheet(Phase.REQUEST_BODY, exchange.examined(outcome.demand.profiles))
        )
    assert isinstance(outcome, Settled)
    assert told(outcome.decision) == told(decided(ruleset, exchange.last()))


@law
@given(data=st.data())
def test_rules_below_the_one_that_ends_the_walk_mean_nothing(data, tools, exchanges):
    policy = data.draw(policies())
    facts = data.draw(exchanges()).last()
    decision = decided(tools.compile(policy), facts)
    visited = len(decision.trace)
    assume(decision.rule is not None and decision.rule == decision.trace[-1].rule and decision.reason is Reason.RULE)
    others = data.draw(MORE_RULES)
    changed = [*policy["rules"][:visited], *({"id": f"other{number}", **rule} for number, rule in enumerate(others))]
    assert told(replace(decided(tools.compile({**policy, "rules": changed}), facts), policy_version="")) == told(
        replace(decision, policy_version="")
    )


@law
@given(data=st.data())
def test_monitor_mode_never_changes_effects(data, tools, exchanges):
    policy = data.draw(policies(about_response=True))
    exchange = data.draw(exchanges())
    without = {**policy, "rules": [rule for rule in policy["rules"] if rule.get("mode") != "monitor"]}
    watched, bare = tools.compile(policy), tools.compile(without)
    assert effects(decided(watched, exchange.last())) == effects(decided(bare, exchange.last()))
    for facts in exchange.stages():
        outcome, other = (evaluate(ruleset, Walk.REQUEST, facts) for ruleset in (watched, bare))
        standing = outcome.decision if isinstance(outcome, Settled) else outcome.standing
        other_standing = other.decision if isinstance(other, Settled) else other.standing
        assert effects(standing) == effects(other_standing)


@law
@given(data=st.data())
def test_a_failing_examination_ends_as_on_uninspectable_says_or_in_what_every_result_would_have_led_to(data, tools, exchanges):
    policy = data.draw(policies(RULES_ABOUT_CONTENT))
    ruleset = tools.compile(policy)
    exchange = data.draw(exchanges(states=tuple(FAILURES)))
    decision = decided(ruleset, exchange.last())
    profiles = {"credentials", "financial", "pii"}
    possible = set()
    for _ in range(6):
        extra = [
            replace(tools.finding(names[0], data.draw(st.sampled_from(DetectionConfidence)), detector), profiles=names)
            for names, detector in data.draw(FINDINGS)
        ]
        complete = exchange.examined(profiles, extra, ExaminationState.COMPLETE)
        possible.add(decided(ruleset, exchange.sheet(Phase.REQUEST_BODY, complete)).verdict)
    if ruleset.on_uninspectable is Verdict.BLOCK:
        assert decision.verdict is Verdict.BLOCK if decision.reason is Reason.UNINSPECTABLE else possible == {decision.verdict}
    else:
        assert decision.verdict is Verdict.ALLOW or Verdict.ALLOW not in possible


@law
@given(data=st.data())
def test_what_stands_while_pending_never_comes_from_an_undecided_rule(data, tools, exchanges):
    ruleset = tools.compile(data.draw(policies()))
    for facts in data.draw(exchanges()).stages():
        outcome = evaluate(ruleset, Walk.REQUEST, facts)
        if isinstance(outcome, Pending):
            undecided = {step.rule for step in outcome.standing.trace if step.truth == "pending"}
            assert outcome.standing.rule not in undecided
            assert outcome.demand.phase > facts.phase or outcome.demand.needs_examination


@law
@given(data=st.data())
def test_the_response_walk_always_settles_and_only_allows_or_blocks(data, tools, exchanges):
    ruleset = tools.compile(data.draw(policies(about_response=True)))
    exchange = data.draw(exchanges())
    examination = data.draw(st.sampled_from([None, exchange.examined({"pii"})]))
    outcome = evaluate(ruleset, Walk.RESPONSE, exchange.sheet(Phase.RESPONSE_HEADERS, examination))
    assert isinstance(outcome, Settled)
    assert outcome.decision.verdict in (Verdict.ALLOW, Verdict.BLOCK)
