"""`lockgate usage`: who is near a limit or over it, and letting somebody's counts begin anew."""

import json
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass

import click

from lockgate.cli.home_option import HomeOption
from lockgate.facts.problem import Problem, UsageError
from lockgate.facts.usage import CounterKey, Limit
from lockgate.home.home import Home
from lockgate.policy import Ruleset
from lockgate.policy.actions.limiting import IfReached
from lockgate.runtime.snapshot import SnapshotBuilder
from lockgate.runtime.usage_ledger import UsageLedger
from lockgate.runtime.usage_watch import stored_ledger
from lockgate.store.sqlite import SqliteStore
from lockgate.store.wire import Reset, frame, read_ack_blocking

_NEAR_PERCENT = 80
_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """How much of one limit somebody has used."""

    rule: str
    subject: str
    measure: str
    used: int
    most: int
    window: str
    free_after: int


@click.group()
def usage() -> None:
    """Look at what was used of the live policy's limits, and let somebody begin anew."""


@usage.command(name="list")
@click.option("--all", "everybody", is_flag=True, help="Everybody who used anything, not only who is near a limit.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def list_usage(home_option: HomeOption, *, everybody: bool, as_json: bool) -> None:
    """List who has used four fifths of a limit or more, the fullest first."""
    home = home_option.home
    rows = [row for row in _rows(home, ()) if everybody or row.used * 100 >= row.most * _NEAR_PERCENT]
    _show(rows, as_json=as_json, otherwise="Nobody used anything." if everybody else "Nobody is near a limit.")


@usage.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def show(home_option: HomeOption, name: str, *, as_json: bool) -> None:
    """Show what NAME (a user, an address, `group:NAME` or `everyone`) has used of each limit."""
    _show(list(_rows(home_option.home, _subjects(name))), as_json=as_json, otherwise=f"{name} used nothing.")


@usage.command()
@click.argument("name")
@click.pass_obj
def reset(home_option: HomeOption, name: str) -> None:
    """Let all counts of NAME (as in `show`) begin anew. A running gateway takes it over within about a second."""
    home = home_option.home
    for subject in _subjects(name):
        if not _tell_recorder(home, subject):
            store = SqliteStore.for_writing(home.records_db)
            try:
                store.reset_usage(subject, 1)
            finally:
                store.close()
    click.echo(f"The counts of {name} begin anew.")


def _subjects(name: str) -> tuple[str, ...]:
    if name == "everyone" or name.startswith(("group:", "user:", "address:")):
        return (name,)
    return (f"user:{name}", f"address:{name}")


def _limits(ruleset: Ruleset) -> dict[str, Limit]:
    return {rule.id: rule.actions.ends_if.limit for rule in ruleset.rules if isinstance(rule.actions.ends_if, IfReached)}


def _rows(home: Home, subjects: tuple[str, ...]) -> Iterator[_Row]:
    now = time.time()
    limits, ledger = _limits(SnapshotBuilder(home).build().ruleset), stored_ledger(home, now, subjects)
    rows = [row for key in ledger.counters() if (row := _row(ledger, key, limits, now)) is not None]
    yield from sorted(rows, key=lambda row: (-row.used / row.most, row.rule, row.subject))


def _row(ledger: UsageLedger, key: CounterKey, limits: dict[str, Limit], now: float) -> _Row | None:
    rule = key.scope.removeprefix("limit:")
    limit = limits.get(rule) if key.scope.startswith("limit:") else None
    if limit is None or limit.window.width != key.width:
        return None  # of another policy
    most = next((most for measure, most in limit.most if measure.value == key.measure), 0)
    used = ledger.used(key, limit.window.seconds, now)
    if not most or not used:
        return None
    free_after = ledger.free_after(key, limit.window.seconds, most, now)
    return _Row(
        rule=rule, subject=key.subject, measure=key.measure, used=used, most=most, window=limit.window.written,
        free_after=free_after,
    )  # fmt: skip


def _show(rows: list[_Row], *, as_json: bool, otherwise: str) -> None:
    if as_json:
        names = ("rule", "subject", "measure", "used", "most", "window", "free_after")
        click.echo(json.dumps([{name: getattr(row, name) for name in names} for row in rows], indent=2))
    elif not rows:
        click.echo(otherwise)
    for row in () if as_json else rows:
        until = f"; full, and free again in {row.free_after} s" if row.free_after else ""
        click.echo(f"{row.rule}  {row.subject}  {row.used:,} of {row.most:,} {row.measure} in {row.window}{until}")


def _tell_recorder(home: Home, subject: str) -> bool:
    """Whether a recorder is there and did it. Raises UsageError when it is there and did not."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(_SECONDS)
            connection.connect(str(home.recorder_socket))
            connection.sendall(frame(Reset(subject, 1)))
            read_ack_blocking(connection)
    except (FileNotFoundError, ConnectionRefusedError):
        return False
    except OSError as error:
        raise UsageError(Problem(problem=f"the recorder did not do it: {error}", help="see its log, and try again")) from None
    return True
