"""`lockgate log`: reading the records."""

import getpass
import sys
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import click

from lockgate.cli.home_paths import HomePaths
from lockgate.cli.moment import moment
from lockgate.cli.record_text import headings, record_line, record_page, visible_lines
from lockgate.facts.decision import Verdict
from lockgate.facts.problem import Problem, UsageError
from lockgate.facts.record import Record
from lockgate.store.export import export_lines
from lockgate.store.opening_log import Opening, note_opening
from lockgate.store.record_store import RecordFilter, everything
from lockgate.store.relations import Relations, relations
from lockgate.store.sealing import open_sealed, read_reviewer_key
from lockgate.store.sqlite import SqliteStore

_POLL_SECONDS = 0.5
_NOTHING = "No records yet. They appear when a device sends a request through the gateway; `lockgate up` starts it."
_NO_MATCH = "No record matches. `lockgate log tail` without options shows the newest of all."


@click.group()
def log() -> None:
    """Read the records: who used which AI app, what was decided and why."""


@log.command()
@click.option("-f", "--follow", is_flag=True, help="Go on with new records until Ctrl-C.")
@click.option("--app", help="Only this app (its id).")
@click.option("--user", help="Only this user.")
@click.option("--verdict", type=click.Choice([verdict.value for verdict in Verdict]), help="Only this verdict.")
@click.option("--limit", type=click.IntRange(0, 10_000), default=20, show_default=True, help="How many of the newest.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
@click.pass_obj
def tail(  # noqa: PLR0913 - one parameter per option
    home: HomePaths, app: str | None, user: str | None, verdict: str | None, limit: int, *, follow: bool, as_json: bool
) -> None:
    """Show the newest records, oldest of them first."""
    wanted = RecordFilter(app=app, user=user, verdict=Verdict(verdict) if verdict else None)
    if not home.records_db.exists() and not follow:
        _say_nothing(_NOTHING, as_json=as_json)
        return
    store = SqliteStore.for_reading(home.records_db)
    try:
        everything_so_far = store.newest(limit=1)
        rows = store.newest(wanted, limit=limit)[::-1]
        if not rows and not follow:
            _say_nothing(_NO_MATCH if everything_so_far else _NOTHING, as_json=as_json)
            return
        if not as_json:
            click.echo(headings())
        _print((row.record for row in rows), as_json=as_json)
        if follow:
            _follow(store, wanted, everything_so_far[0].position if everything_so_far else 0, as_json=as_json)
    finally:
        store.close()


@log.command()
@click.argument("record_id", metavar="ID")
@click.option("--open", "open_text", is_flag=True, help="Also show the captured text. Needs a reviewer's key.")
@click.option("--key", type=click.Path(path_type=Path, dir_okay=False), help="The key's file (default: certs/reviewer.key).")
@click.option("--reason", default="", help="Why the text is opened; noted in openings.log.")
@click.pass_obj
def show(home: HomePaths, record_id: str, key: Path | None, reason: str, *, open_text: bool) -> None:
    """Show one record in full, with the records that belong to it.

    These are answers that came elsewhere than in the response, and what they answer; the uploads a prompt refers to, and the
    prompts that used an upload.
    """
    store = SqliteStore.for_reading(home.records_db)
    try:
        record = store.get(record_id)
        related = relations(store, record) if record is not None else Relations()
    finally:
        store.close()
    if record is None:
        help_text = "ids are in the last column of `lockgate log tail`"
        raise UsageError(Problem(problem=f"there is no record `{record_id}`", help=help_text))
    click.echo(record_page(record, related))
    if open_text:
        _show_text(home, record, key or home.certs / "reviewer.key", reason)


@log.command()
@click.option("--since", metavar="WHEN", help="From then on: 2026-11-24, 2026-11-24T08:00, or an age such as 7d, 12h, 30m.")
@click.option("--until", metavar="WHEN", help="Up to then.")
@click.option("--with-sealed", is_flag=True, help="Include captured text, still encrypted.")
@click.pass_obj
def export(home: HomePaths, since: str | None, until: str | None, *, with_sealed: bool) -> None:
    """Write records as JSON lines to standard output, in order of arrival."""
    wanted = RecordFilter(since=moment(since) if since else None, until=moment(until) if until else None)
    store = SqliteStore.for_reading(home.records_db)
    output = sys.stdout.buffer
    try:
        for line in export_lines((row.record for row in everything(store, wanted)), with_sealed=with_sealed):
            output.write(line)
    finally:
        store.close()


def _say_nothing(message: str, *, as_json: bool) -> None:
    """An empty state is for people; a program that reads JSON lines gets none, and the message on the other stream."""
    click.echo(message, err=as_json)


def _print(records: Iterable[Record], *, as_json: bool) -> None:
    for record in records:
        click.echo(next(export_lines([record])).decode().rstrip("\n") if as_json else record_line(record))


def _follow(store: SqliteStore, wanted: RecordFilter, after: int, *, as_json: bool) -> None:
    try:
        while True:
            rows = store.tail(after, wanted)
            _print((row.record for row in rows), as_json=as_json)
            if rows:
                after = rows[-1].position
            sys.stdout.flush()
            time.sleep(_POLL_SECONDS)
    except KeyboardInterrupt:
        return


def _show_text(home: HomePaths, record: Record, key: Path, reason: str) -> None:
    """Print what was captured. Every look is noted before it happens."""
    if record.sealed is None:
        click.echo("\nNo text was captured with this record (a policy's `capture` action decides that).")
        return
    text = open_sealed(record.sealed, record.id, read_reviewer_key(key))
    at = datetime.now(UTC).isoformat(timespec="seconds")
    opening = Opening(at=at, record=record.id, by=getpass.getuser(), key=str(key), reason=reason)
    note_opening(home.state / "openings.log", opening)
    click.echo("\n" + visible_lines(text))
