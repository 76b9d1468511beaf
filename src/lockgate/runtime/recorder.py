"""The recorder: the one process that writes the record store, the exchange log and the metrics.

Separate so that proxy workers never wait for a disk, and a worker that dies takes no record with it that had reached us.
When the supervisor is gone it takes what the workers still have to say, and ends after them.
"""

import argparse
import asyncio
import contextlib
import fcntl
import signal
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import structlog

from lockgate.facts.problem import UsageError
from lockgate.facts.record import Record
from lockgate.home.home import Home, find_home
from lockgate.home.settings import Settings, load_settings, parse_address
from lockgate.runtime.fingerprint import fingerprint
from lockgate.runtime.lifeline import end_with
from lockgate.runtime.process_log import configure_log
from lockgate.runtime.webhooks import load_webhooks, secret_files, webhook_tls
from lockgate.sinks.canonical_log import CanonicalLog
from lockgate.sinks.endpoint import MetricsEndpoint
from lockgate.sinks.metrics import Metrics
from lockgate.sinks.webhooks import Webhooks
from lockgate.store.acknowledgement_keeper import AcknowledgementKeeper
from lockgate.store.acknowledgement_store import AcknowledgementStore
from lockgate.store.collector import Collector
from lockgate.store.retention import prune
from lockgate.store.sightings import SightingKeeper
from lockgate.store.sqlite import SqliteStore
from lockgate.store.usage_keeper import UsageKeeper
from lockgate.store.writer import RecordWriter

_log = structlog.get_logger(__name__)
_BEAT_SECONDS = 1.0
_FOLLOW_SECONDS = 2.0
_PRUNE_SECONDS = 3600.0
_LAST_RECORDS_SECONDS = 20.0
"""Longer than a worker takes to drain, shorter than the lifeline's grace."""
_LOOK_SECONDS = 0.1


async def serve(home: Home, lifeline: int | None = None) -> None:
    """Run until SIGTERM, or until the workers are gone after `lifeline` ended. Raises UsageError for what is to be mended."""
    settings = load_settings(home)
    stop, orphaned, worker_gone = asyncio.Event(), asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if lifeline is not None:
        end_with(lifeline, partial(loop.call_soon_threadsafe, orphaned.set))
    await _predecessor_gone(home.records_db)
    store = SqliteStore.for_writing(home.records_db)
    metrics = Metrics()
    line_log = _line_log(home, settings)
    webhooks = Webhooks(settings.name, count=metrics.notice, tls=webhook_tls(home, settings))
    webhooks.use(load_webhooks(home, settings))
    writer = RecordWriter(store, on_stored=lambda records: _tell(records, metrics, line_log, webhooks))

    def gone(worker: int) -> None:
        metrics.worker_gone(worker)
        worker_gone.set()

    keeper, usage = SightingKeeper(store), UsageKeeper(store)
    acknowledged = AcknowledgementKeeper(AcknowledgementStore(store))
    collector = Collector(
        home.recorder_socket, writer, on_stats=metrics.update, on_gone=gone, on_sightings=keeper.keep,
        on_acknowledged=acknowledged.keep, on_revoked=acknowledged.revoke,
    )  # fmt: skip
    collector.count_with(usage)
    endpoint = None
    if settings.metrics.listen:
        endpoint = MetricsEndpoint(
            *parse_address(settings.metrics.listen), metrics, health=lambda: writer.stats.unavailable,
            remark=metrics.policy_remark,
        )  # fmt: skip
        await endpoint.start()
    await collector.start()
    print("ready", flush=True)  # noqa: T201 - the supervisor reads this
    chores = asyncio.create_task(_chores(store, settings, writer, metrics))
    following = asyncio.create_task(_follow(home, webhooks, metrics))
    await _first_of(stop, orphaned)
    if endpoint is not None:
        await endpoint.close()  # at once: the next start needs its port
    if not stop.is_set():
        await _outlive_workers(collector, worker_gone, stop)
    for task in (chores, following):
        task.cancel()
    await asyncio.gather(chores, following, return_exceptions=True)
    await collector.close()
    await keeper.close()
    await usage.close()
    await acknowledged.close()
    writer.close()
    await asyncio.to_thread(webhooks.close)
    if line_log is not None:
        line_log.close()
    store.close()


