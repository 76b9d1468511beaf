"""A file that cannot be right is refused, with every problem, its place and the next step."""

from collections.abc import Callable

import pytest

from lockgate.apps.check import AppSource

_TIER = "tiers: [{id: free, name: Free, kind: free}]\n"


def _operation(fields: str) -> str:
    return f"operations:\n  - {{id: a, operation: send_prompt, basis: high, {fields}}}\n"


def _evidence(answer: str, component: str = "app.soc2", tier: str = "free") -> str:
    return f"{_TIER}evidence: {{{tier}: {{{component}: {answer}}}}}\n"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("country: usa", "not a country code"),
        (_operation("path: '^/(a+)+$'"), "repeated group"),
        (_operation("path: '/v1'"), "must start with `^`"),
        (_operation("path: '^/v1', format: openai-chatt"), "unknown format `openai-chatt` / did you mean `openai-chat`?"),
        (_operation("path: '^/v1', format: zzz"), "known formats: a2a"),
        (_operation("path: '^/v1', method: post"), "`post` is not a method"),
        (_operation("path: '^/v1', host: elsewhere.example"), "not a host of this app"),
        (_operation("path: '^/v1', host: '*.other.example'"), "not a host of this app"),
        ("operations:\n" + "  - {id: a, operation: browse, basis: low, path: ^/}\n" * 2, "operation `a` is given twice"),
        ("tenant: [{header: a, query: b}]", "exactly one of"),
        ("tenant: [{header: a, tier: free}]", "a tenant clue gives its value as it is"),
        (_TIER + "tier: [{header: a}]", "leads to no tier"),
        (_TIER + "tier: [{header: a, values: {x: fre}}]", "unknown tier `fre` / did you mean `free`?"),
        ("tiers: [{id: all, name: All, kind: free}]", "`all` is not a tier id"),
        ("tiers: [{id: a, name: A, kind: free}, {id: a, name: B, kind: free}]", "tier `a` is given twice"),
        (_evidence("{state: unknown}", tier="fred"), "unknown tier `fred`"),
        (_evidence("{state: unknown}", component="app.soc3"), "unknown component `app.soc3` / did you mean `app.soc2`?"),
        (
            _evidence("{answer: maybe, state: unverified}"),
            "`maybe` is not an answer to `app.soc2` / possible answers: yes, no, undisclosed",
        ),
        (_evidence("{answer: 'yes', state: confirmed}"), "says where it was read"),
        (_evidence("{answer: 'yes', state: unknown}"), "go together"),
        (_evidence("{state: confirmed, source: x, kind: vendor_page}"), "go together"),
        (_evidence(f"{{answer: 'yes', state: unverified, quote: '{'word ' * 16}'}}"), "more than 15 words"),
        (
            _TIER + "evidence: {free: {app.sso: {state: unknown}}, 'free, all': {app.sso: {state: unknown}}}",
            "`app.sso` of tier `free` is answered twice",
        ),
        ("samples: []", "no sample"),
    ],
)
def test_each_mistake_is_told(
    app_source: Callable[..., AppSource], problems: Callable[..., list[str]], body: str, expected: str
):
    found = problems(app_source("acme", body))
    assert any(expected in problem for problem in found), found


@pytest.mark.parametrize(
    ("hosts", "expected"),
    [
        ("{}", "no host belongs to this app"),
        ("{suffix: [com]}", "`com` is not a host name"),
        ("{exact: [Acme.example]}", "not a host name"),
        ("{exact: ['acme.example:443']}", "not a host name"),
        ("{regex: ['^.*$']}", "fixed domain"),
        ("{also: [{host: x.example, path: ai}]}", "must start with `^`"),
        ("{also: [{host: '*', path: ^/ai}]}", "not a host name"),
    ],
)
def test_hosts_that_are_none_are_told(
    app_source: Callable[..., AppSource], problems: Callable[..., list[str]], hosts: str, expected: str
):
    found = problems(app_source("acme", hosts=hosts))
    assert any(expected in problem for problem in found), found


def test_all_problems_of_all_files_are_told_at_once_with_their_places(
    app_source: Callable[..., AppSource], problems: Callable[..., list[str]]
):
    first = app_source("one", "country: usa\ntenant: [{header: a, tier: x}]")
    second = app_source("two", "samples: []")
    found = problems(first, second)
    assert len([problem for problem in found if problem.startswith("apps/one.yaml:6:")]) >= 1
    assert any(problem.startswith("apps/one.yaml:7:") for problem in found)
    assert any(problem.startswith("apps/two.yaml:6:") for problem in found)


@pytest.mark.parametrize(
    "host", ["acme.example", "www.acme.example", "*.acme.example", "one.other.example", "x.pattern.example", "*.shared.example"]
)
def test_an_operation_may_name_any_host_of_its_app(
    app_source: Callable[..., AppSource], problems: Callable[..., list[str]], host: str
):
    hosts = (
        "{suffix: [acme.example], exact: [one.other.example], regex: ['^[a-z]\\.pattern\\.example$'],"
        " also: [{host: www.shared.example, path: ^/ai}]}"
    )
    assert problems(app_source("acme", _operation(f"path: ^/, host: '{host}'"), hosts=hosts)) == []
