"""`lockgate policy history|show|diff|rollback|status|exceptions`: what was live, what is, and how to go back.

Separate from checking and testing files because these commands are about policies in force.
"""

import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from difflib import unified_diff
from pathlib import Path

import click

from lockgate.cli.home_option import HomeOption
from lockgate.cli.invocation import this_command
from lockgate.cli.policy_text import (
    exception_data,
    exception_lines,
    history_data,
    history_lines,
    status_data,
    status_lines,
)
from lockgate.facts.problem import Problem, UsageError
from lockgate.home.home import Home
from lockgate.home.load import load_library
from lockgate.home.policy_archive import PolicyArchive
from lockgate.home.policy_files import PolicyFiles, read_policy_files
from lockgate.home.settings import load_settings
from lockgate.policy import Ruleset
from lockgate.policy.comparison import Change, compare
from lockgate.runtime.known_names import KnownNames
from lockgate.runtime.policy_status import running_workers
from lockgate.runtime.rollback import Plan, plan_rollback, roll_back
from lockgate.runtime.snapshot import checked_policy

_NOTHING = "No policy was live here yet. `lockgate up` makes the first one live."
_NOBODY = "No worker runs. `lockgate up` starts the gateway."
_SHOWN = 20


@click.command()
@click.option("--limit", type=click.IntRange(1, 5000), default=_SHOWN, show_default=True, help="How many of the newest.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, oldest first.")
@click.pass_obj
def history(home_option: HomeOption, limit: int, *, as_json: bool) -> None:
    """List the policies that were live: since when, which version, what it replaced, and what made it live."""
    archive = PolicyArchive(home_option.home.policy_archive)
    entries = archive.history()[-limit:]
    if as_json:
        click.echo(json.dumps([history_data(each, kept=archive.has(each)) for each in entries], indent=2))
        return
    if not entries:
        click.echo(_NOTHING)
        return
    click.echo("\n".join(history_lines(entries, frozenset(each for each in entries if archive.has(each)))))


@click.command()
@click.argument("version", default="live")
@click.option("--cases", "cases", is_flag=True, help="Its cases instead of the policy.")
@click.pass_obj
def show(home_option: HomeOption, version: str, *, cases: bool) -> None:
    """Print the policy VERSION (default: what is live), byte for byte, with its comments."""
    files = _kept(home_option.home, version)
    wanted = files.cases if cases else files.policy
    if wanted is None:
        raise UsageError(Problem(problem=f"version {version} had no cases"))
    sys.stdout.flush()
    sys.stdout.buffer.write(wanted.content)


@click.command()
@click.argument("before", metavar="[A]", default="live")
@click.argument("after", metavar="[B]", required=False)
@click.option("--json", "as_json", is_flag=True, help="The differences in meaning as JSON.")
@click.pass_obj
def diff(home_option: HomeOption, before: str, after: str | None, *, as_json: bool) -> None:
    """Say how policy B differs from A: in meaning, and line by line.

    Each is a version, a file, or `live`. Without B, it is the file that gateway.yaml names; without A, what is live: so, alone,
    it says what would change. Exit code 0: no difference, 1: some.
    """
    home = home_option.home
    old, new = _named(home, before), _named(home, after) if after is not None else _file_now(home)
    check = _check_of(home)
    unusable: list[Problem] = []

    def compiled(files: PolicyFiles) -> Ruleset | None:
        try:
            return check(files)
        except UsageError as error:
            unusable.extend(error.problems)
            return None

    first, second = compiled(old), compiled(new)
    changes = compare(first, second) if first is not None and second is not None else ()
    if as_json:
        click.echo(json.dumps({"changes": [_change(each) for each in changes], "unusable": list(map(str, unusable))}, indent=2))
    else:
        for each in changes:
            click.echo(str(each))
        for problem in unusable:
            click.echo(f"cannot be compared by meaning: {problem}", err=True)
        if not changes and not unusable:
            click.echo("They mean the same.")
        for line in _lines(old, new):
            click.echo(line)
    sys.exit(0 if [part.content for part in old] == [part.content for part in new] else 1)


