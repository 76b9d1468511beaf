"""Walking to every text of a document and putting new text back."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.apps.formats.budget import MAX_NESTED
from lockgate.apps.formats.leaf_paths import deep_leaves, leaves, rewrite, value_at
from lockgate.apps.formats.nested_documents import NestedDocuments

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 1000) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=20,
)


def strings(value):
    if isinstance(value, str):
        return [value]
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [text for child in children for text in strings(child)]


@given(JSON)
def test_every_string_is_a_leaf_in_document_order(value):
    found = [text for path, text in leaves(value, ()) if value_at(value, path) == text]
    assert [text for text in found if text in strings(value)] == found
    assert len(found) >= len(strings(value))


@given(JSON, st.data())
def test_replacing_one_leaf_changes_that_leaf_only(value, data):
    found = [(path, text) for path, text in leaves(value, ()) if value_at(value, path) == text]
    if not found:
        return
    path, _ = data.draw(st.sampled_from(found))
    copy = rewrite(json.loads(json.dumps(value)), {path: "new"})
    for at, text in found:
        assert value_at(copy, at) == ("new" if at == path else text)


@pytest.mark.parametrize(
    ("document", "texts", "expected"),
    [
        ("plain", {(): "new"}, "new"),
        ({"a": "hello world"}, {("a", "0:5"): "bye", ("a", "6:11"): "all"}, {"a": "bye all"}),
        ({"a": "😀 ok"}, {("a", "2:4"): "no"}, {"a": "😀 no"}),
        ({"a": '{"b": ["x", 1]}'}, {("a", "json", "b", 0): "y"}, {"a": '{"b":["y",1]}'}),
        ({"a": '["[\\"x\\"]"]'}, {("a", "json", 0, "json", 0): "y"}, {"a": '["[\\"y\\"]"]'}),
        ({"a": "aGk="}, {("a", "base64"): "ho"}, {"a": "aG8="}),
        ({"a": "data:text/plain;base64,aGk="}, {("a", "base64"): "ho"}, {"a": "data:text/plain;base64,aG8="}),
        ({"a secret name": 1, "b": 2}, {(0,): "masked"}, {"masked": 1, "b": 2}),
        ({"card": 4111111111111111}, {("card",): "masked"}, {"card": "masked"}),
        ([["f.req", "x"]], {(0, 1): "y"}, [["f.req", "y"]]),
    ],
)
def test_steps(document, texts, expected):
    assert rewrite(document, texts) == expected


@pytest.mark.parametrize(
    "texts",
    [
        {("b",): "x"}, {("a", "0:99"): "x"}, {("a", "3:1"): "x"}, {("a", "json"): "x"}, {("a",): "x", ("a", "0:1"): "y"},
        {("l", 5): "x"}, {("l", "0"): "x"}, {("n", "x"): "y"}, {("a", "0:3"): "x", ("a", "2:4"): "y"}, {(0,): "l"}, {(9,): "x"},
    ],
)  # fmt: skip
def test_a_path_without_text_is_refused(texts):
    with pytest.raises(ValueError, match=r"text|inside|exists|document"):
        rewrite({"a": "hello", "l": ["x"], "n": 1}, texts)


def test_names_and_numbers_that_carry_content_are_leaves():
    document = {
        "my password is hunter2": 1,
        "plain_name": 4111111111111111,
        "short": 12345,
        "x" * 30: None,
        "f": 4111111111111111.0,
    }
    assert dict(leaves(document, ())) == {
        (0,): "my password is hunter2",
        (3,): "x" * 30,
        ("plain_name",): "4111111111111111",
        ("f",): "4111111111111111",
    }


def test_documents_inside_strings_are_read_on_into_a_few_levels():
    inner = "deep text"
    for _ in range(MAX_NESTED):
        inner = json.dumps([inner])
    nested = NestedDocuments()
    assert list(deep_leaves(inner, (), nested=nested)) == [(("json", 0) * MAX_NESTED, "deep text")]
    assert not nested.budget.used_up
    deeper = json.dumps([inner])
    assert [text for _, text in deep_leaves(deeper, (), nested=nested)] == ['["deep text"]']
    assert nested.budget.used_up
    assert [text for _, text in deep_leaves(["[1, 2]", "{not json}"], ())] == ["[1, 2]", "{not json}"]


def test_a_document_inside_a_string_is_not_its_own_text_once_all_of_it_was_read():
    document = {"content": '{"text": "typed words"}', "empty": '{"a": 1, "b": []}'}
    assert list(deep_leaves(document, (), skip={("content", "json", "text")})) == [(("empty",), '{"a": 1, "b": []}')]
