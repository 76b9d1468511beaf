"""The key of placeholders reaches the workers of a gateway, and nobody that they start."""

import os

from lockgate.runtime.placeholder_key import environment_with_key, take_key


def test_workers_share_a_key_that_is_taken_once(monkeypatch):
    first, second = environment_with_key(), environment_with_key()
    ((name, value),) = set(first.items()) - set(os.environ.items())
    assert value != second[name]
    monkeypatch.setenv(name, value)
    assert take_key() == bytes.fromhex(value)
    assert name not in os.environ
    assert take_key() == b""


def test_what_is_no_key_is_none(monkeypatch):
    (name,) = environment_with_key().keys() - os.environ.keys()
    monkeypatch.setenv(name, "nonsense")
    assert take_key() == b""
