"""Notes word for word, and codes: every problem and note has one of the table, and the golden files show nearly all of them."""

from pathlib import Path

import pytest

from lockgate.facts.problem import UsageError
from lockgate.home.yaml_document import parse_yaml
from lockgate.policy import compile_policy
from lockgate.policy.problem_codes import NOTE_CODES, PROBLEM_CODES, UNKNOWN

HERE = Path(__file__).parent
NOTES = sorted((HERE / "notes").glob("*.policytest"))
ERRORS = sorted((HERE / "errors").glob("*.policytest"))
ELSEWHERE = {
    "invalid-yaml": "tests/home/test_yaml_document.py",
    "redirect-loop": "tests/runtime/test_redirect_loops.py",
    "failed-case": "tests/policy/test_cases.py",
    "no-cases": "tests/cli/test_policy_check.py",
    "no-description": "tests/cli/test_policy_check.py",
    "not-decrypted": "tests/cli/test_policy_check.py",
    "expired-exception": "tests/policy/test_expiry.py",
    "exception-ends-soon": "tests/policy/test_expiry.py",
}


def policy_in(file):
    return parse_yaml(file.read_text().partition("----\n")[0], "policy.yaml")


@pytest.mark.parametrize("file", NOTES, ids=lambda file: file.stem)
def test_every_note_is_told_with_its_place(file, vocabulary):
    notes = compile_policy(policy_in(file), vocabulary).notes
    assert "".join(f"{note}\n" for note in notes) == file.read_text().partition("----\n")[2]


def problems_in(file, vocabulary):
    with pytest.raises(UsageError) as error:
        compile_policy(policy_in(file), vocabulary)
    return error.value.problems


def test_every_code_stands_in_the_table_and_every_row_is_shown(vocabulary):
    problems = {problem.code for file in ERRORS for problem in problems_in(file, vocabulary)}
    notes = {note.code for file in NOTES for note in compile_policy(policy_in(file), vocabulary).notes}
    assert problems <= set(PROBLEM_CODES)
    assert notes <= set(NOTE_CODES)
    assert set(PROBLEM_CODES) | set(NOTE_CODES) == problems | notes | set(ELSEWHERE)
    assert set(UNKNOWN.values()) <= set(PROBLEM_CODES)
    assert not set(PROBLEM_CODES) & set(NOTE_CODES)
