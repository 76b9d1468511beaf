"""Patterns of app files are refused by structure when attacker-chosen text could make them slow."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.apps.pattern import fixed_domain, host_pattern, path_pattern


@pytest.mark.parametrize(
    "text",
    [
        r"^/v1/messages$",
        r"^/api/organizations/[0-9a-f-]{36}/chat_conversations/[0-9a-f-]{36}/(retry_)?completion2?$",
        r"^/model/[^/]+/converse(-stream)?$",
        r"^/(.*/)?v1/chat/completions$",
        r"^/v1(?:beta1)?/projects/([^/]+)/",
        r"^(/u/[0-9]{1,3})?/_/data$",
        r"^/a\.b/(?P<org>[^/]+)/x",
    ],
)
def test_usual_patterns_are_accepted(text: str):
    assert path_pattern(text).pattern == text


@pytest.mark.parametrize(
    ("text", "clause"),
    [
        (r"^/(a+)+$", "repeated group"),
        (r"^/(a|a)*$", "repeated group"),
        (r"^/([^/]+/){2,9}x$", "repeated group"),
        (r"^/(?:x*){3}$", "repeated group"),
        (r"^/.*.*$", "two open-ended repeats"),
        (r"^/a+a+$", "two open-ended repeats"),
        (r"^/[^/]+-[^/]+$", "two open-ended repeats"),
        (r"^/(x[^/]*|y)[a-z]+$", "two open-ended repeats"),
        (r"^/[^/]+(/x)?[a-z]*$", "two open-ended repeats"),
        (r"^/a+/{0}b+$", "two open-ended repeats"),
        (r"^/.*/x/.*$", "only one repeat"),
        (r"^/[^?]+/[\s\S]+$", "only one repeat"),
        (r"^/a*?b$", "lazy"),
        (r"^/(?=x)y$", "look-around"),
        (r"^/(?i:x)$", "look-around"),
        (r"^/(a)\1$", "not allowed"),
        (r"/v1$", "must start"),
        (r"^/a$|^/b$", "outside a group"),
        (r"^/[a", "not a valid pattern"),
        ("^/" + "a?" * 12 + "$", "too many"),
        ("^/" + "a" * 500, "longer"),
    ],
)
def test_patterns_that_could_be_slow_or_ambiguous_are_refused(text: str, clause: str):
    with pytest.raises(ValueError, match=clause):
        path_pattern(text)


@pytest.mark.parametrize(
    "text", [r"^.*$", r"^evil", r"^x\.(com|org)$", r"^example$", r"(^|\.)example\.com$", r"^a.example\.com"]
)
def test_a_host_pattern_ends_with_a_fixed_domain(text: str):
    with pytest.raises(ValueError, match=r"fixed domain|must start"):
        host_pattern(text)


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        (r"^bedrock\.[a-z0-9-]+\.amazonaws\.com$", "amazonaws.com"),
        (r"^api\.[a-z]{2}\.example\.co\.uk$", "example.co.uk"),
        (r"^x\.com$", "x.com"),
        (r"^a\.x\.com$", "x.com"),
        (r"^[a-z]+(-eu)?\.ml\.cloud\.example\.com$", "ml.cloud.example.com"),
    ],
)
def test_the_fixed_domain_of_a_host_pattern_is_what_every_match_ends_with(text: str, domain: str):
    assert fixed_domain(text) == domain
    assert host_pattern(text)


_ATOMS = st.sampled_from(["a", "b", "/", "[ab]", "[^/]", ".", "-", r"\.", "(a|b)", "(/x)?", "(?:a/)?"])
_QUANTIFIERS = st.sampled_from(["", "", "", "?", "*", "+", "{2}", "{1,3}", "{2,}"])


@given(st.lists(st.tuples(_ATOMS, _QUANTIFIERS), max_size=8), st.text("ab/-.x", max_size=30))
def test_whatever_is_accepted_matches_as_the_same_regular_expression(parts: list[tuple[str, str]], text: str):
    """Law: checking never changes what a pattern means, and ends in acceptance or a clear refusal, never in another error."""
    written = "^" + "".join(atom + quantifier for atom, quantifier in parts)
    try:
        accepted = path_pattern(written)
    except ValueError:
        return
    assert bool(accepted.match(text)) == bool(re.match(written, text, re.ASCII))


@pytest.mark.parametrize("text", [r"^/(.*/)?[^/]+/x$", r"^/.*/[^/]+/[^/]+/x$", r"^(/[a-z]{1,9})?/[^/]+/(a|aa)(a|aa)(a|aa)x$"])
def test_accepted_patterns_answer_on_hostile_paths(text: str):
    """A pattern with exponential matching would not come back before the suite's timeout."""
    pattern = path_pattern(text)
    for hostile in ("/" * 2000, "/a" * 1000, "/" + "a" * 2000, "/aa" * 600 + "/"):
        assert pattern.match(hostile) is None
