"""Two files that claim the same thing are refused; nobody chooses between them silently."""

from collections.abc import Callable

import pytest

from lockgate.apps.check import AppSource

_SHARED = "{request: GET https://www.shared.example/, operation: browse}"


@pytest.mark.parametrize("hosts", ["{suffix: [x.example]}", "{exact: [x.example]}", "{regex: ['^[a-z]\\.x\\.example$']}"])
def test_a_host_belongs_to_one_app(app_source: Callable[..., AppSource], problems: Callable[..., list[str]], hosts: str):
    found = problems(app_source("one", hosts=hosts), app_source("two", hosts=hosts))
    assert any("already belongs to app `one`" in problem and "also" in problem for problem in found)
    assert all(problem.startswith("apps/two.yaml") for problem in found)


def test_an_exact_name_inside_another_apps_suffix_is_no_contradiction(
    app_source: Callable[..., AppSource], problems: Callable[..., list[str]]
):
    inside = app_source(
        "inside", hosts="{exact: [api.outer.example]}", sample="{request: GET https://api.outer.example/, operation: browse}"
    )
    assert problems(app_source("outer"), inside) == []


@pytest.mark.parametrize(
    ("first", "second", "example"),
    [
        (r"^[a-z]+-ai\.x\.example$", r"^eu-[a-z]+\.x\.example$", "eu-ai.x.example"),
        (r"^[a-z]+\.b\.x\.example$", r"^[a-z.]+\.x\.example$", ".b.x.example"),
        (r"^eu-[a-z]+\.x\.example$", r"^us-[a-z]+\.x\.example$", ""),
        (r"^[a-z]+\.x\.example$", r"^[a-z]+\.y\.example$", ""),
    ],
)
def test_two_patterns_that_one_host_can_match_are_refused(
    app_source: Callable[..., AppSource], problems: Callable[..., list[str]], first: str, second: str, example: str
):
    """Neither is more specific than the other, so there is no tie-break; the order of the files must not be one."""
    one = app_source("one", hosts=f"{{suffix: [one.example], regex: ['{first}']}}")
    two = app_source("two", hosts=f"{{suffix: [two.example], regex: ['{second}']}}")
    for pair in ((one, two), (two, one)):
        found = [problem for problem in problems(*pair) if "may both match" in problem]
        assert [example in problem for problem in found] == ([True] if example else [])


def test_a_pattern_inside_another_apps_suffix_is_no_contradiction(
    app_source: Callable[..., AppSource], problems: Callable[..., list[str]]
):
    sample = "{request: GET https://a.outer.example/, operation: browse}"
    inside = app_source("inside", hosts=r"{regex: ['^[a-z]\.outer\.example$']}", sample=sample)
    assert problems(app_source("outer"), inside) == []


def test_an_id_is_given_once(app_source: Callable[..., AppSource], problems: Callable[..., list[str]]):
    found = problems(app_source("one"), app_source("one", hosts="{suffix: [other.example]}"))
    assert any("app `one` already exists" in problem for problem in found)


@pytest.mark.parametrize(
    ("first", "second", "meet"),
    [
        ("{host: www.shared.example, path: '^/ai/'}", "{host: www.shared.example, path: '^/chat/'}", False),
        ("{host: www.shared.example, path: '^/ai'}", "{host: www.shared.example, path: '^/ai/x'}", True),
        ("{host: www.shared.example, path: '^/(a|b)'}", "{host: www.shared.example, path: '^/c'}", False),
        ("{host: www.shared.example, path: '^/(a|b)'}", "{host: www.shared.example, path: '^/[bc]'}", True),
        ("{host: www.shared.example, path: '^/ai/'}", "{host: other.example, path: '^/ai/'}", False),
        ("{host: www.shared.example, path: '^/ai/'}", "{host: '*.shared.example', path: '^/ai/'}", True),
        ("{host: '*.shared.example', path: '^/ai/'}", "{host: '*.eu.shared.example', path: '^/ai/'}", True),
        ("{host: shared.example, path: '^/ai/'}", "{host: '*.shared.example', path: '^/ai/'}", False),
        ("{host: a.example, path: '^/', query: {q: x}}", "{host: a.example, path: '^/', query: {q: y}}", False),
        ("{host: a.example, path: '^/', query: {q: x}}", "{host: a.example, path: '^/', query: {p: y}}", True),
        ("{host: a.example, path: '^/', query: {q: x}}", "{host: a.example, path: '^/'}", True),
    ],
)
def test_two_apps_never_own_the_same_request(
    app_source: Callable[..., AppSource], problems: Callable[..., list[str]], first: str, second: str, meet: bool
):
    one = app_source("one", hosts=f"{{suffix: [one.example], also: [{first}]}}")
    two = app_source("two", hosts=f"{{suffix: [two.example], also: [{second}]}}")
    for pair in ((one, two), (two, one)):
        assert any("may both match" in problem for problem in problems(*pair)) is meet
