"""Fixtures of the end-to-end tests: one upstream per run, gateways to order, clients that are there.

The folder goes on the import path so that its packages `upstream` and `harness` are found; a test of a component that
this machine lacks is skipped, except in continuous integration, where it fails.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from harness.gateway import Gateway, Person, Plan, StartGateway
from harness.plain_proxy import PlainProxy
from harness.upstream import Since, Upstream

from lockgate.home.home import Home
from lockgate.runtime.prepare import prepare


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here runs real processes."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upstream]:
    """The vendors."""
    running = Upstream(tmp_path_factory.mktemp("upstream"))
    yield running
    running.stop()


@pytest.fixture
def reached(upstream: Upstream) -> Since:
    """What reaches the upstream during this test."""
    return upstream.mark()


@pytest.fixture(scope="session")
def pattern(ready_home: Callable[[Path], Home], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home that the homes of this run are copies of, as `lockgate init` makes it; gateways add what they compile."""
    home = ready_home(tmp_path_factory.mktemp("pattern") / "home")
    prepare(home)
    return home.path


@pytest.fixture(scope="session")
def share_gateway(upstream: Upstream, pattern: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartGateway]:
    """Gateways for tests that leave them as they are: of those that ask for the same, one is started in a run."""
    running: dict[str, Gateway] = {}
    with stopping_all(upstream, pattern, tmp_path_factory) as start:

        def shared(policy: str, files: dict[str, str]) -> Gateway:
            if policy not in running:
                running[policy] = start(policy, files=files)
            return running[policy]

        yield shared


@pytest.fixture(scope="module")
def start_gateway(upstream: Upstream, pattern: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartGateway]:
    """Starts gateways that run until the end of the file."""
    with stopping_all(upstream, pattern, tmp_path_factory) as start:
        yield start


@pytest.fixture
def start_own_gateway(upstream: Upstream, pattern: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartGateway]:
    """Starts gateways that run until the end of the test."""
    with stopping_all(upstream, pattern, tmp_path_factory) as start:
        yield start


@contextmanager
def stopping_all(upstream: Upstream, pattern: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartGateway]:
    """A function that starts gateways; afterwards each must end by itself, with exit code 0."""
    running: list[Gateway] = []

    def start(
        policy: str, *, people: tuple[Person, ...] = (), breakable: bool = False, files: Any = None, **settings: Any
    ) -> Gateway:
        plan = Plan(policy=policy, people=people, settings=settings, files=files or {}, breakable=breakable)
        gateway = Gateway(tmp_path_factory.mktemp("gateway") / "home", plan, upstream, pattern)
        running.append(gateway)
        return gateway

    yield start
    problems: list[str] = []
    for gateway in running:
        try:
            gateway.stop()
        except AssertionError as error:
            problems.append(str(error))
    assert not problems, "\n".join(problems)


@pytest.fixture(scope="module")
def plain_proxy(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlainProxy]:
    """mitmdump without a gate."""
    running = PlainProxy(tmp_path_factory.mktemp("mitmdump"), upstream)
    yield running
    running.stop()
