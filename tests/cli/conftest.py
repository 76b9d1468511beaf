"""A home to run commands on."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from lockgate.facts.problem import UsageError


@dataclass(frozen=True)
class FakeHome:
    """Only where things are."""

    path: Path

    @property
    def certs(self) -> Path:
        return self.path / "certs"

    @property
    def state(self) -> Path:
        return self.path / "var"

    @property
    def records_db(self) -> Path:
        return self.state / "records.sqlite"

    @property
    def users_file(self) -> Path:
        return self.path / "users.yaml"


@pytest.fixture
def fake_home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TZ", "UTC")
    return FakeHome(tmp_path)


@pytest.fixture
def run(fake_home):
    """Run a command on the home; what it prints comes back, a UsageError is raised."""

    def runner(command, *arguments, **options):
        result = CliRunner().invoke(command, [str(argument) for argument in arguments], obj=fake_home, **options)
        if isinstance(result.exception, UsageError):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result

    return runner
