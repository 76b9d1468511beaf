"""`make bench-replay`: what it costs to keep the facts of an exchange, and how fast a policy is judged against recorded ones.

The exchanges are the samples of all app files, led through the gate under the starter policy with real detectors, for a hundred
people in ten groups; their records are put into a database as often as it takes. Separate from `run.py`: there is no traffic.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import mean, median

from exchanges import Exchange as Sample
from exchanges import known
from lockgate.apps.formats.registry import sniff
from lockgate.dlp.scan import Scanner
from lockgate.facts.record import Record
from lockgate.facts.traffic import Body, Client, IdentifiedBy, Response
from lockgate.gate.context import DecryptScope, GateContext
from lockgate.gate.effects import Examine, Forward, Hold
from lockgate.gate.events import Closed, Examined, RequestBodySeen, RequestHeadersSeen, ResponseHeadersSeen
from lockgate.gate.exchange import Exchange
from lockgate.gate.kept_facts import keep, kept_from
from lockgate.gate.replay import Replay
from lockgate.home.home import Home, built_in_data
from lockgate.home.load import load_library
from lockgate.home.reading import read_document
from lockgate.policy import Ruleset
from lockgate.runtime.explain import examine_here
from lockgate.runtime.known_names import KnownNames
from lockgate.runtime.replay import Job, Wanted, replay
from lockgate.runtime.snapshot import checked_policy
from lockgate.store.record_store import EVERY_RECORD
from lockgate.store.sqlite import SqliteStore
from report import PAGE, machine, markdown, today, write_into

_AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
_CLOSED = Closed(duration_ms=300.0, first_byte_ms=120.0, status=200, upstream_contacted=True, request_bytes=900)
_BATCH = 1000


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-replay", description="Judge recorded exchanges by other policies.")
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="write the tables into docs/reference/benchmarks.md")
    given = parser.parse_args()
    text = "\n".join([f"`make bench-replay` on {today()}: {machine()}.", "", *measured(given.records, given.rounds)])
    print(text)
    if given.write:
        write_into(PAGE, text, "replay")


def measured(count: int, rounds: int) -> Iterator[str]:
    """The tables."""
    home = Home(built_in_data())
    library = load_library(home)
    names = KnownNames.of(home, library)
    detectors = names.detectors
    files = {path.stem: path for path, _ in home.data_files("policies")}
    policies = {name: checked_policy(read_document(files[name]), names) for name in ("starter", "strict")}
    context = GateContext(
        ruleset=policies["starter"], library=library, sniff=sniff, decrypt=DecryptScope.ALL,
        profiles=frozenset(detectors.profiles),
    )  # fmt: skip
    scanner = Scanner.open(detectors)
    exchanges = [done for sample in known().exchanges if (done := _led(context, scanner, sample)) is not None]
    records = [_record(exchange) for exchange in exchanges]
    yield from _kept(exchanges, records, policies["starter"], rounds)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "records.sqlite"
        _fill(file, records, count)
        yield from _replayed(file, policies, count, rounds)


def _led(context: GateContext, scanner: Scanner, sample: Sample) -> Exchange | None:
    """A sample as an exchange that is over but for its record; None for one that opens a WebSocket."""
    request = sample.request
    if request.is_websocket_upgrade:
        return None
    exchange = Exchange("sample", context)
    who = Client(address="10.0.0.7", user="user-0", groups=("group-0",), identified_by=IdentifiedBy.PROXY_LOGIN)
    (effect,) = exchange.handle(RequestHeadersSeen(at=_AT, client=who, request=request, has_body=bool(sample.content)))
    while isinstance(effect, Hold | Examine):
        seen = (
            Examined(examination=examine_here(scanner, effect))
            if isinstance(effect, Examine)
            else RequestBodySeen(body=Body(content=sample.content))
        )
        (effect,) = exchange.handle(seen)
    if isinstance(effect, Forward):
        exchange.handle(ResponseHeadersSeen(response=Response(status=200)))
    return exchange


def _record(exchange: Exchange) -> Record:
    (note,) = exchange.handle(_CLOSED)
    return note.record


def _kept(exchanges: list[Exchange], records: list[Record], starter: Ruleset, rounds: int) -> Iterator[str]:
    """Keeping and reading, each exchange in turn so that nothing is warm from the one before."""
    kept = [facts for record in records if (facts := kept_from(record.facts)) is not None]
    judge = Replay(starter).judge
    sizes = [len(record.facts) for record in records]
    rows = [
        ("keep the facts of an exchange", f"{_each(rounds, keep, kept):.1f}"),
        ("read them", f"{_each(rounds, kept_from, [record.facts for record in records]):.1f}"),
        ("judge them by `starter.yaml`", f"{_each(rounds, judge, kept):.1f}"),
    ]
    size = f"{mean(sizes):.0f} bytes of facts (median {median(sizes):.0f}, most {max(sizes)})"
    yield f"{len(exchanges)} samples; a record keeps {size}."
    yield ""
    yield from markdown(("in one process", "\u00b5s of CPU time, mean over the samples"), rows)


def _each[T](rounds: int, work: Callable[[T], object], over: list[T]) -> float:
    """Microseconds for each, the best of some rounds."""
    best = float("inf")
    for _ in range(rounds):
        begun = time.process_time()
        for each in over:
            work(each)
        best = min(best, time.process_time() - begun)
    return best / len(over) * 1e6


def _fill(file: Path, records: list[Record], count: int) -> None:
    """As many records as wanted: a hundred people in ten groups, over a week."""
    people = [_as_somebody(records, number) for number in range(100)]
    store = SqliteStore.for_writing(file)
    step = timedelta(days=7).total_seconds() / count
    batch: list[Record] = []
    for number in range(count):
        of_one = people[number % len(people)]
        record = of_one[(number * 7919) % len(of_one)]
        batch.append(replace(record, id=f"r{number}", started_at=_AT.timestamp() + number * step))
        if len(batch) == _BATCH or number == count - 1:
            store.append(batch)
            batch = []
    store.close()


def _cpu() -> float:
    """Seconds of CPU time of this process and of those it waited for."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _as_somebody(records: list[Record], number: int) -> list[Record]:
    changed: list[Record] = []
    for record in records:
        kept = kept_from(record.facts)
        if kept is None:
            continue
        groups = (f"group-{number % 10}",)
        client = replace(kept.sheet.client, user=f"user-{number}", groups=groups)
        facts = keep(replace(kept, sheet=replace(kept.sheet, client=client)))
        changed.append(replace(record, user=client.user, groups=groups, facts=facts))
    return changed


