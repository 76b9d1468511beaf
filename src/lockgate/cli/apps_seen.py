"""`lockgate apps discovered` and `lockgate apps drift`: what the traffic showed that no app file describes."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

import click

from lockgate.cli.home_paths import HomePaths
from lockgate.cli.record_text import visible_lines
from lockgate.store.novelties import Novelty, NoveltyKind
from lockgate.store.sqlite import SqliteStore

_NONE_DISCOVERED = (
    "No unknown AI app has been seen. They are noticed on hosts that are decrypted: with `decrypt: all` in gateway.yaml, or "
    "`decrypt: listed`, also those outside the library."
)
_NO_DRIFT = "No app has done anything that its file does not describe."


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def discovered(home: HomePaths, *, as_json: bool) -> None:
    """List hosts outside the library that were talked to like a model, with the signs of it, those seen last first.

    Each is unreviewed. To describe one, write an app file for it (`lockgate apps learn` drafts one from a saved exchange);
    to stop them all, write a rule on `app.discovered`.
    """
    seen = _seen(home, NoveltyKind.DISCOVERED, None)
    if as_json:
        click.echo(json.dumps([_data(each, "host", "signs") for each in seen], indent=2))
        return
    for each in seen:
        click.echo(f"{_times(each)}  {visible_lines(each.subject)}  unreviewed")
        click.echo(f"    {each.what}")
    click.echo(f"{len(seen)} unknown AI apps" if seen else _NONE_DISCOVERED)


@click.command()
@click.option("--app", "app_id", help="Only this app.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def drift(home: HomePaths, app_id: str | None, *, as_json: bool) -> None:
    """List what known apps did that their files do not describe: new paths, bodies their format cannot read.

    Shown is the shape of the body, without its values. Such requests are read by the generic reader; a rule on `app.drift`
    decides whether they may pass.
    """
    seen = _seen(home, NoveltyKind.DRIFT, app_id)
    if as_json:
        click.echo(json.dumps([_data(each, "app", "shape") for each in seen], indent=2))
        return
    for each in seen:
        click.echo(f"{_times(each)}  {each.subject}  {visible_lines(each.detail)}")
        if each.what:
            click.echo(f"    {each.what}")
    click.echo(f"{sum(each.exchanges for each in seen)} exchanges in {len(seen)} rows" if seen else _NO_DRIFT)


def count_discovered(home: HomePaths) -> int:
    """How many hosts outside the library were talked to like a model."""
    return len(_seen(home, NoveltyKind.DISCOVERED, None))


def _seen(home: HomePaths, kind: NoveltyKind, subject: str | None) -> Sequence[Novelty]:
    if not home.records_db.exists():
        return ()
    store = SqliteStore.for_reading(home.records_db)
    try:
        return store.novelties(kind, subject)
    finally:
        store.close()


def _times(seen: Novelty) -> str:
    return f"{seen.exchanges:>6}  {_day(seen.first_at)} - {_day(seen.last_at)}"


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")


def _data(seen: Novelty, subject: str, what: str) -> dict[str, object]:
    return {
        subject: seen.subject, "where": seen.detail, what: seen.what, "exchanges": seen.exchanges,
        "first_at": seen.first_at, "last_at": seen.last_at,
    }  # fmt: skip
