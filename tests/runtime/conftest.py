"""A home in a temporary folder, and the shipped detectors built once."""

import shutil

import pytest

from lockgate.home.home import Home, built_in_data, make_home
from lockgate.home.load import load_detectors


@pytest.fixture(scope="session")
def detectors():
    return load_detectors(Home(built_in_data()))


@pytest.fixture
def home(tmp_path):
    return make_home(tmp_path / "home")


@pytest.fixture
def compiled_home(home, detectors):
    """A home that need not compile the shipped detectors again."""
    assert detectors
    home.compiled_detectors.parent.mkdir(parents=True)
    shutil.copyfile(Home(built_in_data()).compiled_detectors, home.compiled_detectors)
    return home
