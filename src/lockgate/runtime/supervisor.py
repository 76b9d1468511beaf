"""`lockgate up`: the processes of a gateway, started, watched, replaced and stopped together.

Separate from the processes themselves: it holds no traffic and no records, so that it has nothing to lose. A worker
that ends or falls silent is replaced; one that keeps failing is retried ever more slowly; a wrong configuration ends
the start with its problems told. Nothing it started outlives it, not even when it is killed: see `lifeline`.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from lockgate.home.home import Home
from lockgate.runtime.placeholder_key import environment_with_key

_log = structlog.get_logger(__name__)
_READY_SECONDS = 90.0
_SILENT_SECONDS = 20.0
_STOP_SECONDS = 15.0
_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 10.0
_STEADY_SECONDS = 30.0
_WORKER_MEMORY_LIMIT = 2 << 30


class StartFailedError(Exception):
    """A process did not come up; what it said is on standard error already."""

    def __init__(self, name: str, code: int | None) -> None:
        super().__init__(f"{name} did not start (exit code {code})")
        self.code = code


@dataclass(slots=True, kw_only=True)
class _Child:
    """A process the supervisor keeps alive."""

    name: str
    command: Sequence[str]
    process: asyncio.subprocess.Process | None = None
    restarts: int = 0
    pause: float = _FIRST_PAUSE_SECONDS
    started: float = field(default=0.0)


class Supervisor:
    """Keeps one recorder and N workers running until told to stop."""

    def __init__(self, home: Home, *, workers: int) -> None:
        # -P, because whatever lies in the folder in which an operator starts the gateway is not part of it.
        python, path = (sys.executable, "-P", "-m"), str(home.path)
        self._recorder = _Child(name="recorder", command=(*python, "lockgate.runtime.recorder", "--home", path))
        self._workers = [
            _Child(
                name=f"worker-{number}",
                command=(*python, "lockgate.proxy.worker", "--home", path, "--number", str(number)),
            )
            for number in range(1, workers + 1)
        ]
        self._stopping = asyncio.Event()
        # Neither end is inheritable; children are given the reading end alone, and never anything to read.
        self._lifeline, self._held = os.pipe()
        self._environment = environment_with_key()

    def stop(self) -> None:
        """Begin to stop (for signal handlers)."""
        self._stopping.set()

    async def start(self) -> None:
        """Start everything; returns when all say they are ready. Raises StartFailedError after stopping what had started."""
        try:
            await self._start(self._recorder)
            await asyncio.gather(*(self._start(worker) for worker in self._workers))
        except BaseException:
            await self._stop_all()
            raise

    async def run(self) -> None:
        """Watch until `stop`, then end the workers first and the recorder last, so that no record is lost."""
        watchers = [asyncio.create_task(self._watch(child)) for child in (self._recorder, *self._workers)]
        await self._stopping.wait()
        for watcher in watchers:
            watcher.cancel()
        await asyncio.gather(*watchers, return_exceptions=True)
        await self._stop_all()

    async def _start(self, child: _Child) -> None:
        # A group of its own: Ctrl-C in a terminal reaches the supervisor alone, which then stops its children in order.
        child.process = await asyncio.create_subprocess_exec(
            *child.command, "--lifeline", str(self._lifeline),
            stdout=asyncio.subprocess.PIPE, start_new_session=True, pass_fds=(self._lifeline,),
            env=self._environment,
        )  # fmt: skip
        child.started = asyncio.get_running_loop().time()
        line = b""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_READY_SECONDS):
                line = await self._line(child)
        if line.strip() != b"ready":
            code = child.process.returncode
            if code is None:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(1):
                        code = await child.process.wait()
            await self._end(child, signal.SIGKILL)
            raise StartFailedError(child.name, code)

    @staticmethod
    async def _line(child: _Child) -> bytes:
        if child.process is None or child.process.stdout is None:
            return b""
        return await child.process.stdout.readline()

    async def _watch(self, child: _Child) -> None:
        while True:
            why = await self._until_it_fails(child)
            await self._end(child, signal.SIGKILL)
            steady = asyncio.get_running_loop().time() - child.started > _STEADY_SECONDS
            child.pause = _FIRST_PAUSE_SECONDS if steady else min(child.pause * 2, _LONGEST_PAUSE_SECONDS)
            child.restarts += 1
            _log.error("a process is replaced", name=child.name, why=why, restarts=child.restarts)
            while True:
                await asyncio.sleep(child.pause)
                try:
                    await self._start(child)
                except (StartFailedError, OSError) as error:
                    _log.error("a process does not come back", name=child.name, error=str(error))
                    child.pause = min(child.pause * 2, _LONGEST_PAUSE_SECONDS)
                else:
                    break

    async def _until_it_fails(self, child: _Child) -> str:
        """Read heartbeats until there are none; why the process has to be replaced."""
        while True:
            try:
                async with asyncio.timeout(_SILENT_SECONDS):
                    line = await self._line(child)
            except TimeoutError:
                return "silent"
            if not line:
                return "ended"
            if _resident_bytes(child) > _WORKER_MEMORY_LIMIT:
                await self._end(child, signal.SIGTERM)
                return "too much memory"

    async def _stop_all(self) -> None:
        await asyncio.gather(*(self._end(worker, signal.SIGTERM) for worker in self._workers))
        await self._end(self._recorder, signal.SIGTERM)
        for end in (self._held, self._lifeline):
            os.close(end)

    @staticmethod
    async def _end(child: _Child, number: signal.Signals) -> None:
        """Signal a process and wait for its end; a deaf one is killed, with the examination processes it started."""
        process = child.process
        if process is None:
            return
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(number)
            try:
                async with asyncio.timeout(_STOP_SECONDS):
                    if process.stdout is not None:
                        await process.stdout.read()
                    await process.wait()
            except TimeoutError:
                pass
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        child.process = None


def _resident_bytes(child: _Child) -> int:
    if child.process is None:
        return 0
    try:
        with open(f"/proc/{child.process.pid}/statm") as statm:  # noqa: PTH123 - one short read a second
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return 0
