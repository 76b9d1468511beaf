"""Tenant and tier are read from the head of a request, and nothing a client sends there can raise."""

from base64 import urlsafe_b64encode
from collections.abc import Callable

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.apps.clues import compile_clue
from lockgate.apps.schema import Clue
from lockgate.facts.traffic import Headers, Request

_CLAIM = Clue(claim=("https://example.com/auth", "plan"))


def _bearer(claims: object) -> dict[str, str]:
    return {"Authorization": f"Bearer h.{urlsafe_b64encode(orjson.dumps(claims)).rstrip(b'=').decode()}.s"}


@pytest.mark.parametrize(
    ("clue", "given_request", "value"),
    [
        (Clue(header="X-Org"), ("/", {"x-org": "o-1"}, ""), "o-1"),
        (Clue(header="x-org"), ("/", {}, ""), ""),
        (Clue(query="team"), ("/", {}, "a=1&team=t%2042&team=other"), "t 42"),
        (Clue(cookie="org"), ("/", {"cookie": "a=b; org=c9; x"}, ""), "c9"),
        (_CLAIM, ("/", _bearer({"https://example.com/auth": {"plan": "plus"}}), ""), "plus"),
        (_CLAIM, ("/", _bearer({"https://example.com/auth": {"plan": 7}}), ""), ""),
        (_CLAIM, ("/", _bearer({"https://example.com/auth": ["plan"]}), ""), ""),
        (_CLAIM, ("/", {"authorization": "Bearer not-a-token"}, ""), ""),
        (_CLAIM, ("/", {"authorization": "Bearer a.%%%.c"}, ""), ""),
        (_CLAIM, ("/", {"authorization": "Basic a.b.c"}, ""), ""),
        (Clue(path="^/orgs/([a-z]+)/"), ("/orgs/acme/x", {}, ""), "acme"),
        (Clue(path="^/orgs/([a-z]+)/"), ("/orgs/%61cme/x", {}, ""), "acme"),
        (Clue(path="^/anon/"), ("/anon/x", {}, ""), "/anon/"),
        (Clue(host=r"^([a-z]+)\.ai\.example\.com$"), ("/", {}, ""), "acme"),
    ],
)
def test_each_kind_of_clue_reads_its_place(
    request_to: Callable[..., Request], clue: Clue, given_request: tuple[str, dict[str, str], str], value: str
):
    path, headers, query = given_request
    assert compile_clue(clue).value(request_to("GET", "Acme.ai.example.com", path, headers, query)) == value


@pytest.mark.parametrize("hostile", ["x" * 201, "a\x00b", "a\nb"])
def test_a_value_that_is_no_name_counts_as_not_shown(request_to: Callable[..., Request], hostile: str):
    assert compile_clue(Clue(header="x-org")).value(request_to("GET", "h.example", "/", {"x-org": hostile})) == ""


def test_a_deeply_nested_token_counts_as_not_shown(request_to: Callable[..., Request]):
    nested = "[" * 5000 + "]" * 5000
    token = urlsafe_b64encode(nested.encode()).decode()
    assert compile_clue(_CLAIM).value(request_to("GET", "h.example", "/", {"authorization": f"Bearer h.{token}.s"})) == ""


def test_a_tier_comes_from_values_or_from_presence(request_to: Callable[..., Request]):
    mapped = compile_clue(Clue(header="x-plan", values={"trial": "free"}))
    present = compile_clue(Clue(path="^/anon/", tier="free"))
    assert mapped.tier_of(request_to("GET", "h.example", "/", {"x-plan": "trial"})) == "free"
    assert mapped.tier_of(request_to("GET", "h.example", "/", {"x-plan": "unheard-of"})) == ""
    assert present.tier_of(request_to("GET", "h.example", "/anon/x")) == "free"
    assert present.tier_of(request_to("GET", "h.example", "/signed-in")) == ""


@pytest.mark.parametrize("clue", [Clue(), Clue(header="a", query="b"), Clue(tier="free")])
def test_a_clue_names_exactly_one_place(clue: Clue):
    with pytest.raises(ValueError, match="exactly one"):
        compile_clue(clue)


@given(st.text(max_size=80), st.text(max_size=80), st.text(max_size=80))
def test_no_request_makes_a_clue_raise(authorization: str, cookie: str, query: str):
    pairs = (("authorization", f"Bearer {authorization}.{cookie}.x"), ("cookie", cookie))
    request = Request(
        method="GET", scheme="https", host="h.example", port=443, path="/" + query, query=query, headers=Headers(pairs)
    )
    for clue in (_CLAIM, Clue(cookie="a"), Clue(query="a"), Clue(path="^/([^/]+)/")):
        assert isinstance(compile_clue(clue).value(request), str)
