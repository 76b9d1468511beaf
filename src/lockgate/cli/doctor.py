"""`lockgate doctor`: what is wrong, in plain words."""

import sys

import click

from lockgate.cli.home_option import HomeOption
from lockgate.runtime import checks


@click.command()
@click.pass_obj
def doctor(home_option: HomeOption) -> None:
    """Check configuration, CA, trust store, clock, record store, exposure and port; say what to do about each problem."""
    failed = False
    for check in checks.doctor(home_option.home):
        failed = failed or bool(check.problems)
        mark = "wrong" if check.problems else "fine "
        click.echo(f"{mark}  {check.name}" + (f"  ({check.note})" if check.note and not check.problems else ""))
        for problem in check.problems:
            for line in str(problem).splitlines():
                click.echo(f"         {line}")
    sys.exit(1 if failed else 0)
