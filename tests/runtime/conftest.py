"""A home in a temporary folder."""

import pytest


@pytest.fixture
def home(tmp_path, ready_home):
    return ready_home(tmp_path / "home")
