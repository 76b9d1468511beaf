"""Examining conversations: only what is new, in worker processes, within a deadline.

Separate from the gate, which only says *what* to look for. Texts are content-addressed, piece by piece: a history that was
examined before costs a look-up for each piece, also when a client changed a reminder in an old turn or a mark in its system
prompt, which is then looked at by itself. A process that outlives the deadline is killed and replaced; the examination
then says `timed_out`.
"""

import asyncio
import contextlib
import pickle
import secrets
import struct
import sys
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import structlog

from lockgate.dlp.detectors import DetectorSet
from lockgate.facts.finding import DetectionConfidence, Examination, ExaminationState, Finding, Span
from lockgate.facts.prompt import Conversation
from lockgate.runtime.examiner_process import Findings, FoundHit, Job, frame

_log = structlog.get_logger(__name__)
_LENGTH = struct.Struct(">I")
_TEXTS_REMEMBERED = 50_000
_START_SECONDS = 60.0
_KEY_BYTES = 32

type _Hits = tuple[FoundHit, ...]
type _At = tuple[int, int]
"""A part by its turn's place and its own."""


class ProcessFailedError(Exception):
    """The examination process ended or answered nonsense."""


class _Process:
    """One examination process; takes one job at a time."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._decoder = msgspec.msgpack.Decoder(Findings)
        self._encoder = msgspec.msgpack.Encoder()

    @classmethod
    async def start(cls, detectors: DetectorSet, key: bytes) -> "_Process":
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-c", "from lockgate.runtime.examiner_process import main; main()",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=1 << 26,
        )  # fmt: skip
        started = cls(process)
        try:
            await started._send(pickle.dumps((detectors, key)))
            async with asyncio.timeout(_START_SECONDS):
                await started._receive()
        except BaseException:
            await started.kill()
            raise
        return started

    @property
    def has_ended(self) -> bool:
        """Whether the process is gone."""
        return self._process.returncode is not None

    async def run(self, job: Job) -> Findings:
        """Raises ProcessFailedError when the process is gone."""
        await self._send(self._encoder.encode(job))
        try:
            return self._decoder.decode(await self._receive())
        except msgspec.DecodeError as error:
            raise ProcessFailedError(str(error)) from None

    async def kill(self) -> None:
        """End the process now."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        # The pipe transport must see the end of the process, or it is closed by the garbage collector.
        await self._process.wait()
        transport = getattr(self._process, "_transport", None)
        if transport is not None:
            transport.close()

    async def _send(self, payload: bytes) -> None:
        stdin = self._process.stdin
        if stdin is None:
            raise ProcessFailedError("no standard input")
        try:
            stdin.write(frame(payload))
            await stdin.drain()
        except (ConnectionError, RuntimeError) as error:
            raise ProcessFailedError(str(error)) from None

    async def _receive(self) -> bytes:
        stdout = self._process.stdout
        if stdout is None:
            raise ProcessFailedError("no standard output")
        try:
            (length,) = _LENGTH.unpack(await stdout.readexactly(_LENGTH.size))
            return await stdout.readexactly(length)
        except asyncio.IncompleteReadError as error:
            raise ProcessFailedError("the process ended") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """A text that has to be looked at: where it is and what it is remembered by."""

    at: _At
    text: str
    key: bytes


