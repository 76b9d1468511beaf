"""The `lockgate` command. One file per noun; this one only gathers them and turns problems into messages and exit codes.

A command's file is imported when the command is asked for: the whole product takes a second to import, and most commands
need little of it.

Exit codes: 0 fine or allowed, 1 failed, 2 blocked (explain) or found (dlp scan), 3 invalid files or arguments.
"""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, override

import click

from lockgate import __version__
from lockgate.cli.home_option import HomeOption
from lockgate.facts.problem import UsageError

_COMMANDS = (
    "acknowledgements", "apps", "ca", "dlp", "doctor", "explain", "init", "log", "mcp", "policy", "up", "usage", "user",
)  # fmt: skip


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
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return getattr(import_module(f"{__name__}.{cmd_name}"), cmd_name) if cmd_name in _COMMANDS else None

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


def main() -> None:
    """Run a command; an operator's mistake is told as place, problem and help."""
    try:
        cli()
    except UsageError as error:
        for problem in error.problems:
            click.echo(str(problem), err=True)
        sys.exit(UsageError.EXIT_CODE)


__all__ = ["cli", "main"]
