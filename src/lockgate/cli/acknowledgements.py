"""`lockgate acknowledgements`: who has acknowledged which rule, what they wrote, and taking it back."""

import getpass
import json
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import click

from lockgate.cli.home_option import HomeOption
from lockgate.cli.record_text import visible_lines
from lockgate.facts.acknowledgement import Acknowledgement
from lockgate.facts.coaching import spoken
from lockgate.facts.problem import Problem, UsageError
from lockgate.store.acknowledgement_store import AcknowledgementStore
from lockgate.store.opening_log import Opening, note_opening
from lockgate.store.record_store import StoreUnavailable
from lockgate.store.revoking import revoke as end
from lockgate.store.sealing import open_sealed, read_reviewer_key

_MOST = 10_000
_NOTHING = "Nobody has acknowledged anything yet. A rule with `then: coach` asks people to."
_NO_MATCH = "No acknowledgement matches."
_LINE = "{:<16}  {:<19}  {:<20}  {:<24}  {:<20}  {}"


@click.group()
def acknowledgements() -> None:
    """See who acknowledged which rule that coaches, read their reasons, and take it back."""


@acknowledgements.command(name="list")
@click.option("--user", default="", help="Only of this user, or of this address where users are not known.")
@click.option("--rule", default="", help="Only of this rule.")
@click.option("--standing", is_flag=True, help="Only those that still let somebody pass.")
@click.option("--limit", type=click.IntRange(1, _MOST), default=50, show_default=True, help="How many of the newest.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def list_them(  # noqa: PLR0913 - one parameter per option
    home_option: HomeOption, user: str, rule: str, limit: int, *, standing: bool, as_json: bool
) -> None:
    """List acknowledgements, the newest first. What people wrote is shown by `show --open` alone."""
    now = time.time()
    given = [each for each in _listed(home_option, user, rule, limit) if not standing or _stands(each, now)]
    if as_json:
        click.echo(json.dumps([_as_data(each, now) for each in given], indent=2))
    elif given:
        click.echo(_LINE.format("ID", "GIVEN", "WHO", "RULE", "APP", "STATE"))
        for each in given:
            who = each.subject.partition(":")[2]
            click.echo(_LINE.format(each.id, _local(each.at), who, each.rule, each.app, _state(each, now)).rstrip())
    else:
        click.echo(_NO_MATCH if user or rule or standing else _NOTHING)


@acknowledgements.command()
@click.argument("number", metavar="ID")
@click.option("--open", "open_text", is_flag=True, help="Also show what was written. Needs a reviewer's key.")
@click.option("--key", type=click.Path(path_type=Path, dir_okay=False), help="The key's file (default: certs/reviewer.key).")
@click.option("--reason", default="", help="Why it is opened; noted in openings.log.")
@click.pass_obj
def show(home_option: HomeOption, number: str, key: Path | None, reason: str, *, open_text: bool) -> None:
    """Show one acknowledgement, with the record of the exchange that was stopped."""
    given = next((each for each in _listed(home_option, "", "", _MOST) if each.id == number), None)
    if given is None:
        help_text = "ids are in the first column of `lockgate acknowledgements list`"
        raise UsageError(Problem(problem=f"there is no acknowledgement `{number}`", help=help_text))
    rows = (
        ("Acknowledgement", given.id),
        ("Given", _local(given.at)),
        ("State", _state(given, time.time())),
        ("Who", given.subject.replace(":", " ", 1)),
        ("Rule", given.rule),
        ("App", given.app),
        ("Picked", given.choice),
        ("Wrote", f"{given.characters} characters" if given.characters else ""),
        ("Record", given.reference),
    )
    for label, value in rows:
        if value:
            click.echo(f"{label:<18}{visible_lines(value)}")
    if open_text:
        _show_text(home_option, given, key or home_option.home.certs / "reviewer.key", reason)


@acknowledgements.command()
@click.argument("numbers", metavar="[ID]...", nargs=-1)
@click.option("--user", default="", help="All that still stand of this user or address.")
@click.option("--rule", default="", help="All that still stand of this rule.")
@click.pass_obj
def revoke(home_option: HomeOption, numbers: tuple[str, ...], user: str, rule: str) -> None:
    """Take acknowledgements back, by ID or all of a user or rule: who gave them is asked again, within a second or two."""
    if not numbers and not user and not rule:
        problem = Problem(problem="nothing says which to revoke", help="name ids, or --user, or --rule")
        raise UsageError(problem)
    home = home_option.home
    if user or rule:
        now = time.time()
        numbers = (*numbers, *(each.id for each in _listed(home_option, user, rule, _MOST) if _stands(each, now)))
    ended = end(home.recorder_socket, home.records_db, numbers) if numbers and home.records_db.exists() else 0
    click.echo(f"{ended} acknowledgement{'' if ended == 1 else 's'} revoked")


def _listed(home_option: HomeOption, user: str, rule: str, limit: int) -> tuple[Acknowledgement, ...]:
    records = home_option.home.records_db
    if not records.exists():
        return ()
    store = AcknowledgementStore.for_reading(records)
    try:
        found: Iterable[Acknowledgement] = ()
        for subject in (f"user:{user}", f"address:{user}") if user else ("",):
            found = (*found, *store.listed(subject, rule, limit))
        return tuple(sorted(found, key=lambda each: -each.at)[:limit])
    except StoreUnavailable as error:
        problem = f"the acknowledgements cannot be read: {error}"
        raise UsageError(Problem(problem=problem, help="a database of an older version is renewed by the next start")) from None
    finally:
        store.close()


def _show_text(home_option: HomeOption, given: Acknowledgement, key: Path, reason: str) -> None:
    """Print what was written. Every look is noted before it happens."""
    if given.justification is None:
        click.echo("\nNothing was written with it.")
        return
    text = open_sealed(given.justification, given.id, read_reviewer_key(key))
    at = datetime.now(UTC).isoformat(timespec="seconds")
    opening = Opening(at=at, record=given.id, by=getpass.getuser(), key=str(key), reason=reason)
    note_opening(home_option.home.state / "openings.log", opening)
    click.echo("\n" + visible_lines(text))


def _stands(given: Acknowledgement, now: float) -> bool:
    return not given.revoked_at and given.until > now


def _state(given: Acknowledgement, now: float) -> str:
    if given.revoked_at:
        return f"revoked {_local(given.revoked_at)}"
    return f"stands for {spoken(given.until - now)}" if given.until > now else f"over since {_local(given.until)}"


def _as_data(given: Acknowledgement, now: float) -> dict[str, object]:
    kind, _, name = given.subject.partition(":")
    return {
        "id": given.id, kind: name, "rule": given.rule, "app": given.app, "at": given.at, "until": given.until,
        "revoked_at": given.revoked_at or None, "stands": _stands(given, now), "choice": given.choice,
        "characters": given.characters, "record": given.reference,
    }  # fmt: skip


def _local(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