@click.command()
@click.argument("version")
@click.option("--dry-run", is_flag=True, help="Only check, and say what would be done.")
@click.pass_obj
def rollback(home_option: HomeOption, version: str, *, dry_run: bool) -> None:
    """Put the policy VERSION back where it was, with its cases, byte for byte.

    It is checked first, and its cases are run, with the apps and detectors there are today. What it replaces is kept. A running
    gateway takes it over at once. `live` is what went live last, for a file that was broken since.
    """
    home = home_option.home
    plan = plan_rollback(home, version)
    if not plan.writes and not plan.removes:
        click.echo(f"{plan.file} is as version {plan.entry.version} was already.")
        return
    for line in _planned(home, plan):
        click.echo(line)
    if dry_run:
        click.echo("Nothing was changed (--dry-run).")
        return
    aside = roll_back(home, plan)
    if aside is not None:
        click.echo(f"What was there is kept in {aside}.")
    click.echo(f"Done. See where it is live: {this_command()} policy status")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def status(home_option: HomeOption, *, as_json: bool) -> None:
    """Say which policy each worker has, and what is wrong with a change that they refuse.

    Exit code 0: all have the same, and nothing is refused; 1: otherwise, also when no worker runs.
    """
    workers = running_workers(home_option.home.policy_archive)
    if as_json:
        click.echo(json.dumps([status_data(each) for each in workers], indent=2))
    else:
        click.echo("\n".join(status_lines(workers)) if workers else _NOBODY)
    fine = len({each.version for each in workers}) == 1 and not any(each.refused or each.last_good for each in workers)
    sys.exit(0 if fine else 1)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def exceptions(home_option: HomeOption, *, as_json: bool) -> None:
    """List the exceptions of the live policy's file: until when, for whom, on whose word and why."""
    home, now = home_option.home, datetime.now(UTC)
    ruleset = _check_of(home)(_file_now(home))
    if as_json:
        click.echo(json.dumps([exception_data(each, now) for each in ruleset.exceptions], indent=2))
    elif ruleset.exceptions:
        click.echo("\n".join(exception_lines(ruleset.exceptions, now)))
    else:
        click.echo("The policy has no exceptions.")


def _check_of(home: Home) -> Callable[[PolicyFiles], Ruleset]:
    """Compiles policies with the names of today."""
    names = KnownNames.of(home, load_library(home))
    return lambda files: checked_policy(files.policy_document, names)


def _kept(home: Home, version: str) -> PolicyFiles:
    archive = PolicyArchive(home.policy_archive)
    if version == "live" and archive.last() is None:
        raise UsageError(Problem(problem="no policy was live here yet", help="`lockgate up` makes the first one live"))
    return archive.load(archive.find(version))


def _named(home: Home, name: str) -> PolicyFiles:
    file = Path(name)
    return read_policy_files(file) if file.is_file() else _kept(home, name)


def _file_now(home: Home) -> PolicyFiles:
    return read_policy_files(home.resolve(load_settings(home).policy))


def _change(change: Change) -> dict[str, str]:
    return {
        "kind": change.kind, "what": change.what, "name": change.name, "part": change.part, "before": change.before,
        "after": change.after,
    }  # fmt: skip


def _lines(old: PolicyFiles, new: PolicyFiles) -> Iterator[str]:
    """The differences in the text, of the policy and of its cases."""
    for before, after in ((old.policy, new.policy), (old.cases, new.cases)):
        sides = ((old, before), (new, after))
        names = [str(files.folder / part.name) if part is not None else "/dev/null" for files, part in sides]
        texts = [part.content.decode("utf-8", "backslashreplace") if part is not None else "" for part in (before, after)]
        lines = unified_diff(texts[0].splitlines(), texts[1].splitlines(), names[0], names[1], lineterm="")
        yield from ("".join(one if one.isprintable() or one == "\t" else "�" for one in line) for line in lines)


def _planned(home: Home, plan: Plan) -> Iterator[str]:
    for file in plan.writes:
        yield f"{file}: put back as it was in version {plan.entry.version}"
    for file in plan.removes:
        yield f"{file}: taken away, that version had no cases"
    if plan.ruleset.version != plan.entry.version:
        yield f"With this release and today's apps its version is {plan.ruleset.version}."
    if plan.current is None:
        return
    try:
        now = _check_of(home)(plan.current)
    except UsageError:
        yield "What is there now cannot be used, so it is not compared."
        return
    for change in compare(now, plan.ruleset):
        yield f"  {change}"
