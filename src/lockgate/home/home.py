"""Finding and making a gateway home, and where things are in it.

A home is a directory with `gateway.yaml`. The repository root is one; `lockgate init` makes others. The built-in data
is read where it is (the checkout, or the installed package); a home's files with the same name override it, others add.
"""

import os
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lockgate.facts.problem import Problem, UsageError

_SETTINGS_FILE = "gateway.yaml"
_ENROLMENT = ("README.md", "fill.sh", "android", "apple", "chrome", "firefox", "linux", "windows")
"""What a home's `certs/` begins with. Named one by one: a checkout's has keys in the same folder."""


@dataclass(frozen=True, slots=True)
class Home:
    """A directory with settings, policies, data, certificates and state."""

    path: Path

    @property
    def settings_file(self) -> Path:
        """The settings."""
        return self.path / _SETTINGS_FILE

    @property
    def certs(self) -> Path:
        """The CA and the reviewer key."""
        return self.path / "certs"

    @property
    def state(self) -> Path:
        """What the gateway writes while it runs."""
        return self.path / "var"

    @property
    def records_db(self) -> Path:
        """The embedded record store."""
        return self.state / "records.sqlite"

    @property
    def compiled_detectors(self) -> Path:
        """What the detectors were compiled to, kept between starts."""
        return self.state / "compiled" / "detectors.bin"

    @property
    def proven_apps(self) -> Path:
        """What app files were when they last passed, kept between starts."""
        return self.state / "compiled" / "apps.json"

    @property
    def policy_archive(self) -> Path:
        """Policies that were live, their history, and which one each worker has."""
        return self.state / "policies"

    @property
    def users_file(self) -> Path:
        """Users, groups and the address table."""
        return self.path / "users.yaml"

    @property
    def mcp_file(self) -> Path:
        """Tools of MCP servers that were accepted."""
        return self.path / "mcp.yaml"

    @property
    def recorder_socket(self) -> Path:
        """Where proxy workers hand their records to the recorder."""
        return self.state / "recorder.sock"

    def resolve(self, name: str) -> Path:
        """A path from the settings: absolute, or relative to the home, or else the built-in file of that name."""
        path = Path(name).expanduser()
        if path.is_absolute():
            return path
        inside = self.path / path
        shipped = built_in_data() / path
        return shipped if not inside.exists() and shipped.exists() else inside

    def data_folders(self, folder: str) -> tuple[Path, ...]:
        """Where the files of a data folder are: built in, then in the home, unless the home is the one that ships them."""
        shipped, own = built_in_data() / folder, self.path / folder
        return (shipped,) if own.resolve() == shipped.resolve() else (shipped, own)

    def shipped_files(self, folder: str) -> tuple[Path, ...]:
        """The built-in YAML files of a data folder."""
        return _yaml_files(self.data_folders(folder)[0])

    def own_files(self, folder: str) -> tuple[Path, ...]:
        """The home's own YAML files of a data folder; none when the home is the checkout that ships the built-in ones."""
        return tuple(file for own in self.data_folders(folder)[1:] for file in _yaml_files(own))

    def data_files(self, folder: str) -> tuple[tuple[Path, bool], ...]:
        """YAML files of a data folder by name: (file, is built in). The home's own win over built-in ones of the same name."""
        found = {file.name: (file, True) for file in self.shipped_files(folder)}
        found |= {file.name: (file, False) for file in self.own_files(folder)}
        return tuple(found[name] for name in sorted(found))


def _yaml_files(folder: Path) -> tuple[Path, ...]:
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(".yaml"))  # noqa: PTH208 - paths sort ten times slower
    except OSError:
        return ()
    return tuple(folder / name for name in names)


@cache
def built_in_data() -> Path:
    """The folder that holds the shipped `apps`, `policies` and `dlp`.

    The checkout if this runs from one, else the package's copy.
    """
    package = Path(__file__).resolve().parent.parent
    checkout = package.parent.parent
    if (checkout / "pyproject.toml").is_file() and (checkout / "apps").is_dir() and package.parent.name == "src":
        return checkout
    return package / "shipped"


def find_home(given: str | None) -> Home:
    """The home named on the command line, by LOCKGATE_HOME, or the current directory. Raises UsageError when it is none."""
    path = Path(given or os.environ.get("LOCKGATE_HOME") or ".").expanduser().resolve()
    if not (path / _SETTINGS_FILE).is_file():
        raise UsageError(
            Problem(
                problem=f"`{path}` is not a gateway home: it has no {_SETTINGS_FILE}", help=f"make one: lockgate init {path}"
            )
        )
    return Home(path)


def make_home(path: Path) -> Home:
    """A new home: settings, policies to edit, enrolment templates. Raises UsageError when `path` already is one."""
    path = path.expanduser().resolve()
    if (path / _SETTINGS_FILE).exists():
        raise UsageError(
            Problem(problem=f"`{path}` already is a gateway home", help="edit its gateway.yaml, or choose another folder")
        )
    path.mkdir(parents=True, exist_ok=True)
    source = built_in_data()
    for folder in ("apps", "dlp/detectors", "dlp/profiles", "dlp/names", "dlp/topics", "certs", "policies"):
        (path / folder).mkdir(parents=True, exist_ok=True)
    for policy in (*(source / "policies").glob("*.yaml"), *(source / "policies").glob("*.schema.json")):
        shutil.copyfile(policy, path / "policies" / policy.name)
    for folder in ("cases", "examples", "lists"):
        shutil.copytree(source / "policies" / folder, path / "policies" / folder, dirs_exist_ok=True)
    for name in _ENROLMENT:
        template = source / "certs" / name
        if template.is_dir():
            shutil.copytree(template, path / "certs" / name, dirs_exist_ok=True)
        else:
            shutil.copyfile(template, path / "certs" / name)
    (path / "certs" / "fill.sh").chmod(0o755)  # an installer may have dropped the mode
    shutil.copyfile(source / _SETTINGS_FILE, path / _SETTINGS_FILE)
    (path / "certs").chmod(0o700)
    return Home(path)
