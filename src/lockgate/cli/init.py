"""`lockgate init`: make a gateway home."""

import shlex
from pathlib import Path

import click

from lockgate.cli.invocation import this_program
from lockgate.home.home import make_home
from lockgate.runtime.prepare import prepare


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
def init(directory: Path) -> None:
    """Make a gateway home in DIRECTORY: settings, policies to edit, a CA and a reviewer key."""
    home = make_home(directory)
    authority = prepare(home)
    click.echo(f"Made a gateway home in {home.path}.")
    click.echo(f"  settings      {home.settings_file}")
    click.echo(f"  policies      {home.path / 'policies'}  (each with cases in policies/cases)")
    click.echo(f"  CA            SHA-256 {authority.fingerprint}")
    click.echo(f"  reviewer key  {home.certs / 'reviewer.key'}")
    click.echo(
        "                Whoever has it can read captured prompts. Move it off this machine once you have read the how-to."
    )
    click.echo(f"  devices       {home.certs / 'fill.sh'} fills in the enrolment templates beside it")
    click.echo(f"Start it: {this_program()} --home {shlex.quote(str(home.path))} up")
