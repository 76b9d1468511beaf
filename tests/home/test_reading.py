"""Files as loaders read them: whatever stands in the place of one is told of, and nothing waits for it."""

import os
from pathlib import Path

import pytest

from lockgate.facts.problem import UsageError
from lockgate.home.reading import read_bytes


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    file = tmp_path / "users.yaml"
    file.write_bytes(b"x" * 100_000)
    assert read_bytes(file) == b"x" * 100_000


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "users.yaml")
    with pytest.raises(UsageError, match=r"users\.yaml` is not a file"):
        read_bytes(tmp_path / "users.yaml")


@pytest.mark.parametrize("name", ["absent.yaml", "."])
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot read"):
        read_bytes(tmp_path / name)


def test_a_device_is_refused() -> None:
    with pytest.raises(UsageError, match="is not a file"):
        read_bytes(Path("/dev/zero"))
