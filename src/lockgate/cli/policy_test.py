"""`lockgate policy test`: the cases of policies, what they show of them, and what programs are told of that."""

import sys
from pathlib import Path

import click

from lockgate.cli.case_formats import Tested, as_json, as_junit, coverage_table
from lockgate.cli.home_option import HomeOption
from lockgate.cli.policy_files import existing_cases, policy_files
from lockgate.home.load import load_library
from lockgate.home.policy_files import read_policy
from lockgate.home.reading import read_document, shown
from lockgate.home.replace_file import replace_file
from lockgate.policy.coverage import coverage as coverage_of
from lockgate.runtime.cases import case_results
from lockgate.runtime.known_names import KnownNames
from lockgate.runtime.snapshot import checked_policy

_MOST = 100


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--cases", "cases", type=click.Path(path_type=Path), help="The cases (default: cases/NAME beside the policy).")
@click.option("-k", "part", metavar="TEXT", default="", help="Only cases with TEXT in their name, whatever its case.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="For people, or JSON for programs.")
@click.option("--coverage", "covered", is_flag=True, help="Show which rules, exceptions and entries the cases exercise.")
@click.option("--require-coverage", "wanted", metavar="N", type=click.IntRange(0, _MOST), help="Fail below N per cent of that.")
@click.option("--junit", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False), help="Also write JUnit XML to FILE.")
@click.pass_obj
def test(  # noqa: PLR0913, PLR0917 - one for each option
    home_option: HomeOption,
    files: tuple[Path, ...],
    cases: Path | None,
    part: str,
    form: str,
    covered: bool,
    wanted: int | None,
    junit: Path | None,
) -> None:
    """Run the cases of policy FILES, or of all in a folder (default: the live one), and say which come out otherwise.

    Exit code 1 when one does, or when the cases show less than --require-coverage asks for.
    """
    home = home_option.home
    names = KnownNames.of(home, load_library(home))
    tested: list[Tested] = []
    for file in policy_files(home, files):
        ruleset = checked_policy(read_policy(file), names)
        results = case_results(ruleset, names.library, read_document(existing_cases(file, cases)), thorough=True)
        chosen = tuple(result for result in results if part.lower() in result.case.name.lower())
        tested.append(Tested(file=shown(file), results=chosen, coverage=coverage_of(ruleset, chosen)))
    if junit is not None:
        replace_file(junit, as_junit(tested))
    if form == "json":
        click.echo(as_json(tested))
    else:
        _tell(tested, covered=covered, wanted=wanted)
    low = wanted is not None and any(each.coverage.percent < wanted for each in tested)
    sys.exit(1 if low or any(each.failed for each in tested) else 0)


def _tell(tested: list[Tested], *, covered: bool, wanted: int | None) -> None:
    for each in tested:
        for result in each.failed:
            click.echo(str(result.problem), err=True)
        passed = len(each.results) - len(each.failed)
        click.echo(f"{each.file}: {passed} of {len(each.results)} cases as expected")
        if covered:
            click.echo(coverage_table(each.coverage))
        if wanted is not None and each.coverage.percent < wanted:
            click.echo(f"{each.file}: cases show {each.coverage.percent} % of the policy, {wanted} % are asked for", err=True)
            for name, missing in each.coverage.missing:
                click.echo(f"  {name}: {missing}", err=True)
