"""A home in a temporary folder, and what is shipped built and proven once."""

import shutil

import pytest

from lockgate.home.home import Home, built_in_data, make_home
from lockgate.home.load import load_detectors, load_library


@pytest.fixture(scope="session")
def detectors():
    return load_detectors(Home(built_in_data()))


@pytest.fixture(scope="session")
def proven_apps():
    """What is remembered of the shipped apps once they passed."""
    shipped = Home(built_in_data())
    load_library(shipped)
    return shipped.proven_apps.read_bytes()


@pytest.fixture
def home(tmp_path, proven_apps):
    """A home that need not prove the shipped apps again."""
    made = make_home(tmp_path / "home")
    made.proven_apps.parent.mkdir(parents=True)
    made.proven_apps.write_bytes(proven_apps)
    return made


@pytest.fixture
def compiled_home(home, detectors):
    """A home that need not compile the shipped detectors again either."""
    assert detectors
    shutil.copyfile(Home(built_in_data()).compiled_detectors, home.compiled_detectors)
    return home
