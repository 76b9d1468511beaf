"""Redirects carry an opaque, authentic context and nothing else."""

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.proxy.redirects import PARAMETER, RedirectContext, is_redirect_target, read_context, redirect_location

KEY = b"k" * 32
NOW = 1_800_000_000
CONTEXT = RedirectContext(app="Some Chat", host="chat.example", reason="rule", rule="weak-apps", reference="9f2c61d8a0b4e7f3")


def token_of(location: str) -> str:
    return parse_qs(urlsplit(location).query)[PARAMETER][0]


@given(
    st.builds(RedirectContext, app=st.text(max_size=80), host=st.text(max_size=80), reason=st.text(max_size=30)),
    st.integers(min_value=0, max_value=3600),
)
def test_what_is_sealed_is_read_again_within_its_time(context: RedirectContext, age: int):
    token = token_of(redirect_location("https://ok.example/", context, KEY, NOW))
    read = read_context(token, KEY, NOW + age, 3600)
    assert read is not None
    assert (read.app, read.host, read.reason, read.at) == (context.app, context.host, context.reason, NOW)


def test_nothing_of_the_context_shows():
    location = redirect_location("https://ok.example/", CONTEXT, KEY, NOW)
    assert not any(text in location for text in ("Some", "chat.example", "weak-apps", CONTEXT.reference))


def test_contexts_of_different_length_look_alike_and_no_two_are_equal():
    short = redirect_location("https://ok.example/", CONTEXT, KEY, NOW)
    longer = RedirectContext(app="A Longer Name", host="other.example", reason="rule")
    assert len(short) == len(redirect_location("https://ok.example/", longer, KEY, NOW))
    assert short != redirect_location("https://ok.example/", CONTEXT, KEY, NOW)


@pytest.mark.parametrize("age", [-61, 3601])
def test_a_context_expires_and_none_comes_from_the_future(age: int):
    token = token_of(redirect_location("https://ok.example/", CONTEXT, KEY, NOW))
    assert read_context(token, KEY, NOW + age, 3600) is None


@given(st.data())
def test_a_changed_token_is_no_token(data: st.DataObject):
    token = token_of(redirect_location("https://ok.example/", CONTEXT, KEY, NOW))
    at = data.draw(st.integers(0, len(token) - 2))  # the last character has bits that encode nothing
    changed = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
    assert read_context(changed, KEY, NOW, 3600) is None


@given(st.text(max_size=5000))
def test_garbage_is_no_token_and_never_raises(token: str):
    assert read_context(token, KEY, NOW, 3600) is None


def test_another_key_reads_nothing():
    token = token_of(redirect_location("https://ok.example/", CONTEXT, KEY, NOW))
    assert read_context(token, b"x" * 32, NOW, 3600) is None


@pytest.mark.parametrize(
    ("to", "start", "end"),
    [
        ("https://ok.example/", "https://ok.example/?lockgate=", ""),
        ("https://ok.example", "https://ok.example?lockgate=", ""),
        ("https://ok.example/a?b=c%20d&e", "https://ok.example/a?b=c%20d&e&lockgate=", ""),
        ("https://ok.example/a?x=1#part", "https://ok.example/a?x=1&lockgate=", "#part"),
        ("https://ok.example/ä?ö=1", "https://ok.example/%C3%A4?%C3%B6=1&lockgate=", ""),
        ("https://ok.example/?lockgate=forged&x=1", "https://ok.example/?x=1&lockgate=", ""),
    ],
)
def test_the_targets_own_query_and_fragment_stay(to: str, start: str, end: str):
    location = redirect_location(to, CONTEXT, KEY, NOW)
    assert location.startswith(start)
    assert location.endswith(end)
    assert location.count("lockgate=") == 1


@pytest.mark.parametrize(
    "to",
    ["/relative", "//ok.example/", "ftp://ok.example/", "javascript:alert(1)", "https://", "https:///x", "https://user:pw@ok.example/",
     "https://ok.example/\r\nset-cookie: a=b", "https://ok.example/a b", "https://ok.example:99999/", "https://[::1/", ""],
)  # fmt: skip
def test_only_whole_web_addresses_are_targets(to: str):
    assert not is_redirect_target(to)
    with pytest.raises(ValueError, match="is not a whole"):
        redirect_location(to, CONTEXT, KEY, NOW)


def test_a_short_key_is_refused():
    with pytest.raises(ValueError, match="at least 16 bytes"):
        redirect_location("https://ok.example/", CONTEXT, b"short", NOW)
