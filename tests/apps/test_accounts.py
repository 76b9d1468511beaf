"""Whose account it is: a listed tenant is ours, another one is not, and without a list the tier is all there is."""

from collections.abc import Callable

import pytest

from lockgate.apps.accounts import account_kind
from lockgate.apps.check import AppSource
from lockgate.apps.library import AppLibrary
from lockgate.facts.app import AccountKind, TierKind
from lockgate.facts.traffic import Headers, Request, Response

CORPORATE, PERSONAL, UNKNOWN = AccountKind.CORPORATE, AccountKind.PERSONAL, AccountKind.UNKNOWN
OURS = frozenset({"ws-ours"})


@pytest.mark.parametrize(
    ("own", "tenant", "tier", "kind"),
    [
        (OURS, "ws-ours", None, CORPORATE),
        (OURS, "WS-Ours", TierKind.FREE, CORPORATE),
        (OURS, "ws-other", TierKind.ENTERPRISE, PERSONAL),
        (OURS, None, TierKind.ENTERPRISE, UNKNOWN),
        (OURS, None, TierKind.FREE, PERSONAL),
        (OURS, None, None, UNKNOWN),
        (frozenset(), "ws-other", TierKind.ENTERPRISE, CORPORATE),
        (frozenset(), "ws-other", TierKind.TEAM, CORPORATE),
        (frozenset(), "ws-other", TierKind.INDIVIDUAL, PERSONAL),
        (frozenset(), "ws-other", TierKind.API, UNKNOWN),
        (frozenset(), "ws-other", None, UNKNOWN),
    ],
)
def test_the_kind_of_an_account(own: frozenset[str], tenant: str | None, tier: TierKind | None, kind: AccountKind):
    assert account_kind(own, tenant, tier) is kind


@pytest.fixture(scope="module")
def library(build: Callable[..., AppLibrary], app_source: Callable[..., AppSource]) -> AppLibrary:
    body = (
        "own_tenants: [org-ours]\n"
        "tiers: [{id: free, name: Free, kind: free}, {id: big, name: Big, kind: enterprise}]\n"
        "tier: [{header: x-plan, values: {f: free, e: big}}]\n"
        "tenant: [{header: x-org}, {response_header: acme-organization}]\n"
        "conversation: [{path: '^/chats/([a-z0-9-]+)'}, {header: x-chat}]"
    )
    return build(app_source("acme", body))


def test_a_home_that_lists_its_tenants_tells_accounts_apart(library: AppLibrary, request_to: Callable[..., Request]):
    def kind(headers: dict[str, str]) -> AccountKind:
        match = library.match(request_to("GET", "acme.example", "/", headers))
        assert match is not None
        return match.account

    assert kind({"x-org": "org-ours", "x-plan": "f"}) is CORPORATE
    assert kind({"x-org": "org-theirs", "x-plan": "e"}) is PERSONAL
    assert kind({"x-plan": "e"}) is UNKNOWN
    assert kind({"x-plan": "f"}) is PERSONAL


def test_an_answer_adds_the_tenant_that_no_request_shows(library: AppLibrary, request_to: Callable[..., Request]):
    match = library.match(request_to("GET", "acme.example"))
    assert match is not None
    assert (match.tenant, match.account) == (None, UNKNOWN)
    answered = library.with_answer(match, Response(status=200, headers=Headers((("acme-organization", "org-ours"),))))
    assert (answered.tenant, answered.account) == ("org-ours", CORPORATE)
    assert library.with_answer(match, Response(status=200)) == match


def test_an_answer_never_replaces_what_the_request_showed(library: AppLibrary, request_to: Callable[..., Request]):
    match = library.match(request_to("GET", "acme.example", "/", {"x-org": "org-theirs"}))
    assert match is not None
    answered = library.with_answer(match, Response(status=200, headers=Headers((("acme-organization", "org-ours"),))))
    assert (answered.tenant, answered.account) == ("org-theirs", PERSONAL)


def test_a_conversation_is_read_from_the_head(library: AppLibrary, request_to: Callable[..., Request]):
    found = [
        library.match(request_to("GET", "acme.example", path, headers))
        for path, headers in (("/chats/c-7/files", {}), ("/", {"x-chat": "c-8"}), ("/", {}))
    ]
    assert [match.conversation if match else "" for match in found] == ["c-7", "c-8", None]


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("conversation: [{response_header: x}]", "a conversation is read from requests"),
        ("conversation: [{header: x, tier: free}]", "a conversation clue gives its value as it is"),
        (
            "tier: [{response_header: x, tier: free}]\ntiers: [{id: free, name: Free, kind: free}]",
            "a tier is read from requests",
        ),
        ("tenant: [{header: x, key_prefix: [sk-]}]", "exactly one of"),
    ],
)
def test_clues_in_the_wrong_place_are_refused(
    problems: Callable[..., list[str]], app_source: Callable[..., AppSource], body: str, complaint: str
):
    assert any(complaint in problem for problem in problems(app_source("acme", body)))