async def _first_of(*events: asyncio.Event) -> None:
    waiting = [asyncio.create_task(event.wait()) for event in events]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()


async def _outlive_workers(collector: Collector, worker_gone: asyncio.Event, stop: asyncio.Event) -> None:
    """They noticed as well, and have records of what they break off. One that is stuck is not waited for long."""
    _log.warning("the supervisor is gone; ending after the workers", workers=len(collector.workers))
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LAST_RECORDS_SECONDS):
            while collector.workers and not stop.is_set():
                worker_gone.clear()
                await _first_of(stop, worker_gone)


async def _predecessor_gone(records: Path) -> None:
    """Give the recorder of a start whose supervisor was killed the time to end. It holds the lock that the store describes."""
    lock = records.with_name(records.name + ".lock")
    with contextlib.suppress(TimeoutError, OSError):
        async with asyncio.timeout(_LAST_RECORDS_SECONDS):
            while _is_locked(lock):  # noqa: ASYNC110 - nobody tells when a lock is let go
                await asyncio.sleep(_LOOK_SECONDS)


def _is_locked(lock: Path) -> bool:
    with lock.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


async def _follow(home: Home, webhooks: Webhooks, metrics: Metrics) -> None:
    """Webhooks change with the settings, as policies do. Settings that are wrong change nothing; the workers say what is."""
    seen = ""
    while True:
        metrics.notices_wait(webhooks.waiting)
        with contextlib.suppress(UsageError):
            settings = await asyncio.to_thread(load_settings, home)
            mark = fingerprint((), map(str, (home.settings_file, *secret_files(home, settings))))
            if mark != seen:
                webhooks.use(await asyncio.to_thread(load_webhooks, home, settings))
                seen = mark
        await asyncio.sleep(_FOLLOW_SECONDS)


def _tell(records: Sequence[Record], metrics: Metrics, line_log: CanonicalLog | None, webhooks: Webhooks) -> None:
    for record in records:
        metrics.observe(record)
        webhooks.write(record)
        if line_log is not None:
            line_log.write(record)


def _line_log(home: Home, settings: Settings) -> CanonicalLog | None:
    name = settings.records.log
    if not name:
        return None
    return CanonicalLog.to_stream(sys.stderr) if name == "-" else CanonicalLog.to_file(home.path / name)


async def _chores(store: SqliteStore, settings: Settings, writer: RecordWriter, metrics: Metrics) -> None:
    """A heartbeat and the writer's figures every second; every hour what is older than the retention goes."""
    next_prune = 0.0
    while True:
        with contextlib.suppress(BrokenPipeError):
            print(".", flush=True)  # noqa: T201 - the supervisor reads this
        stats = writer.stats
        metrics.store_state(waiting=stats.pending, lost=stats.lost, unavailable=stats.unavailable)
        if time.monotonic() >= next_prune:
            next_prune = time.monotonic() + _PRUNE_SECONDS
            await asyncio.to_thread(prune, store, older_than_days=settings.records.retention_days, now=time.time())
        await asyncio.sleep(_BEAT_SECONDS)


def main() -> None:
    """The process's entry; exit code 3 for a wrong configuration."""
    parser = argparse.ArgumentParser(prog="lockgate-recorder")
    parser.add_argument("--home", required=True)
    parser.add_argument("--lifeline", type=int)
    arguments = parser.parse_args()
    configure_log("recorder")
    try:
        asyncio.run(serve(find_home(arguments.home), arguments.lifeline))
    except UsageError as error:
        _log.error("the recorder cannot start", problems=[str(problem) for problem in error.problems])
        sys.exit(UsageError.EXIT_CODE)
    except OSError as error:
        _log.error("the recorder cannot serve", error=str(error))
        sys.exit(1)


if __name__ == "__main__":
    main()
