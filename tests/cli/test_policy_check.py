"""`lockgate policy check` as people and programs read it."""

import json
import re

import jsonschema
import pytest
from click.testing import CliRunner

from lockgate.cli import cli
from lockgate.cli.problem_formats import Checked, as_github, as_json, as_sarif
from lockgate.facts.problem import Place, Problem, UsageError
from lockgate.policy.problem_codes import NOTE_CODES, PROBLEM_CODES

GOOD = """version: 1
default: allow
rules:
  - {id: a, description: No keys., when: {app.known: true, dlp.profiles: credentials}, then: block}
"""
NOTED = GOOD + "  - {id: b, when: {host: {within: bank.example}, request.method: POST}, then: block}\n"
WRONG = (
    NOTED + "  - {id: c, description: x, when: {app.idd: x}, then: block}\n  - {id: c, when: {port: 1, zzz: 2}, then: block}\n"
)


@pytest.fixture
def files(tmp_path):
    (tmp_path / "cases").mkdir()
    for name, text in {"good": GOOD, "noted": NOTED, "wrong": WRONG}.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    (tmp_path / "cases" / "good.yaml").write_text("version: 1\ncases: []\n")
    return tmp_path


@pytest.fixture(scope="module")
def home(ready_home, tmp_path_factory):
    return ready_home(tmp_path_factory.mktemp("check") / "home")


@pytest.fixture
def check(home, files):
    def checked(*names, **options):
        given = [part for name, value in options.items() for part in (f"--{name}", *([] if value is True else [value]))]
        arguments = ["--home", str(home.path), "policy", "check", *(str(files / name) for name in names), *given]
        return CliRunner().invoke(cli, arguments)

    return checked


def test_a_policy_in_order_is_fine(check):
    done = check("good.yaml")
    assert done.exit_code == 0
    assert "good.yaml: fine, 1 rule, version" in done.stdout
    assert "note" not in done.stdout


def test_notes_stop_nothing_unless_asked_to(check):
    done = check("noted.yaml")
    assert done.exit_code == 0
    assert "`b` does not say why it is there" in done.stdout
    assert "no cases say what is expected of this policy" in done.stdout
    assert "connections to `bank.example`, which are not decrypted" in done.stdout
    assert check("noted.yaml", strict=True).exit_code == 1
    assert check("good.yaml", strict=True).exit_code == 0


def test_problems_are_told_apart_from_notes(check):
    done = check("good.yaml", "wrong.yaml")
    assert done.exit_code == 3
    assert "wrong.yaml: 3 problems" in done.stdout
    assert done.stderr.count("wrong.yaml:") == 3
    assert "note" not in done.stderr


def test_a_folder_is_all_of_its_policies_and_none_of_their_cases(check, files):
    done = check("", format="json")
    assert [each["file"] for each in json.loads(done.stdout)["policies"]] == [
        str(files / name) for name in ("good.yaml", "noted.yaml", "wrong.yaml")
    ]
    assert done.exit_code == 3


def test_a_folder_without_policies_is_a_mistake(check, files):
    (files / "empty").mkdir()
    done = check("empty")
    assert isinstance(done.exception, UsageError)
    assert "there is no policy in" in str(done.exception)


def test_json_says_where_what_and_the_next_step(check, files):
    problems = json.loads(check("wrong.yaml", format="json").stdout)["problems"]
    assert {(each["severity"], each["code"]) for each in problems} >= {
        ("error", "unknown-selector"), ("error", "duplicate-id"), ("note", "no-description"),
    }  # fmt: skip
    first = next(each for each in problems if each["code"] == "unknown-selector")
    assert first == {
        "file": str(files / "wrong.yaml"), "line": 6, "column": 36, "severity": "error", "code": "unknown-selector",
        "problem": "unknown selector `app.idd`", "help": "did you mean `app.id`?",
    }  # fmt: skip


ODD = Problem(
    place=Place(file="a b/50%,x:y.yaml", line=3, column=4),
    problem="100% wrong: `a`\r\nreally",
    help="try, again",
    code="invalid-value",
)
BARE = Problem(problem="cannot read", code="")


