"""How this program was called, for the next steps it prints: a command that is told must work where it is read.

Separate because several commands tell how to go on. It must never name a program that the reader's shell would not find.
"""

import os
import shlex
import shutil
import sys
from pathlib import Path

import click

_NAME = "lockgate"


def this_program() -> str:
    """`lockgate` when that finds this very program, else its path as short as it can be from the working directory."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        return f"{_from_here(Path(sys.executable))} -m {_NAME}"
    found = shutil.which(_NAME)
    if found is not None and _is_same(Path(found), called):
        return _NAME
    return _from_here(called)


def this_command() -> str:
    """The program with the home it was given, so that what follows is about the same home."""
    context = click.get_current_context(silent=True)
    home = context.find_root().params.get("home") if context is not None else None
    return f"{this_program()} --home {shlex.quote(home)}" if home else this_program()


def _from_here(program: Path) -> str:
    """Links are left as they are: a virtual environment's programs are links to those of another."""
    absolute = Path(os.path.abspath(program))  # noqa: PTH100 - Path.resolve would follow links
    here = Path.cwd()
    return shlex.quote(str(absolute.relative_to(here) if absolute.is_relative_to(here) else absolute))


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False
