"""The tree that explains a condition agrees with the check that decides."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_policies import CONTENT_TESTS, EARLY_TESTS, LATER_TESTS, conditions, law, policies

from lockgate.facts.decision import Truth
from lockgate.facts.finding import ExaminationState
from lockgate.facts.prompt import Attachment, Conversation, Role, chain
from lockgate.facts.traffic import Phase
from lockgate.policy import Settled, Walk, evaluate
from lockgate.policy.condition_tree import condition_tree
from lockgate.policy.explained import demanded_profiles, explained_rules, waiting_tests

CONDITIONS = conditions(EARLY_TESTS + CONTENT_TESTS + LATER_TESTS)


@law
@given(data=st.data())
def test_the_truth_at_the_top_is_that_of_the_check(data, tools, exchanges):
    rule = {"id": "r", "when": data.draw(CONDITIONS), "then": "block"}
    ruleset = tools.compile({"version": 1, "default": "allow", "rules": [rule]})
    (rule,) = ruleset.rules
    tree = condition_tree(rule.when, ruleset.surroundings)
    for facts in data.draw(exchanges()).stages():
        told, outcome = tree(facts), rule.check(facts)
        assert told.truth is outcome.truth
        assert bool(told.waiting()) is (told.truth is Truth.PENDING)


@law
@given(data=st.data())
def test_rules_are_told_as_they_were_walked(data, tools, exchanges):
    ruleset = tools.compile(data.draw(policies()))
    outcome = evaluate(ruleset, Walk.REQUEST, facts := data.draw(exchanges()).last(), thorough=True)
    assert isinstance(outcome, Settled)
    told = explained_rules(ruleset, Walk.REQUEST, facts, outcome.decision)
    assert [rule.id for rule in told] == [rule.id for rule in ruleset.request_walk.rules]
    walked = {step.rule: step.truth for step in outcome.decision.trace}
    for rule in told:
        assert rule.truth is walked.get(rule.id)
        assert rule.truth in (None, rule.condition.truth)


@law
@given(data=st.data())
def test_what_was_demanded_is_what_the_rules_wanted(data, tools, exchanges):
    ruleset = tools.compile(data.draw(policies(about_response=True)))
    facts = data.draw(exchanges()).sheet(Phase.REQUEST_BODY)
    outcome = evaluate(ruleset, Walk.REQUEST, facts)
    wanted = demanded_profiles(ruleset, facts)
    demanded = frozenset() if isinstance(outcome, Settled) else outcome.demand.profiles
    assert frozenset().union(*wanted.values()) == demanded


@pytest.fixture
def tree(ruleset):
    def told(condition, facts):
        compiled = ruleset(f"version: 1\ndefault: allow\nrules: [{{id: r, when: {condition}, then: block}}]\n")
        return condition_tree(compiled.rules[0].when, compiled.surroundings)(facts)

    return told


def test_each_part_says_what_was_wanted_and_what_was_there(tree, sheet, finding, examination):
    facts = sheet(Phase.REQUEST_BODY, examination=examination(finding("pii"), profiles={"pii"}))
    told = tree("{any: [{app.id: claude}, {all: [{user: alice}, {not: {dlp.profiles: {any: [credentials, pii]}}}]}]}", facts)
    app, both = told.parts
    user, no = both.parts
    (dlp,) = no.parts
    assert (told.word, both.word, no.word, told.truth) == ("any", "all", "not", Truth.NO)
    assert (app.word, app.operator, app.wanted, app.seen, app.truth) == ("app.id", "in", "[claude]", "chatgpt", Truth.NO)
    assert (user.seen, user.truth) == ("alice", Truth.YES)
    assert (dlp.operator, dlp.wanted, dlp.truth) == ("any", "[credentials, pii]", Truth.YES)
    assert dlp.seen == "not known yet for credentials; has pii"


def test_what_is_absent_waits_or_can_never_be_known_says_so(tree, sheet, examination):
    assert tree("{prompt.model: {known: false}}", sheet(Phase.REQUEST_HEADERS)).seen == "not known yet"
    facts = sheet(Phase.REQUEST_BODY, app=None, examination=examination(state=ExaminationState.CRASHED))
    assert tree("{app.id: claude}", facts).seen == "absent"
    told = tree("{dlp.count.pii: {above: 0}}", facts)
    assert (told.truth, told.seen) == (Truth.UNINSPECTABLE, "0 or more")
    (waiting,) = tree("{dlp.count.pii: {above: 0}}", sheet(Phase.REQUEST_BODY, examination=None)).waiting()
    assert [demand.profiles for demand in waiting.demands] == [{"pii"}]


def test_content_is_never_shown(tree, sheet):
    named = Attachment(name="plan.pdf", size=1)
    facts = sheet(Phase.REQUEST_BODY, conversation=Conversation(turns=chain([(Role.USER, (), (named,))])))
    told = tree("{attachment.names: {any: ['*.pdf']}}", facts)
    assert (told.truth, told.seen) == (Truth.YES, "known")


def test_the_tests_that_rules_wait_for_are_named(ruleset, sheet):
    policy = """
version: 1
default: allow
rules:
  - {id: one, when: {all: [{user: alice}, {dlp.profiles: pii}, {prompt.model: gpt-5}]}, then: block}
  - {id: two, when: {prompt.model: gpt-5}, then: block}
"""
    compiled = ruleset(policy)
    waiting = waiting_tests(compiled, frozenset({"one"}), sheet(Phase.REQUEST_HEADERS))
    assert [(rule, test.word) for rule, test in waiting] == [("one", "dlp.profiles"), ("one", "prompt.model")]
