"""A home file replaces whole fields of the shipped file with the same id, and one can see which."""

from collections.abc import Callable

from lockgate.apps.check import AppSource
from lockgate.apps.library import AppLibrary
from lockgate.apps.override import override
from lockgate.apps.schema import AppFile
from lockgate.facts.app import ReviewStatus
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
