"""The state machine of one exchange.

| state     | on                 | goes to             | says                                   |
|-----------|--------------------|---------------------|----------------------------------------|
| new, connected | Connecting    | connected / settled | Tunnel or Intercept / Refuse           |
| new       | RequestHeadersSeen | settled / holding   | Forward or Refuse / Hold               |
| holding   | RequestBodySeen    | settled / examining | Forward or Refuse / Examine            |
| examining | Examined           | settled             | Forward or Refuse                      |
| settled   | ResponseHeadersSeen| settled             | PassResponse or Refuse                 |
| settled   | ResponseChunkSeen  | settled             | nothing                                |
| any       | Failed             | the same            | nothing; the record will say so        |
| any       | Closed             | closed              | Note, exactly once                     |

An event that its state does not expect is a bug of the shell and raises; the shell's armed refusal then stands.
"""

from collections.abc import Iterator
from dataclasses import replace
from enum import Enum, auto

from lockgate.apps.formats.base import StreamReader
from lockgate.facts.app import AppMatch, Operation
from lockgate.facts.decision import Capture, Decision, Reason, Verdict
from lockgate.facts.finding import Examination, ExaminationState
from lockgate.facts.prompt import Conversation
from lockgate.facts.sheet import Demand, FactSheet
from lockgate.facts.traffic import Body, Completeness, Phase, Request
from lockgate.gate.context import GateContext
from lockgate.gate.effects import Effect, Examine, Forward, Hold, Intercept, Note, PassResponse, Refuse, Tunnel
from lockgate.gate.events import (
    Closed,
    Connecting,
    Event,
    Examined,
    Failed,
    RequestBodySeen,
    RequestHeadersSeen,
    ResponseChunkSeen,
    ResponseHeadersSeen,
)
from lockgate.gate.reading import read_request, weaken
from lockgate.gate.record import ExchangeKind, Outcome, captured_text, write_record
from lockgate.policy import Pending, Settled, Walk, do_not_inspect, evaluate

_EMPTY_BODY = Body(content=b"")
_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS", "DELETE", "TRACE"})


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


