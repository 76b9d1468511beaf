"""What a request does in an app: signatures in order, then what the method says, and never a harmless guess about a body."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.apps.check import AppSource
from lockgate.apps.library import AppLibrary
from lockgate.facts.app import AppMatch, Operation
from lockgate.facts.traffic import Headers, Request

_UPGRADE = {"connection": "Upgrade", "upgrade": "websocket"}
_BODY = r"""
operations:
  - {id: count, operation: token_count, path: '^/v1/chat/count$', format: openai-chat, basis: high}
  - {id: prompt, operation: send_prompt, path: '^/v1/chat', format: openai-chat, basis: high}
  - {id: live, operation: voice, protocol: websocket, path: '^/v1/chat', basis: high}
  - {id: put, operation: upload, method: [PUT, PATCH], host: files.acme.example, path: '^/', basis: low}
  - {id: rpc-list, operation: history, path: '^/rpc$', query: {id: L1}, basis: low}
  - {id: rpc, operation: unrecognised, path: '^/rpc$', basis: low}
tiers:
  - {id: free, name: Free, kind: free}
  - {id: team, name: Team, kind: team}
  - {id: new, name: New, kind: free}
tier:
  - {header: x-plan, values: {corp: team}}
evidence:
  free: {app.tls13: {answer: 'yes', state: confirmed, source: 'https://acme.example', kind: third_party_probe}}
  team: {genai.iso42001: {answer: 'yes', state: confirmed, source: 'https://acme.example', kind: vendor_page}}
"""


@pytest.fixture(scope="module")
def acme(app_source: Callable[..., AppSource], build: Callable[..., AppLibrary]) -> AppLibrary:
    return build(app_source("acme", _BODY))


@pytest.fixture
def ask(acme: AppLibrary, request_to: Callable[..., Request]) -> Callable[..., AppMatch]:
    def asked(
        method: str, path: str, headers: dict[str, str] | None = None, *, host: str = "acme.example", query: str = ""
    ) -> AppMatch:
        found = acme.match(request_to(method, host, path, headers, query))
        assert found is not None
        return found

    return asked


@pytest.mark.parametrize(
    ("method", "path", "operation", "wire_format"),
    [
        ("POST", "/v1/chat/count", Operation.TOKEN_COUNT, "openai-chat"),
        ("POST", "/v1/chat", Operation.SEND_PROMPT, "openai-chat"),
        ("post", "/v1/chat", Operation.SEND_PROMPT, "openai-chat"),
        ("POST", "/v1//%63hat", Operation.SEND_PROMPT, "openai-chat"),
        ("GET", "/v1/chat", Operation.BROWSE, None),
        ("HEAD", "/", Operation.BROWSE, None),
        ("OPTIONS", "/v1/chat", Operation.STATUS, None),
        ("POST", "/v2/chat", None, None),
        ("PUT", "/anything", None, None),
        ("DELETE", "/anything", None, None),
        ("POST", "/" + "a" * 3000, Operation.UNRECOGNISED, None),
        ("GET", "/" + "a" * 3000, Operation.UNRECOGNISED, None),
    ],
)
def test_an_operation_comes_from_the_first_signature_that_fits_or_from_the_method(
    ask: Callable[..., AppMatch], method: str, path: str, operation: Operation | None, wire_format: str | None
):
    found = ask(method, path)
    assert (found.operation, found.format) == (operation, wire_format)


def test_a_websocket_fits_websocket_signatures_only_and_is_undecided_otherwise(ask: Callable[..., AppMatch]):
    assert ask("GET", "/v1/chat", _UPGRADE).operation is Operation.VOICE
    assert ask("GET", "/other", _UPGRADE).operation is None


@pytest.mark.parametrize("headers", [{"content-length": "12"}, {"transfer-encoding": "chunked"}])
def test_a_get_with_a_body_is_not_browsing(ask: Callable[..., AppMatch], headers: dict[str, str]):
    assert ask("GET", "/page", headers).operation is None
    assert ask("GET", "/page", {"content-length": "0"}).operation is Operation.BROWSE


def test_an_upgrade_header_does_not_hide_a_post(ask: Callable[..., AppMatch]):
    assert ask("POST", "/v1/chat", _UPGRADE).operation is Operation.SEND_PROMPT


def test_a_preflight_has_no_body(ask: Callable[..., AppMatch]):
    assert ask("OPTIONS", "/v1/chat", {"content-length": "9"}).operation is None


def test_a_signature_may_be_for_some_hosts_only(ask: Callable[..., AppMatch]):
    assert ask("PATCH", "/x", host="files.acme.example").operation is Operation.UPLOAD
    assert ask("PATCH", "/x", host="Files.Acme.example.").operation is Operation.UPLOAD
    assert ask("PATCH", "/x", host="www.acme.example").operation is None


def test_a_signature_may_need_a_query_parameter(ask: Callable[..., AppMatch]):
    assert ask("POST", "/rpc", query="x=1&id=L1").operation is Operation.HISTORY
    assert ask("POST", "/rpc", query="id=L2").operation is Operation.UNRECOGNISED


def test_a_tier_that_is_shown_is_known(ask: Callable[..., AppMatch]):
    found = ask("POST", "/v1/chat", {"x-plan": "corp"})
    assert found.tier is not None
    assert (found.tier.id, found.tier_known) == ("team", True)


def test_a_tier_that_is_not_shown_is_taken_as_the_lowest_and_not_scored_is_lowest(ask: Callable[..., AppMatch]):
    found = ask("POST", "/v1/chat", {"x-plan": "unheard-of"})
    assert found.tier is not None
    assert (found.tier.id, found.tier_known) == ("new", False)


@given(
    method=st.one_of(st.sampled_from(["GET", "POST", "OPTIONS"]), st.text(max_size=8)),
    host=st.one_of(st.sampled_from(["acme.example", "files.acme.example"]), st.text(max_size=30)),
    path=st.one_of(st.just("/v1/chat"), st.text(max_size=60)),
    pairs=st.lists(
        st.tuples(st.sampled_from(["upgrade", "x-plan", "content-length", "cookie"]), st.text(max_size=20)), max_size=4
    ),
)
def test_no_request_makes_matching_raise(acme: AppLibrary, method: str, host: str, path: str, pairs: list[tuple[str, str]]):
    """Law: any request gets an answer, and one with a payload-carrying method is never called browsing."""
    request = Request(method=method, scheme="https", host=host, port=443, path=path, query=path, headers=Headers(tuple(pairs)))
    found = acme.match(request)
    assert found is None or found.operation is not Operation.BROWSE or method.upper() in ("GET", "HEAD")
