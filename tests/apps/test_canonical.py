"""Another spelling of the same address is the same address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.apps.canonical import LONGEST_PATH, canonical_host, canonical_path


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("/v1/messages", "/v1/messages"),
        ("/v1/%6Dessages", "/v1/messages"),
        ("/models/x%3AgenerateContent", "/models/x:generateContent"),
        ("/model/arn%3Aaws%2Fm/invoke", "/model/arn:aws%2Fm/invoke"),
        ("//v1///messages", "/v1/messages"),
        ("/v1/./messages", "/v1/messages"),
        ("/x/../v1/messages", "/v1/messages"),
        ("/%2e%2e/v1/messages", "/v1/messages"),
        ("/a/", "/a/"),
        ("/a/b/..", "/a/"),
        ("/", "/"),
        ("/..", "/"),
    ],
)
def test_needless_escapes_and_odd_segments_are_undone(written: str, canonical: str):
    assert canonical_path(written) == canonical


def test_a_path_too_long_to_look_at_is_none():
    assert canonical_path("/" + "a" * LONGEST_PATH) is None


@pytest.mark.parametrize(("written", "canonical"), [("ChatGPT.com.", "chatgpt.com"), ("a" * 300, ""), ("x.com", "x.com")])
def test_hosts_are_lower_case_without_the_root_dot(written: str, canonical: str):
    assert canonical_host(written) == canonical


@given(st.text("/.%2eEaA:@", max_size=40).map(lambda text: "/" + text))
def test_a_canonical_path_without_escapes_left_is_its_own_canonical_form(path: str):
    """Law: undoing is done once and for all, except for what an undone `%25` would newly spell (which stays as it is)."""
    once = canonical_path(path)
    assert once is not None
    assert once.startswith("/")
    if "%" not in once:
        assert canonical_path(once) == once
