"""Sizes and addresses: known as early as somebody says them, and never guessed."""

import pytest

from lockgate.facts.decision import Truth
from lockgate.facts.traffic import BodySize, Headers, Phase, Request, Response
from lockgate.policy import Pending, Walk, evaluate


def rule(condition):
    return f"version: 1\ndefault: allow\nrules: [{{id: a, when: {{{condition}}}, then: block}}]"


def truth(compiled, facts):
    outcome = evaluate(compiled, Walk.REQUEST, facts)
    return (outcome.standing if isinstance(outcome, Pending) else outcome.decision).trace[0].truth


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("{above: 99}", Truth.YES),
        ("{above: 100}", Truth.UNINSPECTABLE),
        ("{at_most: 99}", Truth.NO),
        ("{at_most: 100}", Truth.UNINSPECTABLE),
    ],
)
def test_a_body_that_was_cut_is_at_least_what_came_of_it(condition, expected, ruleset, sheet):
    facts = sheet(Phase.REQUEST_BODY, request_size=BodySize(bytes=100, at_least=True))
    assert truth(ruleset(rule(f"request.body_bytes: {condition}")), facts) is expected


def test_a_body_that_passed_unread_cannot_be_known(ruleset, sheet):
    facts = sheet(Phase.REQUEST_BODY, request_size=None)
    assert truth(ruleset(rule("request.body_bytes: {above: 1}")), facts) is Truth.UNINSPECTABLE


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ((("content-length", "7"),), 7),
        ((("content-length", " 7 "), ("content-length", "7")), 7),
        ((("content-length", "7, 7"),), 7),
        ((("content-length", "7"), ("content-length", "8")), None),
        ((("content-length", "7"), ("transfer-encoding", "chunked")), None),
        ((("content-length", "-7"),), None),
        ((("content-length", "\u0667"),), None),
        ((("content-length", "9" * 20),), None),
        ((), None),
    ],
)
def test_a_head_declares_one_size_or_none(headers, expected):
    assert Response(status=200, headers=Headers(headers)).declared_bytes == expected
    request = Request(method="POST", scheme="https", host="a.example", port=443, headers=Headers(headers))
    assert request.declared_bytes == expected


@pytest.mark.parametrize(
    ("changes", "url"),
    [
        ({"path": "/x%2Fy"}, "https://a.example/x/y"),
        ({"scheme": "http", "port": 80}, "http://a.example/"),
        ({"scheme": "http"}, "http://a.example:443/"),
        ({"host": "2001:db8::1", "port": 8443}, "https://[2001:db8::1]:8443/"),
    ],
)
def test_an_address_is_written_in_one_way(changes, url, ruleset, sheet):
    head = {"method": "GET", "scheme": "https", "host": "a.example", "port": 443, "path": "/", "query": "q=1"}
    facts = sheet(request=Request(**head | changes))
    assert truth(ruleset(rule(f"request.url: {{is: '{url}'}}")), facts) is Truth.YES
