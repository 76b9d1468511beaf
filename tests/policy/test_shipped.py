"""The policies that ship: they compile, their cases hold, and each promise of theirs is kept for any exchange."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.facts.app import Operation, ReviewStatus
from lockgate.facts.decision import Verdict
from lockgate.facts.finding import ExaminationState
from lockgate.facts.traffic import Phase
from lockgate.home.yaml_document import parse_yaml
from lockgate.policy import Mode, Settled, Vocabulary, Walk, compile_policy, evaluate, read_cases, run_cases
from lockgate.testing.builders import FakeLibrary

POLICIES = Path(__file__).parents[2] / "policies"
NAMES = ("monitor", "starter", "strict")
WORDS = Vocabulary(profiles=frozenset({"credentials", "financial", "pii"}))
SENSITIVE = st.lists(st.sampled_from(["credentials", "financial", "pii"]), max_size=3)


def shipped(name):
    return compile_policy(parse_yaml((POLICIES / f"{name}.yaml").read_text(), f"{name}.yaml"), WORDS)


def cases(name):
    return read_cases(parse_yaml((POLICIES / "cases" / f"{name}.yaml").read_text(), f"cases/{name}.yaml"))


def library(_request):
    raise AssertionError("cases of shipped policies bring their own apps, so that they hold with any library")


def test_every_shipped_policy_is_tested_here_and_has_cases():
    assert (
        {file.stem for file in POLICIES.glob("*.yaml")}
        == set(NAMES)
        == {file.stem for file in (POLICIES / "cases").glob("*.yaml")}
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_case_comes_out_as_expected(name):
    failed = [str(result.problem) for result in run_cases(shipped(name), FakeLibrary(library), cases(name)) if result.problem]
    assert failed == []


@pytest.mark.parametrize("name", NAMES)
def test_every_rule_is_shown_by_a_case_to_matter(name):
    """Without the rule, some case no longer comes out as expected."""
    document = parse_yaml((POLICIES / f"{name}.yaml").read_text(), f"{name}.yaml")
    for rule in document.data["rules"]:
        rest = [other for other in document.data["rules"] if other is not rule]
        without = compile_policy(type(document)(file="p", data={**document.data, "rules": rest}, places={}), WORDS)
        assert any(not result.passed for result in run_cases(without, FakeLibrary(library), cases(name))), rule["id"]


@pytest.mark.parametrize("name", NAMES)
def test_every_rule_says_what_it_is_for_and_every_stop_what_to_do(name):
    ruleset = shipped(name)
    assert all(rule.description for rule in ruleset.rules)
    stops = [
        rule for rule in ruleset.rules if rule.actions.ends in (Verdict.BLOCK, Verdict.REDIRECT) and rule.mode is Mode.ENFORCE
    ]
    assert all(rule.message for rule in stops)


COMPILED = {name: shipped(name) for name in NAMES}


@pytest.fixture(scope="session")
def exchange(app, sheet, examination, finding):
    def build(*, found, state, **of_app):
        look = examination(*map(finding, found), state=state)
        return sheet(Phase.REQUEST_BODY, app=app(**of_app), examination=look)

    return build


ANYTHING = st.fixed_dictionaries({
    "status": st.sampled_from(ReviewStatus),
    "operation": st.sampled_from(Operation),
    "gen_ai": st.sampled_from([None, 0, 299, 300, 500]),
    "tenant": st.sampled_from([None, "acme"]),
    "found": SENSITIVE,
    "state": st.sampled_from(ExaminationState),
})  # fmt: skip


def verdict(ruleset, facts):
    outcome = evaluate(ruleset, Walk.REQUEST, facts)
    assert isinstance(outcome, Settled)
    return outcome.decision.verdict


@settings(max_examples=200, deadline=None)
@given(facts=ANYTHING)
def test_monitor_never_stops_anything(exchange, facts):
    assert verdict(COMPILED["monitor"], exchange(**facts)) is Verdict.ALLOW


@settings(max_examples=200, deadline=None)
@given(facts=ANYTHING)
def test_starter_and_strict_let_no_credential_leave_with_content(exchange, facts):
    leaking = exchange(**facts | {"found": ["credentials", *facts["found"]]})
    if facts["operation"].carries_payload:
        assert verdict(COMPILED["starter"], leaking) is Verdict.BLOCK
        assert verdict(COMPILED["strict"], leaking) is Verdict.BLOCK


@settings(max_examples=200, deadline=None)
@given(facts=ANYTHING)
def test_what_strict_lets_pass_starter_lets_pass(exchange, facts):
    if verdict(COMPILED["strict"], exchange(**facts)) is Verdict.ALLOW:
        assert verdict(COMPILED["starter"], exchange(**facts)) is Verdict.ALLOW
