"""Every reading keeps the way back to the original places."""

import base64
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from lockgate.dlp.normalise import read

odd = st.text(
    alphabet=st.one_of(st.characters(), st.sampled_from("\u200b\u200d\ufeff\u00ad&;#%\\u\uff21\uff11\u00bd\ufb01\U000e0041")),
    max_size=80,
)


@given(text=odd)
def test_places_stay_inside_the_original_and_in_order(text):
    for view in read(text).views:
        spans = [view.original(index, index + 1) for index in range(len(view.text))]
        assert all(0 <= start < end <= len(text) for start, end in spans)
        assert spans == sorted(spans)


@given(text=odd)
def test_a_span_of_a_view_covers_the_spans_of_its_characters(text):
    view = read(text).views[0]
    if view.text:
        start, end = view.original(0, len(view.text))
        assert start == view.original(0, 1)[0]
        assert end == view.original(len(view.text) - 1, len(view.text))[1]


@given(text=st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="&\\"), max_size=200))
def test_plain_text_is_read_as_it_stands(text):
    plain = read(text).views[0]
    assert plain.text == text
    assert plain.original(0, 1) == (0, 1)


@given(text=odd)
def test_reading_the_plain_view_again_changes_no_character_that_was_not_an_escape(text):
    once = read(text).views[0].text
    if "&" not in once and "\\u" not in once:
        assert read(once).views[0].text == once


@given(
    secret=st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), min_size=24, max_size=80),
    lead=st.text(max_size=20),
)
def test_what_base64_hides_is_read_and_points_at_its_run(secret, lead):
    run = base64.b64encode(secret.encode()).decode()
    text = f"{lead} {run} end"
    views = [view for view in read(text).views if view.how == "base64" and secret in view.text]
    assert views
    start = views[0].text.index(secret)
    first, last = views[0].original(start, start + len(secret))
    assert text[first:last].rstrip("=") == run.rstrip("=")


def test_percent_encoding_is_read_beside_the_text_as_written():
    text = "q=" + quote("jane roe@northwind", safe="")
    views = read(text).views
    assert views[0].text == text
    assert any("jane roe@northwind" in view.text for view in views[1:])


def test_random_bytes_in_base64_are_left_alone():
    run = base64.b64encode(bytes(range(128, 188))).decode()
    assert len(read(run).views) == 1


def test_more_hidden_pieces_than_are_looked_at_is_said():
    piece = base64.b64encode(b"nothing to see here, really").decode()
    assert not read(" ".join([piece] * 100)).complete
    assert read(" ".join([piece] * 10)).complete