class Exchange:
    """One request with its response, one WebSocket, or one tunnel. Feed events to `handle`, perform the effects it returns."""

    def __init__(self, exchange_id: str, context: GateContext, worker: int = 0) -> None:
        self.id = exchange_id
        self._worker = worker
        self.state = State.NEW
        self._context = context
        self._sheet: FactSheet | None = None
        self._kind = ExchangeKind.REQUEST
        self._reading_state = ExaminationState.COMPLETE
        self._decision: Decision | None = None
        self._failure: Failed | None = None
        self._answer: StreamReader | None = None
        self._answered_app: AppMatch | None = None

    @property
    def decision(self) -> Decision | None:
        """What was decided, once settled."""
        return self._decision

    @property
    def sheet(self) -> FactSheet | None:
        """What is known so far (for explain)."""
        return self._sheet

    def handle(self, event: Event) -> tuple[Effect, ...]:
        """Take one event. Raises UnexpectedEventError for an event out of turn."""
        match event, self.state:
            case Connecting(), State.NEW | State.CONNECTED:
                return tuple(self._connecting(event))
            case RequestHeadersSeen(), State.NEW:
                return tuple(self._request_headers(event))
            case RequestBodySeen(), State.HOLDING:
                return tuple(self._request_body(event.body))
            case Examined(), State.EXAMINING:
                return tuple(self._examined(event.examination))
            case ResponseHeadersSeen(), State.SETTLED:
                return tuple(self._response_headers(event))
            case ResponseChunkSeen(), State.SETTLED:
                if self._answer is not None:
                    self._answer.feed(event.chunk)
                return ()
            case Failed(), _ if self.state is not State.CLOSED:
                self._failure = self._failure or event
                return ()
            case Closed(), _ if self.state is not State.CLOSED:
                return (self._closed(event),)
            case _:
                raise UnexpectedEventError(f"{type(event).__name__} while {self.state.name}")

    def refusal(self, reason: Reason) -> Refuse:
        """What a client is told when `reason` ends the exchange.

        Changes nothing: this arms an exchange before it is decided.
        """
        decision = Decision(verdict=Verdict.BLOCK, reason=reason, policy_version=self._context.ruleset.version)
        return self._refusal(decision)

    def fail(self, reason: Reason, seen: Connecting | RequestHeadersSeen | None = None) -> Refuse:
        """The fail-safe: whatever was about to be decided, the exchange is refused.

        `seen` is the event whose handling failed, so that the record still says who and where. Asks nothing of the policy
        or the app library, which may be what failed.
        """
        if self._sheet is None and seen is not None:
            self._sheet = _bare_facts(seen)
            self._kind = ExchangeKind.TUNNEL if isinstance(seen, Connecting) else ExchangeKind.REQUEST
        refusal = self.refusal(reason)
        return self._refuse(refusal.decision)

    def _connecting(self, event: Connecting) -> Iterator[Effect]:
        name = (event.sni or event.host).lower().rstrip(".")
        self._kind = ExchangeKind.TUNNEL
        self._sheet = FactSheet(at=event.at, phase=Phase.CONNECT, client=event.client, host=name, port=event.port)
        ruleset = self._context.ruleset
        if event.refused is not None:
            yield self.fail(event.refused)
            return
        entry = do_not_inspect(ruleset, self._sheet)
        if entry is not None:
            yield self._tunnel(Reason.DO_NOT_INSPECT, entry)
            return
        decrypts = self._context.decrypts(name)
        known = self._context.library.host(name)
        if not decrypts and (known is None or not known.decrypts):
            # Nothing more will be learned of a host that nobody claims as a whole and that stays encrypted.
            self._sheet = replace(self._sheet, app_known=True, app=None)
        outcome = evaluate(ruleset, Walk.REQUEST, self._sheet)
        if decrypts:
            # Even when a rule stops it already: inside, the client can be told so in a way it shows. Nobody is contacted
            # before the request is decided, and what is known now will still hold then.
            self._decision = None
            self.state = State.CONNECTED
            yield Intercept()
            return
        # What stays encrypted is decided now: rules that would need more to know are counted as no.
        final = outcome.decision if isinstance(outcome, Settled) else outcome.standing
        if final.verdict is Verdict.ALLOW:
            yield self._tunnel(Reason.NOT_IN_LIBRARY, None)
        else:
            yield self._refuse(final)

    def _tunnel(self, reason: Reason, rule: str | None) -> Tunnel:
        self.state = State.CONNECTED
        version = self._context.ruleset.version
        self._decision = Decision(verdict=Verdict.TUNNEL, reason=reason, rule=rule, policy_version=version)
        return Tunnel()

    def _request_headers(self, event: RequestHeadersSeen) -> Iterator[Effect]:
        request = event.request
        if request.is_websocket_upgrade:
            self._kind = ExchangeKind.WEBSOCKET
        app = self._context.library.match(request)
        if event.has_body and app is not None and _says_more_than_its_path(request, app):
            # What the path means is not all of it, should a body follow.
            app = replace(app, operation=None)
        self._sheet = FactSheet(
            at=event.at, phase=Phase.REQUEST_HEADERS, client=event.client, host=request.host, port=request.port,
            app_known=True, app=app, request=request, software=self._context.library.software(request),
        )  # fmt: skip
        if event.refused is not None:
            yield self.fail(event.refused)
            return
        outcome = evaluate(self._context.ruleset, Walk.REQUEST, self._sheet)
        if isinstance(outcome, Settled) and not self._capture_needs_body(outcome.decision):
            yield self._settle(outcome.decision, streamed=event.has_body)
        elif request.is_websocket_upgrade:
            yield from self._websocket_without_a_look()
        elif event.has_body:
            self.state = State.HOLDING
            yield Hold()
        else:
            self.state = State.HOLDING
            yield from self._request_body(_EMPTY_BODY)

    def _websocket_without_a_look(self) -> Iterator[Effect]:
        """Messages of a WebSocket are not read, so a rule that needs the look has to do without."""
        app = self._known.app
        if app is not None and app.operation is None:
            app = replace(app, operation=Operation.UNRECOGNISED)
        self._reading_state = ExaminationState.STREAMED
        self._sheet = replace(self._known, phase=Phase.REQUEST_BODY, app=app, conversation=Conversation(turns=()))
        yield from self._examined(Examination(state=ExaminationState.STREAMED, profiles=self._context.profiles))

    def _request_body(self, body: Body) -> Iterator[Effect]:
        request = self._known.request
        if request is None:
            raise UnexpectedEventError("a body without a request head")
        app = self._known.app
        if not body.content and body.completeness is Completeness.COMPLETE:
            app = self._context.library.match(request)
        reading = read_request(self._context, app, request, body)
        self._reading_state = reading.state
        self._sheet = replace(self._known, phase=Phase.REQUEST_BODY, app=reading.app, conversation=reading.conversation)
        yield from self._decide()

    def _examined(self, examination: Examination) -> Iterator[Effect]:
        self._sheet = replace(self._known, examination=weaken(examination, self._reading_state))
        yield from self._decide()

    def _decide(self) -> Iterator[Effect]:
        """Settle with what is known, or ask for the examination that some rule still needs."""
        outcome = evaluate(self._context.ruleset, Walk.REQUEST, self._known)
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
                yield self.fail(Reason.GATE_FAILED)

    def _looked_for(self, demand: Demand) -> bool:
        done = self._known.examination
        return done is not None and demand.profiles <= done.profiles and demand.topics <= done.topics

    def _examine(self, demand: Demand) -> Effect:
        done = self._known.examination
        self.state = State.EXAMINING
        return Examine(
            conversation=self._known.conversation or Conversation(turns=()),
            profiles=demand.profiles | (done.profiles if done else frozenset()),
            topics=demand.topics | (done.topics if done else frozenset()),
        )

    def _capture_needs_body(self, decision: Decision) -> bool:
        return decision.capture is not Capture.NONE and decision.verdict is Verdict.ALLOW

    def _settle(self, decision: Decision, *, streamed: bool) -> Effect:
        self._decision = decision
        self.state = State.SETTLED
        return Forward(streamed=streamed) if decision.verdict is Verdict.ALLOW else self._refuse(decision)

    def _refuse(self, decision: Decision) -> Refuse:
        self._decision = decision
        self.state = State.SETTLED
        return self._refusal(decision)

    def _refusal(self, decision: Decision) -> Refuse:
        sheet = self._sheet
        app = sheet.app if sheet else None
        return Refuse(
            decision=decision,
            app_name=app.app.name if app else "",
            format=self._context.formats.get(app.format) if app and app.format else None,
            conversation=sheet.conversation if sheet else None,
            upgrade_required=self._kind is ExchangeKind.WEBSOCKET,
        )

    def _response_headers(self, event: ResponseHeadersSeen) -> Iterator[Effect]:
        self._sheet = replace(self._known, phase=Phase.RESPONSE_HEADERS, response=event.response)
        if self._context.ruleset.looks_at_responses:
            outcome = evaluate(self._context.ruleset, Walk.RESPONSE, self._sheet)
            if isinstance(outcome, Settled) and outcome.decision.verdict is not Verdict.ALLOW:
                yield self._refuse(outcome.decision)
                return
            if isinstance(outcome, Settled) and outcome.decision.monitored and self._decision is not None:
                self._decision = replace(self._decision, monitored=self._decision.monitored + outcome.decision.monitored)
        app = self._known.app
        if app is not None:
            # For the record alone: to rules, what the request did not show of the account stays absent.
            self._answered_app = self._context.library.with_answer(app, event.response)
        wire_format = self._context.formats.get(app.format) if app and app.format else None
        wants_answer = self._decision is not None and self._decision.capture is Capture.FULL
        if wants_answer and wire_format is not None:
            self._answer = wire_format.stream_reader(event.response)
        yield PassResponse(tap=self._answer is not None)

    def _closed(self, event: Closed) -> Note:
        self.state = State.CLOSED
        outcome = Outcome(
            worker=self._worker,
            kind=self._kind,
            sheet=self._named(self._sheet),
            answered_app=self._answered_app,
            decision=self._decision,
            failure=self._failure,
            closed=event,
            reading=self._reading_state,
        )
        answer = self._answer.finish() if self._answer is not None else None
        captured = captured_text(outcome, answer)
        record = write_record(self.id, outcome)
        return Note(record=record if captured else replace(record, capture=Capture.NONE), captured=captured)

    def _named(self, sheet: FactSheet | None) -> FactSheet | None:
        """The facts of a tunnel with the app its host belongs to, for the record; rules ask what the requests inside do."""
        if sheet is None or self._kind is not ExchangeKind.TUNNEL or self._failed_to_decide:
            return sheet
        host = self._context.library.host(sheet.host)
        return sheet if host is None or host.app is None else replace(sheet, app=AppMatch(app=host.app, operation=None))

    @property
    def _failed_to_decide(self) -> bool:
        return self._decision is not None and self._decision.reason is Reason.GATE_FAILED

    @property
    def _known(self) -> FactSheet:
        if self._sheet is None:
            raise UnexpectedEventError("no facts yet")
        return self._sheet


def _says_more_than_its_path(request: Request, app: AppMatch) -> bool:
    """Whether a body would make this another operation than its path says: a GET that only reads brings none along."""
    return request.method in _WITHOUT_BODY and app.operation is not None and not app.operation.carries_payload


def _bare_facts(seen: Connecting | RequestHeadersSeen) -> FactSheet:
    """Who and where, and nothing that has to be looked up."""
    if isinstance(seen, Connecting):
        return FactSheet(at=seen.at, phase=Phase.CONNECT, client=seen.client, host=seen.host, port=seen.port)
    request = seen.request
    return FactSheet(
        at=seen.at,
        phase=Phase.REQUEST_HEADERS,
        client=seen.client,
        host=request.host,
        port=request.port,
        request=request,
    )
