"""Patterns that hostile text could make slow are refused by their shape."""

import pytest

from lockgate.dlp.pattern_shape import shape_problem, widest_match


@pytest.mark.parametrize(
    "regex",
    [
        "[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,30}",
        r"(?:[a-z0-9-]{1,63}\.){1,6}[a-z]{2,20}",
        r"\bkey\s{0,5}[:=]\s{0,5}(?P<value>[a-z]{8,64})",
        "(?:abc|de)f?",
        "[^,]{1,40},[^,]{1,40},",
    ],
)
def test_bounded_patterns_with_separators_are_fine(regex):
    assert shape_problem(regex) == ""


@pytest.mark.parametrize(
    ("regex", "problem"),
    [
        ("a+", "can match more than 512 characters"),
        ("[a-z]{1,600}", "can match more than 512 characters"),
        ("a?", "can match nothing at all"),
        ("(a{1,9}){1,9}", "repeats a repetition without a separator in each round"),
        ("(?:a|aa){2,30}b", "repeats a repetition without a separator in each round"),
        (r"\w{1,120}\w{1,120}x", "has neighbouring repetitions that can share the same characters in too many ways"),
        ("(?<!a)b", "looks around"),
        ("a(?!b)", "looks around"),
        (r"(a)\1", "refers back to a group"),
        ("^a", r"uses an anchor other than \b"),
        ("[a", "is not a valid pattern: unterminated character set at position 0"),
    ],
)
def test_dangerous_shapes_are_refused_by_name(regex, problem):
    assert shape_problem(regex) == problem


def test_the_widest_match_is_counted():
    assert widest_match("ab{2,5}(?:c|def)") == 9
