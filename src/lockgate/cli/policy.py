"""`lockgate policy`: check a policy file, run its cases, list what a policy may say; what was live is in `policy_versions`."""

import sys
from pathlib import Path

import click

from lockgate.cli.home_option import HomeOption
from lockgate.cli.policy_check import check
from lockgate.cli.policy_files import existing_cases, policy_files
from lockgate.cli.policy_replay import replay_policy
from lockgate.cli.policy_versions import diff, exceptions, history, rollback, show, status
from lockgate.home.load import load_library, read_document
from lockgate.home.policy_files import read_policy
from lockgate.policy import selector_reference
from lockgate.runtime.cases import case_results
from lockgate.runtime.known_names import KnownNames
from lockgate.runtime.snapshot import checked_policy


@click.group()
def policy() -> None:
    """Check and test policies; see what was live, what is, and go back."""


for _command in (check, history, show, diff, rollback, status, exceptions, replay_policy):
    policy.add_command(_command)


@policy.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--cases", "cases", type=click.Path(path_type=Path), help="The cases (default: cases/NAME beside the policy).")
@click.pass_obj
def test(home_option: HomeOption, files: tuple[Path, ...], cases: Path | None) -> None:
    """Run the cases of policy FILES (default: the live one) and say which do not come out as expected."""
    home = home_option.home
    names = KnownNames.of(home, load_library(home))
    failed = 0
    for file in policy_files(home, files):
        ruleset = checked_policy(read_policy(file), names)
        document = read_document(existing_cases(file, cases))
        results = case_results(ruleset, names.library, document)
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
