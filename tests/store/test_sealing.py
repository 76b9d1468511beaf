"""Captured text: readable for reviewers, for nobody else, and only where it belongs."""

import stat
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.facts.problem import UsageError
from lockgate.store.age import new_identity
from lockgate.store.sealing import Sealer, create_reviewer_key, open_sealed, read_reviewer_key

IDENTITY, RECIPIENT = new_identity()
OTHER_IDENTITY, OTHER_RECIPIENT = new_identity()


@given(text=st.text())
def test_a_reviewer_reads_exactly_what_was_sealed(text):
    sealed = Sealer([RECIPIENT]).seal("id", text)
    assert open_sealed(sealed, "id", [IDENTITY]) == text


def test_lone_surrogates_survive():
    sealed = Sealer([RECIPIENT]).seal("id", "a\udc80b")
    assert open_sealed(sealed, "id", [IDENTITY]) == "a\udc80b"


def test_every_reviewer_can_open_and_a_stranger_cannot():
    stranger, _ = new_identity()
    sealed = Sealer([RECIPIENT, OTHER_RECIPIENT]).seal("id", "text")
    assert open_sealed(sealed, "id", [OTHER_IDENTITY]) == "text"
    assert open_sealed(sealed, "id", [stranger, IDENTITY]) == "text"
    with pytest.raises(UsageError, match="cannot open"):
        open_sealed(sealed, "id", [stranger])


def flipped(data, position):
    return data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]


@given(position=st.integers(min_value=0, max_value=1000))
def test_a_change_of_any_byte_is_detected(position):
    sealed = Sealer([RECIPIENT]).seal("id", "a text of some length")
    for name in ("wrapped_key", "nonce", "ciphertext"):
        data = getattr(sealed, name)
        with pytest.raises(UsageError, match=r"changed|cannot open"):
            open_sealed(replace(sealed, **{name: flipped(data, position % len(data))}), "id", [IDENTITY])


def test_a_text_cannot_be_moved_to_another_record():
    sealed = Sealer([RECIPIENT]).seal("one", "text")
    with pytest.raises(UsageError, match="changed"):
        open_sealed(sealed, "two", [IDENTITY])


def test_a_key_of_another_capture_does_not_open_this_one():
    one, two = Sealer([RECIPIENT]).seal("id", "text"), Sealer([RECIPIENT]).seal("id", "text")
    with pytest.raises(UsageError, match="changed"):
        open_sealed(replace(one, wrapped_key=two.wrapped_key), "id", [IDENTITY])


def test_the_text_is_in_no_part_and_no_representation():
    sealed = Sealer([RECIPIENT]).seal("id", "very particular words")
    assert b"particular" not in sealed.ciphertext + sealed.wrapped_key + sealed.nonce
    assert "ciphertext" not in repr(sealed)


def test_the_data_key_changes_after_an_hour():
    now = [0.0]
    sealer = Sealer([RECIPIENT], clock=lambda: now[0])
    first = sealer.seal("a", "x")
    now[0] = 3599.0
    same = sealer.seal("b", "x")
    now[0] = 3600.0
    other = sealer.seal("c", "x")
    assert first.key_id == same.key_id
    assert first.nonce != same.nonce
    assert other.key_id != first.key_id
    assert open_sealed(other, "c", [IDENTITY]) == "x"


def test_the_data_key_changes_after_ten_thousand_records():
    sealer = Sealer([RECIPIENT], clock=lambda: 0.0)
    ids = [sealer.seal("a", "x").key_id for _ in range(10_001)]
    assert len(set(ids[:10_000])) == 1
    assert ids[10_000] != ids[0]


def test_without_a_reviewer_there_is_no_sealing():
    with pytest.raises(UsageError, match="no reviewer key"):
        Sealer([])


def test_every_wrong_recipient_is_named():
    with pytest.raises(UsageError) as caught:
        Sealer(["age1nonsense", RECIPIENT, "ssh-ed25519 AAAA"])
    assert [problem.problem for problem in caught.value.problems] == [
        "`age1nonsense` is not an age public key",
        "`ssh-ed25519 AAAA` is not an age public key",
    ]


def test_a_reviewer_key_is_private_complete_and_never_overwritten(tmp_path):
    path = tmp_path / "reviewer.key"
    recipient = create_reviewer_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    sealed = Sealer([recipient]).seal("id", "text")
    assert open_sealed(sealed, "id", read_reviewer_key(path)) == "text"
    before = path.read_bytes()
    with pytest.raises(UsageError, match="exists already"):
        create_reviewer_key(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"# only a comment\n", b"AGE-SECRET-KEY-1NONSENSE\n", b"\xff\xfe\x00"])
def test_what_is_no_reviewer_key_is_refused_without_showing_it(tmp_path, content):
    path = tmp_path / "reviewer.key"
    path.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        read_reviewer_key(path)
    assert "NONSENSE" not in str(caught.value)


def test_a_reviewer_key_that_is_not_there_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="No such file"):
        read_reviewer_key(tmp_path / "nothing")
