"""The example policies: they compile against what ships, say nothing unnecessary, and their cases show every rule at work."""

from dataclasses import replace

import pytest

from lockgate.home.home import Home, built_in_data
from lockgate.home.load import load_library
from lockgate.home.policy_files import cases_file
from lockgate.home.reading import read_document
from lockgate.policy import compile_policy
from lockgate.runtime.cases import case_results
from lockgate.runtime.known_names import KnownNames
from lockgate.runtime.snapshot import checked_policy

EXAMPLES = built_in_data() / "policies" / "examples"
FILES = sorted(EXAMPLES.glob("*.yaml"))
NAMES = [file.stem for file in FILES]


@pytest.fixture(scope="module")
def shipped():
    home = Home(built_in_data())
    return KnownNames.of(home, load_library(home))


def test_every_example_has_cases_and_a_line_in_the_readme():
    readme = (EXAMPLES / "README.md").read_text()
    assert {cases_file(file).name for file in FILES} == {file.name for file in (EXAMPLES / "cases").glob("*.yaml")}
    assert [name for name in NAMES if f"| `{name}.yaml` |" not in readme] == []


@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_an_example_is_sound_and_its_cases_come_out_as_expected(shipped, file):
    ruleset = checked_policy(read_document(file), shipped)
    assert [str(note) for note in ruleset.notes] == []
    failed = [
        str(result.problem)
        for result in case_results(ruleset, shipped.library, read_document(cases_file(file)))
        if result.problem
    ]
    assert failed == []


@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_every_rule_of_an_example_is_shown_by_a_case_to_matter(shipped, file):
    words = shipped.vocabulary()
    document, cases = read_document(file), read_document(cases_file(file))
    for rule in document.data["rules"]:
        rest = [other for other in document.data["rules"] if other is not rule]
        without = compile_policy(replace(document, data={**document.data, "rules": rest}, places={}), words)
        assert any(result.problem for result in case_results(without, shipped.library, cases)), rule["id"]


@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_every_rule_of_an_example_says_what_it_is_for_and_every_stop_what_to_do(file):
    stops = ("block", "redirect", "coach", "isolate", "limit")
    for rule in read_document(file).data["rules"]:
        assert rule.get("description"), rule["id"]
        action = rule["then"] if isinstance(rule["then"], str) else next(iter(rule["then"]))
        if action in stops:
            assert rule.get("message"), rule["id"]
