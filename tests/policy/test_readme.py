"""The page about policies is true: its policy compiles, its cases hold, and it names every action."""

import re
from pathlib import Path

from lockgate.home.yaml_document import parse_yaml
from lockgate.policy import read_cases, run_cases
from lockgate.policy.actions import ACTIONS
from lockgate.policy.case_syntax import EXPECT_KEYS, GIVEN_KEYS
from lockgate.testing.builders import FakeLibrary

README = (Path(__file__).parents[2] / "policies" / "README.md").read_text()
POLICY, CASES, TABLE = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)


def test_the_policy_and_the_cases_of_the_page_hold(ruleset):
    cases = read_cases(parse_yaml(CASES + TABLE, "README.md"))
    results = run_cases(ruleset(POLICY), FakeLibrary(), cases)
    assert [str(result.problem) for result in results if result.problem] == []
    assert len(results) == 6


def test_the_page_names_every_action_and_every_key_of_a_case():
    missing = [word for word in (*ACTIONS, *GIVEN_KEYS, *EXPECT_KEYS) if not re.search(rf"`{word}\b", README)]
    assert missing == []
