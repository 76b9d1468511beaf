"""The recorder: the one process that writes the record store, the exchange log and the metrics.

Separate so that proxy workers never wait for a disk, and a worker that dies takes no record with it that had reached us.
"""

import argparse
import asyncio
import signal
import sys
import time
from collections.abc import Sequence

import structlog

from lockgate.facts.problem import UsageError
from lockgate.facts.record import Record
from lockgate.home.home import Home, find_home
from lockgate.home.load import load_settings
from lockgate.home.settings import Settings, parse_address
from lockgate.runtime.process_log import configure_log
from lockgate.sinks.canonical_log import CanonicalLog
from lockgate.sinks.endpoint import MetricsEndpoint
from lockgate.sinks.metrics import Metrics
from lockgate.store.collector import Collector
from lockgate.store.retention import prune
from lockgate.store.sqlite import SqliteStore
from lockgate.store.writer import RecordWriter

_log = structlog.get_logger(__name__)
_BEAT_SECONDS = 1.0
_PRUNE_SECONDS = 3600.0


async def serve(home: Home) -> None:
    """Run until SIGTERM. Raises UsageError for what the operator has to mend."""
    settings = load_settings(home)
    store = SqliteStore.for_writing(home.records_db)
    metrics = Metrics()
    line_log = _line_log(home, settings)
    writer = RecordWriter(store, on_stored=lambda records: _tell(records, metrics, line_log))
    collector = Collector(home.recorder_socket, writer, on_stats=metrics.update, on_gone=metrics.worker_gone)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    endpoint = None
    if settings.metrics.listen:
        endpoint = MetricsEndpoint(*parse_address(settings.metrics.listen), metrics, health=lambda: writer.stats.unavailable)
        await endpoint.start()
    await collector.start()
    print("ready", flush=True)  # noqa: T201 - the supervisor reads this
    chores = asyncio.create_task(_chores(store, settings, writer, metrics))
    await stop.wait()
    chores.cancel()
    await asyncio.gather(chores, return_exceptions=True)
    await collector.close()
    writer.close()
    if endpoint is not None:
        await endpoint.close()
    if line_log is not None:
        line_log.close()
    store.close()


def _tell(records: Sequence[Record], metrics: Metrics, line_log: CanonicalLog | None) -> None:
    for record in records:
        metrics.observe(record)
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
    arguments = parser.parse_args()
    configure_log("recorder")
    try:
        asyncio.run(serve(find_home(arguments.home)))
    except UsageError as error:
        _log.error("the recorder cannot start", problems=[str(problem) for problem in error.problems])
        sys.exit(UsageError.EXIT_CODE)
    except OSError as error:
        _log.error("the recorder cannot serve", error=str(error))
        sys.exit(1)


if __name__ == "__main__":
    main()
