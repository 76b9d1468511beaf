"""Whether two patterns can match one text is decided exactly, and never answered with a wrong no."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.apps.pattern import host_pattern, path_pattern
from lockgate.apps.pattern_meet import UNDECIDED, common_host, common_path


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        ("^/chat(/|$)", "^/chatter", False),
        ("^/chat(/|$)", "^/chat/x", True),
        ("^/chat(/|$)", "^/chat$", True),
        ("^/chat$", "^/chat/", False),
        ("^/ai", "^/a", True),
        ("^/(ai|chat)/", "^/(image|ask)/", False),
        ("^/.*/sse$", "^/x/mcp$", False),
        ("^/[0-9a-f]{32}/x", "^/[0-9a-f]{31}/x", False),
        ("^/[0-9a-f]{2,3}/x", "^/[0-9]{3,}/x", True),
        ("^/(a)?b", "^/b", True),
        ("^/(a)?b", "^/c", False),
        ("^/(a*b|c)$", "^/ac$", False),
        (r"^/\$rpc/", "^/[^/]+/", True),
        ("^/[^/]+$", "^/x/y", False),
        ("^/(?P<org>[a-z]+)/x", "^/(?:y)/x", True),
        ("^/a{0}b", "^/b", True),
        ("^/a{1,}$", "^/aaa$", True),
        ("^/[]]x", "^/[^]]x", False),
        (r"^/[\]]x", r"^/\]x", True),
    ],
)
def test_paths(one: str, other: str, meet: bool):
    assert (common_path(one, other) is not None) is meet
    assert (common_path(other, one) is not None) is meet


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        (r"^a[0-9]+\.x\.com$", r"^[a-z]1\.x\.com$", True),
        (r"^a[0-9]+\.x\.com$", r"^b[a-z0-9]*\.x\.com$", False),
        (r"^bedrock-[a-z]+\.[a-z0-9-]+\.amazonaws\.com$", r"^polly\.[a-z0-9-]+\.amazonaws\.com$", False),
        (r"^[a-z]+\.x\.com$", r"^[a-z.]+\.x\.com$", True),
        (r"^[a-z]+\.x\.com$", r"^[a-z]+\.y\.com$", False),
        (r"^[A-Z]+\.x\.com$", r"^[A-Z]+\.x\.com$", False),  # no host has capitals once it is compared
    ],
)
def test_hosts(one: str, other: str, meet: bool):
    assert (common_host(one, other) is not None) is meet


def test_what_is_too_large_to_tell_counts_as_meeting():
    assert common_path("^/" + "[ab]{900}" * 9, "^/x") == UNDECIDED
    assert common_path("^/a.*" + "x{200}" * 3, "^/b") is None


_ATOMS = st.sampled_from(["a", "b", "/", "[ab]", "[^/]", ".", "-", r"\.", "(a|b)", "(/x)?", "(?:a/)?", "(/|$)", "$", "(a*b|-)"])
_QUANTIFIERS = st.sampled_from(["", "", "", "?", "*", "+", "{2}", "{1,3}", "{2,}", "{0,1}"])
_PATTERNS = st.lists(st.tuples(_ATOMS, _QUANTIFIERS), max_size=6).map(
    lambda parts: "^" + "".join(atom if atom[-1] in "$)?" else atom + quantifier for atom, quantifier in parts)
)


@given(_PATTERNS, _PATTERNS, st.lists(st.text("ab/-.x", max_size=12), max_size=20))
def test_an_example_matches_both_and_no_text_that_does_is_missed(one: str, other: str, texts: list[str]):
    """Law: an example is one, and where there is none no text matches both."""
    try:
        first, second = path_pattern(one), path_pattern(other)
    except ValueError:
        return
    example = common_path(one, other)
    if example is None:
        assert [text for text in texts if first.match(text) and second.match(text)] == []
    else:
        assert first.match(example)
        assert second.match(example)


@given(st.data())
def test_texts_made_from_one_host_pattern_are_found_in_the_other(data: st.DataObject):
    """Law: a host made from one pattern that the other matches too is proof that they meet."""
    labels = st.sampled_from(["[a-c]+", "a[0-9]{1,2}", "(x|y)", "b(-eu)?", "[a-z0-9-]+", "c"])
    one, other = (rf"^{data.draw(labels)}\.{data.draw(labels)}\.example\.com$" for _ in range(2))
    host = data.draw(st.from_regex(re.compile(one.replace("$", r"\Z"), re.ASCII)))
    assert host_pattern(one).match(host)
    if host_pattern(other).match(host):
        assert common_host(one, other) is not None
