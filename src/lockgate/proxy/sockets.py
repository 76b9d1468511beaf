"""The hooks of open WebSockets: each message of a client is an exchange of its own, from the hook that asks to its record.

Separate from the hooks of requests because a socket has many exchanges, one after the other. The order inside `said` is a law:
a message stays where it is unless the gate says `PassMessage`, whatever fails on the way.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import structlog

from lockgate.facts.decision import Reason
from lockgate.facts.traffic import Completeness, SocketMessage
from lockgate.gate.effects import Effect, Examine, PassMessage, RefuseMessage
from lockgate.gate.events import MessageSeen, RepliesSeen
from lockgate.gate.exchange import Exchange
from lockgate.gate.message import MessageExchange
from lockgate.gate.socket import Socket
from lockgate.gate.unasked import Told, UnaskedAnswers
from lockgate.proxy.answers import close_reason, message_answer
from lockgate.proxy.live import LiveExchange, now
from lockgate.proxy.services import Services
from lockgate.proxy.socket_hooks import Heard, SocketEnd, SocketTerms, Trial

_log = structlog.get_logger(__name__)
_MIB = 1 << 20
_SWITCHING_PROTOCOLS = 101
_MOST_WAITING = 256
_NOT_DECIDED = "The gateway could not decide about this message."

type LiveMessage = LiveExchange[MessageExchange]


@dataclass(slots=True, kw_only=True)
class OpenSocket:
    """A WebSocket under way. `judging` is the message on trial, `answering` the last one that left, while it is answered.

    `begun` is the last trial that has an exchange. `unasked` hears what is answered here to what was asked elsewhere.
    """

    socket: Socket
    live: LiveExchange[Exchange]
    judging: LiveMessage | None = None
    answering: LiveMessage | None = None
    begun: Trial | None = None
    unasked: UnaskedAnswers | None = None


class Sockets:
    """WebSockets under way, and what the layer's hooks mean for their messages."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._open: dict[str, OpenSocket] = {}

    @property
    def under_way(self) -> int:
        """How many messages have not become a record."""
        return sum((opened.judging is not None) + (opened.answering is not None) for opened in self._open.values())

    def opened(self, live: LiveExchange[Exchange], terms: SocketTerms) -> None:
        """A WebSocket is open. One that nobody allowed gets no terms, and ends."""
        if live.request is None or not live.exchange.opens_websocket:
            return
        socket = Socket(live.client, live.request)
        self._open[terms.flow.id] = OpenSocket(socket=socket, live=live, unasked=UnaskedAnswers(socket))
        terms.longest = self._services.gateway.snapshot.settings.examination.max_body_mib * _MIB
        terms.most_waiting = _MOST_WAITING
        terms.open = True

    async def said(self, trial: Trial) -> None:
        """A message of the client waits. It is not passed on unless `trial` says so afterwards."""
        opened = self._open.get(trial.flow.id)
        if opened is None:
            return
        live = opened.judging = self._begin(opened, trial)
        completeness = Completeness.TRUNCATED if trial.is_too_long else Completeness.COMPLETE
        event = MessageSeen(at=now(), message=trial.message, completeness=completeness)
        await self._perform(opened, live, trial, live.exchange.handle(event))

    def heard(self, heard: Heard) -> None:
        """Messages of the server have passed. Reading along must never hold or break the stream."""
        opened = self._open.get(heard.flow.id)
        if opened is None:
            return
        opened.live.count_response(heard.size)
        live = opened.answering
        if live is None:
            context, at = self._services.gateway.snapshot.gate, now()
            self._read_along(opened, lambda unasked: unasked.hear(context, at, heard.messages))
            return
        live.count_response(heard.size)
        try:
            live.exchange.handle(RepliesSeen(messages=tuple(heard.messages)))
            complete = live.exchange.is_answered
        except Exception:  # noqa: BLE001 - the answer was allowed; what is lost is the rest of its capture
            complete = True
            _log.exception("an answer could not be read along", exchange=live.exchange.id)
        if complete:
            self._answered(opened)

    def ended(self, end: SocketEnd) -> None:
        """A WebSocket is over, and with it whatever of its messages has no record yet."""
        opened = self._open.get(end.flow.id)
        if opened is not None and end.why:
            opened.live.failed(Reason.UNINSPECTABLE, end.why)
        reason = Reason.CLIENT_LEFT if end.by_client else Reason.UPSTREAM_FAILED
        self.close(end.flow.id, reason, end.why or "the WebSocket ended")

    def close(self, flow_id: str, reason: Reason, why: str) -> None:
        """Write the records of a socket's messages, if there is such a socket. `reason` is why one was not decided any more."""
        opened = self._open.pop(flow_id, None)
        if opened is None:
            return
        self._answered(opened)
        self._read_along(opened, lambda unasked: unasked.end())
        live = opened.judging
        opened.judging = None
        if live is not None:
            live.failed(reason, why)
            live.exchange.fail(reason, MessageSeen(at=now(), message=SocketMessage(content=b"")))
            self._services.gateway.note(live.close())

    def _read_along(self, opened: OpenSocket, hear: Callable[[UnaskedAnswers], Iterable[Told]]) -> None:
        """Nobody asked on this WebSocket for what is told now; it may answer what was asked elsewhere, and has passed."""
        unasked = opened.unasked
        if unasked is None:
            return
        try:
            for told in hear(unasked):
                self._services.gateway.note_unasked(unasked, told, until=now(), socket_id=opened.live.exchange.id)
        except Exception:  # noqa: BLE001 - as above; nothing more is heard on it
            opened.unasked = None
            _log.exception("answers to what was asked elsewhere could not be read along", exchange=opened.live.exchange.id)

    def gate_failed(self, trial: Trial, error: Exception) -> None:
        """Deciding failed: the message stays where it is, the client is told, and the record says why."""
        trial.passes = False
        opened = self._open.get(trial.flow.id)
        live = opened.judging if opened is not None else None
        if opened is not None and opened.begun is not trial:
            live = self._begin(opened, trial)
        if opened is None or live is None:
            trial.close = _NOT_DECIDED
            return
        opened.judging = None
        refuse = live.exchange.fail(Reason.GATE_FAILED, MessageSeen(at=now(), message=trial.message))
        live.failed(Reason.GATE_FAILED, type(error).__name__)
        self._tell(opened, live, trial, refuse)
        self._services.gateway.note(live.close())

    def _begin(self, opened: OpenSocket, trial: Trial) -> LiveMessage:
        upgrade, opened.begun = opened.live, trial
        upgrade.messages += 1
        upgrade.request_bytes += trial.size
        return LiveExchange(
            exchange=self._services.gateway.open_message(opened.socket), client=upgrade.client, client_id=upgrade.client_id,
            flow=trial.flow, request=upgrade.request, status=_SWITCHING_PROTOCOLS, socket=upgrade.exchange.id,
            request_bytes=trial.size,
        )  # fmt: skip

    async def _perform(self, opened: OpenSocket, live: LiveMessage, trial: Trial, effects: tuple[Effect, ...]) -> None:
        """Do what the gate says about a message."""
        for effect in effects:
            if opened.judging is not live:
                return  # the socket ended meanwhile, and the record is written
            match effect:
                case Examine():
                    examined = await self._services.gateway.examine(effect)
                    if opened.judging is live:
                        await self._perform(opened, live, trial, live.exchange.handle(examined))
                case PassMessage(recorded=recorded, content=content):
                    instead = self._services.gateway.admit(live.exchange) if recorded else ()
                    if instead:
                        await self._perform(opened, live, trial, instead)
                        continue
                    if content is not None:
                        trial.say_instead(content)
                    self._pass(opened, live, trial, recorded=recorded)
                case RefuseMessage():
                    self._refuse(opened, live, trial, effect)
                case _:
                    raise TypeError(f"{type(effect).__name__} is not for a message")

    def _pass(self, opened: OpenSocket, live: LiveMessage, trial: Trial, *, recorded: bool) -> None:
        if recorded:
            self._answered(opened)
            live.forwarded = live.upstream_contacted = True
            opened.answering, opened.judging = live, None
            if live.exchange.is_answered:
                self._answered(opened)
        else:
            opened.judging = None
            self._services.gateway.discard_exchange()
            if opened.answering is not None:
                opened.answering.request_bytes += trial.size
        trial.passes = True  # last

    def _refuse(self, opened: OpenSocket, live: LiveMessage, trial: Trial, refuse: RefuseMessage) -> None:
        trial.passes = False
        if refuse.recorded:
            self._tell(opened, live, trial, refuse)
            opened.judging = None
            self._services.gateway.note(live.close())
        else:
            opened.judging = None
            self._services.gateway.discard_exchange()

    def _tell(self, opened: OpenSocket, live: LiveMessage, trial: Trial, refuse: RefuseMessage) -> None:
        """In the app's own words if it has some, else by closing. A word that cannot be found is not waited for."""
        wording, reference = self._services.wording, live.exchange.id
        try:
            answer = message_answer(refuse, opened.socket.request, wording, reference)
        except Exception:  # noqa: BLE001 - the format may be what failed; the client is told all the same
            _log.exception("a refusal could not be worded; the WebSocket is closed", exchange=reference)
            trial.close = close_reason(replace(refuse, asked=None), wording, reference)
            return
        trial.replies = answer.replies
        trial.close = close_reason(refuse, wording, reference) if answer.close else None

    def _answered(self, opened: OpenSocket) -> None:
        live, opened.answering = opened.answering, None
        if live is not None:
            self._services.gateway.note(live.close())
