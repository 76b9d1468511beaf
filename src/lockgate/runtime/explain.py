"""Why a request would come out as it does: the live decision, run on a request from the command line instead of the wire.

Separate because it is the same state machine with another shell: no mitmproxy, examinations in this process, nobody contacted,
no name resolved. It must never answer otherwise than the proxy does: what the proxy asks before the gate is asked here too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from lockgate.dlp.scan import Scanner
from lockgate.facts.decision import Decision, Reason, Verdict
from lockgate.facts.finding import DetectionConfidence, Examination, ExaminationState, Finding, Span
from lockgate.facts.portal import PORTAL_HOST
from lockgate.facts.redaction import Redaction
from lockgate.facts.sheet import FactSheet
from lockgate.facts.traffic import Body, Client, Completeness, Phase, Request, SocketMessage
from lockgate.facts.usage import NOTHING_USED, UsageSeen
from lockgate.gate.acknowledgements import NOTHING_ACKNOWLEDGED, Acknowledgements
from lockgate.gate.decode import decode_body
from lockgate.gate.effects import Effect, Examine, Hold, Intercept, Refuse, RefuseMessage, Tunnel
from lockgate.gate.events import Connecting, Event, Examined, MessageSeen, RequestBodySeen, RequestHeadersSeen
from lockgate.gate.exchange import Exchange
from lockgate.gate.judging import Judging
from lockgate.gate.mcp_inventory import NOTHING_KNOWN, McpInventory
from lockgate.gate.message import MessageExchange
from lockgate.gate.socket import Socket
from lockgate.home.settings import parse_address
from lockgate.identity import NO_CLAIMS, LoginRequired
from lockgate.policy import Ruleset
from lockgate.runtime.boundary import (
    is_admitted,
    is_proxy_itself,
    named_host,
    own_names,
    rules_of,
    written_addresses,
)
from lockgate.runtime.examiner import encodable
from lockgate.runtime.exposure import admitted_networks
from lockgate.runtime.persona import Persona, identified
from lockgate.runtime.snapshot import Snapshot
from lockgate.runtime.whereabouts import without_claims

_MIB = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What would happen and everything it rests on.

    `connection` is closed (the client may not connect at all), portal, tunnel, intercept, plain, or refuse. `unresolved` says
    that the host is a name: the proxy also judges the addresses it resolves to. `redactions` is what would be replaced.
    `ruleset` is the policy that was asked.
    """

    connection: str
    decision: Decision
    sheet: FactSheet
    refusal: Refuse | RefuseMessage | None
    ruleset: Ruleset
    unresolved: bool = False
    redactions: tuple[Redaction, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A request to explain. `content` is its body as it crosses the wire, in whatever `Content-Encoding` the head says.

    Of a request that opens a WebSocket, it is what the client says first.
    """

    asked_as: Persona
    request: Request
    content: bytes
    at: datetime


def _nothing_used(_: Client) -> UsageSeen:
    return NOTHING_USED


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a gateway knows beside its configuration: of MCP servers, of what the client used, of what people acknowledged."""

    inventory: McpInventory = NOTHING_KNOWN
    usage_of: Callable[[Client], UsageSeen] = _nothing_used
    acknowledged: Acknowledgements = NOTHING_ACKNOWLEDGED


KNOWING_NOTHING = Known()


def explain(snapshot: Snapshot, scanner: Scanner, question: Question, known: Known = KNOWING_NOTHING) -> Explanation:
    """Run one request through the gate, with what is known beside the configuration. Counts nothing.

    Raises UsageError for somebody who cannot be asked about, and nothing on a hostile request, as the gate does not.
    """
    settings, asked_as = snapshot.settings, question.asked_as
    request, claims = without_claims(settings, question.request)
    # What is claimed inside a tunnel counts for nothing; asked as a device, that is in place of all claims.
    who = identified(snapshot, asked_as, NO_CLAIMS if request.scheme == "https" else claims)
    client = Client(address=asked_as.address) if isinstance(who, LoginRequired) else who
    if not is_admitted(asked_as.address, admitted_networks(settings, snapshot.users)):
        return _before_the_gate(snapshot, question, client, "closed", Reason.CLIENT_NOT_ALLOWED)
    if _is_portal(snapshot, request):
        return _before_the_gate(snapshot, question, client, "portal", Reason.PORTAL)
    refused, unresolved = _destination(snapshot, request)
    if isinstance(who, LoginRequired):
        refused, unresolved = Reason.LOGIN_REQUIRED, False
    usage = known.usage_of(client)
    if request.scheme == "https":
        tunnel = Exchange("explain", snapshot.gate, usage=usage, acknowledgements=known.acknowledged)
        event = Connecting(at=question.at, client=client, host=request.host, port=request.port, refused=refused)
        (effect,) = tunnel.handle(event)
        if not isinstance(effect, Intercept):
            kind = "tunnel" if isinstance(effect, Tunnel) else "refuse"
            return _explanation(snapshot, kind, tunnel, effect, unresolved=unresolved)
    exchange = Exchange("explain", snapshot.gate, inventory=known.inventory, usage=usage, acknowledgements=known.acknowledged)
    opens_socket = request.is_websocket_upgrade
    body = b"" if opens_socket else question.content
    head = RequestHeadersSeen(
        at=question.at, client=client, request=request, refused=refused or _misnamed(request),
        has_body=bool(body) or _said_length(request) > 0,
    )  # fmt: skip
    effect = _decide(snapshot, scanner, exchange, head, body)
    connection = "intercept" if request.scheme == "https" else "plain"
    if opens_socket and question.content and exchange.opens_websocket:
        message = MessageExchange(
            "explain", snapshot.gate, Socket(client, request), usage=usage, acknowledgements=known.acknowledged
        )
        effect = _decide(snapshot, scanner, message, _message(snapshot, question), b"")
        if message.decision is not None:
            return _explanation(snapshot, connection, message, effect, unresolved=unresolved)
    return _explanation(snapshot, connection, exchange, effect, unresolved=unresolved)


def _message(snapshot: Snapshot, question: Question) -> MessageSeen:
    content = question.content
    if len(content) > snapshot.settings.examination.max_body_mib * _MIB:
        return MessageSeen(at=question.at, message=SocketMessage(content=b""), completeness=Completeness.TRUNCATED)
    try:
        content.decode()
    except UnicodeDecodeError:
        return MessageSeen(at=question.at, message=SocketMessage(content=content, is_text=False))
    return MessageSeen(at=question.at, message=SocketMessage(content=content))


def _is_portal(snapshot: Snapshot, request: Request) -> bool:
    if request.host == PORTAL_HOST:
        return True
    names, (_, port) = own_names(snapshot.settings), parse_address(snapshot.settings.listen)
    return request.scheme == "http" and is_proxy_itself(request.host, request.port, names=names, listens_on=port)


def _destination(snapshot: Snapshot, request: Request) -> tuple[Reason | None, bool]:
    """Why the destination is refused, and whether it is a name, of which only the proxy finds out."""
    rules = rules_of(snapshot.settings)
    if rules.elsewhere(request.host) is not None:
        return None, False
    addresses = written_addresses(request.host)
    refusals = (rules.refusal(address, request.port) for address in addresses)
    return next((reason for reason in refusals if reason is not None), None), not addresses


def _misnamed(request: Request) -> Reason | None:
    """A Host header that names another host than the URL, which the proxy takes for domain fronting."""
    named = [named_host(host) for host in request.headers.all("host") if host]
    return Reason.MALFORMED_REQUEST if any(host != request.host for host in named) else None


def _before_the_gate(snapshot: Snapshot, question: Question, client: Client, connection: str, reason: Reason) -> Explanation:
    """What is settled without the gate: nothing of the policy is asked."""
    request = question.request
    verdict = Verdict.ALLOW if reason is Reason.PORTAL else Verdict.BLOCK
    sheet = FactSheet(
        at=question.at, phase=Phase.REQUEST_HEADERS, client=client, host=request.host, port=request.port, request=request
    )
    decision = Decision(verdict=verdict, reason=reason, policy_version=snapshot.ruleset.version)
    return Explanation(
        connection=connection, decision=decision, sheet=sheet, refusal=None, ruleset=snapshot.ruleset
    )  # fmt: skip


def _decide(snapshot: Snapshot, scanner: Scanner, exchange: Judging, first: Event, content: bytes) -> Effect:
    """The effect that settles the exchange, with the events the proxy would send on the way."""
    effects = exchange.handle(first)
    while True:
        (effect,) = effects
        match effect:
            case Hold() if isinstance(first, RequestHeadersSeen):
                limit = snapshot.settings.examination.max_body_mib * _MIB
                effects = exchange.handle(RequestBodySeen(body=_held(first.request, content, limit)))
            case Examine():
                effects = exchange.handle(Examined(examination=examine_here(scanner, effect)))
            case _:
                return effect


def _held(request: Request, content: bytes, limit: int) -> Body:
    """What the proxy holds of a body: nothing of one that is too long, the length that is said counting as well."""
    if max(len(content), _said_length(request)) > limit:
        return Body(content=b"", completeness=Completeness.TRUNCATED)
    return decode_body(content, ", ".join(request.headers.all("content-encoding")), limit)


def _said_length(request: Request) -> int:
    return request.declared_bytes or 0


def examine_here(scanner: Scanner, wanted: Examine) -> Examination:
    """An examination in this process, without a deadline."""
    findings: list[Finding] = []
    state = ExaminationState.COMPLETE
    for index, turn in enumerate(wanted.conversation.turns):
        for number, part in enumerate(turn.parts):
            result = scanner.scan(encodable(part.text), wanted.profiles)
            if not result.complete:
                state = ExaminationState.TRUNCATED
            findings += [
                Finding(
                    detector=hit.detector,
                    profiles=hit.profiles,
                    detection_confidence=DetectionConfidence(hit.detection_confidence),
                    span=Span(turn=index, part=number, start=hit.start, end=hit.end),
                    mask=hit.mask,
                    contributions=hit.contributions,
                    value_mark=hit.value_mark,
                )
                for hit in result.hits
            ]
    return Examination(
        state=state,
        profiles=wanted.profiles,
        topics=wanted.topics,
        findings=tuple(findings),
        examined=len(wanted.conversation.turns),
    )


def _explanation(snapshot: Snapshot, connection: str, exchange: Judging, effect: Effect, *, unresolved: bool) -> Explanation:
    if exchange.decision is None or exchange.sheet is None:
        raise RuntimeError("the gate did not settle")
    refusal = effect if isinstance(effect, Refuse | RefuseMessage) else None
    return Explanation(
        connection=connection, decision=exchange.decision, sheet=exchange.sheet, refusal=refusal, unresolved=unresolved,
        ruleset=snapshot.ruleset, redactions=exchange.redactions,
    )  # fmt: skip
