"""Of a path only words that many interfaces have are kept; what may be a name, a title or an id is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.apps.path_words import known_steps


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/v1/chat/completions", "/v1/chat/completions"),
        ("/v1beta2/batchUpdate", "/v1beta2/batchUpdate"),
        ("/api/sendMessage", "/api/sendMessage"),
        ("/api/list_tools/", "/api/list_tools/"),
        ("/share/ada-lovelace", "/share/*"),
        ("/share/quarterly-plan-of-acme", "/share/*"),
        ("/share/acmeplan", "/share/*"),
        ("/share/notes-of-the-team-meeting", "/share/*"),
        ("/brand/new", "/*/new"),
        ("/users/ada/notes", "/users/*/notes"),
        ("/prompt/a%20red%20kite", "/prompt/*"),
        ("/t/EyJhbGciOi", "/*/*"),
        ("/c/9b", "/*/*"),
        ("/model:predict", "/model:predict"),
        ("/", "/"),
        ("", ""),
    ],
)
def test_steps(path, kept):
    assert known_steps(path) == kept


@given(st.text(max_size=400))
def test_any_path_is_taken(path):
    assert len(known_steps(path)) <= 300
