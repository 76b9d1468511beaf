"""A home file replaces whole fields of the shipped file with the same id, and one can see which."""

from collections.abc import Callable

import pytest

from lockgate.apps.check import AppSource
from lockgate.apps.library import AppLibrary
from lockgate.apps.override import override
from lockgate.apps.schema import AppFile
from lockgate.facts.app import ReviewStatus
from lockgate.facts.problem import UsageError
from lockgate.home.schema import read_as
from lockgate.home.yaml_document import parse_yaml

_HOME = """\
id: acme
review: {status: approved, owner: it-security}
hosts: {suffix: [acme.example, acme.internal.example]}
samples:
  - {request: GET https://acme.internal.example/, operation: browse}
"""


def _merged(shipped: AppSource, home: str) -> AppSource:
    result = override(shipped.document, parse_yaml(home, "home/apps/acme.yaml"))
    return AppSource(document=result.document, file=read_as(result.document, AppFile), overridden=result.fields)


def test_named_fields_are_replaced_whole_and_the_others_stay(
    app_source: Callable[..., AppSource], build: Callable[..., AppLibrary]
):
    shipped = app_source("acme", "notes: shipped note")
    library = build(_merged(shipped, _HOME))
    app, source = library.get("acme"), library.source("acme")
    assert app is not None
    assert source is not None
    assert app.status is ReviewStatus.APPROVED
    assert source.file.notes == "shipped note"
    assert source.overridden == ("review", "hosts", "samples")
    assert library.host("acme.internal.example") is not None
    assert library.version != build(shipped).version


def test_a_field_that_says_the_same_is_not_an_override(app_source: Callable[..., AppSource]):
    assert _merged(app_source("acme"), "id: acme\nvendor: Acme\n").overridden == ()


def test_each_problem_is_told_in_the_file_it_stands_in(
    app_source: Callable[..., AppSource], problems: Callable[..., list[str]]
):
    shipped = app_source("acme", "country: usa")
    found = problems(_merged(shipped, "id: acme\ntenant: [{header: a, tier: x}]\n"))
    assert any(problem.startswith("apps/acme.yaml:6:") and "country" in problem for problem in found)
    assert any(problem.startswith("home/apps/acme.yaml:2:") and "tenant" in problem for problem in found)


_SHIPPED = """\
operations:
  - {id: prompt, operation: send_prompt, path: '^/v1/chat$', basis: high}
samples:
  - {request: POST http://gpu-1.acme.example:8000/v1/chat, operation: send_prompt}
  - {request: GET wss://acme.example/x?y=//acme.example/, operation: undecided}
"""


@pytest.mark.parametrize(
    ("hosts", "requests"),
    [
        (
            "{exact: [llm.corp.example]}",
            ["POST http://llm.corp.example:8000/v1/chat", "GET wss://llm.corp.example/x?y=//acme.example/"],
        ),
        (
            "{suffix: [ai.example], exact: [b.example]}",
            ["POST http://b.example:8000/v1/chat", "GET wss://b.example/x?y=//acme.example/"],
        ),
        (
            "{exact: [gpu-1.acme.example]}",
            ["POST http://gpu-1.acme.example:8000/v1/chat", "GET wss://gpu-1.acme.example/x?y=//acme.example/"],
        ),
        ("{regex: ['^gpu-[0-9]\\.acme\\.example$']}", ["POST http://gpu-1.acme.example:8000/v1/chat"]),
        (
            "{suffix: [acme.example, more.example]}",
            ["POST http://gpu-1.acme.example:8000/v1/chat", "GET wss://acme.example/x?y=//acme.example/"],
        ),
    ],
)
def test_shipped_samples_prove_the_operations_on_the_hosts_of_the_home(
    app_source: Callable[..., AppSource], build: Callable[..., AppLibrary], hosts: str, requests: list[str]
):
    """Naming one's own servers takes `hosts` alone."""
    merged = _merged(app_source("acme", _SHIPPED), f"id: acme\nhosts: {hosts}\n")
    assert [sample.request for sample in merged.file.samples] == requests
    assert merged.overridden == ("hosts",)
    assert build(merged).get("acme") is not None


def test_hosts_that_no_sample_can_move_to_need_a_sample_of_the_home(
    app_source: Callable[..., AppSource], problems: Callable[..., list[str]]
):
    home = "id: acme\nhosts: {regex: ['^llm-[0-9]\\.corp\\.example$']}\n"
    assert any("no sample shows" in problem for problem in problems(_merged(app_source("acme", _SHIPPED), home)))


@pytest.mark.parametrize("field", ["hosts: 7", "hosts: [a]", "hosts: {exact: 7, regex: ['(', 7], also: [7, {host: 7}]}"])
def test_hosts_of_the_wrong_shape_are_told_by_the_reader(app_source: Callable[..., AppSource], field: str):
    with pytest.raises(UsageError, match="hosts"):
        _merged(app_source("acme", _SHIPPED), f"id: acme\n{field}\n")
