"""What a machine may lack: a test of it is skipped there, except in continuous integration, where it fails."""

import os
import shutil

import pytest


def need(command: str) -> str:
    """The path of a command. Skips the test without it, or fails where every component has to be there."""
    found = shutil.which(command)
    if found is None:
        absent(command)
    return found or ""


def absent(component: str) -> None:
    """Skip, or fail."""
    if os.environ.get("CI"):
        pytest.fail(f"{component} is not installed")
    pytest.skip(f"{component} is not installed")
