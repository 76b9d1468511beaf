"""A policy over the records there are: read, judged and counted, by as many processes as there are cores.

Separate from judging, which knows no store. It must never write anything, and never take more memory for more records.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from lockgate.facts.decision import Reason, Verdict
from lockgate.gate.kept_facts import Replaced, kept_from
from lockgate.gate.replay import Replay
from lockgate.policy import Ruleset
from lockgate.runtime.replay_tally import Came, Tally, came_to
from lockgate.store.record_store import Decided, RecordFilter, RecordStore
from lockgate.store.sqlite import SqliteStore

_SLICE = 4_000
_MOST_PROCESSES = 8
_PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which records are meant. `group` is one of the user's groups then; `newest` bounds how many of the newest."""

    records: RecordFilter
    group: str = ""
    newest: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What to judge, by which policy. Without `against`, it is compared with what was decided then."""

    database: Path
    wanted: Wanted
    ruleset: Ruleset
    against: Ruleset | None = None


def replay(job: Job) -> Tally:
    """Judge the records of a job. Raises UsageError when there is no record database, StoreUnavailable when it fails."""
    store = SqliteStore.for_reading(job.database)
    try:
        span = store.span(job.wanted.records, newest=job.wanted.newest)
        if span is None:
            return Tally()
        slices = list(_slices(*span))
        processes = min(len(os.sched_getaffinity(0)), _MOST_PROCESSES, len(slices))
        if processes == 1:
            return judge_stored(store, job, *span)
    finally:
        store.close()
    return _by_many(job, slices, processes)


def judge_stored(store: RecordStore, job: Job, first: int, last: int) -> Tally:
    """Judge the records of a store from one position to another."""
    tally = Tally()
    now = Replay(job.ruleset)
    then = Replay(job.against) if job.against is not None else None
    after = first - 1
    while rows := store.decided(job.wanted.records, after=after, last=last, limit=_PAGE):
        for row in rows:
            _judge(tally, row, now, then, job.wanted.group)
        after = rows[-1].position
    return tally


def _judge(tally: Tally, row: Decided, now: Replay, then: Replay | None, group: str) -> None:
    kept = kept_from(row.facts) if row.facts is not None else None
    if kept is None:
        if not group:
            tally.apart["of another version" if row.facts is not None else _why_none(row)] += 1
        return
    if group and group not in kept.sheet.client.groups:
        return
    if then is None:
        redacted = kept.replaced is Replaced.DONE
        came: Came | None = came_to(Verdict(row.verdict), Reason(row.reason), row.rule, redacted=redacted)
    else:
        other = then.judge(kept)
        decision = other.decision
        came = None
        if decision is not None:
            came = came_to(decision.verdict, decision.reason, decision.rule, redacted=other.redacts)
    tally.add(row.id, kept.sheet, came, now.judge(kept))


def _why_none(row: Decided) -> str:
    """Why no facts were kept: no policy was asked, or the record is from before."""
    return "without facts" if Reason(row.reason).is_of_policy else row.reason


def _slices(first: int, last: int) -> Iterator[tuple[int, int]]:
    for start in range(first, last + 1, _SLICE):
        yield start, min(start + _SLICE - 1, last)


_forked: list[Job] = []
"""What the processes of a pool are to do. They are forks, because a compiled policy cannot be sent."""


def _by_many(job: Job, slices: list[tuple[int, int]], processes: int) -> Tally:
    total = Tally()
    _forked.append(job)
    try:
        with ProcessPoolExecutor(processes, mp_context=get_context("fork")) as pool:
            for part in pool.map(_slice, slices):
                total.join(part)
    finally:
        _forked.pop()
    return total


def _slice(span: tuple[int, int]) -> Tally:
    job = _forked[-1]
    store = SqliteStore.for_reading(job.database)
    try:
        return judge_stored(store, job, *span)
    finally:
        store.close()
