"""What a proxy worker decides and records with: the live snapshot, the examiner, the record pipe, the sealer, identities.

Separate from `proxy` so that nothing here knows mitmproxy, and from `snapshot` because this is the mutable half: it
swaps snapshots while traffic runs. An exchange keeps the snapshot it started with.
"""

import asyncio
import os
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import count

import structlog

from lockgate.facts.acknowledgement import Acknowledgement
from lockgate.facts.problem import Problem, UsageError
from lockgate.facts.record import Record
from lockgate.gate.acknowledgements import Acknowledgements
from lockgate.gate.effects import Effect, Examine, Note, Sighted
from lockgate.gate.events import Examined, NoPlaceLeft
from lockgate.gate.exchange import Exchange
from lockgate.gate.judging import Judging
from lockgate.gate.message import MessageExchange
from lockgate.gate.socket import Socket
from lockgate.gate.unasked import Told, UnaskedAnswers
from lockgate.home.settings import changed_at_start
from lockgate.identity import Identifier
from lockgate.policy.subjects.history import asks_for_meetings
from lockgate.runtime.acknowledgement_ledger import AcknowledgementLedger
from lockgate.runtime.beside import Beside
from lockgate.runtime.examiner import Examiner
from lockgate.runtime.exposure import refuse_opening
from lockgate.runtime.going_live import Archivist, build_or_last_good
from lockgate.runtime.identities import identifier_of, identities_of
from lockgate.runtime.mcp_watch import McpWatch
from lockgate.runtime.policy_status import told
from lockgate.runtime.snapshot import Snapshot, SnapshotBuilder
from lockgate.runtime.telling import TOLD_NOBODY, Telling
from lockgate.runtime.usage_watch import UsageWatch
from lockgate.store.sealing import Sealer

_log = structlog.get_logger(__name__)
_FOLDERS_EVERY = 4
"""Turns. Looking at every app file takes milliseconds, at the policy microseconds."""
_WATCH_SECONDS = 0.25
_NOTE_SECONDS = 5.0
"""For what is usually written in milliseconds."""


