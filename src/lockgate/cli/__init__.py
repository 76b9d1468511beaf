"""The `lockgate` command. One file per noun; this one only gathers them and turns problems into messages and exit codes.

Exit codes: 0 fine or allowed, 1 failed, 2 blocked (explain) or found (dlp scan), 3 invalid files or arguments.
"""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, override

import click

from lockgate import __version__
from lockgate.cli.apps import apps
from lockgate.cli.ca import ca
from lockgate.cli.dlp import dlp
from lockgate.cli.doctor import doctor
from lockgate.cli.explain import explain
from lockgate.cli.home_option import HomeOption
from lockgate.cli.init import init
from lockgate.cli.log import log
from lockgate.cli.mcp import mcp
from lockgate.cli.policy import policy
from lockgate.cli.up import up
from lockgate.cli.user import user
from lockgate.facts.problem import UsageError


@contextmanager
def _wrong_arguments() -> Generator[None]:
    """The message is click's, the exit code ours: its own, 2, says `blocked` here."""
    try:
        yield
    except click.UsageError as error:
        error.show()
        raise click.exceptions.Exit(UsageError.EXIT_CODE) from None


class Commands(click.Group):
    """All commands. Arguments that click refuses are refused here or in a command below."""

    @override
    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        with _wrong_arguments():
            return super().make_context(*args, **extra)

    @override
    def invoke(self, ctx: click.Context) -> Any:
        with _wrong_arguments():
            return super().invoke(ctx)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="lockgate")
@click.option("--home", metavar="DIR", help="The gateway's home (default: LOCKGATE_HOME, or this directory).")
@click.pass_context
def cli(context: click.Context, home: str | None) -> None:
    """Lockgate: a secure web gateway for AI. Start with `lockgate up`; `lockgate doctor` says what is wrong."""
    context.obj = HomeOption(home)


for command in (up, init, doctor, policy, dlp, apps, mcp, ca, log, user, explain):
    cli.add_command(command)


def main() -> None:
    """Run a command; an operator's mistake is told as place, problem and help."""
    try:
        cli()
    except UsageError as error:
        for problem in error.problems:
            click.echo(str(problem), err=True)
        sys.exit(UsageError.EXIT_CODE)


__all__ = ["cli", "main"]
