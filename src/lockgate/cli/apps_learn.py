"""`lockgate apps learn`: the draft of an app file from saved exchanges, with a check of what it came to."""

from pathlib import Path
from typing import Any

import click

from lockgate.apps.learning.draft import Draft, Words, draft_app, hosts_with_payload, path_pattern_of
from lockgate.apps.learning.saved import SavedExchange
from lockgate.cli.home_option import HomeOption
from lockgate.facts.problem import Problem, UsageError
from lockgate.facts.record import Record
from lockgate.facts.traffic import Request
from lockgate.home.app_draft import check_draft, written_draft
from lockgate.home.har import looks_like_har, read_har
from lockgate.store.sqlite import SqliteStore


@click.command()
@click.argument("source", metavar="FILE|RECORD")
@click.option("--host", help="Which host, when several got a body (default: the one that got the most).")
@click.option("--typed", default="", help="What was typed, so that its place is found and not guessed.")
@click.option("--answered", default="", help="What the app answered, or a part of it, likewise.")
@click.option("--id", "app_id", default="", help="The app's id (default: from the host's name).")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file (default: show).")
@click.pass_obj
def learn(  # noqa: PLR0913 - one parameter per option
    home: HomeOption, source: str, *, host: str | None, typed: str, answered: str, app_id: str, output: Path | None
) -> None:
    """Draft an app file from a saved exchange: a HAR file, a file of mitmproxy flows, or the id of a record.

    The samples in it have other words, ids and numbers than what was saved; cookies and tokens are never taken. A record keeps
    the shape of a body alone, so its draft has the operation and no sample of a body.
    """
    file = Path(source)
    if file.is_file():
        exchanges = _read(file)
        draft = draft_app(_host(exchanges, host), exchanges, Words(typed=typed, answered=answered), app_id)
    else:
        draft = _from_record(home, source, app_id)
    remarks = (*draft.remarks, *check_draft(home.home, draft.data))
    text = written_draft(draft.data, remarks)
    if output is None:
        click.echo(text, nl=False)
        return
    if output.exists():
        raise UsageError(Problem(problem=f"`{output}` exists already", help="name another file; a draft never replaces one"))
    output.write_text(text, encoding="utf-8")
    click.echo(f"Wrote {output}. Look at the remarks on top of it, then run lockgate apps check.")


def _read(file: Path) -> tuple[SavedExchange, ...]:
    with file.open("rb") as opened:
        beginning = opened.read(64)
    if looks_like_har(beginning):
        return read_har(file)
    from lockgate.proxy.flow_file import read_flows  # noqa: PLC0415 - mitmproxy takes a second to import, and few ask for it

    return read_flows(file)


def _host(exchanges: tuple[SavedExchange, ...], wanted: str | None) -> str:
    found = hosts_with_payload(exchanges)
    if not found:
        raise UsageError(
            Problem(problem="nothing that was saved has a body", help="save an exchange in which something was sent")
        )
    if wanted is None:
        return max(found, key=lambda host: (found[host], host))
    if wanted not in found:
        names = ", ".join(sorted(found, key=lambda host: -found[host])[:8])
        raise UsageError(Problem(problem=f"nothing with a body was sent to `{wanted}`", help=f"there are: {names}"))
    return wanted


def _from_record(home: HomeOption, record_id: str, app_id: str) -> Draft:
    record = _record(home, record_id)
    if record is None:
        help_text = "give a HAR file, a file of flows, or an id from `lockgate log tail`"
        raise UsageError(Problem(problem=f"there is no file and no record `{record_id}`", help=help_text))
    operation: dict[str, Any] = {
        "id": "call", "operation": record.operation or "unrecognised", "path": path_pattern_of(record.path), "basis": "low",
    }  # fmt: skip
    if record.method != "POST":
        operation["method"] = record.method
    request = SavedExchange(request=_request_of(record), body=b"{}")
    draft = draft_app(record.host, [request], app_id=app_id or record.app)
    draft.data["operations"] = [operation]
    draft.data["samples"] = [
        {"request": draft.data["samples"][0]["request"], "operation": operation["operation"]},
    ]
    shape = f"the body was {record.shape}" if record.shape else "the record says nothing of the body"
    return Draft(data=draft.data, remarks=(f"made from record {record.id}; {shape}", *draft.remarks[-1:]))


def _record(home: HomeOption, record_id: str) -> Record | None:
    if not home.records_db.exists():
        return None
    store = SqliteStore.for_reading(home.records_db)
    try:
        return store.get(record_id)
    finally:
        store.close()


def _request_of(record: Record) -> Request:
    return Request(method=record.method, scheme=record.scheme or "https", host=record.host, port=record.port, path=record.path)