class Gateway:
    """The live configuration of one worker and everything an exchange needs from it."""

    def __init__(
        self, builder: SnapshotBuilder, keep: Callable[[Record], None], sealer: Sealer | None, worker: int, *,
        telling: Telling = TOLD_NOBODY,
    ) -> None:  # fmt: skip
        begun = build_or_last_good(builder)
        self.snapshot: Snapshot = begun.snapshot
        self._refused: UsageError | None = begun.refused
        self._last_good = begun.refused is not None
        self._archivist = Archivist(builder.home, worker)
        self._beside = Beside("the live policy")
        self._listens_on = self.snapshot.settings.listen
        self._refuse_opening(self.snapshot)
        self.opened = 0
        self.recorded = 0
        self._builder = builder
        self._keep = keep
        self._sealer = sealer
        self._worker = worker
        self._examiner: Examiner | None = None
        self._identifier = identifier_of(self.snapshot)
        self._mcp = McpWatch(builder.home.records_db, telling.sighted)
        self._usage = UsageWatch(builder.home.records_db, telling.counted)
        self._usage.with_meetings = asks_for_meetings(self.snapshot.ruleset.selectors)
        self._acknowledged = AcknowledgementLedger(builder.home.records_db, telling.acknowledged)
        self._watching: tuple[asyncio.Task[None], ...] = ()
        self._retiring: set[asyncio.Task[None]] = set()
        self._told: list[Callable[[Snapshot], None]] = []

    @property
    def refused_change(self) -> str:
        """What is wrong with a change that is not taken over; empty when there is none."""
        return str(self._refused) if self._refused is not None else ""

    @property
    def identifier(self) -> Identifier:
        """Who is behind a connection."""
        return self._identifier

    def on_change(self, listener: Callable[[Snapshot], None]) -> None:
        """Call `listener` with every snapshot that goes live from now on."""
        self._told.append(listener)

    async def start(self) -> None:
        """Start examination processes and watch the home for changes."""
        self._examiner = await self._start_examiner(self.snapshot)
        if self._refused is not None:
            _log.critical("the policy cannot be used", problems=told(self._refused), goes_on_with=self.snapshot.ruleset.version)
        self._note_live("start")
        await self._beside.settle(_NOTE_SECONDS)
        await self._mcp.look()
        await self._usage.look()
        await self._acknowledged.look()
        beside = (self._watch(), self._mcp.watch(), self._usage.watch(), self._acknowledged.watch())
        self._watching = tuple(asyncio.create_task(each) for each in beside)

    async def close(self) -> None:
        """Stop watching and examining."""
        for watching in self._watching:
            watching.cancel()
        await asyncio.gather(*self._watching, return_exceptions=True)
        self._mcp.close()
        self._usage.tell()  # what was counted since the last time
        self._usage.close()
        await self._beside.settle(_NOTE_SECONDS)
        self._acknowledged.close()
        await asyncio.gather(*self._retiring, return_exceptions=True)
        if self._examiner is not None:
            await self._examiner.close()

    def open_exchange(self) -> Exchange:
        """A new exchange under the live snapshot."""
        self.opened += 1
        usage = self._usage.seen()
        return Exchange(
            secrets.token_hex(8), self.snapshot.gate, self._worker, self._mcp.current, usage, self._acknowledged.current
        )

    def admit(self, exchange: Judging) -> tuple[Effect, ...]:
        """Count an exchange that may go on. Gives what to do instead when others have taken the last place of a limit since.

        Nothing may happen between this and letting it go: that is what keeps a limit from being overshot in one worker.
        """
        use = exchange.use()
        if use.counts and (full := self._usage.take(use.counts)):
            return exchange.handle(NoPlaceLeft(usage=self._usage.seen_anew(exchange.sheet, full)))
        if use.meets is not None:
            self._usage.meet(*use.meets)
        return ()

    def sighted(self, sighted: Sighted) -> None:
        """Something was seen of an MCP server: the next exchange is judged by it."""
        self._mcp.sighted(sighted)

    @property
    def acknowledged(self) -> Acknowledgements:
        """What people have acknowledged, as far as it is known here."""
        return self._acknowledged.current

    def acknowledge(self, given: Acknowledgement, words: str) -> None:
        """Somebody acknowledged: the next exchange is judged by it. Their words are kept sealed, or not at all."""
        if words and self._sealer is not None:
            given = replace(given, justification=self._sealer.seal(given.id, words))
        self._acknowledged.take(given)

    def open_message(self, socket: Socket) -> MessageExchange:
        """A new exchange for one message of a WebSocket, under the live snapshot."""
        self.opened += 1
        return MessageExchange(
            secrets.token_hex(8), self.snapshot.gate, socket, self._worker, self._usage.seen(), self._acknowledged.current
        )

    def note_unasked(self, unasked: UnaskedAnswers, told: Told, *, until: datetime, socket_id: str) -> None:
        """An answer came over a WebSocket on which nobody had asked: an exchange of its own, over as soon as it is known."""
        note = unasked.note(secrets.token_hex(8), self._worker, told, until=until, socket_id=socket_id)
        self.opened += 1
        self.note(note)

    def discard_exchange(self) -> None:
        """An opened exchange turned out to be none: a tunnel that was decrypted, a message that says nothing."""
        self.opened -= 1

    async def examine(self, effect: Examine) -> Examined:
        """Answer an `Examine` effect."""
        if self._examiner is None:
            raise RuntimeError("the gateway was not started")
        return Examined(examination=await self._examiner.examine(effect.conversation, effect.profiles, effect.topics))

    def note(self, note: Note) -> None:
        """Seal what was captured and hand the record on. Captured text never leaves unsealed."""
        record = note.record
        if note.sighted is not None:
            self.sighted(note.sighted)
        self._usage.add(note.counts)
        if note.captured is not None and self._sealer is not None:
            record = replace(record, sealed=self._sealer.seal(record.id, note.captured.text))
        self._keep(record)
        self.recorded += 1

    async def _watch(self) -> None:
        refused, last = self.snapshot.version if self._last_good else "", ""
        for turn in count(1):
            await asyncio.sleep(_WATCH_SECONDS)
            fingerprint = ""
            try:
                fingerprint = await asyncio.to_thread(self._builder.fingerprint, folders_too=turn % _FOLDERS_EVERY == 0)
                if fingerprint == refused:
                    self._note_again()
                    continue
                if fingerprint == self.snapshot.version and not self._last_good:
                    withdrawn, refused, self._refused = self._refused is not None, "", None
                    self._note_again(anyway=withdrawn)
                    continue
                if fingerprint != last:
                    last = fingerprint  # somebody may still be writing: half a policy can be a valid one
                    continue
                snapshot = await asyncio.to_thread(self._builder.build)
                self._refuse_opening(snapshot)
                await self._swap(snapshot)
                refused, self._refused, self._last_good = "", None, False
                self._note_live("changed file")
            except UsageError as error:
                refused, self._refused = fingerprint, error
                _log.error("change refused, the old configuration stays", problems=told(error))
                self._note_live("changed file")
            except Exception as error:  # noqa: BLE001 - whatever failed, the old configuration stays
                refused = fingerprint
                self._refused = UsageError(Problem(problem=f"the change could not be loaded: {type(error).__name__}"))
                _log.exception("change could not be loaded, the old configuration stays")
                self._note_live("changed file")

    def _note_again(self, *, anyway: bool = False) -> None:
        """What could not be written down is tried again for as long as that takes: the next start depends on it."""
        if anyway or self._archivist.failed:
            self._note_live("changed file")

    def _note_live(self, cause: str) -> None:
        """Write down what is live."""
        self._beside.do(partial(self._archivist.note, self.snapshot, cause, last_good=self._last_good, refused=self._refused))

    def _refuse_opening(self, snapshot: Snapshot) -> None:
        """Who may use the gateway changes at once, where it listens at a restart: strangers must not get in meanwhile."""
        refuse_opening(snapshot.home, snapshot.settings, snapshot.users, listens_on=self._listens_on)

    async def _swap(self, snapshot: Snapshot) -> None:
        old = self._examiner
        examines_alike = snapshot.settings.examination == self.snapshot.settings.examination
        if old is None or old.version != snapshot.detectors.version or not examines_alike:
            # The new examiner is ready before anything asks it; the old one ends when its last examination does.
            self._examiner = await self._start_examiner(snapshot)
            if old is not None:
                self._later(old.close())
        if identities_of(snapshot) != identities_of(self.snapshot):
            self._identifier = identifier_of(snapshot)
        waiting = changed_at_start(self.snapshot.settings, snapshot.settings)
        self.snapshot = snapshot
        self._usage.with_meetings = asks_for_meetings(snapshot.ruleset.selectors)
        for listener in self._told:
            listener(snapshot)
        _log.info("configuration changed", version=snapshot.version, policy=snapshot.ruleset.version, pid=os.getpid())
        if waiting:
            _log.warning("some changed settings take effect at the next start only", settings=waiting)

    def _later(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)

    @staticmethod
    async def _start_examiner(snapshot: Snapshot) -> Examiner:
        settings = snapshot.settings.examination
        examiner = Examiner(snapshot.detectors, processes=settings.processes, deadline_seconds=settings.deadline_ms / 1000)
        await examiner.start()
        return examiner
