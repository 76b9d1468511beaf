"""What every exchange has, whatever carries it: facts, one decision with as much of a look as some rule needs, one record.

Separate from the kinds of exchanges (`exchange`, `message`) so that a message of a WebSocket is judged by the very rules, and
in the very order, that a request is.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from enum import Enum, auto
from functools import partial

from lockgate.facts.app import AppMatch
from lockgate.facts.authorship import located
from lockgate.facts.decision import Capture, Decision, Reason, Verdict
from lockgate.facts.finding import Examination, ExaminationState
from lockgate.facts.header_change import NO_EDITS
from lockgate.facts.prompt import Conversation, ModelAnswer
from lockgate.facts.redaction import Redact, Redaction
from lockgate.facts.sheet import Demand, FactSheet
from lockgate.facts.traffic import Client, Phase, Response
from lockgate.facts.usage import Count, UsageSeen
from lockgate.gate.acknowledgements import Acknowledgements
from lockgate.gate.answer_frames import AnswerFrames, frames_for
from lockgate.gate.coaching import acknowledged_as, as_client_is_told
from lockgate.gate.context import GateContext
from lockgate.gate.decryption import Decryption
from lockgate.gate.effects import Captured, Effect, Examine, Note
from lockgate.gate.events import Closed, Event, Failed, NoPlaceLeft
from lockgate.gate.kept_facts import Kept, Replaced, keep
from lockgate.gate.kinds import ExchangeKind
from lockgate.gate.placeholders import Placeholders
from lockgate.gate.reading import weaken
from lockgate.gate.record import Outcome, captured_text, write_record
from lockgate.gate.redacting import CannotRedactError, Redacted, redacted
from lockgate.gate.usage import NO_USE, Use, use_at_end, use_of
from lockgate.policy import Pending, Settled, Walk, evaluate


class State(Enum):
    """Where an exchange stands."""

    NEW = auto()
    CONNECTED = auto()
    HOLDING = auto()
    EXAMINING = auto()
    SETTLED = auto()
    CLOSED = auto()


class UnexpectedEventError(Exception):
    """The shell sent an event that the exchange's state does not expect: a bug of the shell."""


