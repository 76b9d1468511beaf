"""The schemas for editors: whatever the checker takes they take, and what structure alone can tell they tell."""

import re
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.facts.problem import Document, UsageError
from lockgate.home.yaml_document import parse_yaml
from lockgate.policy import compile_policy, read_cases
from lockgate.policy.actions import ACTIONS
from lockgate.policy.json_schema import cases_schema, policy_schema
from lockgate.policy.selectors import SELECTORS

HERE = Path(__file__).parent
POLICIES = HERE.parents[1] / "policies"
POLICY = jsonschema.Draft202012Validator(policy_schema())
CASES = jsonschema.Draft202012Validator(cases_schema())
STRUCTURE = {"unknown-key", "missing-key", "unknown-selector", "unknown-operator", "unknown-action", "invalid-id"}


def data_of(file):
    return parse_yaml(file.read_text().partition("----\n")[0], file.name).data


def test_the_schemas_are_schemas():
    jsonschema.Draft202012Validator.check_schema(policy_schema())
    jsonschema.Draft202012Validator.check_schema(cases_schema())


@pytest.mark.parametrize("file", sorted(POLICIES.rglob("*.yaml")), ids=lambda file: str(file.relative_to(POLICIES)))
def test_what_ships_is_taken(file):
    is_cases = "cases" in file.relative_to(POLICIES).parts
    (CASES if is_cases else POLICY).validate(data_of(file))


@pytest.mark.parametrize("name", ["monitor", "starter", "strict", "cases/monitor", "cases/starter", "cases/strict"])
def test_a_policy_to_begin_with_names_its_schema(name):
    file, is_cases = POLICIES / f"{name}.yaml", name.startswith("cases/")
    named = re.search(r"^# yaml-language-server: \$schema=(.+)$", file.read_text(), re.MULTILINE)
    assert named, "an editor would not know"
    assert (file.parent / named[1]).resolve() == POLICIES / ("cases.schema.json" if is_cases else "policy.schema.json")


@pytest.mark.parametrize("file", sorted((HERE / "notes").glob("*.policytest")), ids=lambda file: file.stem)
def test_policies_with_notes_are_taken(file):
    POLICY.validate(data_of(file))


@pytest.mark.parametrize("file", sorted((HERE / "errors").glob("*.policytest")), ids=lambda file: file.stem)
def test_what_structure_tells_is_refused(file, vocabulary):
    document = parse_yaml(file.read_text().partition("----\n")[0], "policy.yaml")
    with pytest.raises(UsageError) as error:
        compile_policy(document, vocabulary)
    if STRUCTURE & {problem.code for problem in error.value.problems}:
        assert not POLICY.is_valid(document.data)


def values():
    words = [
        "chatgpt",
        "a.example",
        "10.0.0.0/8",
        "approved",
        "send_prompt",
        "x*",
        "high",
        "09:00",
        "2026-01-31",
        "none",
        "DE",
        5,
        3.5,
        True,
    ]
    return st.one_of(st.sampled_from(words), st.lists(st.sampled_from(words), min_size=1, max_size=2))


@st.composite
def conditions(draw):
    row = draw(st.sampled_from(SELECTORS))
    name = row.prefix + draw(st.sampled_from(["pii", "aws-key", "training"])) if row.family is not None else row.name
    value = draw(values())
    if draw(st.booleans()):
        value = {draw(st.sampled_from([*row.operators, "nonsense"])): value}
    condition = {name: value}
    return draw(st.sampled_from([condition, {"not": condition}, {"any": [condition, {"port": 1}]}, {"all": [condition]}]))


THEN = st.one_of(
    st.sampled_from(
        [*ACTIONS, {"capture": "full"}, {"tag": "x"}, {"tag": ["x", "y"]}, {"block": {"as": "answer"}}, [{"tag": "x"}, "allow"]]
    ),
    st.sampled_from([{"redirect": {"to": "https://x.example/"}}, {"capture": "all"}, [], 5, {"tag": "x", "capture": "full"}]),
)


@settings(max_examples=400, deadline=None)
@given(when=conditions(), then=THEN)
def test_what_the_checker_takes_the_schema_takes(when, then, vocabulary):
    policy = {"version": 1, "default": "allow", "rules": [{"id": "a-rule", "when": when, "then": then}]}
    try:
        compile_policy(Document(file="policy.yaml", data=policy, places={}), vocabulary)
    except UsageError:
        return
    POLICY.validate(policy)


def test_every_selector_operator_and_action_explains_itself_to_who_rests_on_it():
    schema = policy_schema()
    condition, action = schema["$defs"]["condition"], schema["$defs"]["action"]
    for row in SELECTORS:
        said = condition["properties"].get(row.name) or condition["patternProperties"][f"^{re.escape(row.prefix)}.+$"]
        assert row.doc in said["description"]
        operators = schema["$defs"][said["$ref"].removeprefix("#/$defs/")]["anyOf"][1]["properties"]
        assert set(operators) == set(row.operators)
        assert all(operator["description"] for operator in operators.values())
    assert {name for option in action["anyOf"] for name in option.get("properties", {})} == set(ACTIONS)


CASE = "version: 1\ncases:\n  - {name: x, given: {operation: upload}, expect: {verdict: allow}}\n"
TABLE = "version: 1\ntables:\n  - {columns: [operation, findings.pii, verdict], rows: [[upload, 1, allow]]}\n"


@pytest.mark.parametrize("text", [CASE, TABLE])
def test_cases_are_taken(text):
    document = parse_yaml(text, "cases.yaml")
    read_cases(document)
    CASES.validate(document.data)


@pytest.mark.parametrize(
    "change",
    [
        ("upload", "uplaod"),
        ("verdict: allow", "rule: a"),
        ("given", "givne"),
        ("findings", "findigns"),
        ("operation", "opreation"),
    ],
)
def test_what_is_no_case_is_refused(change):
    for text in (CASE, TABLE):
        document = parse_yaml(text.replace(*change), "cases.yaml")
        if document.data != parse_yaml(text, "cases.yaml").data:
            with pytest.raises(UsageError):
                read_cases(document)
            assert not CASES.is_valid(document.data) or change == ("upload", "uplaod")
