"""`lockgate dlp`: check the detectors, try them on a text."""

import sys
from pathlib import Path
from typing import BinaryIO

import click

from lockgate.cli.home_option import HomeOption
from lockgate.dlp.detectors import DetectorSet
from lockgate.dlp.scan import Scanner
from lockgate.facts.problem import Problem, UsageError, nearest_name
from lockgate.home.load import load_detectors


@click.group()
def dlp() -> None:
    """Look at detectors and DLP profiles."""


@dlp.command()
@click.pass_obj
def check(home_option: HomeOption) -> None:
    """Check every detector and profile file and run every example through the real cascade."""
    detectors = load_detectors(home_option.home, prove=True)
    examples = sum(len(file.examples.match) + len(file.examples.ignore) for file in detectors.detectors.values())
    counts = f"{len(detectors.detectors)} detectors, {len(detectors.profiles)} profiles"
    click.echo(f"{counts} are fine, {examples} examples hold (version {detectors.version})")


@dlp.command()
@click.argument("file", type=click.File("rb"), default="-")
@click.option("--profile", "profiles", multiple=True, help="Only this profile; repeat for more (default: all).")
@click.pass_obj
def scan(home_option: HomeOption, file: BinaryIO, profiles: tuple[str, ...]) -> None:
    """Look for sensitive data in FILE, or in standard input without one, and show what is found, masked.

    Exit code 0: nothing found, 2: something found.
    """
    detectors = load_detectors(home_option.home)
    wanted = _profiles(detectors, profiles)
    text = file.read().decode("utf-8", "replace")
    result = Scanner.open(detectors).scan(text, wanted)
    name = Path(getattr(file, "name", "<stdin>")).name  # a stream in place of standard input need not have one
    for hit in result.hits:
        line = text.count("\n", 0, hit.start) + 1
        level = hit.detection_confidence.name.lower()
        click.echo(f"{name}:{line}  {hit.detector:<28} {level:<7} {hit.mask}  [{', '.join(hit.contributions)}]")
    if not result.hits:
        click.echo("nothing found" + ("" if result.complete else ", but the text was not scanned to its end"))
    sys.exit(2 if result.hits else 0)


def _profiles(detectors: DetectorSet, names: tuple[str, ...]) -> frozenset[str]:
    known = frozenset(detectors.profiles)
    for name in names:
        if name not in known:
            help_text = nearest_name(name, known) or f"profiles: {', '.join(sorted(known))}"
            raise UsageError(Problem(problem=f"unknown profile `{name}`", help=help_text))
    return frozenset(names) or known
