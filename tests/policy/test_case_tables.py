"""Cases as tables: each row is a case, and what is wrong with a cell is told at the cell."""

import pytest

from lockgate.facts.app import Operation
from lockgate.facts.decision import Reason, Verdict
from lockgate.facts.problem import UsageError
from lockgate.home.yaml_document import parse_yaml
from lockgate.policy import read_cases
from lockgate.policy.cases import told_header

APPS = "version: 1\napps:\n  new: {id: some-app, status: unreviewed}\n"
TABLE = """tables:
  - name: Uploads
    given: {app: new, headers: {x-a: one}}
    expect: {reason: rule}
    columns: [operation, groups, findings.pii, headers.x-b, verdict, rule]
    rows:
      - [upload, [sales, it], 2, two, block, no-uploads]
      - [send_prompt, ~, ~, ~, allow, none]
"""


def cases(text):
    return read_cases(parse_yaml(APPS + text, "cases.yaml"))


def told(text):
    with pytest.raises(UsageError) as error:
        cases(text)
    return str(error.value).split("\n")


def test_each_row_is_a_case_with_what_all_rows_share():
    first, second = cases(TABLE)
    assert first.name == "Uploads: upload, sales+it, 2, two"
    assert (first.operation, first.client.groups, len(first.findings)) == (Operation.UPLOAD, ("sales", "it"), 2)
    assert (first.request.headers.get("x-a"), first.request.headers.get("x-b")) == ("one", "two")
    assert (first.expected.verdict, first.expected.rule, first.expected.reason) == (Verdict.BLOCK, "no-uploads", Reason.RULE)
    assert str(first.place) == "cases.yaml:10:9"
    assert second.name == "Uploads: send_prompt, -, -, -"
    assert (second.client.groups, second.findings, second.expected.rule) == ((), (), "")
    assert second.request.headers.get("x-b") == ""
    assert second.app is not None
    assert second.app.app.id == "some-app"


def test_a_row_says_more_than_what_is_shared_and_leaves_the_other_rows_alone():
    first, second = cases(
        TABLE.replace("[operation,", "[app, operation,")
        .replace("- [upload", "- [none, upload")
        .replace("- [send", "- [~, send")
    )
    assert (first.app, second.app.app.id) == (None, "some-app")


def test_a_name_of_its_own():
    first, _ = cases(
        TABLE.replace("[operation,", "[name, operation,")
        .replace("- [upload", "- [Leaks, upload")
        .replace("- [send", "- [Fine, send")
    )
    assert first.name == "Leaks"


def test_tables_stand_beside_cases_and_names_are_unique_among_all():
    listed = "cases:\n  - {name: 'Uploads: send_prompt, -, -, -', given: {}, expect: {verdict: allow}}\n"
    assert told(listed + TABLE) == ["cases.yaml:13:9: there is another case named `Uploads: send_prompt, -, -, -`"]
    assert len(cases(listed.replace("-', given", "x', given") + TABLE)) == 3


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("upload, [sales", "uplaod, [sales"), "cases.yaml:10:10: unknown operation `uplaod`"),
        (("block, no", "blok, no"), "cases.yaml:10:39: unknown verdict `blok`"),
        ((", 2,", ", many,"), "cases.yaml:10:31: `count` is not a whole number"),
        (("[sales, it]", "[1]"), "cases.yaml:10:18: `groups` is not a list of words"),
        (("findings.pii", "findigns.pii"), "cases.yaml:8:34: unknown column `findigns.pii`"),
        (("rule]", "operation]"), "cases.yaml:8:70: the column `operation` is there twice"),
        (("~, allow", "allow"), "cases.yaml:11:9: a row of 6 cells is expected, found 5 cells"),
        (("[send_prompt, ~, ~, ~, allow, none]", "prompt"), "cases.yaml:11:9: a row of 6 cells is expected, found no list"),
        (("reason: rule", "reason: ruel"), "cases.yaml:7:22: unknown reason `ruel`"),
        (("app: new", "app: old"), "cases.yaml:6:18: unknown app of this file `old`"),
        (("    columns", "    colums"), "cases.yaml:8:13: unknown key `colums`"),
        (("verdict, rule]", "capture, rule]"), "cases.yaml:10:9: `verdict` is missing"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_where_it_is(change, problem):
    assert problem in told(TABLE.replace(*change))


def test_a_table_without_rows_or_columns_is_a_mistake():
    assert "cases.yaml:5:5: `columns` is missing" in told("tables:\n  - {name: x, rows: [[allow]]}\n")
    assert "cases.yaml:5:41: `rows` is not a list of rows" in told("tables:\n  - {name: x, columns: [verdict], rows: []}\n")
    assert told("") == ["cases.yaml:1:1: there are no cases", "  write at least one under `cases`, or a row under `tables`"]


def test_what_both_sides_have_is_given_unless_it_is_said_to_be_expected():
    (case,) = cases("tables:\n  - {name: x, columns: [headers.x-a, expect.headers.x-b, verdict], rows: [[one, two, allow]]}\n")
    assert case.request.headers.get("x-a") == "one"
    assert case.expected.headers == frozenset({told_header("x-b", "two")})
    assert "cases.yaml:5:34: unknown column `expect.headrs`" in told(
        "tables:\n  - {name: x, columns: [verdict, expect.headrs], rows: [[allow, [a]]]}\n"
    )
