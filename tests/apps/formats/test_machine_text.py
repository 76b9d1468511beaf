"""Telling typed words from what a client wrapped around them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.apps.formats.machine_text import LEADS, MACHINE_TAGS, WRAPPER_TAGS, Piece, is_bare, split_typed
from lockgate.facts.prompt import PartKind

TAGS = sorted(MACHINE_TAGS | WRAPPER_TAGS)


def typed(text):
    return "".join(text[piece.start : piece.end] for piece in split_typed(text) if piece.kind is PartKind.TEXT)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("say hi", "say hi"),
        ("  say hi\n", "say hi"),
        ('"say hi"', "say hi"),
        ('"a" and "b"', '"a" and "b"'),
        ("<system-reminder>x</system-reminder>", ""),
        ("<system-reminder>x</system-reminder>\n<context>y</context>\nsay hi", "say hi"),
        ("say hi\n<environment_details>x</environment_details>\n", "say hi"),
        ("<attachment id='1'>x</attachment> say hi", "say hi"),
        ("<task>say hi</task>\n<environment_details>x</environment_details>", "say hi"),
        ("<user_query>\nsay hi\n</user_query>", "say hi"),
        ("<b>say hi</b>", "<b>say hi</b>"),
        ("<system-reminder>never closed", "<system-reminder>never closed"),
        ("before <context>in the middle</context> after", "before <context>in the middle</context> after"),
        ("never opened</context>", "never opened</context>"),
        ("<>", "<>"),
        ("", ""),
    ],
)
def test_typed_words(text, words):
    assert typed(text) == words


PIECES = st.lists(
    st.sampled_from(["say hi", '"', " ", "\n", "<", ">", *(f"<{tag}>" for tag in TAGS[:6]), *(f"</{tag}>" for tag in TAGS[:6])])
    | st.text(max_size=6),
    max_size=20,
).map("".join)


@given(PIECES)
def test_pieces_are_in_order_and_leave_out_only_space_quotes_and_wrappers(text):
    position, left = 0, ""
    for piece in split_typed(text):
        assert position <= piece.start < piece.end <= len(text)
        left += text[position : piece.start]
        position = piece.end
    left += text[position:]
    for tag in WRAPPER_TAGS:
        left = left.replace(f"<{tag}>", "").replace(f"</{tag}>", "")
    assert not left.strip(' \t\r\n"')


def test_a_hostile_string_takes_no_longer_than_its_length():
    """Many openings without an end are looked at a bounded number of times."""
    text = "<context>" * 100_000
    assert typed(text) == text
    assert typed("</context>" * 100_000) == "</context>" * 100_000


@given(
    st.lists(
        st.one_of(
            st.text(max_size=8), st.sampled_from(['"', " ", "\n", *LEADS]), st.sampled_from(TAGS).map("<{}>".format),
            st.sampled_from(TAGS).map("</{}>".format),
        )
    ).map("".join)
)  # fmt: skip
def test_what_is_bare_at_a_glance_is_one_piece(text):
    if is_bare(text):
        assert split_typed(text) == (Piece(0, len(text), PartKind.TEXT),)
