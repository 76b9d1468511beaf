"""Regular expressions of policies: searched for, linear, bounded, and told apart from patterns with `*`."""

import pytest

from lockgate.facts.decision import Truth
from lockgate.facts.problem import UsageError
from lockgate.policy.judge import judge_of
from lockgate.policy.operand import Matches

POLICY = "version: 1\ndefault: allow\nrules: [{{id: a, when: {{{}}}, then: block}}]"


def notes_of(ruleset, condition):
    return [str(note) for note in ruleset(POLICY.format(condition)).notes]


def test_a_pattern_that_backtracking_would_never_finish_comes_to_an_end():
    judge = judge_of(Matches(("^(a+)+$", "(a|aa)*b$")))
    assert judge("a" * 100_000 + "c") is Truth.NO


@pytest.mark.parametrize("text", ["", "\ud83d gpt", "gpt\x00", "gpt\n"])
def test_any_text_can_be_searched(text):
    assert judge_of(Matches(("gpt",)))(text) is (Truth.YES if "gpt" in text else Truth.NO)


def test_what_is_not_text_has_nothing_to_fit():
    assert judge_of(Matches((".*",)))(7) is Truth.NO


def test_a_longer_pattern_is_refused(ruleset):
    assert notes_of(ruleset, f"user: {{matches: {'x' * 1000}}}") == []
    with pytest.raises(UsageError, match="longer than 1000 characters"):
        ruleset(POLICY.format(f"user: {{matches: {'x' * 1001}}}"))


@pytest.mark.parametrize("pattern", ["gpt-*", "/v1/*/chat", "a.b*"])
def test_what_looks_like_a_pattern_with_any_characters_gets_a_note(pattern, ruleset):
    (note,) = notes_of(ruleset, f"user: {{matches: '{pattern}'}}")
    assert f'like: "{pattern}"' in note
    assert notes_of(ruleset, f"user: {{like: '{pattern}'}}") == []


@pytest.mark.parametrize("pattern", ["^[a-z]*x", "gpt-.*-mini", "(ab)*c", r"\d*x", "^a*$"])
def test_what_is_a_regular_expression_gets_none(pattern, ruleset):
    assert notes_of(ruleset, f"user: {{matches: '{pattern}'}}") == []


@pytest.mark.parametrize("pattern", [".*", "[a-z]*", "a?", "^"])
def test_a_pattern_that_fits_every_text_gets_a_note(pattern, ruleset):
    (note,) = notes_of(ruleset, f"user: {{matches: '{pattern}'}}")
    assert "fits every text" in note


def test_the_same_pattern_means_the_same_policy_wherever_it_stands_in_the_list(ruleset):
    first, second = (ruleset(POLICY.format(f"user: {{matches: {each}}}")) for each in ("[a, b]", "[b, a, b]"))
    assert first.version == second.version
    assert first.version != ruleset(POLICY.format("user: {like: [a, b]}")).version
