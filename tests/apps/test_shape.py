"""A shape says what a document is made of, and nothing that somebody wrote."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.apps.shape import shape_of

CHAT = {"model": "gpt-5", "messages": [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "hi"}]}


@pytest.mark.parametrize(
    ("document", "shape"),
    [
        (CHAT, "{messages: [{content: text, role: text}], model: text}"),
        ([1, 2.5, True, None, "x"], "[nothing, number, text, yes/no]"),
        ({"a1": {"b": []}}, "{a1: {b: []}}"),
        ({"Ada Lovelace": 1, "4711": "x", "id_12345678": 2}, "{*: number, *: text}"),
        ("words", "text"),
    ],
)
def test_names_and_types_without_values(document, shape):
    assert shape_of(document) == shape


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=30,
)


@given(json_values)
def test_any_document_has_a_short_shape(document):
    assert len(shape_of(document)) <= 1000


@given(
    st.text(min_size=8).filter(
        lambda text: any(not character.isascii() or character in " .,:;'/0123" for character in text[:4])
    )
)
def test_no_value_is_in_it(secret):
    """Not as a value, not as a name, not in a list."""
    assert secret not in shape_of({"text": secret, secret: 1, "list": [secret, {"deep": secret}]})


def test_what_is_deep_or_wide_is_cut():
    deep: object = "x"
    for _ in range(100):
        deep = {"a": [deep]}
    assert "…" in shape_of(deep)
    assert len(shape_of({f"name{chr(97 + n % 26)}{n % 97}": {"x": n} for n in range(2000)})) <= 1000
