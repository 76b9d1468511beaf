"""Places: what they find, where they say it was, and what is refused."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.apps.formats.leaf_paths import value_at
from lockgate.apps.formats.where import compile_where

DOCUMENT = {
    "type": "text",
    "messages": [{"role": "user", "content": "one"}, {"role": "bot", "content": "two"}, {"role": "user", "content": "three"}],
    "packed": json.dumps({"inner": [{"text": "deep"}], "packed": '{"text": "deeper"}'}),
    "half": 0.5,
}
PAIRS = [["q", "first"], ["data", '{"inputs": "typed"}'], ["q", "second"]]
PARTS = [['Content-Disposition: form-data; name="prompt"', "typed"], ["Content-Disposition: form-data; name=other", "x"]]


@pytest.mark.parametrize(
    ("where", "document", "found"),
    [
        ("$.type", DOCUMENT, [(("type",), "text")]),
        ("$.nothing", DOCUMENT, []),
        ("$.type.below", DOCUMENT, []),
        ("$.messages[1].content", DOCUMENT, [(("messages", 1, "content"), "two")]),
        ("$.messages[-1].content", DOCUMENT, [(("messages", 2, "content"), "three")]),
        ("$.messages[-4].content", DOCUMENT, []),
        ("$.messages[0:2].role", DOCUMENT, [(("messages", 0, "role"), "user"), (("messages", 1, "role"), "bot")]),
        ("$.messages[?@.role == 'bot'].content", DOCUMENT, [(("messages", 1, "content"), "two")]),
        ("$['half']", DOCUMENT, [(("half",), 0.5)]),
        ("$.packed >json> $.inner[0].text", DOCUMENT, [(("packed", "json", "inner", 0, "text"), "deep")]),
        ("$.packed >json> $.packed >json> $.text", DOCUMENT, [(("packed", "json", "packed", "json", "text"), "deeper")]),
        ("$.type >json> $.x", DOCUMENT, []),
        ("$.half >json> $.x", DOCUMENT, []),
        ("$.half if @.type == 'text'", DOCUMENT, [(("half",), 0.5)]),
        ("$.half if @.type == 'other'", DOCUMENT, []),
        ("$.half if @.messages[0].role == 'user' && !@.gone", DOCUMENT, [(("half",), 0.5)]),
        ("$ if @ == '[DONE]'", "[DONE]", [((), "[DONE]")]),
        ("field q", PAIRS, [((0, 1), "first"), ((2, 1), "second")]),
        ("field data >json> $.inputs", PAIRS, [((1, 1, "json", "inputs"), "typed")]),
        ("field gone", PAIRS, []),
        ("field prompt", PARTS, [((0, 1), "typed")]),
        ("field other", PARTS, [((1, 1), "x")]),
    ],
)
def test_a_place_finds_every_value_with_its_path(where, document, found):
    assert compile_where(where).find(document) == found
    assert [value_at(document, path) for path, _ in found] == [value for _, value in found]


def test_a_place_with_names_looks_into_events_of_these_names_only():
    place = compile_where("$.text on partial full if @.ok == true")
    event = {"text": "said", "ok": True}
    assert [place.first(event, name) for name in ("partial", "full", "other", "")] == ["said", "said", None, None]
    assert place.first({"text": "said", "ok": False}, "full") is None


@pytest.mark.parametrize(
    ("where", "complaint"),
    [
        ("", "is not a place"),
        ("message", "is not a JSONPath: it begins with `$`"),
        ("$.a[", "is not a JSONPath"),
        ("$.a[?@.type = 'x']", "is not a JSONPath"),
        ("$.a if @.type = 'x'", "is not a JSONPath"),
        ("$..content", "looks everywhere below a place"),
        ("$.a[?@..b]", "looks everywhere below a place"),
        ("$['a', 'b']", "names several members at once"),
        ("$.a[?@.x == $.y]", "looks at the whole document from inside a filter"),
        ("$.a[?length(@.b) > 3]", "unknown function"),
        ("$.a[?search(@.b, '(a+)+')]", "unknown function"),
        ("$.a >json> b", "is not a JSONPath"),
    ],
)
def test_what_is_no_place_or_has_no_bound_is_refused(where, complaint):
    with pytest.raises(ValueError, match=re.escape(complaint)):
        compile_where(where)


@pytest.mark.parametrize("where", ["$['a..b']", "$['a, b']", "$['it costs $5']", "$.a[?@.x == '..']"])
def test_quoted_names_and_strings_may_hold_anything(where):
    compile_where(where)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["type", "messages", "a"]), inner, max_size=4),
    max_leaves=12,
)


@given(document=ANYTHING)
def test_looking_never_raises(document):
    for where in (
        "$.messages[-1].a", "$.messages[?@.type == 'x' || @.a < 3].a", "$[*][*]", "$[1:]", "$.a >json> $[*]", "field a",
        "$.a if @.type <= @.a", "$ if @ == 1",
    ):  # fmt: skip
        for path, value in compile_where(where).find(document):
            assert "json" in path or value_at(document, path) is value
