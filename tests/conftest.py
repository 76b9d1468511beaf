"""What every test may use."""

import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from lockgate.dlp.detectors import DetectorSet
from lockgate.home.home import Home, built_in_data, make_home
from lockgate.home.load import load_detectors, load_library


@pytest.fixture
def free_port():
    """A TCP port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def loaded_detectors() -> DetectorSet:
    """The shipped detectors as a gateway loads them: compiled once in a checkout, for all its tests."""
    return load_detectors(Home(built_in_data()))


@pytest.fixture(scope="session")
def ready_home(loaded_detectors: DetectorSet) -> Callable[[Path], Home]:
    """`ready_home(path)`: a new home that compiles no shipped detector and proves no shipped app again."""
    shipped = Home(built_in_data())
    load_library(shipped)

    def make(path: Path) -> Home:
        made = make_home(path)
        assert loaded_detectors
        # Another worker may be writing there: until a file is whole, its name begins with a dot.
        unfinished = shutil.ignore_patterns(".*")
        shutil.copytree(shipped.compiled_detectors.parent, made.compiled_detectors.parent, ignore=unfinished)
        return made

    return make