def _replayed(file: Path, policies: dict[str, Ruleset], count: int, rounds: int) -> Iterator[str]:
    rows: list[tuple[str, ...]] = []
    for name, ruleset in policies.items():
        job = Job(database=file, wanted=Wanted(records=EVERY_RECORD), ruleset=ruleset)
        seconds = busy = float("inf")
        for _ in range(rounds):
            begun, worked = time.perf_counter(), _cpu()
            tally = replay(job)
            seconds, busy = min(seconds, time.perf_counter() - begun), min(busy, _cpu() - worked)
        otherwise = sum(change.count for change in tally.changes.values())
        speed = (f"{seconds:.1f}", f"{busy:.1f}", f"{count / seconds:,.0f}")
        found = (f"{tally.judged:,}", f"{otherwise:,}", f"{tally.undecided.count:,}")
        rows.append((f"`{name}.yaml`", f"{len(ruleset.rules)}", *speed, *found))
    yield ""
    size = file.stat().st_size / count
    yield f"{count:,} records ({size:,.0f} bytes each in the database), decided by `starter.yaml`, replayed:"
    yield ""
    heads = ("policy", "rules", "seconds", "CPU seconds", "exchanges/s", "judged", "otherwise", "undecided")
    yield from markdown(heads, rows)


if __name__ == "__main__":
    main()
