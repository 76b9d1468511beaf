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


def test_an_id_is_given_once(app_source: Callable[..., AppSource], problems: Callable[..., list[str]]):
    found = problems(app_source("one"), app_source("one", hosts="{suffix: [other.example]}"))
    assert any("app `one` already exists" in problem for problem in found)


@pytest.mark.parametrize(
    ("first", "second", "meet"), [("^/ai/", "^/chat/", False), ("^/ai", "^/ai/x", True), ("^/(a|b)", "^/c", True)]
)
def test_paths_of_a_shared_host_begin_differently(
    app_source: Callable[..., AppSource], problems: Callable[..., list[str]], first: str, second: str, meet: bool
):
    one = app_source("one", hosts=f"{{suffix: [one.example], also: [{{host: www.shared.example, path: '{first}'}}]}}")
    two = app_source("two", hosts=f"{{suffix: [two.example], also: [{{host: www.shared.example, path: '{second}'}}]}}")
    assert any("may both match" in problem for problem in problems(one, two)) is meet
