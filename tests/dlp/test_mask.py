"""A mask tells the kind and never more than a quarter of the value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.dlp.mask import mask_of, masked
from lockgate.dlp.schema import MaskStyle


@given(value=st.text(min_size=1, max_size=60), style=st.sampled_from(MaskStyle))
def test_a_mask_shows_at_most_a_quarter_and_at_most_four_characters(value, style):
    shown = mask_of("kind", style, value).removeprefix("[kind").removesuffix("]").replace("*", "").strip()
    assert len(shown) <= min(4, len(value) // 4)


@pytest.mark.parametrize(
    ("style", "value", "mask"),
    [
        (MaskStyle.TAIL, "4111 1111 1111 1111", "[card ****1111]"),
        (MaskStyle.HEAD, "AKIAQWERTYUIOPAS", "[card AKIA****]"),
        (MaskStyle.HEAD, "abc", "[card ****]"),
        (MaskStyle.BARE, "hunter2", "[card]"),
        (MaskStyle.EMAIL, "jane@northwind.example", "[card j****]"),
    ],
)
def test_a_mask_keeps_the_shape_of_its_kind(style, value, mask):
    assert mask_of("card", style, value) == mask


def test_text_without_hits_is_left_as_it_is():
    assert masked("nothing here", ()) == "nothing here"
