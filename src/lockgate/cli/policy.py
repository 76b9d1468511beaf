"""`lockgate policy`: check a policy file, run its cases, list what a policy may say; what was live is in `policy_versions`."""

import sys
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path

import click

from lockgate.cli.home_option import HomeOption
from lockgate.cli.policy_versions import diff, exceptions, history, rollback, show, status
from lockgate.facts.problem import Problem, UsageError
from lockgate.home.home import Home
from lockgate.home.load import load_detectors, load_library, load_settings, read_document
from lockgate.home.policy_files import cases_file
from lockgate.policy import selector_reference
from lockgate.policy.expiry import expired, expiring
from lockgate.runtime.cases import case_results
from lockgate.runtime.snapshot import checked_policy
from lockgate.runtime.users import load_users


@click.group()
def policy() -> None:
    """Check and test policies; see what was live, what is, and go back."""


for _command in (history, show, diff, rollback, status, exceptions):
    policy.add_command(_command)


@policy.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--strict", is_flag=True, help="Expired exceptions are problems too: exit code 3.")
@click.pass_obj
def check(home_option: HomeOption, files: tuple[Path, ...], *, strict: bool) -> None:
    """Check policy FILES (default: the live one): unknown names, wrong types, rules that can never match.

    Expired exceptions are warned about; a gateway goes on without them.
    """
    home = home_option.home
    library, detectors, users = load_library(home), load_detectors(home), load_users(home)
    problems: list[Problem] = []
    now = datetime.now(UTC)
    for file in files or (_live(home),):
        try:
            ruleset = checked_policy(read_document(_policy_file(home, file)), library, detectors, users)
        except UsageError as error:
            problems += error.problems
            continue
        rules = len(ruleset.rules)
        click.echo(f"{file}: fine, {rules} rule{'s' if rules != 1 else ''}, version {ruleset.version}")
        for note in (*ruleset.notes, *expiring(ruleset, now)):
            click.echo(f"note: {note}")
        over = expired(ruleset, now)
        if strict:
            problems += over
        else:
            for problem in over:
                click.echo(f"warning: {problem}", err=True)
    if problems:
        raise UsageError(*problems)


@policy.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--cases", "cases", type=click.Path(path_type=Path), help="The cases (default: cases/NAME beside the policy).")
@click.pass_obj
def test(home_option: HomeOption, files: tuple[Path, ...], cases: Path | None) -> None:
    """Run the cases of policy FILES (default: the live one) and say which do not come out as expected."""
    home = home_option.home
    library, detectors, users = load_library(home), load_detectors(home), load_users(home)
    failed = 0
    for file in files or (_live(home),):
        ruleset = checked_policy(read_document(_policy_file(home, file)), library, detectors, users)
        document = read_document(_cases_file(file, cases))
        results = case_results(ruleset, library, document)
        for problem in (result.problem for result in results):
            if problem is not None:
                failed += 1
                click.echo(str(problem), err=True)
        click.echo(f"{file}: {sum(result.passed for result in results)} of {len(results)} cases as expected")
    sys.exit(1 if failed else 0)


@policy.command()
def selectors() -> None:
    """List every selector with its type, the phase in which it is known, and its meaning."""
    rows = selector_reference()
    width = max(len(row.name) for row in rows)
    for row in rows:
        click.echo(f"{row.name:<{width}}  {row.type:<10} {row.phase:<16} {row.doc}")


def _policy_file(home: Home, file: Path) -> Path:
    """`file`, if there is one. Raises UsageError that names the policies there are."""
    if file.exists() and not file.is_dir():
        return file
    known = {path.name: path for path, _ in home.data_files("policies")}
    near = known.get(file.name) or next((known[name] for name in get_close_matches(file.name, known, n=1)), None)
    help_text = f"did you mean {near}?" if near else f"policies there are: {', '.join(map(str, known.values()))}"
    # The live one is named by the settings, so that is where the mistake is.
    place = read_document(home.settings_file).place(("policy",)) if file == _live(home) else None
    raise UsageError(Problem(place=place, problem=f"there is no policy file `{file}`", help=help_text))


def _cases_file(policy_file: Path, given: Path | None) -> Path:
    file = given or cases_file(policy_file)
    if not file.exists():
        help_text = "write the verdicts you expect there (policies/README.md has the format), or name another with --cases"
        raise UsageError(Problem(problem=f"there is no file `{file}` with cases", help=help_text))
    return file


def _live(home: Home) -> Path:
    return home.resolve(load_settings(home).policy)
