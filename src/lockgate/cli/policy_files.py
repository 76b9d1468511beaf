"""Which policy files a command is about, and where their cases are. Raises UsageError that names the files there are."""

from difflib import get_close_matches
from pathlib import Path

from lockgate.facts.problem import Problem, UsageError
from lockgate.home.home import Home
from lockgate.home.policy_files import cases_file
from lockgate.home.reading import read_document
from lockgate.home.settings import load_settings

_CASES = "cases"


def policy_files(home: Home, given: tuple[Path, ...]) -> tuple[Path, ...]:
    """The files given, every policy of a folder given, or else the live one."""
    if not given:
        return (existing_policy(home, live_policy(home)),)
    found: list[Path] = []
    problems: list[Problem] = []
    for path in given:
        try:
            found += _policies_in(path) if path.is_dir() else (existing_policy(home, path),)
        except UsageError as error:
            problems += error.problems
    if problems:
        raise UsageError(*problems)
    return tuple(found)


def _policies_in(folder: Path) -> tuple[Path, ...]:
    files = (file for file in sorted(folder.rglob("*.yaml")) if _CASES not in file.relative_to(folder).parts)
    found = tuple(files)
    if not found:
        raise UsageError(Problem(problem=f"there is no policy in `{folder}`", help="policies are files that end with .yaml"))
    return found


def existing_policy(home: Home, file: Path) -> Path:
    """`file`, if there is one."""
    if file.exists() and not file.is_dir():
        return file
    known = {path.name: path for path, _ in home.data_files("policies")}
    near = known.get(file.name) or next((known[name] for name in get_close_matches(file.name, known, n=1)), None)
    help_text = f"did you mean {near}?" if near else f"policies there are: {', '.join(map(str, known.values()))}"
    # The live one is named by the settings, so that is where the mistake is.
    place = read_document(home.settings_file).place(("policy",)) if file == live_policy(home) else None
    raise UsageError(Problem(place=place, problem=f"there is no policy file `{file}`", help=help_text))


def existing_cases(policy_file: Path, given: Path | None) -> Path:
    """The file with a policy's cases."""
    file = given or cases_file(policy_file)
    if not file.exists():
        help_text = "write the verdicts you expect there (policies/README.md has the format), or name another with --cases"
        raise UsageError(Problem(problem=f"there is no file `{file}` with cases", help=help_text))
    return file


def live_policy(home: Home) -> Path:
    """The policy in force."""
    return home.resolve(load_settings(home).policy)
