"""The state machine of one message of a WebSocket: what its client says, and what the server answers.

| state     | on          | goes to             | says                                        |
|-----------|-------------|---------------------|---------------------------------------------|
| new       | MessageSeen | settled / examining | PassMessage or RefuseMessage / Examine      |
| examining | Examined    | settled             | PassMessage or RefuseMessage                |
| settled   | RepliesSeen | settled             | nothing                                     |
| settled   | NoPlaceLeft | settled             | RefuseMessage                               |
| any       | Failed      | the same            | nothing; the record will say so             |
| any       | Closed      | closed              | Note, exactly once                          |

Separate from `exchange` because a message has no head, no status and no body to hold: it is there at once, and it is passed on
only when this says so. What says nothing is no exchange; the shell forgets it.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import override

from lockgate.apps.formats.base import SocketReader
from lockgate.apps.formats.generic_socket import GENERIC_SOCKET
from lockgate.facts.app import AppMatch
from lockgate.facts.decision import Decision, Reason, Verdict
from lockgate.facts.finding import Examination, ExaminationState
from lockgate.facts.prompt import Conversation, ModelAnswer
from lockgate.facts.sheet import FactSheet
from lockgate.facts.traffic import Phase, SocketMessage
from lockgate.facts.usage import NOTHING_USED, UsageSeen
from lockgate.gate.acknowledgements import NOTHING_ACKNOWLEDGED, Acknowledgements
from lockgate.gate.coaching import asked_of
from lockgate.gate.context import GateContext
from lockgate.gate.effects import Effect, PassMessage, RefuseMessage
from lockgate.gate.events import Event, Examined, MessageSeen, RepliesSeen
from lockgate.gate.judging import Judging, State, UnexpectedEventError, opaque_examination
from lockgate.gate.kinds import ExchangeKind
from lockgate.gate.noticing import notice_message
from lockgate.gate.reading import with_background
from lockgate.gate.redacting import CannotRedactError, Redacted
from lockgate.gate.rewriting import rewrite_message
from lockgate.gate.sizes import size_of_message
from lockgate.gate.socket import MessageReading, Socket
from lockgate.policy import Settled

_NOTHING = SocketMessage(content=b"")


class MessageExchange(Judging):
    """One message of a WebSocket, with what the server says to it."""

    def __init__(  # noqa: PLR0913, PLR0917 - what an exchange finds when it begins
        self, exchange_id: str, context: GateContext, socket: Socket, worker: int = 0, usage: UsageSeen = NOTHING_USED,
        acknowledgements: Acknowledgements = NOTHING_ACKNOWLEDGED,
    ) -> None:  # fmt: skip
        super().__init__(exchange_id, context, worker, ExchangeKind.MESSAGE, usage, acknowledgements)
        self._socket = socket
        self._message = _NOTHING
        self._reading: MessageReading | None = None
        self._reader: SocketReader | None = None
        self._goes_on = False

    @property
    def is_answered(self) -> bool:
        """Whether the server has said all of its answer: what follows belongs to something else."""
        return self._reader is not None and self._reader.done

    @override
    def _take(self, event: Event) -> Iterator[Effect]:
        match event, self.state:
            case MessageSeen(), State.NEW:
                yield from self._seen(event)
            case Examined(), State.EXAMINING:
                yield from self._examined(event.examination)
            case RepliesSeen(), State.SETTLED:
                if self._reader is not None:
                    for message in event.messages:
                        self._reader.feed(message)
                    if self._reader.done:
                        self._socket.answered()
            case _:
                raise UnexpectedEventError(f"{type(event).__name__} while {self.state.name}")

    def fail(self, reason: Reason, seen: MessageSeen | None = None) -> RefuseMessage:
        """The fail-safe: whatever was about to be decided, the message is refused. Asks nobody for anything."""
        if seen is not None:
            self._message = seen.message
            if self._sheet is None:
                self._sheet = self._facts(seen)
        decision = Decision(verdict=Verdict.BLOCK, reason=reason, policy_version=self._version)
        super()._refuse(decision)
        return self._refuse_message(decision)

    def _facts(self, seen: MessageSeen) -> FactSheet:
        request = self._socket.request
        return FactSheet(
            at=seen.at, phase=Phase.REQUEST_HEADERS, client=self._socket.client, host=request.host, port=request.port,
            request=request, request_size=size_of_message(seen.message, seen.completeness), usage=self._usage,
        )  # fmt: skip

    def _seen(self, event: MessageSeen) -> Iterator[Effect]:
        self._message = event.message
        library, request = self._context.library, self._socket.request
        app = library.match(request)
        facts = replace(
            self._facts(event), app_known=True, app=app, software=library.software(request), mcp_known=True,
            acknowledged=self._acknowledged(self._socket.client, app, request.host, event.at),
        )  # fmt: skip
        self._sheet = facts
        if app is not None and app.opaque:
            self._reading_state = ExaminationState.OPAQUE
            unread = Conversation(turns=(), unread=("opaque",))
            facts = replace(facts, conversation=unread, examination=opaque_examination(self._context))
            self._sheet = replace(facts, phase=Phase.REQUEST_BODY)
        outcome = self._walk()
        if app is None and (not isinstance(outcome, Settled) or self._socket.may_be_noticed()):
            facts = self._sheet = replace(facts, noticed=notice_message(self._context, request, event.message))
        if isinstance(outcome, Settled) and not self._is_read(app, outcome.decision):
            yield self._settle(outcome.decision, streamed=False)
            return
        reading = self._reading = self._socket.read(self._context, app, event.message, event.completeness)
        self._reading_state = reading.state
        if reading.says_nothing:
            yield self._pass_unrecorded()
            return
        conversation = with_background(request, reading.app, reading.conversation)
        facts = replace(facts, phase=Phase.REQUEST_BODY, app=reading.app, conversation=conversation)
        self._sheet = facts
        again = self._socket.decided_before(self._version, facts.acknowledged) if reading.is_only_unreadable else None
        if again is not None and again.verdict is not Verdict.ALLOW:
            yield replace(self._refuse_message(again), recorded=False)
        elif again is not None and not reading.has_text:
            yield self._pass_unrecorded()
        else:
            # Words beside what cannot be read are new each time, whatever became of the message before.
            self._goes_on = again is not None
            yield from self._decide()

    def _is_read(self, app: AppMatch | None, decision: Decision) -> bool:
        """Whether a message is read and recorded although no rule needs it: what leaves for an AI app may be a prompt."""
        if decision.verdict is not Verdict.ALLOW or app is None or app.opaque:
            return False
        return app.operation is None or app.operation.carries_payload

    def _pass_unrecorded(self) -> PassMessage:
        self.state = State.SETTLED
        return PassMessage(recorded=False)

    @override
    def _to_examine(self) -> Conversation:
        return self._socket.with_earlier(super()._to_examine())

    @override
    def _examined(self, examination: Examination) -> Iterator[Effect]:
        yield from super()._examined(self._socket.without_earlier(super()._to_examine(), examination))

    @override
    def _sent_bytes(self) -> int:
        return len(self._message.content)

    @override
    def _let_go(self, *, streamed: bool) -> PassMessage:
        decision, reading = self._decision, self._reading
        if decision is None or reading is None:
            # No rule asked what it says; that a model is talked to where nobody knows one is worth a record all the same.
            noticed = self._known.noticed
            return PassMessage(recorded=noticed is not None and noticed.discovery.is_ai)
        if self._redacted is not None:
            # What left is what goes on in the next message, and what its answer is to.
            reading = self._reading = replace(reading, conversation=self._redacted.conversation)
        self._socket.remember(reading, decision, passed=True)
        examination = self._known.examination
        found = examination is not None and bool(examination.findings)
        recorded = (reading.is_said_by_somebody and not self._goes_on) or found
        if recorded:
            self._reader = reading.format.answer_reader()
        return PassMessage(recorded=recorded or self._content is not None, content=self._content)

    @override
    def _rewritten(self, wanted: Redacted) -> bytes:
        if self._reading is None:
            raise CannotRedactError("nobody read it")
        return rewrite_message(self._context, self._socket, self._reading, self._message, wanted)

    @override
    def _refuse(self, decision: Decision) -> Effect:
        if self._reading is not None:
            self._socket.remember(self._reading, decision, passed=False)
        return super()._refuse(decision)

    @override
    def _refusal(self, decision: Decision) -> RefuseMessage:
        return self._refuse_message(decision)

    def _refuse_message(self, decision: Decision) -> RefuseMessage:
        app = self._sheet.app if self._sheet is not None else None
        named = self._context.socket_formats.get(app.format) if app is not None and app.format is not None else None
        return RefuseMessage(
            decision=decision,
            app_name=app.app.name if app is not None else "",
            format=named or GENERIC_SOCKET,
            message=self._message,
            asked=asked_of(decision, self._sheet, self._context.ruleset),
        )

    @override
    def _answer(self) -> ModelAnswer | None:
        return self._reader.finish() if self._reader is not None else None
