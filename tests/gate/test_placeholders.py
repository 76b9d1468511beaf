"""Placeholders say what kind of value they are for, and nothing else of it."""

import re

from hypothesis import given
from hypothesis import strategies as st

from lockgate.gate import placeholders
from lockgate.gate.placeholders import Placeholders

KEY = b"k" * 32


@given(detector=st.text(max_size=60), value=st.text(st.characters(exclude_categories=()), min_size=1))
def test_every_value_of_every_kind_has_a_word_of_one_form(detector, value):
    assert re.fullmatch(r"\[[A-Z0-9_]{1,33}_[0-9B-Z]{6}\]", Placeholders(KEY, "ana", "app").word(detector, value))


@given(values=st.sets(st.text(min_size=1), min_size=2, max_size=50))
def test_different_values_have_different_words_and_equal_ones_the_same(values):
    one, other = Placeholders(KEY, "ana", "app"), Placeholders(KEY, "ana", "app")
    words = {value: one.word("some", value) for value in sorted(values)}
    assert len(set(words.values())) == len(values)
    assert words == {value: other.word("some", value) for value in sorted(values)}


def test_another_key_person_or_app_gives_another_word():
    made = {Placeholders(*how).word("some", "value") for how in [
        (KEY, "ana", "app"), (b"x" * 32, "ana", "app"), (KEY, "bo", "app"), (KEY, "ana", "other"), (KEY, "anaa", "pp"),
    ]}  # fmt: skip
    assert len(made) == 5


def test_two_values_that_would_have_one_word_have_two(monkeypatch):
    monkeypatch.setattr(placeholders, "_LETTERS", "B")
    words = Placeholders(KEY, "ana", "app")
    first, second = words.word("some", "one"), words.word("some", "two")
    assert (first, second) == ("[SOME_BBBBBB]", "[SOME_BBBBBBBBBBBB]")
