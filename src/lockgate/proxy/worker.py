"""One proxy worker: a process with its own event loop, started and watched by the supervisor.

Separate because it is where mitmproxy's loop, signals and the record pipe meet. It says `ready` on standard output once
it listens, then a dot a second; a worker that falls silent is taken for hung and replaced.
"""

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
from functools import partial

import structlog

from lockgate.facts.decision import Reason
from lockgate.facts.problem import UsageError
from lockgate.home.home import find_home
from lockgate.proxy.assembly import Assembly, assemble
from lockgate.proxy.last_words import LoopWatch
from lockgate.proxy.master import GatewayMaster
from lockgate.runtime.lifeline import end_with
from lockgate.runtime.placeholder_key import take_key
from lockgate.runtime.process_log import configure_log
from lockgate.runtime.snapshot import SnapshotBuilder
from lockgate.runtime.telling import Telling
from lockgate.store.pipe import RecordPipe
from lockgate.store.wire import WorkerStats

_log = structlog.get_logger(__name__)
_BEAT_SECONDS = 1.0
_DRAIN_SECONDS = 8.0
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


async def serve(home_path: str, worker: int) -> None:
    """Run until SIGTERM. Raises UsageError for what the operator has to mend, OSError when the port cannot be had."""
    builder = SnapshotBuilder(find_home(home_path), placeholder_key=take_key())
    pipe = RecordPipe(builder.home.recorder_socket, worker=worker)
    pipe.start()
    telling = Telling(sighted=pipe.sight, acknowledged=pipe.acknowledge, counted=pipe.count)
    parts = assemble(builder, pipe.put, worker, telling)
    asyncio.get_running_loop().getaddrinfo = parts.destinations.getaddrinfo  # type: ignore[method-assign]  # the one resolver
    await parts.gateway.start()
    master = GatewayMaster(parts)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    running = asyncio.create_task(master.run())
    await master.server.listening.wait()
    print("ready", flush=True)  # noqa: T201 - the supervisor reads this
    watch = LoopWatch(partial(_last_words, parts, pipe, worker))
    watch.start()
    beating = asyncio.create_task(_beat(parts, pipe, worker, watch))
    await asyncio.wait((asyncio.create_task(stop.wait()), running), return_when=asyncio.FIRST_COMPLETED)
    master.server.stop_listening()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_DRAIN_SECONDS):
            await parts.requests.all_ended.wait()
    _end_all(parts, Reason.UPSTREAM_FAILED, "the gateway stopped")
    watch.stop()
    beating.cancel()
    master.shutdown()
    await asyncio.gather(running, beating, return_exceptions=True)
    await parts.gateway.close()
    pipe.report(_stats(parts, pipe, worker))
    await pipe.close()


def _end_all(parts: Assembly, reason: Reason, why: str) -> None:
    parts.requests.close_all(reason, why)
    parts.connections.close_all(reason, why)


def _last_words(parts: Assembly, pipe: RecordPipe, worker: int) -> None:
    """From the watching thread: the loop is stuck, so nothing else uses these any more."""
    _end_all(parts, Reason.GATE_FAILED, "the worker was stuck and ended")
    pipe.report(_stats(parts, pipe, worker))
    pipe.flush_blocking()


async def _beat(parts: Assembly, pipe: RecordPipe, worker: int, watch: LoopWatch) -> None:
    while True:
        watch.beat()
        pipe.report(_stats(parts, pipe, worker))
        with contextlib.suppress(BrokenPipeError):
            print(".", flush=True)  # noqa: T201 - the supervisor reads this
        await asyncio.sleep(_BEAT_SECONDS)


def _stats(parts: Assembly, pipe: RecordPipe, worker: int) -> WorkerStats:
    with open("/proc/self/statm") as statm:  # noqa: PTH123 - one short read a second
        resident = int(statm.read().split()[1]) * _PAGE_BYTES
    return WorkerStats(
        worker=worker,
        pid=os.getpid(),
        exchanges_opened=parts.gateway.opened,
        exchanges_recorded=parts.gateway.recorded,
        exchanges_in_flight=parts.requests.under_way + parts.connections.under_way,
        records_pending=pipe.pending,
        records_lost=pipe.lost,
        clients_refused=parts.connections.refused,
        rss_bytes=resident,
        policy_version=parts.gateway.snapshot.ruleset.version,
        policy_refused=bool(parts.gateway.refused_change),
    )


def main() -> None:
    """The process's entry: exit code 3 for a wrong configuration, 1 for anything else that keeps it from serving."""
    parser = argparse.ArgumentParser(prog="lockgate-worker")
    parser.add_argument("--home", required=True)
    parser.add_argument("--number", type=int, required=True)
    parser.add_argument("--lifeline", type=int)
    arguments = parser.parse_args()
    if arguments.lifeline is not None:
        end_with(arguments.lifeline)
    configure_log(f"worker-{arguments.number}")
    logging.getLogger("mitmproxy").setLevel(logging.ERROR)
    logging.getLogger().setLevel(logging.WARNING)
    try:
        asyncio.run(serve(arguments.home, arguments.number))
    except UsageError as error:
        _log.error("the configuration cannot be used", problems=[str(problem) for problem in error.problems])
        sys.exit(3)
    except OSError as error:
        _log.error("the worker cannot serve", error=str(error))
        sys.exit(1)


if __name__ == "__main__":
    main()
