"""Answers that a server tells over a WebSocket on which nobody asked: put together, and each made a record of its own.

Separate from messages, which are what a client says: here nothing is judged, since what has come has passed. Listens only while
rules keep answers to what is answered in full, and holds a bounded number of answers under way.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from lockgate.apps.formats.base import AnswersElsewhere, SocketReader
from lockgate.facts.decision import Capture, Decision, Reason, Verdict
from lockgate.facts.finding import ExaminationState
from lockgate.facts.prompt import ModelAnswer
from lockgate.facts.sheet import FactSheet
from lockgate.facts.traffic import Phase, SocketMessage
from lockgate.gate.context import GateContext
from lockgate.gate.effects import Note
from lockgate.gate.elsewhere import as_asked
from lockgate.gate.events import Closed
from lockgate.gate.kinds import ExchangeKind
from lockgate.gate.record import Outcome, captured_text, write_record
from lockgate.gate.socket import Socket

_MOST_UNDER_WAY = 8
_MOST_ENDED = 64
_MOST_PIECES = 1000
"""Of one message of a server."""
_LONGEST_NAME = 256
"""Characters by which an answer is told from the others. Names are remembered; what is longer is no name."""
_SWITCHING_PROTOCOLS = 101


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An answer that was told, from `since` on, in so many bytes."""

    answer: ModelAnswer
    since: datetime
    size: int


@dataclass(slots=True, kw_only=True)
class _UnderWay:
    reader: SocketReader
    since: datetime
    size: int = 0

    def told(self) -> Told:
        return Told(answer=self.reader.finish(), since=self.since, size=self.size)


class UnaskedAnswers:
    """What the server of one WebSocket tells without being asked on it."""

    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        self._context: GateContext | None = None
        self._format: AnswersElsewhere | None = None
        self._under_way: dict[str, _UnderWay] = {}
        self._ended: dict[str, None] = {}

    def hear(self, context: GateContext, at: datetime, messages: Iterable[SocketMessage]) -> tuple[Told, ...]:
        """Take messages of the server; the answers that are complete with them."""
        if context is not self._context:
            self._listen_under(context, at)
        if self._format is None:
            return ()
        told: list[Told] = []
        for message in messages:
            for piece in islice(self._format.told(message), _MOST_PIECES):
                if len(piece.answer) <= _LONGEST_NAME and piece.answer not in self._ended:
                    told += self._take(self._format, piece.answer, piece.message, at)
        return tuple(one for one in told if _says_something(one.answer))

    def end(self) -> tuple[Told, ...]:
        """The WebSocket is over; what was told of answers that are not complete."""
        told = [under_way.told() for under_way in self._under_way.values()]
        self._under_way.clear()
        return tuple(one for one in told if _says_something(one.answer))

    def note(self, exchange_id: str, worker: int, told: Told, *, until: datetime, socket_id: str) -> Note:
        """The record of an answer, with its text if rules keep it."""
        context = self._context
        if context is None:
            raise ValueError("nothing was heard")
        facts = self._facts(context, told.since)
        asked = as_asked(context.ruleset, facts)
        outcome = Outcome(
            worker=worker, kind=ExchangeKind.ANSWER, sheet=facts, failure=None, reading=ExaminationState.COMPLETE,
            answer=told.answer,
            decision=Decision(
                verdict=Verdict.ALLOW, reason=Reason.DEFAULT, capture=asked.capture, capture_days=asked.capture_days,
                policy_version=context.ruleset.version,
            ),
            closed=Closed(
                duration_ms=max(0.0, (until - told.since).total_seconds() * 1000), status=_SWITCHING_PROTOCOLS,
                upstream_contacted=True, response_bytes=told.size, socket=socket_id,
            ),
        )  # fmt: skip
        captured = captured_text(outcome, told.answer)
        record = write_record(exchange_id, outcome)
        return Note(record=record if captured else replace(record, capture=Capture.NONE), captured=captured)

    def _take(self, told_by: AnswersElsewhere, answer: str, message: SocketMessage, at: datetime) -> list[Told]:
        """Add a piece to its answer; what is complete with it, or makes room for it."""
        given_up: list[Told] = []
        under_way = self._under_way.get(answer)
        if under_way is None:
            if len(self._under_way) == _MOST_UNDER_WAY:
                given_up.append(self._leave(next(iter(self._under_way))))
            under_way = self._under_way[answer] = _UnderWay(reader=told_by.told_reader(answer), since=at)
        under_way.size += len(message.content)
        under_way.reader.feed(message)
        return [*given_up, self._leave(answer)] if under_way.reader.done else given_up

    def _leave(self, answer: str) -> Told:
        """An answer is complete, or given up: what still comes of it is not another one."""
        self._ended[answer] = None
        if len(self._ended) > _MOST_ENDED:
            del self._ended[next(iter(self._ended))]
        return self._under_way.pop(answer).told()

    def _listen_under(self, context: GateContext, at: datetime) -> None:
        """A configuration is in force that was not before."""
        self._context = context
        facts = self._facts(context, at)
        app = facts.app
        named = context.socket_formats.get(app.format) if app is not None and app.format is not None else None
        tells = app is not None and app.answers is not None and isinstance(named, AnswersElsewhere)
        listens = tells and as_asked(context.ruleset, facts).capture is Capture.FULL
        self._format = named if listens and isinstance(named, AnswersElsewhere) else None
        if self._format is None:
            self._under_way.clear()

    def _facts(self, context: GateContext, at: datetime) -> FactSheet:
        request = self._socket.request
        return FactSheet(
            at=at, phase=Phase.REQUEST_HEADERS, client=self._socket.client, host=request.host, port=request.port,
            request=request, app_known=True, app=context.library.match(request),
            software=context.library.software(request), mcp_known=True,
        )  # fmt: skip


def _says_something(answer: ModelAnswer) -> bool:
    return bool(answer.text or answer.tool_calls)
