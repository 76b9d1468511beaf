"""What an operator is told about a wrong policy, word for word, and what a right one compiles to."""

from pathlib import Path

import pytest

from lockgate.facts.decision import Verdict
from lockgate.facts.problem import Document, UsageError
from lockgate.home.yaml_document import parse_yaml
from lockgate.policy import compile_policy

GOLDEN = sorted((Path(__file__).parent / "errors").glob("*.policytest"))
SMALLEST = "version: 1\ndefault: allow\n"


@pytest.mark.parametrize("file", GOLDEN, ids=lambda file: file.stem)
def test_every_problem_is_told_with_its_place_and_the_next_step(file, vocabulary):
    policy, _, expected = file.read_text().partition("----\n")
    with pytest.raises(UsageError) as error:
        compile_policy(parse_yaml(policy, "policy.yaml"), vocabulary)
    assert f"{error.value}\n" == expected


def test_the_smallest_policy(ruleset):
    compiled = ruleset(SMALLEST)
    assert (compiled.default, compiled.on_uninspectable, compiled.rules) == (Verdict.ALLOW, Verdict.BLOCK, ())
    assert not compiled.looks_at_responses


def test_a_document_of_any_shape_is_a_policy_or_a_usage_error(vocabulary):
    for data in (None, [], 3, "x", {}, {"rules": [None, 3, {"then": None}]}, {"lists": {"a": None}, "rules": {"x": 1}}):
        with pytest.raises(UsageError):
            compile_policy(Document(file="p", data=data, places={}), vocabulary)


RULE = "rules:\n  - {id: a, when: {port: 443, user: bob}, then: block, message: No.}\n"


@pytest.mark.parametrize(
    "same",
    [
        "# a comment\n" + SMALLEST + RULE,
        "default: allow\nversion: 1\n" + RULE,
        SMALLEST + "on_uninspectable: block\n" + RULE,
        SMALLEST + RULE.replace("id: a", "id: a, description: words, mode: enforce"),
        SMALLEST + RULE.replace("port: 443, user: bob", "user: {in: [bob]}, port: {between: [443, 443]}"),
    ],
)
def test_the_version_is_a_digest_of_the_meaning(same, ruleset):
    assert ruleset(same).version == ruleset(SMALLEST + RULE).version


@pytest.mark.parametrize(
    "other",
    [
        "version: 1\ndefault: block\n" + RULE,
        SMALLEST + "on_uninspectable: allow\n" + RULE,
        SMALLEST + "lists: {x: [a.example]}\n" + RULE,
        SMALLEST + "contact: x\n" + RULE,
        SMALLEST + RULE.replace("443", "444"),
        SMALLEST + RULE.replace("id: a", "id: b"),
        SMALLEST + RULE.replace("block", "allow"),
        SMALLEST + RULE.replace("No.", "Yes."),
        SMALLEST + RULE.replace("id: a", "id: a, mode: monitor"),
        SMALLEST + "do_not_inspect: [{id: d, when: {port: 1}}]\n" + RULE,
        SMALLEST,
    ],
)
def test_another_meaning_is_another_version(other, ruleset):
    assert ruleset(other).version != ruleset(SMALLEST + RULE).version


def test_a_ruleset_says_what_it_could_ever_need(ruleset):
    compiled = ruleset(
        SMALLEST
        + """
rules:
  - {id: a, when: {dlp.count.pii: {at_least: 3}, app.known: true}, then: block, mode: monitor}
  - {id: b, when: {not: {any: [{dlp.profiles: {none: [credentials]}}, {port: 1}]}}, then: {tag: x}}
  - {id: c, when: {response.status: 200}, then: block}
"""
    )
    assert compiled.profiles == {"pii", "credentials"}
    assert compiled.selectors == {"dlp.count.pii", "app.known", "dlp.profiles", "port", "response.status"}
    assert [rule.id for rule in compiled.request_walk.rules] == ["a", "b"]
    assert [rule.id for rule in compiled.response_walk.rules] == ["c"]


def test_what_is_worth_knowing_is_noted_and_not_refused(ruleset):
    notes = ruleset(
        SMALLEST
        + """
rules:
  - {id: a, when: {response.status: 200}, then: block}
  - {id: b, when: {port: 443}, then: {tag: x}, message: hello}
"""
    ).notes
    assert [str(note) for note in notes] == [
        "policy.yaml:5:49: `a` stops the response; the request has left by then",
        "policy.yaml:6:57: nobody is shown the message of `b`, because it does not stop anything",
    ]


def test_a_detector_without_a_known_profile_is_looked_for_with_all(vocabulary, ruleset):
    from dataclasses import replace

    compiled = ruleset(
        SMALLEST + "rules: [{id: a, when: {dlp.detectors: aws-key}, then: block}]", replace(vocabulary, detector_profiles={})
    )
    assert compiled.profiles == vocabulary.profiles
