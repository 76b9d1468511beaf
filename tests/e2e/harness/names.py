"""The gateway as its operator knows it: commands, files, settings, the line that says it is up. The only file that
knows these names.
"""

import os
import sys
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from lockgate.cli import cli

UP_LINE = "Lockgate is up."
PORTAL = "http://lockgate.internal"
REASON_HEADER = "x-lockgate-reason"
REFERENCE_HEADER = "x-lockgate-reference"
CATCH_UP_HOST = "catch-up.example.com"
"""A host nobody serves."""
POLICY_FILE = "policies/e2e.yaml"
CERTIFICATES_BROWSERS_ACCEPT_DAYS = 200
_NOBODY = "127.0.0.1:1"
FAULTS = Path(__file__).parent.parent / "faults"


def command(home: Path, *arguments: str) -> list[str]:
    """A `lockgate` command on a home."""
    return [sys.executable, "-m", "lockgate", "--home", str(home), *arguments]


def init_command(home: Path) -> list[str]:
    """The command that makes a home."""
    return [sys.executable, "-m", "lockgate", "init", str(home)]


def up(home: Path) -> list[str]:
    """The command that runs the gateway."""
    return command(home, "up")


def export(home: Path) -> list[str]:
    """The command that writes every record as a JSON line."""
    return command(home, "log", "export")


def exported(home: Path) -> str:
    """What that command writes, run in this process: tests ask hundreds of times. Fails when it does."""
    ran = CliRunner().invoke(cli, ["--home", str(home), "log", "export"])
    assert ran.exit_code == 0, f"lockgate log export ended with {ran.exit_code}:\n{ran.stderr}{ran.exception or ''}"
    return ran.stdout


def show(home: Path, record: str) -> list[str]:
    """The command that shows one record."""
    return command(home, "log", "show", record)


def add_user(home: Path, name: str, password: str, groups: tuple[str, ...]) -> list[str]:
    """The command that lets somebody log in."""
    return command(home, "user", "add", name, "--password", password, "--groups", ",".join(groups))


def settings_file(home: Path) -> Path:
    """The settings of a home."""
    return home / "gateway.yaml"


def ca_file(home: Path) -> Path:
    """The certificate devices trust."""
    return home / "certs" / "lockgate-ca.pem"


def compiled_folder(home: Path) -> Path:
    """Compiled detectors, valid in any home with the same detectors."""
    return home / "var" / "compiled"


def settings(*, port: int, root: str, upstream: str, plain: str, more: dict[str, Any]) -> dict[str, Any]:
    """The settings of a gateway under test: its upstream connections all end on loopback."""
    return {
        "version": 1,
        "listen": f"127.0.0.1:{port}",
        "workers": 1,
        "policy": POLICY_FILE,
        "decrypt": "library",
        "contact": "help@example.com",
        "metrics": {"listen": ""},
        "upstream": {"trust": [root], "connect_to": {"*": upstream, "plain.example.com": plain, CATCH_UP_HOST: _NOBODY}},
    } | more


def environment(fault_file: Path | None = None) -> dict[str, str]:
    """The environment of a gateway process. `fault_file` is where it is told what to break of it (see `faults/`)."""
    cleared = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    if fault_file is None:
        return cleared
    return cleared | {
        "LOCKGATE_FAULT_FILE": str(fault_file),
        "PYTHONPATH": os.pathsep.join(filter(None, (str(FAULTS), cleared.get("PYTHONPATH")))),
    }
