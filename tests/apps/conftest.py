"""Builders for the tests of the app library: files written as an analyst writes them, read the way the gateway reads them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lockgate.apps.check import AppSource
from lockgate.apps.clients_file import ClientsFile
from lockgate.apps.formats.registry import FORMATS, SOCKET_FORMATS
from lockgate.apps.library import AppLibrary
from lockgate.apps.rubric import Rubric, check_rubric
from lockgate.apps.schema import AppFile
from lockgate.facts.problem import UsageError
from lockgate.facts.traffic import Headers, Request
from lockgate.home.schema import read_as
from lockgate.home.yaml_document import parse_yaml

SHIPPED = Path(__file__).parents[2] / "apps"


def read_source(text: str, file: str) -> AppSource:
    document = parse_yaml(text, file)
    return AppSource(document=document, file=read_as(document, AppFile))


@pytest.fixture(scope="session")
def shipped_files() -> list[Path]:
    return [
        file
        for file in sorted(SHIPPED.glob("*.yaml"))
        if file.name not in ("rubric.yaml", "clients.yaml", "tenant-control.yaml")
    ]


@pytest.fixture(scope="session")
def rubric() -> Rubric:
    file = SHIPPED / "rubric.yaml"
    document = parse_yaml(file.read_text(encoding="utf-8"), str(file))
    shipped = read_as(document, Rubric)
    check_rubric(document, shipped)
    return shipped


@pytest.fixture(scope="session")
def shipped_sources(shipped_files: list[Path]) -> list[AppSource]:
    return [read_source(file.read_text(encoding="utf-8"), str(file)) for file in shipped_files]


@pytest.fixture(scope="session")
def shipped_clients() -> ClientsFile:
    file = SHIPPED / "clients.yaml"
    return read_as(parse_yaml(file.read_text(encoding="utf-8"), str(file)), ClientsFile)


@pytest.fixture(scope="session")
def shipped_library(shipped_sources: list[AppSource], rubric: Rubric, shipped_clients: ClientsFile) -> AppLibrary:
    return AppLibrary.build(shipped_sources, rubric, FORMATS, SOCKET_FORMATS, clients=shipped_clients)


@pytest.fixture(scope="session")
def app_source() -> Callable[..., AppSource]:
    """`app_source("id", "hosts: {...}\\n...")`: a file with the other fields filled in, and one sample unless it has some."""

    def make(app_id: str, body: str = "", *, hosts: str | None = None, sample: str = "") -> AppSource:
        host_line = f"hosts: {hosts or f'{{suffix: [{app_id}.example]}}'}"
        text = f"id: {app_id}\nname: {app_id.title()}\nvendor: Acme\ncategory: chat-assistant\n{host_line}\n{body}\n"
        if "samples:" not in body:
            text += f"samples:\n  - {sample or f'{{request: GET https://{app_id}.example/, operation: browse}}'}\n"
        return read_source(text, f"apps/{app_id}.yaml")

    return make


@pytest.fixture(scope="session")
def build(rubric: Rubric) -> Callable[..., AppLibrary]:
    """A library of the given sources."""
    return lambda *sources: AppLibrary.build(sources, rubric, FORMATS)


@pytest.fixture(scope="session")
def problems(build: Callable[..., AppLibrary]) -> Callable[..., list[str]]:
    """What building a library of the given sources complains about, empty when it does not."""

    def collect(*sources: AppSource) -> list[str]:
        try:
            build(*sources)
        except UsageError as error:
            return [f"{problem.place}: {problem.problem} / {problem.help}" for problem in error.problems]
        return []

    return collect


@pytest.fixture(scope="session")
def request_to() -> Callable[..., Request]:
    """`request_to("POST", "host", "/path", {"header": "value"}, query="a=b")`."""

    def make(method: str, host: str, path: str = "/", headers: dict[str, str] | None = None, query: str = "") -> Request:
        pairs = tuple((name.lower(), value) for name, value in (headers or {}).items())
        return Request(method=method, scheme="https", host=host, port=443, path=path, query=query, headers=Headers(pairs))

    return make