class Judging(ABC):
    """An exchange that is being judged. Feed events to `handle`, perform the effects it returns."""

    def __init__(  # noqa: PLR0913, PLR0917 - what an exchange finds when it begins
        self, exchange_id: str, context: GateContext, worker: int, kind: ExchangeKind, usage: UsageSeen,
        acknowledgements: Acknowledgements,
    ) -> None:  # fmt: skip
        self.id = exchange_id
        self.state = State.NEW
        self._worker = worker
        self._context = context
        self._kind = kind
        self._usage = usage
        self._use = NO_USE
        self._acknowledgements = acknowledgements
        self._sheet: FactSheet | None = None
        self._walked: Pending | None = None
        self._reading_state = ExaminationState.COMPLETE
        self._decryption = Decryption.DECRYPTED
        self._decision: Decision | None = None
        self._failure: Failed | None = None
        self._answered_app: AppMatch | None = None
        self._lost = ""
        self._redacted: Redacted | None = None
        self._content: bytes | None = None
        self._edits = NO_EDITS

    @property
    def decision(self) -> Decision | None:
        """What was decided, once settled."""
        return self._decision

    @property
    def sheet(self) -> FactSheet | None:
        """What is known so far (for explain)."""
        return self._sheet

    @property
    def redactions(self) -> tuple[Redaction, ...]:
        """What is replaced in what leaves."""
        left = self._decision is not None and self._decision.verdict is Verdict.ALLOW
        return self._redacted.redactions if left and self._redacted is not None else ()

    def use(self) -> Use:
        """What it counts, now that it may go on; to be counted once, before it goes."""
        if self._decision is not None and self._sheet is not None:
            sent = self._sent_bytes()
            self._use = use_of(self._context.ruleset, self._sheet, self._decision, message_bytes=sent)
        return self._use

    def handle(self, event: Event) -> tuple[Effect, ...]:
        """Take one event. Raises UnexpectedEventError for an event out of turn."""
        if self.state is State.CLOSED:
            raise UnexpectedEventError(f"{type(event).__name__} while {self.state.name}")
        match event:
            case Failed():
                self._failure = self._failure or event
                return ()
            case Closed():
                return (self._closed(event),)
            case NoPlaceLeft():
                return (self._no_place_left(event),)
            case _:
                return tuple(self._take(event))

    def refusal(self, reason: Reason) -> Effect:
        """What a client is told when `reason` ends the exchange.

        Changes nothing: this arms an exchange before it is decided.
        """
        return self._refusal(Decision(verdict=Verdict.BLOCK, reason=reason, policy_version=self._context.ruleset.version))

    @abstractmethod
    def _take(self, event: Event) -> Iterator[Effect]:
        """Take an event of this kind of exchange."""

    @abstractmethod
    def _let_go(self, *, streamed: bool) -> Effect:
        """The effect that lets what was judged leave."""

    @abstractmethod
    def _rewritten(self, wanted: Redacted) -> bytes:
        """What was judged, as it has to leave. Raises CannotRedactError."""

    @abstractmethod
    def _refusal(self, decision: Decision) -> Effect:
        """The effect that stops it. Changes nothing."""

    @abstractmethod
    def _answer(self) -> ModelAnswer | None:
        """What was answered, if somebody was to listen."""

    def _examined(self, examination: Examination) -> Iterator[Effect]:
        examination = weaken(examination, self._reading_state)
        said = self._known.conversation
        self._sheet = replace(self._known, examination=located(examination, said) if said else examination)
        yield from self._decide()

    def _decide(self) -> Iterator[Effect]:
        """Settle with what is known, or ask for the examination that some rule still needs."""
        outcome = self._walk()
        match outcome:
            case Settled(decision=decision):
                if decision.capture is Capture.MASKED and self._known.examination is None:
                    # Masking can only hide what was looked for, so a masked capture looks for everything.
                    yield self._examine(Demand(phase=Phase.REQUEST_BODY, profiles=self._context.profiles))
                else:
                    yield self._settle(decision, streamed=False)
            case Pending(demand=demand) if demand.needs_examination and not self._looked_for(demand):
                yield self._examine(demand)
            case Pending():
                yield self._refuse(Decision(verdict=Verdict.BLOCK, reason=Reason.GATE_FAILED, policy_version=self._version))

    def _walk(self) -> Settled | Pending:
        """Walk the policy over what is known by now, and remember how far that came."""
        outcome = evaluate(self._context.ruleset, Walk.REQUEST, self._known, after=self._walked)
        self._walked = outcome if isinstance(outcome, Pending) else None
        return outcome

    def _looked_for(self, demand: Demand) -> bool:
        done = self._known.examination
        return done is not None and demand.profiles <= done.profiles and demand.topics <= done.topics

    def _examine(self, demand: Demand) -> Effect:
        done = self._known.examination
        self.state = State.EXAMINING
        return Examine(
            conversation=self._to_examine(),
            profiles=demand.profiles | (done.profiles if done else frozenset()),
            topics=demand.topics | (done.topics if done else frozenset()),
        )

    def _to_examine(self) -> Conversation:
        return self._known.conversation or Conversation(turns=())

    def _settle(self, decision: Decision, *, streamed: bool) -> Effect:
        if decision.verdict is not Verdict.ALLOW:
            return self._refuse(as_client_is_told(decision, self._known.software))
        wanted = self._redacted = self._to_redact(decision)
        if wanted is not None:
            try:
                self._content = self._rewritten(wanted)
            except CannotRedactError as why:
                stopped = {"verdict": Verdict.BLOCK, "reason": Reason.CANNOT_REDACT}
                return self._refuse(replace(decision, **stopped, rule=wanted.rule, message=str(why)))
        self._decision = decision
        self.state = State.SETTLED
        return self._let_go(streamed=streamed)

    def _to_redact(self, decision: Decision) -> Redacted | None:
        facts = self._known
        if facts.conversation is None or facts.examination is None:
            return None
        user, app = facts.client.user or facts.client.address, facts.app.app.id if facts.app else facts.host
        words = Placeholders(self._context.placeholder_key, user, app)
        return redacted(decision, facts.conversation, facts.examination.findings, words)

    def _refuse(self, decision: Decision) -> Effect:
        self._decision = decision
        self.state = State.SETTLED
        return self._refusal(decision)

    def _no_place_left(self, event: NoPlaceLeft) -> Effect:
        """Others were faster: the same is decided once more, with the counts of now."""
        if self._decision is None or self._decision.verdict is not Verdict.ALLOW:
            raise UnexpectedEventError(f"{type(event).__name__} for what does not go on")
        self._use = NO_USE
        self._sheet = replace(self._known, usage=event.usage)
        outcome = evaluate(self._context.ruleset, Walk.REQUEST, self._sheet)
        decision = outcome.decision if isinstance(outcome, Settled) else outcome.standing
        if decision.verdict is Verdict.ALLOW:
            # The counts it was refused for are of a decision that would not be the same again: it must not go on by either.
            decision = Decision(verdict=Verdict.BLOCK, reason=Reason.LIMIT_REACHED, policy_version=self._version)
        return self._refuse(decision)

    def _sent_bytes(self) -> int:
        """The length of what was read whole already; 0 where only the head says one."""
        return 0

    def _counts_at_end(self, event: Closed) -> tuple[Count, ...]:
        if self._decision is None or self._sheet is None or self._kind is ExchangeKind.TUNNEL:
            return ()
        # Of a WebSocket, each message is an exchange that counts what it sends.
        sent = 0 if self._kind is ExchangeKind.WEBSOCKET else event.request_bytes
        announced = self._use.announced
        return use_at_end(self._context.ruleset, self._sheet, self._decision, sent=sent, announced=announced)

    def _closed(self, event: Closed) -> Note:
        self.state = State.CLOSED
        answer = self._if_possible(self._answer)
        sheet = self._if_possible(self._sheet_for_record) or self._least_of_sheet()
        outcome = Outcome(
            worker=self._worker,
            kind=self._kind,
            sheet=sheet,
            facts=self._if_possible(partial(self._kept, sheet)) or b"",
            answered_app=self._answered_app,
            edits=self._edits,
            decision=self._decision,
            failure=self._failure,
            closed=event,
            reading=self._reading_state,
            answer=answer,
            redacted=self._redacted,
        )
        captured = self._if_possible(partial(self._kept_text, outcome, answer))
        record = write_record(self.id, outcome)
        if self._lost:
            record = replace(record, error=record.error or self._lost)
        counts = self._if_possible(partial(self._counts_at_end, event)) or ()
        record = record if captured else replace(record, capture=Capture.NONE)
        return Note(record=record, captured=captured, counts=counts)

    def _kept(self, shown: FactSheet | None) -> bytes:
        """The facts that were decided on, for other policies; `shown` is what a record may show of them."""
        facts, decision = self._sheet, self._decision
        if facts is None or decision is None or not decision.reason.is_of_policy:
            return b""
        path = shown.request.path if shown is not None and shown.request is not None else None
        replaced = Replaced.DONE if self.redactions else Replaced.NOTHING
        if decision.reason is Reason.CANNOT_REDACT:
            replaced = Replaced.IMPOSSIBLE
        kept = Kept(
            sheet=facts, kind=self._kind, reading=self._reading_state, decryption=self._decryption, replaced=replaced
        )  # fmt: skip
        return keep(kept, shown_path=path)

    @property
    def _puts_back(self) -> bool:
        return self._redacted is not None and bool(self._redacted.put_back)

    def _frames(self, response: Response) -> AnswerFrames | None:
        """Somebody to put back what was replaced, if that is wanted and can be done in this answer."""
        left = self._redacted
        return None if left is None else frames_for(left.put_back, response, wants_stream=left.conversation.wants_stream)

    def _kept_text(self, outcome: Outcome, answer: ModelAnswer | None) -> Captured | None:
        """What is captured. What was not to leave as it was is not kept as it was either, whatever stopped it."""
        decision = outcome.decision
        wanted = decision.additions(Redact) if decision is not None and decision.verdict is not Verdict.ALLOW else ()
        if decision is not None and wanted and outcome.redacted is None:
            done = outcome.sheet.examination if outcome.sheet is not None else None
            asked = frozenset[str]().union(*(redact.profiles for _, redact in wanted))
            if done is None or done.state is not ExaminationState.COMPLETE or asked - done.profiles:
                return None
            outcome = replace(outcome, redacted=self._to_redact(decision))
        return captured_text(outcome, answer)

    def _if_possible[T](self, look: Callable[[], T]) -> T | None:
        """What `look` gives. An exchange that is over has a record whatever fails: what only adds to it must not cost it."""
        try:
            return look()
        except Exception as error:  # noqa: BLE001 - nothing is decided here any more, and the record says what it lacks
            self._lost = f"not all of it was noted: {type(error).__name__}"
            return None

    def _sheet_for_record(self) -> FactSheet | None:
        return self._sheet

    def _least_of_sheet(self) -> FactSheet | None:
        """What may be recorded when nothing more can be asked of anybody."""
        return self._sheet

    def _acknowledged(self, client: Client, app: AppMatch | None, host: str, at: datetime) -> frozenset[str]:
        """The rules that let this client pass on the way to this app, as things stand when the exchange begins."""
        return self._acknowledgements.rules(client, acknowledged_as(app, host), at, self._context.ruleset.coached)

    @property
    def _version(self) -> str:
        return self._context.ruleset.version

    @property
    def _known(self) -> FactSheet:
        if self._sheet is None:
            raise UnexpectedEventError("no facts yet")
        return self._sheet


def opaque_examination(context: GateContext) -> Examination:
    """The look at something that nobody on the way can read: nothing was found, and nothing is proven."""
    return Examination(state=ExaminationState.OPAQUE, profiles=context.profiles)
