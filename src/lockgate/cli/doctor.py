"""`lockgate doctor`: what is wrong, in plain words."""

import sys

import click

from lockgate.cli.home_option import HomeOption
from lockgate.runtime import checks


@click.command()
@click.pass_obj
def doctor(home_option: HomeOption) -> None:
    """Check configuration, keys, trust store, clock, records, exposure and ports; say what to do about each problem."""
    failed = False
    for check in checks.doctor(home_option.home):
        failed = failed or bool(check.problems or check.skipped)
        click.echo(_line(check))
        for problem in check.problems:
            for line in str(problem).splitlines():
                click.echo(f"         {line}")
    sys.exit(1 if failed else 0)


def _line(check: checks.Check) -> str:
    if check.skipped:
        return f"?      {check.name}  (not checked: {check.skipped})"
    if check.problems:
        return f"wrong  {check.name}"
    return f"fine   {check.name}" + (f"  ({check.note})" if check.note else "")