def odd():
    return [Checked(file="p.yaml", problems=(ODD, BARE), notes=(Problem(problem="a note", code="unused-list"),))]


def test_a_workflow_command_stays_one_line_whatever_it_says():
    assert as_github(odd()).split("\n") == [
        "::error file=a b/50%25%2Cx%3Ay.yaml,line=3,col=4,title=invalid-value::100%25 wrong: `a`%0D%0Areally%0Atry, again",
        "::error file=p.yaml,title=invalid-value::cannot read",
        "::notice file=p.yaml,title=unused-list::a note",
    ]


def test_nothing_found_is_nothing_said():
    assert as_github([Checked(file="p.yaml", version="1")]) == ""
    assert json.loads(as_json([]))["problems"] == []
    assert json.loads(as_sarif([]))["runs"][0]["results"] == []


# What SARIF 2.1.0 requires of the parts we write (OASIS standard, sections 3.13, 3.14, 3.18, 3.27, 3.28, 3.29, 3.30, 3.49).
MESSAGE = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
RULE = {
    "type": "object", "required": ["id"],
    "properties": {
        "id": {"type": "string"}, "shortDescription": MESSAGE,
        "defaultConfiguration": {"properties": {"level": LEVEL}, "additionalProperties": False},
    },
    "additionalProperties": False,
}  # fmt: skip
REGION = {
    "properties": {name: {"type": "integer", "minimum": 1} for name in ("startLine", "startColumn")},
    "required": ["startLine"], "additionalProperties": False,
}  # fmt: skip
PHYSICAL = {
    "properties": {
        "artifactLocation": {"properties": {"uri": {"type": "string", "minLength": 1}}, "additionalProperties": False},
        "region": REGION,
    },
    "required": ["artifactLocation"], "additionalProperties": False,
}  # fmt: skip
RESULT = {
    "type": "object", "required": ["message", "ruleId", "ruleIndex"],
    "properties": {
        "ruleId": {"type": "string"}, "ruleIndex": {"type": "integer", "minimum": 0}, "level": LEVEL, "message": MESSAGE,
        "locations": {"type": "array", "items": {"properties": {"physicalLocation": PHYSICAL}, "additionalProperties": False}},
    },
    "additionalProperties": False,
}  # fmt: skip
DRIVER = {
    "required": ["name"], "additionalProperties": False,
    "properties": {
        "name": {"type": "string"}, "version": {"type": "string"},
        "rules": {"type": "array", "items": RULE, "uniqueItems": True},
        "semanticVersion": {"type": "string", "pattern": r"^[0-9]+\.[0-9]+\.[0-9]+"},
    },
}  # fmt: skip
RUN = {
    "required": ["tool"], "additionalProperties": False,
    "properties": {
        "tool": {"required": ["driver"], "properties": {"driver": DRIVER}, "additionalProperties": False},
        "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
        "results": {"type": "array", "items": RESULT},
    },
}  # fmt: skip
SARIF = {
    "type": "object", "required": ["version", "runs"], "additionalProperties": False,
    "properties": {
        "$schema": {"type": "string", "format": "uri"}, "version": {"const": "2.1.0"}, "runs": {"type": "array", "items": RUN},
    },
}  # fmt: skip


def test_sarif_is_what_the_standard_asks_for():
    log = json.loads(as_sarif(odd()))
    jsonschema.validate(log, SARIF)
    run = log["runs"][0]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == [*PROBLEM_CODES, *NOTE_CODES]
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
    first, bare, note = run["results"]
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "a%20b/50%25%2Cx%3Ay.yaml"
    assert place["region"] == {"startLine": 3, "startColumn": 4}
    assert "region" not in bare["locations"][0]["physicalLocation"]
    assert [result["level"] for result in run["results"]] == ["error", "error", "note"]
    assert note["message"]["text"] == "A note."


def test_codes_are_words_that_can_stand_anywhere():
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", code) for code in (*PROBLEM_CODES, *NOTE_CODES))
