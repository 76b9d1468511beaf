"""The library as the gate knows it: hosts before decryption, requests after, names for policies."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.apps.check import AppSource
from lockgate.apps.library import AppLibrary
from lockgate.apps.rubric import Rubric
from lockgate.facts.traffic import Request

_GUEST = """\
operations:
  - {id: prompt, operation: send_prompt, path: '^/', basis: high}
"""


@pytest.fixture(scope="module")
def library(app_source: Callable[..., AppSource], build: Callable[..., AppLibrary]) -> AppLibrary:
    guest = app_source(
        "guest",
        _GUEST,
        hosts="{also: [{host: www.owner.example, path: '^/ai/'}, {host: shop.example, path: '^/ai(/|$)'}]}",
        sample="{request: POST https://shop.example/ai/ask, operation: send_prompt}",
    )
    pattern = app_source(
        "pattern",
        hosts="{regex: ['^[a-z]+\\.pattern\\.example$']}",
        sample="{request: GET https://a.pattern.example/, operation: browse}",
    )
    return build(app_source("owner", "country: US"), guest, pattern)


def test_a_host_that_belongs_to_an_app_says_so(library: AppLibrary):
    found = library.host("www.owner.example")
    assert found is not None
    assert found.app is not None
    assert (found.app.id, [app.id for app in found.by_path], found.only_paths) == ("owner", ["guest"], False)


def test_a_host_of_which_only_paths_belong_to_an_app_must_be_decrypted_to_tell(library: AppLibrary):
    found = library.host("shop.example")
    assert found is not None
    assert (found.app, [app.id for app in found.by_path], found.only_paths) == (None, ["guest"], True)


def test_other_hosts_are_nobodys(library: AppLibrary, request_to: Callable[..., Request]):
    assert library.host("example.com") is None
    assert library.match(request_to("POST", "example.com", "/v1/chat/completions")) is None


@pytest.mark.parametrize(
    ("host", "path", "app"),
    [
        ("www.owner.example", "/ai/ask", "guest"),
        ("www.owner.example", "/x/../ai/ask", "guest"),
        ("www.owner.example", "/%61i/ask", "guest"),
        ("www.owner.example", "/home", "owner"),
        ("api.owner.example", "/ai/ask", "owner"),
        ("shop.example", "/ai", "guest"),
        ("shop.example", "/cart", None),
        ("shop.example", "/" + "a" * 3000, None),
        ("b.pattern.example", "/", "pattern"),
        ("b.c.pattern.example", "/", None),
    ],
)
def test_an_owned_path_wins_over_the_owner_of_the_host(
    library: AppLibrary, request_to: Callable[..., Request], host: str, path: str, app: str | None
):
    found = library.match(request_to("POST", host, path))
    assert (found.app.id if found else None) == app


def test_names_are_what_policies_may_use(library: AppLibrary):
    names = library.names()
    assert names.apps == {"owner", "guest", "pattern"}
    assert names.categories == {"chat-assistant"}
    assert (names.vendors, names.countries, names.tiers) == ({"Acme"}, {"US"}, frozenset())


def test_apps_are_sorted_and_found_by_id(library: AppLibrary):
    assert [app.id for app in library.apps] == ["guest", "owner", "pattern"]
    assert library.get("owner") == library.apps[1]
    assert library.get("nobody") is None
    assert library.explain("owner", "free") is None


def test_hosts_can_be_listed_for_those_who_cannot_ask(library: AppLibrary):
    assert library.host_suffixes() == ("*.pattern.example", ".owner.example", "shop.example", "www.owner.example")


def test_a_host_may_be_not_worth_decrypting(
    app_source: Callable[..., AppSource], build: Callable[..., AppLibrary], request_to: Callable[..., Request]
):
    """Its paths are recognised where it is decrypted anyway, and nobody is told to send it here for their sake."""
    inside = app_source(
        "inside",
        hosts="{also: [{host: big.example, path: '^/ai/', decrypt: false}, {host: ask.example, path: '^/', decrypt: true}]}",
        sample="{request: GET https://big.example/ai/, operation: browse}",
    )
    library = build(inside, app_source("owner"))
    decrypts = {
        host: found.decrypts for host in ("big.example", "ask.example", "owner.example") if (found := library.host(host))
    }
    assert decrypts == {"big.example": False, "ask.example": True, "owner.example": True}
    assert library.match(request_to("POST", "big.example", "/ai/ask")) is not None
    assert library.host_suffixes() == (".owner.example", "ask.example")


def test_a_path_may_belong_to_an_app_only_with_a_certain_query(
    app_source: Callable[..., AppSource], build: Callable[..., AppLibrary], request_to: Callable[..., Request]
):
    ask = "hosts: {also: [{host: search.example, path: '^/search$', query: {mode: ai}}]}"
    library = build(
        app_source(
            "ask",
            hosts=ask.removeprefix("hosts: "),
            sample="{request: 'GET https://search.example/search?mode=ai', operation: browse}",
        )
    )
    asked = request_to("GET", "search.example", "/search")
    assert library.match(replace(asked, query="q=x&mode=ai")) is not None
    assert library.match(replace(asked, query="q=x&mode=shop")) is None
    assert library.match(asked) is None


def test_another_rubric_is_another_version(app_source: Callable[..., AppSource], rubric: Rubric):
    """Scores follow the rubric, so whatever was derived from the old one is out of date."""
    sources = [app_source("one")]
    other = replace(rubric, version="other")
    assert AppLibrary.build(sources, rubric, {}).version != AppLibrary.build(sources, other, {}).version


def test_the_version_follows_the_content_and_nothing_else(
    app_source: Callable[..., AppSource], build: Callable[..., AppLibrary]
):
    one, two = app_source("one"), app_source("two")
    assert build(one, two).version == build(two, one).version
    assert build(one).version != build(one, two).version
    assert build(one).version != build(app_source("one", "notes: changed")).version


@given(host=st.one_of(st.sampled_from(["www.owner.example", "shop.example"]), st.text(max_size=40)), path=st.text(max_size=40))
def test_what_matches_a_request_was_foretold_by_its_host(library: AppLibrary, host: str, path: str):
    """Law: a request goes to an app only if its host said that this app could be there, so nothing undecrypted is missed."""
    request = Request(method="POST", scheme="https", host=host, port=443, path="/" + path)
    found, foretold = library.match(request), library.host(host)
    if found is not None:
        assert foretold is not None
        assert found.app in (foretold.app, *foretold.by_path)
    if foretold is not None and not foretold.only_paths:
        assert found is not None
