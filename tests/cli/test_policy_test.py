"""`lockgate policy test` as people and programs read it."""

import json
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from lockgate.cli import cli

POLICY = """version: 1
default: allow
rules:
  - {id: no-post, when: {request.method: POST}, then: block}
  - {id: no-put, when: {request.method: PUT}, then: block}
"""
CASES = """version: 1
cases:
  - {name: Posts are stopped, given: {app: none}, expect: {verdict: block, rule: no-post, reason: rule}}
  - {name: "Odd \\x1b <&\\"'\\n name", given: {app: none, method: GET}, expect: {verdict: block}}
"""


@pytest.fixture(scope="module")
def home(ready_home, tmp_path_factory):
    return ready_home(tmp_path_factory.mktemp("cases") / "home")


@pytest.fixture
def policy(tmp_path):
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / "own.yaml").write_text(CASES)
    (tmp_path / "own.yaml").write_text(POLICY)
    return tmp_path / "own.yaml"


@pytest.fixture
def tested(home, policy):
    def run(*options):
        return CliRunner().invoke(cli, ["--home", str(home.path), "policy", "test", str(policy), *map(str, options)])

    return run


def test_one_failure_fails_the_command(tested):
    done = tested()
    assert done.exit_code == 1
    assert "1 of 2 cases as expected" in done.stdout
    assert "expected verdict `block`, got `allow`" in done.stderr


def test_only_cases_whose_name_fits(tested):
    done = tested("-k", "POSTS are")
    assert done.exit_code == 0
    assert "1 of 1 cases as expected" in done.stdout


def test_a_table_of_what_the_cases_show(tested):
    done = tested("-k", "posts", "--coverage")
    assert [line.split() for line in done.stdout.splitlines()[1:]] == [
        ["rule", "matched", "not", "matched"],
        ["no-post", "1", "0", "never", "seen", "not", "to", "match"],
        ["no-put", "0", "0", "never", "exercised"],
        ["25", "%", "shown"],
    ]


def test_too_little_shown_fails_and_says_what_is_missing(tested):
    done = tested("-k", "posts", "--require-coverage", 26)
    assert done.exit_code == 1
    assert "cases show 25 % of the policy, 26 % are asked for" in done.stderr
    assert "no-put: never exercised" in done.stderr
    assert tested("-k", "posts", "--require-coverage", 25).exit_code == 0


def test_junit_is_xml_whatever_a_case_is_called(tested, tmp_path, policy):
    file = tmp_path / "junit.xml"
    tested("--junit", file)
    root = ET.fromstring(file.read_text())
    assert (root.tag, root.get("tests"), root.get("failures")) == ("testsuites", "2", "1")
    (suite,) = root
    assert (suite.tag, suite.get("name"), suite.get("tests"), suite.get("failures")) == ("testsuite", str(policy), "2", "1")
    good, bad = suite
    assert (good.tag, good.get("name"), good.get("line"), len(good)) == ("testcase", "Posts are stopped", "3", 0)
    assert bad.get("name") == "Odd \ufffd <&\"'\n name"
    (failure,) = bad
    assert failure.get("message") == "expected verdict `block`, got `allow`"
    assert "no-post: no (request.method is GET)" in failure.text


def test_json_says_how_each_case_came_out(tested, policy):
    (told,) = json.loads(tested("--format", "json").stdout)["policies"]
    good, bad = told["cases"]
    assert told["file"] == str(policy)
    assert good == {
        "name": "Posts are stopped", "file": str(policy.parent / "cases" / "own.yaml"), "line": 3, "passed": True,
        "differences": [], "verdict": "block", "rule": "no-post", "reason": "rule",
    }  # fmt: skip
    assert (bad["passed"], bad["differences"]) == (False, ["expected verdict `block`, got `allow`"])
    assert told["coverage"]["percent"] == 75
