"""Why a request would come out as it does: the live decision, run on a request from the command line instead of the wire.

Separate because it is the same state machine with another shell: no mitmproxy, examinations in this process, nobody contacted.
"""

from dataclasses import dataclass
from datetime import datetime

from lockgate.dlp.scan import Scanner
from lockgate.facts.decision import Decision
from lockgate.facts.finding import DetectionConfidence, Examination, ExaminationState, Finding, Span
from lockgate.facts.sheet import FactSheet
from lockgate.facts.traffic import Body, Client, Request
from lockgate.gate.effects import Effect, Examine, Hold, Intercept, Refuse, Tunnel
from lockgate.gate.events import Connecting, Examined, RequestBodySeen, RequestHeadersSeen
from lockgate.gate.exchange import Exchange
from lockgate.runtime.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What would happen and everything it rests on.

    `connection` is tunnel, intercept or refuse; `sheet` is absent for a tunnel.
    """

    connection: str
    decision: Decision
    sheet: FactSheet
    refusal: Refuse | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A request to explain."""

    client: Client
    request: Request
    body: Body
    at: datetime


def explain(snapshot: Snapshot, scanner: Scanner, question: Question) -> Explanation:
    """Run one request through the gate. Raises nothing on hostile input, as the gate does not."""
    request = question.request
    if request.scheme == "https":
        tunnel = Exchange("explain", snapshot.gate)
        (effect,) = tunnel.handle(Connecting(at=question.at, client=question.client, host=request.host, port=request.port))
        if not isinstance(effect, Intercept):
            kind = "tunnel" if isinstance(effect, Tunnel) else "refuse"
            return _explanation(kind, tunnel, effect)
    exchange = Exchange("explain", snapshot.gate)
    has_body = bool(question.body.content)
    effects = exchange.handle(RequestHeadersSeen(at=question.at, client=question.client, request=request, has_body=has_body))
    while effects:
        (effect,) = effects
        match effect:
            case Hold():
                effects = exchange.handle(RequestBodySeen(body=question.body))
            case Examine():
                effects = exchange.handle(Examined(examination=examine_here(scanner, effect)))
            case _:
                break
    return _explanation("intercept" if request.scheme == "https" else "plain", exchange, effects[0])


def examine_here(scanner: Scanner, wanted: Examine) -> Examination:
    """An examination in this process, without a deadline."""
    findings: list[Finding] = []
    complete = True
    for index, turn in enumerate(wanted.conversation.turns):
        for number, part in enumerate(turn.parts):
            result = scanner.scan(part.text, wanted.profiles)
            complete = complete and result.complete
            findings += [
                Finding(
                    detector=hit.detector,
                    profiles=hit.profiles,
                    detection_confidence=DetectionConfidence(hit.detection_confidence),
                    span=Span(turn=index, part=number, start=hit.start, end=hit.end),
                    mask=hit.mask,
                    contributions=hit.contributions,
                )
                for hit in result.hits
            ]
    return Examination(
        state=ExaminationState.COMPLETE if complete else ExaminationState.TRUNCATED,
        profiles=wanted.profiles,
        topics=wanted.topics,
        findings=tuple(findings),
        examined=len(wanted.conversation.turns),
    )


def _explanation(connection: str, exchange: Exchange, effect: Effect) -> Explanation:
    if exchange.decision is None or exchange.sheet is None:
        raise RuntimeError("the gate did not settle")
    refusal = effect if isinstance(effect, Refuse) else None
    return Explanation(connection=connection, decision=exchange.decision, sheet=exchange.sheet, refusal=refusal)
