"""YAML becomes plain data with positions, and nothing in it surprises."""

import pytest

from lockgate.facts.problem import UsageError
from lockgate.home.yaml_document import located, parse_yaml


def data(text):
    return parse_yaml(text, "f.yaml").data


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"), ("on", "on"), ("yes", "yes"), ("true", True), ("False", False), ("~", None), ("null", None), ("", None),
        ("1", 1), ("-7", -7), ("012", "012"), ("0x1f", "0x1f"), ("1:30", "1:30"), ("2026-01-02", "2026-01-02"), ("3.0", 3.0),
        ("1e3", "1e3"), (".5", 0.5), ("1_000", "1_000"), ("'1'", "1"), ('"true"', "true"), (".inf", ".inf"), ("1.2.3", "1.2.3"),
        ("9999999999999999999", 9999999999999999999), ("36893488147419103232", "36893488147419103232"),
    ],
)  # fmt: skip
def test_scalars(text, value):
    assert data(f"a: {text}") == {"a": value}
    assert type(data(f"a: {text}")["a"]) is type(value)


def test_every_value_and_key_knows_its_place():
    document = parse_yaml("a:\n  - x\n  - b: 1\n", "f.yaml")
    assert str(document.place(("a", 1, "b"))) == "f.yaml:3:8"
    assert str(document.place(("a", 0))) == "f.yaml:2:5"


def test_data_that_is_known_already_gets_its_places_from_the_text():
    document = located({"a": ["x"]}, "a:\n  - x\n", "f.yaml")
    assert str(document.place(("a", 0))) == "f.yaml:2:5"
    assert str(document.key_place(("a",))) == "f.yaml:1:1"


def test_the_place_of_what_is_missing_is_its_nearest_ancestor():
    document = parse_yaml("a:\n  b: 1\n", "f.yaml")
    assert document.place(("a", "c", "d")) == document.place(("a",))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: 1\na: 2", "f.yaml:2:1: key `a` is given twice"),
        ("a: [1", "f.yaml:2:1: not valid YAML"),
        ("a: !!python/object:os.system x", "f.yaml:1:4: tag"),
        ("a: !secret x", "f.yaml:1:4: tag"),
        ("? [a]\n: b", "a key must be a word"),
        ("a: &x [*x]", "nested too deeply"),
        ("a: 1\n---\nb: 2", "not valid YAML"),
        ("[" * 200 + "]" * 200, "nested too deeply"),
    ],
)
def test_what_is_refused_says_where_and_why(text, says):
    with pytest.raises(UsageError) as refused:
        parse_yaml(text, "f.yaml")
    assert says in str(refused.value)


def test_a_few_lines_of_aliases_that_stand_for_more_than_memory_holds_are_refused():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 20)]
    with pytest.raises(UsageError, match="there is too much in it"):
        parse_yaml("\n".join(lines), "p.yaml")