class Examiner:
    """A pool of examination processes with a memory of what was examined, all for one set of detectors."""

    def __init__(self, detectors: DetectorSet, *, processes: int, deadline_seconds: float) -> None:
        self._detectors = detectors
        self._key = secrets.token_bytes(_KEY_BYTES)  # one for all processes: what one has found is compared with another's
        self._count = processes
        self._deadline = deadline_seconds
        self._idle: asyncio.Queue[_Process] = asyncio.Queue()
        self._all: set[_Process] = set()
        self._replacing: set[asyncio.Task[None]] = set()
        self._seen: OrderedDict[tuple[bytes, frozenset[str]], _Hits] = OrderedDict()
        self._closed = False
        self._in_flight = 0
        self._drained = asyncio.Event()
        self._drained.set()

    @property
    def version(self) -> str:
        """The version of the detectors."""
        return self._detectors.version

    async def start(self) -> None:
        """Start the processes; returns when all are ready."""
        await asyncio.gather(*(self._add_process() for _ in range(self._count)))

    async def close(self) -> None:
        """End the processes once running examinations are done (each is bounded by the deadline)."""
        self._closed = True
        await self._drained.wait()
        # A replacement that is starting is waited for: a process that nobody knows yet could not be ended.
        await asyncio.gather(*self._replacing, return_exceptions=True)
        for process in tuple(self._all):
            await process.kill()
        self._all.clear()

    async def examine(self, conversation: Conversation, profiles: frozenset[str], topics: frozenset[str]) -> Examination:
        """Look at every text not seen before. Never raises: a failure is a state of the examination."""
        self._in_flight += 1
        self._drained.clear()
        try:
            return await self._examine(conversation, profiles, topics)
        finally:
            self._in_flight -= 1
            if not self._in_flight:
                self._drained.set()

    async def _examine(self, conversation: Conversation, profiles: frozenset[str], topics: frozenset[str]) -> Examination:
        if not profiles <= self._detectors.profiles.keys():
            # The exchange began under a configuration that had more: nobody can look for that any more.
            return Examination(state=ExaminationState.CRASHED, profiles=profiles, topics=topics)
        known: dict[_At, _Hits] = {}
        wanted: list[_Wanted] = []
        for index, turn in enumerate(conversation.turns):
            for number, (part, key) in enumerate(zip(turn.parts, turn.contents, strict=True)):
                hits = self._recall(key, profiles)
                if hits is None:
                    wanted.append(_Wanted(at=(index, number), text=part.text, key=key))
                else:
                    known[index, number] = hits
        new_turns = len({item.at[0] for item in wanted})
        state, spent_us = ExaminationState.COMPLETE, 0
        if wanted:
            state, spent_us = await self._look(wanted, profiles, known)
        return Examination(
            state=state,
            profiles=profiles,
            topics=topics,
            findings=_in_reading_order(known),
            examined=new_turns if state is ExaminationState.COMPLETE else 0,
            already_seen=len(conversation.turns) - new_turns,
            spent_us=spent_us,
        )

    async def _look(
        self, wanted: Sequence[_Wanted], profiles: frozenset[str], known: dict[_At, _Hits]
    ) -> tuple[ExaminationState, int]:
        once = {item.key: item.text for item in wanted}  # clients send the same text several times
        job = Job(texts=tuple(map(encodable, once.values())), profiles=tuple(sorted(profiles)))
        try:
            async with asyncio.timeout(self._deadline):
                findings = await self._run(job)
        except TimeoutError:
            return ExaminationState.TIMED_OUT, int(self._deadline * 1e6)
        except ProcessFailedError as error:
            _log.warning("examination failed", error=type(error).__name__)
            return ExaminationState.CRASHED, 0
        if not len(once) == len(findings.hits) == len(findings.complete):
            return ExaminationState.CRASHED, 0
        found = dict(zip(once, findings.hits, strict=True))
        for key, is_complete in zip(once, findings.complete, strict=True):
            if is_complete:
                self._remember(key, profiles, found[key])
        known |= {item.at: found[item.key] for item in wanted}
        return ExaminationState.COMPLETE if all(findings.complete) else ExaminationState.TRUNCATED, findings.spent_us

    async def _run(self, job: Job) -> Findings:
        process = await self._idle.get()
        while process.has_ended:
            self._replace(process)  # it died with nothing to do, which is no answer about this text
            process = await self._idle.get()
        finished = False
        try:
            findings = await process.run(job)
            finished = True
        finally:
            if finished:
                self._idle.put_nowait(process)
            else:
                self._replace(process)
        return findings

    def _replace(self, process: _Process) -> None:
        """A process that timed out, crashed or was left mid-answer is killed; a fresh one takes its place."""
        task = asyncio.create_task(self._kill_and_add(process))
        self._replacing.add(task)
        task.add_done_callback(self._replacing.discard)

    async def _kill_and_add(self, process: _Process) -> None:
        self._all.discard(process)
        await process.kill()
        delay = 0.05
        while not self._closed:
            try:
                await self._add_process()
            except (ProcessFailedError, TimeoutError, OSError) as error:
                _log.error("examination process does not start", error=type(error).__name__)
                await asyncio.sleep(delay)
                delay = min(delay * 2, 5.0)
            else:
                return

    async def _add_process(self) -> None:
        process = await _Process.start(self._detectors, self._key)
        self._all.add(process)
        self._idle.put_nowait(process)

    def _recall(self, content: bytes, profiles: frozenset[str]) -> _Hits | None:
        key = (content, profiles)
        hits = self._seen.get(key)
        if hits is not None:
            self._seen.move_to_end(key)
        return hits

    def _remember(self, content: bytes, profiles: frozenset[str], hits: _Hits) -> None:
        self._seen[(content, profiles)] = hits
        while len(self._seen) > _TEXTS_REMEMBERED:
            self._seen.popitem(last=False)


def encodable(text: str) -> str:
    """`text` with lone surrogates (half an emoji, a byte that was no UTF-8) as question marks: as long, and it can travel."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _in_reading_order(known: dict[_At, _Hits]) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            detector=hit.detector,
            profiles=hit.profiles,
            detection_confidence=DetectionConfidence(hit.detection_confidence),
            span=Span(turn=index, part=number, start=hit.start, end=hit.end),
            mask=hit.mask,
            contributions=hit.contributions,
            value_mark=hit.value_mark,
        )
        for index, number in sorted(known)
        for hit in known[index, number]
    )
