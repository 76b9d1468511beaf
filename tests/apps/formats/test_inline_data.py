"""Files inside documents."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.apps.formats.inline_data import MAX_INLINE, inline_data


@given(st.binary(min_size=1, max_size=60), st.booleans(), st.booleans(), st.booleans())
def test_whatever_another_decoder_takes_is_decoded(content, url_safe, padded, wrapped):
    encoded = (base64.urlsafe_b64encode if url_safe else base64.b64encode)(content).decode()
    encoded = encoded if padded else encoded.rstrip("=")
    encoded = encoded[:8] + "\r\n" + encoded[8:] if wrapped else encoded
    for value in (encoded, f"data:image/png;base64,{encoded}", f"DATA:image/png;charset=x;BASE64,{encoded}"):
        found = inline_data(value, "image/png")
        assert found is not None
        assert (found.content, found.media_type) == (content, "image/png")


@pytest.mark.parametrize("value", ["", "not base64!", "data:text/plain,words", "data:base64", "data:;base64,", "a", "schön"])
def test_anything_else_stays_text(value):
    assert inline_data(value) is None


def test_bare_base64_counts_only_where_it_is_expected():
    assert inline_data("aGVsbG8=") is not None
    assert inline_data("aGVsbG8=", bare=False) is None
    assert inline_data("data:text/plain;base64,aGVsbG8=", bare=False) is not None


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"words", "words"), ("schön\n".encode(), "schön\n"), (b"\x89PNG", None), (b"%PDF-1.7 words", None),
        (b"{\\rtf1 words", None),
        (b"zero\x00byte", None),
    ],
)  # fmt: skip
def test_text_is_text_whatever_it_is_declared_to_be(content, text):
    found = inline_data(base64.b64encode(content).decode(), "image/png")
    assert found is not None
    assert found.text == text


def test_what_is_too_large_is_not_decoded():
    assert inline_data("A" * (MAX_INLINE * 4 // 3 + 4)) is None
