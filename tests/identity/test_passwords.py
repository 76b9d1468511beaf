"""Argon2id."""

import pytest

from lockgate.identity import hash_password
from lockgate.identity.passwords import DUMMY_HASH, is_password_hash, password_matches


def test_a_password_matches_its_own_hash_only():
    made = hash_password("correct horse")
    assert made.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert password_matches(made, "correct horse")
    assert not password_matches(made, "correct horses")


def test_the_same_password_never_has_the_same_hash_twice():
    assert hash_password("x") != hash_password("x")


def test_what_is_no_hash_matches_nothing():
    assert not password_matches("correct horse", "correct horse")
    assert not password_matches("", "")


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        (DUMMY_HASH, True),
        ("plain", False),
        ("", False),
        (DUMMY_HASH.replace("argon2id", "argon2i"), False),
        (DUMMY_HASH.replace("m=65536", "m=99999999"), False),
    ],
    ids=["argon2id", "plain", "empty", "argon2i", "too costly"],  # a hash is different in every process
)
def test_only_argon2id_of_a_bearable_cost_is_a_hash(text, fine):
    assert is_password_hash(text) is fine
