"""Telling typed words from what a client wrapped around them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.apps.formats.machine_text import LEADS, OPENINGS, TAG_KINDS, WRAPPER_TAGS, Piece, is_bare, split_typed
from lockgate.facts.prompt import PartKind

TAGS = sorted({*TAG_KINDS, *WRAPPER_TAGS})
UNWRAPPED = {*WRAPPER_TAGS, *(tag for tag, kind in TAG_KINDS.items() if kind is PartKind.TEXT)}


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
        ("<command-name>/fix</command-name>\n<command-args>say hi</command-args>", "say hi"),
        ("<command-args> </command-args>", ""),
        ("<bash-input>ls</bash-input>", "ls"),
        ("<bash-stdout>a.py</bash-stdout><bash-stderr></bash-stderr>", ""),
        ("This is the Gemini CLI. We are setting up the context for our chat.\nToday is Monday.", ""),
        ("# AGENTS.md instructions for /srv\n\n<INSTRUCTIONS>\nBe brief.\n</INSTRUCTIONS>", ""),
        ("This is the Gemini of the CLI", "This is the Gemini of the CLI"),
        ("", ""),
    ],
)
def test_typed_words(text, words):
    assert typed(text) == words


MARKS = ["say hi", '"', " ", "\n", "<", ">", "<command-args>", "</command-args>", *OPENINGS[:2]]
MARKS += [mark for tag in TAGS[:6] for mark in (f"<{tag}>", f"</{tag}>")]
PIECES = st.lists(st.sampled_from(MARKS) | st.text(max_size=6), max_size=20).map("".join)


@given(PIECES)
def test_pieces_are_in_order_and_leave_out_only_space_quotes_and_wrappers(text):
    position, left = 0, ""
    for piece in split_typed(text):
        assert position <= piece.start < piece.end <= len(text)
        left += text[position : piece.start]
        position = piece.end
    left += text[position:]
    for tag in UNWRAPPED:
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
            st.text(max_size=8), st.sampled_from(['"', " ", "\n", *LEADS, *OPENINGS]), st.sampled_from(TAGS).map("<{}>".format),
            st.sampled_from(TAGS).map("</{}>".format),
        )
    ).map("".join)
)  # fmt: skip
def test_what_is_bare_at_a_glance_is_one_piece(text):
    if is_bare(text):
        assert split_typed(text) == (Piece(0, len(text), PartKind.TEXT),)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("<system-reminder>x</system-reminder>", PartKind.REMINDER),
        ("<attachments>x</attachments>", PartKind.FILE),
        ("<local-command-stdout>x</local-command-stdout>", PartKind.TOOL_RESULT),
        ("[Request interrupted by user]", PartKind.REMINDER),
        ("Generate a title for this conversation:", PartKind.REMINDER),
    ],
)
def test_what_a_client_adds_is_of_a_kind(text, kind):
    assert [piece.kind for piece in split_typed(text)] == [kind]
