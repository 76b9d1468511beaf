"""What cases show of a policy, and what nobody tried."""

import pytest

from lockgate.home.yaml_document import parse_yaml
from lockgate.policy import read_cases, run_cases
from lockgate.policy.coverage import coverage
from lockgate.testing.builders import FakeLibrary

POLICY = """version: 1
default: allow
do_not_inspect:
  - {id: banks, when: {host: {within: bank.example}}}
  - {id: clinics, when: {host: clinic.example}}
rules:
  - {id: staff, when: {user: alice}, then: {tag: staff}}
  - {id: no-post, when: {request.method: POST, user.groups: {none: [exempt]}}, then: block}
  - {id: deletes, when: {request.method: DELETE}, then: block}
  - {id: errors, when: {response.status: {at_least: 500}}, then: block}
  - {id: everything, then: {tag: seen}}
exceptions:
  - {id: migration, rules: [no-post], when: {user: bob}, owner: it, reason: They move., expires: 2099-01-01}
  - {id: unused, rules: [deletes], when: {user: carol}, owner: it, reason: They move., expires: 2099-01-01}
"""
CASES = [
    "{name: a, given: {app: none, method: POST, user: alice}, expect: {verdict: block}}",
    "{name: b, given: {app: none, method: GET}, expect: {verdict: allow}}",
    "{name: c, given: {app: none, method: POST, user: bob}, expect: {verdict: allow}}",
    '{name: d, given: {app: none, url: "https://x.bank.example/"}, expect: {verdict: tunnel}}',
    "{name: e, given: {app: none, method: GET, response: {status: 200}}, expect: {verdict: allow}}",
]


@pytest.fixture
def shown(ruleset):
    def of(*cases):
        compiled = ruleset(POLICY)
        text = "version: 1\ncases:\n" + "".join(f"  - {case}\n" for case in cases)
        return coverage(
            compiled,
            run_cases(compiled, FakeLibrary(lambda _request: None), read_cases(parse_yaml(text, "cases.yaml")), thorough=True),
        )

    return of


def test_what_matched_what_did_not_and_what_nobody_tried(shown):
    covered = shown(*CASES)
    assert {rule.id: (rule.matched, rule.not_matched) for rule in covered.rules} == {
        "staff": (1, 3), "no-post": (1, 3), "deletes": (0, 3), "errors": (0, 1), "everything": (3, 0),
    }  # fmt: skip
    assert covered.missing == (
        ("deletes", "never matched"),
        ("errors", "never matched"),
        ("unused", "never exercised"),
        ("clinics", "never exercised"),
    )
    # Of the rules two, two, one and one of two, and all of the one without a condition; of four entries two.
    assert covered.percent == 100 * (2 + 2 + 1 + 1 + 1 + 2) // 13


def test_one_case_is_not_enough(shown):
    covered = shown(CASES[0])
    assert dict(covered.missing) == {
        "staff": "never seen not to match", "no-post": "never seen not to match", "deletes": "never exercised",
        "errors": "never exercised", "everything": "never exercised", "migration": "never exercised",
        "unused": "never exercised", "banks": "never exercised", "clinics": "never exercised",
    }  # fmt: skip


def test_a_policy_with_nothing_to_show_is_shown(ruleset):
    assert coverage(ruleset("version: 1\ndefault: allow\n"), ()).percent == 100
