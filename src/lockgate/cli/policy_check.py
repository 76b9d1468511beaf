"""`lockgate policy check`: what is wrong with policies, for people and for programs."""

import gc
import sys
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from lockgate.cli.home_option import HomeOption
from lockgate.cli.policy_files import policy_files
from lockgate.cli.problem_formats import Checked, as_github, as_json, as_sarif
from lockgate.facts.problem import Problem, UsageError
from lockgate.home.load import load_library
from lockgate.home.reading import shown
from lockgate.home.settings import load_settings
from lockgate.policy.expiry import expired, expiring
from lockgate.runtime.known_names import KnownNames
from lockgate.runtime.policy_review import Reviewer

_FORMATS = {"json": as_json, "sarif": as_sarif, "github": as_github}


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--format", "form", type=click.Choice(["text", *_FORMATS]), default="text",
    help="For people, or for programs: JSON, SARIF 2.1.0, annotations of a GitHub workflow.",
)  # fmt: skip
@click.option("--strict", is_flag=True, help="Notes fail too (exit code 1), and expired exceptions are problems (3).")
@click.pass_obj
def check(home_option: HomeOption, files: tuple[Path, ...], *, form: str, strict: bool) -> None:
    """Check policy FILES, or all in a folder (default: the live one).

    Finds unknown names, wrong types, rules that can never match or are never reached, and much that is worth knowing:
    docs/reference/policy-problems.md lists it. Expired exceptions are noted; a gateway goes on without them.
    """
    home = home_option.home
    reviewer = Reviewer(KnownNames.of(home, load_library(home)), load_settings(home))
    with _no_garbage():
        checked = tuple(_checked(reviewer, file, strict=strict) for file in policy_files(home, files))
    if form == "text":
        _tell(checked)
    else:
        click.echo(_FORMATS[form](checked))
    if any(each.problems for each in checked):
        sys.exit(UsageError.EXIT_CODE)
    sys.exit(1 if strict and any(each.notes for each in checked) else 0)


@contextmanager
def _no_garbage() -> Generator[None]:
    """Thousands of rules are a million small objects that all stay: to look for garbage takes longer than a check."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _checked(reviewer: Reviewer, file: Path, *, strict: bool) -> Checked:
    review = reviewer.review(file)
    ruleset = review.ruleset
    if ruleset is None:
        return Checked(file=shown(file), problems=review.problems, notes=review.notes)
    now = datetime.now(UTC)
    over = expired(ruleset, now)
    notes: tuple[Problem, ...] = (*review.notes, *expiring(ruleset, now), *(() if strict else over))
    return Checked(
        file=shown(file), rules=len(ruleset.rules), version=ruleset.version, problems=over if strict else (), notes=notes
    )


def _tell(checked: tuple[Checked, ...]) -> None:
    for each in checked:
        if each.problems:
            number = len(each.problems)
            click.echo(f"{each.file}: {number} problem{'s' if number != 1 else ''}")
        else:
            click.echo(f"{each.file}: fine, {each.rules} rule{'s' if each.rules != 1 else ''}, version {each.version}")
        for problem in each.problems:
            click.echo(str(problem), err=True)
        for note in each.notes:
            click.echo(f"note: {note}")
