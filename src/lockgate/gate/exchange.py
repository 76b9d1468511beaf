"""The state machine of one exchange.

| state     | on                 | goes to             | says                                   |
|-----------|--------------------|---------------------|----------------------------------------|
| new, connected | Connecting    | connected / settled | Tunnel or Intercept / Refuse           |
| new       | RequestHeadersSeen | settled / holding   | Forward or Refuse / Hold               |
| holding   | RequestBodySeen    | settled / examining | Forward or Refuse / Examine            |
| examining | Examined           | settled             | Forward or Refuse                      |
| settled   | RequestChunkSeen   | settled             | nothing                                |
| settled   | ResponseHeadersSeen| settled             | PassResponse or Refuse                 |
| settled   | ResponseChunkSeen  | settled             | nothing, or Sighted                    |
| settled   | NoPlaceLeft        | settled             | Refuse                                 |
| any       | Failed             | the same            | nothing; the record will say so        |
| any       | Closed             | closed              | Note, exactly once                     |

An event that its state does not expect is a bug of the shell and raises; the shell's armed refusal then stands.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import override

from lockgate.apps.discovery import may_answer_as_model
from lockgate.apps.formats.base import AnswersItself, StreamReader, WireFormat
from lockgate.apps.formats.mcp_messages import cannot_be_mcp, head_call
from lockgate.facts.app import AppMatch, Operation
from lockgate.facts.decision import Capture, Decision, Reason, Verdict
from lockgate.facts.header_change import NO_EDITS
from lockgate.facts.mcp import McpCall
from lockgate.facts.prompt import Conversation, ModelAnswer
from lockgate.facts.sheet import FactSheet
from lockgate.facts.traffic import Body, Completeness, Phase, Request, Response
from lockgate.facts.usage import NOTHING_USED, UsageSeen
from lockgate.gate.acknowledgements import NOTHING_ACKNOWLEDGED, Acknowledgements
from lockgate.gate.bare_facts import bare_facts
from lockgate.gate.coaching import as_client_is_told, asked_of
from lockgate.gate.context import GateContext
from lockgate.gate.decryption import Decryption, connected
from lockgate.gate.effects import Effect, Forward, Hold, Intercept, Note, PassResponse, Refuse, Tunnel
from lockgate.gate.elsewhere import with_capture_of_answer
from lockgate.gate.events import (
    Closed,
    Connecting,
    Event,
    Examined,
    RequestBodySeen,
    RequestChunkSeen,
    RequestHeadersSeen,
    ResponseChunkSeen,
    ResponseHeadersSeen,
)
from lockgate.gate.judging import Judging, State, UnexpectedEventError, opaque_examination
from lockgate.gate.kinds import ExchangeKind
from lockgate.gate.listening import Listener, asks_to_be_told, is_worth_reading, listener_for
from lockgate.gate.mcp_inventory import NOTHING_KNOWN, McpInventory
from lockgate.gate.noticing import (
    PassingBytes,
    is_worth_noticing,
    notice_passing,
    notice_request,
    passing_bytes,
    with_answer,
)
from lockgate.gate.reading import read_request
from lockgate.gate.redacting import CannotRedactError, Redacted
from lockgate.gate.rewriting import HeldRequest, rewrite_request
from lockgate.gate.shown_path import with_hidden_path, with_shown_path
from lockgate.gate.sizes import size_by_head, size_of
from lockgate.gate.small_answer import SmallAnswer
from lockgate.gate.socket_opening import as_opened
from lockgate.gate.usage import needs_body
from lockgate.policy import Settled, Walk, do_not_inspect, evaluate, header_edits

_EMPTY_BODY = Body(content=b"")
_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS", "DELETE", "TRACE"})
_UNREAD = Conversation(turns=(), unread=("opaque",))


class Exchange(Judging):
    """One request with its response, one WebSocket, or one tunnel."""

    def __init__(  # noqa: PLR0913, PLR0917 - what an exchange finds when it begins
        self, exchange_id: str, context: GateContext, worker: int = 0, inventory: McpInventory = NOTHING_KNOWN,
        usage: UsageSeen = NOTHING_USED, acknowledgements: Acknowledgements = NOTHING_ACKNOWLEDGED,
    ) -> None:  # fmt: skip
        super().__init__(exchange_id, context, worker, ExchangeKind.REQUEST, usage, acknowledgements)
        self._inventory = inventory
        self._answer_reader: StreamReader | None = None
        self._listener: Listener | None = None
        self._format: WireFormat | None = None
        self._passing: PassingBytes | None = None
        self._held: HeldRequest | None = None

    @property
    def opens_websocket(self) -> bool:
        """Whether this asks to open a WebSocket and may."""
        allowed = self._decision is not None and self._decision.verdict is Verdict.ALLOW
        return self._kind is ExchangeKind.WEBSOCKET and allowed

    @override
    def _take(self, event: Event) -> Iterator[Effect]:
        match event, self.state:
            case Connecting(), State.NEW | State.CONNECTED:
                yield from self._connecting(event)
            case RequestHeadersSeen(), State.NEW:
                yield from self._request_headers(event)
            case RequestBodySeen(), State.HOLDING:
                yield from self._request_body(event.body)
            case Examined(), State.EXAMINING:
                yield from self._examined(event.examination)
            case ResponseHeadersSeen(), State.SETTLED:
                yield from self._response_headers(event)
            case ((RequestChunkSeen() | ResponseChunkSeen()), State.SETTLED):
                yield from self._passing_by(event)
            case _:
                raise UnexpectedEventError(f"{type(event).__name__} while {self.state.name}")

    def fail(self, reason: Reason, seen: Connecting | RequestHeadersSeen | None = None) -> Refuse:
        """The fail-safe: whatever was about to be decided, the exchange is refused.

        `seen` is the event whose handling failed, so that the record still says who and where. Asks nothing of the policy
        or the app library, which may be what failed.
        """
        if self._sheet is None and seen is not None:
            self._sheet = bare_facts(seen)
            self._kind = ExchangeKind.TUNNEL if isinstance(seen, Connecting) else ExchangeKind.REQUEST
        decision = Decision(verdict=Verdict.BLOCK, reason=reason, policy_version=self._version)
        self._refuse(decision)
        return self._refusal(decision)

    def _connecting(self, event: Connecting) -> Iterator[Effect]:
        name = (event.sni or event.host).lower().rstrip(".")
        self._kind = ExchangeKind.TUNNEL
        self._sheet = FactSheet(
            at=event.at, phase=Phase.CONNECT, client=event.client, host=name, port=event.port, usage=self._usage,
            acknowledged=self._acknowledged(event.client, None, name, event.at),
        )  # fmt: skip
        ruleset = self._context.ruleset
        if event.refused is not None:
            yield self.fail(event.refused)
            return
        self._decryption = self._context.decryption(name)
        entry = do_not_inspect(ruleset, self._sheet)
        if entry is not None:
            yield self._tunnel(Reason.DO_NOT_INSPECT, entry)
            return
        self._sheet = connected(self._sheet, self._decryption)
        outcome = evaluate(ruleset, Walk.REQUEST, self._sheet)
        if self._decryption is Decryption.DECRYPTED:
            # Even when a rule stops it already: inside, the client can be told so in a way it shows. Nobody is contacted
            # before the request is decided, and what is known now will still hold then.
            self._decision = None
            self.state = State.CONNECTED
            yield Intercept()
            return
        # What stays encrypted is decided now: rules that would need more to know are counted as no.
        final = outcome.decision if isinstance(outcome, Settled) else outcome.standing
        if final.verdict is Verdict.ALLOW:
            yield self._tunnel(Reason.NOT_IN_LIBRARY, None, told=final)
        else:
            yield self._refuse(final)

    def _tunnel(self, reason: Reason, rule: str | None, told: Decision | None = None) -> Tunnel:
        self.state = State.CONNECTED
        decision = Decision(verdict=Verdict.TUNNEL, reason=reason, rule=rule, policy_version=self._version)
        self._decision = decision if told is None else decision.with_told(told)
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
            acknowledged=self._acknowledged(event.client, app, request.host, event.at),
            app_known=True, app=app, request=request, software=self._context.library.software(request),
            request_size=size_by_head(request, has_body=event.has_body),
            mcp_known=not event.has_body or cannot_be_mcp(request),
            mcp=None if event.has_body else self._judged(head_call(request)), usage=self._usage,
        )  # fmt: skip
        if event.refused is not None:
            yield self.fail(event.refused)
            return
        if app is not None and app.opaque:
            yield self._opaque(app, streamed=event.has_body)
            return
        outcome = self._walk()
        if isinstance(outcome, Settled) and not self._needs_body(outcome.decision, event):
            yield self._settle(outcome.decision, streamed=event.has_body)
        elif event.has_body:
            self.state = State.HOLDING
            yield Hold()
        else:
            self.state = State.HOLDING
            yield from self._request_body(_EMPTY_BODY)

    def _opaque(self, app: AppMatch, *, streamed: bool) -> Effect:
        """Nothing more will be learned of what nobody can read, so it is settled at once: a stream of it may never end."""
        examination = opaque_examination(self._context)
        self._reading_state = examination.state
        app = replace(app, operation=app.operation or Operation.UNRECOGNISED)
        facts = self._sheet = replace(
            self._known, phase=Phase.REQUEST_BODY, app=app, mcp_known=True, conversation=_UNREAD, examination=examination
        )
        outcome = evaluate(self._context.ruleset, Walk.REQUEST, facts)
        if not isinstance(outcome, Settled):
            return self.fail(Reason.GATE_FAILED)
        return self._settle(outcome.decision, streamed=streamed)

    def _request_body(self, body: Body) -> Iterator[Effect]:
        request = self._known.request
        if request is None:
            raise UnexpectedEventError("a body without a request head")
        app = self._known.app
        if not body.content and body.completeness is Completeness.COMPLETE:
            app = self._context.library.match(request)
        reading = read_request(self._context, app, request, body)
        self._reading_state, self._format = reading.state, reading.format
        self._held = HeldRequest(app=app, request=request, body=body, state=reading.state, format=reading.format)
        self._sheet = replace(
            self._known, phase=Phase.REQUEST_BODY, app=reading.app, mcp_known=True, mcp=self._judged(reading.mcp),
            request_size=self._known.request_size or size_of(body),
            conversation=reading.conversation, noticed=notice_request(request, app, reading.format, body, reading.drift),
        )  # fmt: skip
        if reading.mcp is not None and reading.mcp.mismatch:
            # Whoever goes by the headers would do something else than what is judged here. Servers have to refuse it, too.
            yield self.fail(Reason.MCP_HEADER_MISMATCH)
        else:
            yield from self._decide()

    def _needs_body(self, decision: Decision, event: RequestHeadersSeen) -> bool:
        """Whether a decided exchange has to be read: for what is captured of it, for what an agent does, or to answer it."""
        if decision.verdict is not Verdict.ALLOW:
            told = as_client_is_told(decision, self._known.software)
            return told.as_answer and event.has_body and self._may_answer_itself()
        app = self._known.app
        fetches = event.has_body and app is not None and app.answers is not None  # the body says of which conversation
        counts = event.has_body and needs_body(self._context.ruleset, self._known, decision)
        return decision.capture is not Capture.NONE or fetches or counts or is_worth_reading(event.request)

    def _may_answer_itself(self) -> bool:
        """Whether what asks may be of a format that can answer; how (by which model, streamed or not) only its body says."""
        app = self._known.app
        known = self._context.formats.get(app.format) if app is not None and app.format is not None else None
        return self._kind is not ExchangeKind.WEBSOCKET and (known is None or isinstance(known, AnswersItself))

    @override
    def _settle(self, decision: Decision, *, streamed: bool) -> Effect:
        if self._kind is ExchangeKind.WEBSOCKET:
            decision = as_opened(decision, self._known.examination, self._reading_state)
        elif self._kind is ExchangeKind.REQUEST:
            decision = with_capture_of_answer(self._context.ruleset, self._known, decision)
        return super()._settle(decision, streamed=streamed)

    def _judged(self, call: McpCall | None) -> McpCall | None:
        """What is asked of an MCP server, with what is known of that server."""
        if call is None:
            return None
        server = self._inventory.server_of(call.server)
        changed = self._inventory.changed(server, call.tools, self._context.accepted_tools)
        return replace(call, server=server, changed=changed)

    @override
    def _let_go(self, *, streamed: bool) -> Effect:
        facts = self._known
        if facts.request is not None and is_worth_noticing(facts.request, facts.app, read=facts.noticed is not None):
            self._passing = passing_bytes(facts.request)
        tap = streamed and self._passing is not None
        self._held, content = None, self._content
        self._content = None
        self._edits = header_edits(self._decision, facts) if self._decision is not None else NO_EDITS
        listens = asks_to_be_told(facts) or self._puts_back
        return Forward(streamed=streamed, tap=tap, listens=listens, content=content, headers=self._edits)

    @override
    def _rewritten(self, wanted: Redacted) -> bytes:
        if self._held is None:
            raise CannotRedactError("nobody held it")
        return rewrite_request(self._context, self._held, wanted)

    @override
    def _refusal(self, decision: Decision) -> Refuse:
        sheet = self._sheet
        app = sheet.app if sheet else None
        return Refuse(
            decision=decision, app_name=app.app.name if app else "", format=self._format_for(app),
            conversation=sheet.conversation if sheet else None, upgrade_required=self._kind is ExchangeKind.WEBSOCKET,
            asked=asked_of(decision, sheet, self._context.ruleset),
        )  # fmt: skip

    def _response_headers(self, event: ResponseHeadersSeen) -> Iterator[Effect]:
        self._sheet = replace(self._known, phase=Phase.RESPONSE_HEADERS, response=event.response)
        if self._context.ruleset.looks_at_responses:
            outcome = evaluate(self._context.ruleset, Walk.RESPONSE, self._sheet)
            if isinstance(outcome, Settled) and outcome.decision.verdict is not Verdict.ALLOW:
                yield self._refuse(outcome.decision)
                return
            if isinstance(outcome, Settled) and self._decision is not None:
                self._decision = self._decision.with_told(outcome.decision)
        app = self._known.app
        if app is not None:
            # For the record alone: to rules, what the request did not show of the account stays absent.
            self._answered_app = self._context.library.with_answer(app, event.response)
        wire_format = self._format_for(app)
        wants_answer = self._decision is not None and self._decision.capture is Capture.FULL
        if wants_answer and wire_format is not None:
            self._answer_reader = wire_format.stream_reader(event.response)
        elif wire_format is not None and app is not None and app.operation is Operation.UPLOAD:
            self._answer_reader = SmallAnswer(wire_format, event.response)
        request = self._known.request
        self._listener = listener_for(self._known, request, event.response) if request is not None else None
        listens = self._answer_reader is not None or self._listener is not None
        yield PassResponse(tap=listens or self._notices_answer(event.response), frames=self._frames(event.response))

    def _notices_answer(self, response: Response) -> bool:
        """Whether the beginning of the answer may show that a model gave it, where nobody knows one."""
        known = self._known.noticed
        decided = self._known.app is not None or (known is not None and known.discovery.is_ai)
        return self._passing is not None and not decided and may_answer_as_model(response)

    def _passing_by(self, event: RequestChunkSeen | ResponseChunkSeen) -> Iterator[Effect]:
        if self._passing is not None:
            self._passing.take(event)
        if isinstance(event, RequestChunkSeen):
            return
        if self._answer_reader is not None:
            self._answer_reader.feed(event.chunk)
        sighted = self._listener.feed(event.chunk) if self._listener is not None else None
        if sighted is not None:
            yield sighted

    @override
    def _closed(self, event: Closed) -> Note:
        told = self._if_possible(self._listener.finish) if self._listener is not None else None
        return replace(super()._closed(event), sighted=told)

    @override
    def _answer(self) -> ModelAnswer | None:
        return self._answer_reader.finish() if self._answer_reader is not None else None

    @override
    def _sheet_for_record(self) -> FactSheet | None:
        """The facts of a tunnel with the app its host belongs to; rules ask what the requests inside do."""
        sheet = self._sheet
        if sheet is None or (self._failed_to_decide and not sheet.app_known):
            return self._least_of_sheet()
        if sheet.request is not None:
            sheet = replace(sheet, request=with_shown_path(sheet.request, self._format_for(sheet.app)))
        if self._failed_to_decide:
            return sheet
        if self._passing is not None and sheet.request is not None:
            noticed = sheet.noticed or notice_passing(self._context, sheet.request, sheet.app, self._passing)
            return replace(sheet, noticed=with_answer(noticed, sheet.response, self._passing))
        if self._kind is not ExchangeKind.TUNNEL:
            return sheet
        host = self._context.library.host(sheet.host)
        return sheet if host is None or host.app is None else replace(sheet, app=AppMatch(app=host.app, operation=None))

    @override
    def _least_of_sheet(self) -> FactSheet | None:
        """The facts without a path in which an app may take words: whether this one does could not be found out."""
        sheet = self._sheet
        if sheet is None or sheet.request is None or (sheet.app_known and sheet.app is None):
            return sheet
        return replace(sheet, request=with_hidden_path(sheet.request))

    def _format_for(self, app: AppMatch | None) -> WireFormat | None:
        """The format that was read, or the one that the app's file names."""
        return self._format or (self._context.formats.get(app.format) if app is not None and app.format is not None else None)

    @property
    def _failed_to_decide(self) -> bool:
        return self._decision is not None and self._decision.reason is Reason.GATE_FAILED


def _says_more_than_its_path(request: Request, app: AppMatch) -> bool:
    """Whether a body would make this another operation than its path says: a GET that only reads brings none along."""
    return request.method in _WITHOUT_BODY and app.operation is not None and not app.operation.carries_payload
