"""A value that must not leave is found in bytes however it is written there."""

import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.gate.forbidden import places, still_there

VALUE = 'key/12 "ä😀"\n34'
LETTERS = st.characters(exclude_categories=()) | st.sampled_from("\\/\"'\n\t &<%+uU0\ud83d")


def nested(text, times):
    for _ in range(times):
        text = json.dumps({"in": text})
    return text.encode()


@pytest.mark.parametrize(
    "content",
    [
        VALUE.encode(), VALUE.encode("utf-16"), json.dumps(VALUE).encode(), json.dumps(VALUE, ensure_ascii=False).encode(),
        json.dumps(VALUE).replace("/", "\\/").replace("k", "\\u006b").encode(), nested(VALUE, 4), quote(VALUE).encode(),
        b"q=" + quote_plus(VALUE).encode(), quote_plus(json.dumps({"x": VALUE})).encode(), json.dumps({VALUE: 1}).encode(),
        b"\xff\x00" + VALUE.encode() + b"\xfe", VALUE.replace('"', "&quot;").replace("/", "&#47;").encode(),
    ],
    ids=range(12),
)  # fmt: skip
def test_it_is_found_whatever_its_escapes(content):
    assert still_there([VALUE], content)
    assert not still_there([VALUE + "!"], content)


@given(value=st.text(LETTERS, min_size=8, max_size=20), around=st.text(LETTERS, max_size=10), depth=st.integers(0, 3))
def test_no_value_hides_in_json(value, around, depth):
    assert still_there([value], nested(around + value + around, depth + 1))


def test_a_short_value_counts_where_it_stands_alone():
    assert list(places("1234", "1234 x1234 12345 (1234) 1234")) == [0, 18, 24]
    assert list(places("12", "12 12")) == []
    assert list(places("12345678", "x12345678y")) == [1]
