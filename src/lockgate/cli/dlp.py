"""`lockgate dlp`: check the detectors, try them on a text."""

import sys
from pathlib import Path
from typing import BinaryIO

import click
import msgspec

from lockgate.cli.home_option import HomeOption
from lockgate.dlp.detectors import DetectorSet
from lockgate.dlp.scan import Scanner
from lockgate.facts.problem import Place, Problem, UsageError, nearest_name
from lockgate.home.load import load_detectors


class _Row(msgspec.Struct):
    """A text and what it is called."""

    id: str | int
    text: str


_ROWS = msgspec.json.Decoder(_Row)


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
@click.option("--jsonl", is_flag=True, help="A JSON object `{id, text}` on each line; one is written for each.")
@click.pass_obj
def scan(home_option: HomeOption, file: BinaryIO, profiles: tuple[str, ...], jsonl: bool) -> None:
    """Look for sensitive data in FILE, or in standard input without one, and show what is found, masked.

    With --jsonl, for programs: `{id, spans: [{start, end, type, detector, confidence}], complete}` for each line, offsets in
    Unicode code points. Exit code 0: nothing found, 2: something found.
    """
    detectors = load_detectors(home_option.home)
    wanted = _profiles(detectors, profiles)
    scanner = Scanner.open(detectors)
    name = Path(getattr(file, "name", "<stdin>")).name  # a stream in place of standard input need not have one
    found = _scan_lines(scanner, wanted, file, name) if jsonl else _scan_text(scanner, wanted, file, name)
    sys.exit(2 if found else 0)


def _scan_lines(scanner: Scanner, wanted: frozenset[str], file: BinaryIO, name: str) -> bool:
    found = False
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            row = _ROWS.decode(line)
        except msgspec.DecodeError as error:
            place = Place(file=name, line=number, column=1)
            raise UsageError(
                Problem(place=place, problem=f"no row: {error}", help='write `{"id": "1", "text": "..."}` on each line')
            ) from None
        result = scanner.scan(row.text, wanted)
        found = found or bool(result.hits)
        spans = [
            {
                "start": hit.start, "end": hit.end, "type": hit.entity, "detector": hit.detector,
                "confidence": hit.detection_confidence.name.lower(),
            }
            for hit in result.hits
        ]  # fmt: skip
        click.echo(msgspec.json.encode({"id": row.id, "spans": spans, "complete": result.complete}))
    return found


def _scan_text(scanner: Scanner, wanted: frozenset[str], file: BinaryIO, name: str) -> bool:
    text = file.read().decode("utf-8", "replace")
    result = scanner.scan(text, wanted)
    for hit in result.hits:
        line = text.count("\n", 0, hit.start) + 1
        level = hit.detection_confidence.name.lower()
        click.echo(f"{name}:{line}  {hit.detector:<28} {level:<7} {hit.mask}  [{', '.join(hit.contributions)}]")
    if not result.hits:
        click.echo("nothing found" + ("" if result.complete else ", but the text was not scanned to its end"))
    return bool(result.hits)


def _profiles(detectors: DetectorSet, names: tuple[str, ...]) -> frozenset[str]:
    known = frozenset(detectors.profiles)
    for name in names:
        if name not in known:
            help_text = nearest_name(name, known) or f"profiles: {', '.join(sorted(known))}"
            raise UsageError(Problem(problem=f"unknown profile `{name}`", help=help_text))
    return frozenset(names) or known
