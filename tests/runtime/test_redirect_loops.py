"""Redirects that lead in a circle do not go live."""

import pytest

from lockgate.facts.problem import UsageError
from lockgate.runtime.snapshot import SnapshotBuilder

HEAD = "version: 1\ndefault: allow\nrules:\n"
TO_ITSELF = "  - {id: away, when: {app.vendor: Anthropic}, then: {redirect: {app: claude}}}\n"
ALL_ELSEWHERE = "  - {id: all, when: {app.known: true}, then: {redirect: {to: 'https://www.example.org/'}}}\n"
ROUND = """
  - {id: a, when: {host: one.example.com}, then: {redirect: {to: 'https://two.example.com/x'}}}
  - {id: b, when: {host: two.example.com}, then: {redirect: {to: 'https://one.example.com/'}}}
"""


@pytest.fixture
def build(home):
    home.settings_file.write_text("policy: policies/own.yaml\ndecrypt: all\n")

    def live(rules):
        (home.path / "policies" / "own.yaml").write_text(HEAD + rules)
        return SnapshotBuilder(home).build()

    return live


def test_a_rule_that_redirects_its_own_target_is_refused_at_its_place(build):
    with pytest.raises(UsageError) as error:
        build(TO_ITSELF)
    (problem,) = error.value.problems
    assert problem.problem == "`away` sends people in a circle: claude.ai -> claude.ai (away)"
    assert problem.place is not None
    assert problem.place.line == 4


def test_a_circle_of_several_rules_is_refused_at_each(build):
    with pytest.raises(UsageError) as error:
        build(ROUND)
    assert [problem.problem for problem in error.value.problems] == [
        "`a` sends people in a circle: two.example.com -> one.example.com -> two.example.com (b, a)",
        "`b` sends people in a circle: one.example.com -> two.example.com -> one.example.com (a, b)",
    ]


@pytest.mark.parametrize(
    "rules",
    [
        "  - {id: pass, when: {app.id: claude}, then: allow}\n" + TO_ITSELF,
        TO_ITSELF.replace("when", "mode: monitor, when"),
        TO_ITSELF.replace("{app: claude}", "{to: education}"),
        ALL_ELSEWHERE,
        ROUND.replace("'https://one.example.com/'", "'https://three.example.com/'"),
        TO_ITSELF.replace("app.vendor: Anthropic", "app.vendor: Anthropic, operation: send_prompt"),
    ],
    ids=["target-allowed", "monitor", "portal", "outside", "chain-that-ends", "prompts-only"],
)
def test_redirects_that_arrive_go_live(build, rules):
    assert build(rules).ruleset.rules
