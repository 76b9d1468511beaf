"""Structured fields: the grammar of RFC 9651, nothing else, and bounded."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.identity.structured_field import (
    LONGEST_DICTIONARY,
    MalformedFieldError,
    Number,
    Token,
    read_byte_strings,
    read_dictionary,
)


@pytest.mark.parametrize(
    ("text", "members"),
    [
        ("", {}),
        ('  id="laptop-17"  ', {"id": "laptop-17"}),
        (r'id="a \"b\" \\c"', {"id": r'a "b" \c'}),
        ('id="x", enrolled, posture=("a" "b")', {"id": "x", "enrolled": True, "posture": ("a", "b")}),
        ('id="x"\t , \tenrolled=?0', {"id": "x", "enrolled": False}),
        ("posture=()", {"posture": ()}),
        ("posture=(  a   b )", {"posture": (Token("a"), Token("b"))}),
        ("a;x=1;y, b=tok;z=?1, c=(1 2;q);w", {"a": True, "b": Token("tok"), "c": (Number("1"), Number("2"))}),
        ("n=-12.5, b=:aGk=:, t=*a/b:c", {"n": Number("-12.5"), "b": b"hi", "t": Token("*a/b:c")}),
    ],
)
def test_what_the_standard_allows_is_read(text, members):
    assert read_dictionary(text) == members


@pytest.mark.parametrize(
    "text",
    [
        "Id=1", 'id="x" enrolled', 'id="x",', ",id", "id=", 'id="x', 'id="\\x"', 'id="\x00"', 'id="é"', "id='x'", "a=?2", "a=?",
        "a=(b", "a=(b,c)", "a=b)", 'a=("b""c")', "a=((b))", "a=1.", "a=1.2345", "a=-", "a=1234567890123456", "a=:aGk:=",
        "a=:a:", "a=:_w==:", "a, b; c=", "a, a", 'id="one", enrolled, id="two"', "a=@1659578233", "a\nb", "a,\n b", "a=1x",
        "a=" + "b" * LONGEST_DICTIONARY, ", ".join(f"k{number}=1" for number in range(65)), "a=(" + "b " * 65 + ")",
    ],
)  # fmt: skip
def test_anything_else_is_refused_as_a_whole(text):
    with pytest.raises(MalformedFieldError):
        read_dictionary(text)


@given(st.text(alphabet=st.sampled_from('abAB01=,;:?"()\\ \t.*-é\n'), max_size=40))
def test_whatever_comes_is_read_or_refused(text):
    with contextlib.suppress(MalformedFieldError):
        read_dictionary(text)


def test_byte_strings_are_counted_and_measured():
    assert read_byte_strings(":aGk=:, :aGkx:; p", longest=100, most=2) == (b"hi", b"hi1")
    assert read_byte_strings("", longest=100, most=2) == ()
    for text in (":aGk=:, :aGk=:, :aGk=:", ":aGk=:,", '"aGk="', "x", ":aGk=: :aGk=:", ":" + "A" * 100 + ":"):
        with pytest.raises(MalformedFieldError):
            read_byte_strings(text, longest=100, most=2)
