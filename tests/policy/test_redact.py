"""Rules that redact: what they demand, when they are in doubt, and what cases say of them."""

import pytest

from lockgate.facts.decision import Reason, Verdict
from lockgate.facts.finding import DetectionConfidence, ExaminationState
from lockgate.facts.redaction import Redact, Stand, to_redact
from lockgate.facts.traffic import Phase
from lockgate.home.yaml_document import parse_yaml
from lockgate.policy import Pending, Settled, Walk, evaluate, read_cases, run_case
from lockgate.testing.builders import FakeLibrary


@pytest.fixture
def compiled(ruleset):
    def build(*rules, on_uninspectable="block"):
        return ruleset(
            f"version: 1\ndefault: allow\non_uninspectable: {on_uninspectable}\nrules:\n" + "".join(f"  - {r}\n" for r in rules)
        )

    return build


CLEAN = "{id: clean, when: {host: chatgpt.com}, then: {redact: [pii]}}"


def walked(rules, facts):
    return evaluate(rules, Walk.REQUEST, facts)


def test_a_rule_that_matches_waits_for_a_look_at_what_it_replaces(compiled, sheet):
    rules = compiled(CLEAN)
    waiting = walked(rules, sheet(Phase.REQUEST_BODY, host="chatgpt.com", examination=None))
    assert isinstance(waiting, Pending)
    assert waiting.demand.profiles == {"pii"}
    assert rules.profiles == {"pii"}


@pytest.mark.parametrize(
    "rules",
    [
        ("{id: clean, when: {host: elsewhere.example}, then: {redact: [pii]}}",),
        ("{id: clean, then: {redact: [pii]}, mode: monitor}",),
        (CLEAN, "{id: no, when: {port: 443}, then: block}"),
    ],
    ids=["no-match", "monitor", "stopped-anyway"],
)
def test_nothing_is_looked_at_for_what_is_not_replaced(compiled, sheet, rules):
    facts = sheet(Phase.REQUEST_BODY, host="chatgpt.com", examination=None)
    assert isinstance(walked(compiled(*rules), facts), Settled)


def test_a_rule_that_is_open_says_at_once_all_it_will_need(compiled, sheet):
    rules = compiled("{id: clean, when: {dlp.profiles: credentials}, then: {redact: [pii]}}")
    waiting = walked(rules, sheet(Phase.REQUEST_BODY, examination=None))
    assert waiting.demand.profiles == {"pii", "credentials"}


@pytest.mark.parametrize("on_uninspectable", ["block", "allow"])
def test_a_look_that_failed_ends_as_the_policy_says(compiled, sheet, examination, on_uninspectable):
    rules = compiled(CLEAN, on_uninspectable=on_uninspectable)
    failed = examination(state=ExaminationState.TIMED_OUT, profiles={"pii"})
    decision = walked(rules, sheet(host="chatgpt.com", examination=failed)).decision
    if on_uninspectable == "block":
        assert (decision.verdict, decision.reason, decision.rule) == (Verdict.BLOCK, Reason.UNINSPECTABLE, "clean")
    else:
        assert decision.verdict is Verdict.ALLOW
        assert decision.additions(Redact)


def test_the_first_rule_that_covers_a_finding_says_how_it_is_replaced(compiled, sheet, examination, finding):
    rules = compiled(
        "{id: sure, then: {redact: {profiles: [pii], at_least: high}}}",
        "{id: card, then: {redact: {profiles: [financial, pii], detectors: card-number, with: placeholder}}}",
    )
    low, card, other = (
        finding("pii", DetectionConfidence.LOW, "card-number"),
        finding("pii", DetectionConfidence.HIGH, "card-number"),
        finding("financial", DetectionConfidence.HIGH, "some-detector"),
    )
    found = examination(low, card, other, profiles={"pii", "financial"})
    decision = walked(rules, sheet(examination=found)).decision
    replaced = list(to_redact(decision, found.findings))
    assert [(each, rule, redact.stands) for each, rule, redact in replaced] == [
        (low, "card", Stand.PLACEHOLDER), (card, "sure", Stand.MASK),
    ]  # fmt: skip


def test_another_way_to_replace_is_another_version(compiled):
    ways = ("[pii]", "[credentials]", "{profiles: pii, with: placeholder}", "{profiles: pii, at_least: high}")
    versions = {compiled(f"{{id: a, then: {{redact: {way}}}}}").version for way in ways}
    assert len(versions) == len(ways)


CASES = """
version: 1
cases:
  - name: some
    given: {app: none, findings: {pii: 2, credentials: 1}}
    expect: {verdict: allow, redacted: [pii]}
  - name: none
    given: {app: none, findings: {credentials: 1}}
    expect: {verdict: allow, redacted: []}
  - name: wrong
    given: {app: none, findings: {pii: 1}}
    expect: {verdict: allow, redacted: [credentials]}
"""


def test_cases_say_what_is_replaced(compiled):
    rules = compiled("{id: clean, then: {redact: [pii]}}")
    some, none, wrong = (run_case(rules, FakeLibrary(), case) for case in read_cases(parse_yaml(CASES, "cases.yaml")))
    assert some.passed
    assert none.passed
    assert wrong.differences == ("expected redacted [credentials], got [pii]",)
