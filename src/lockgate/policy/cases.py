"""Cases: what a policy is expected to say about an exchange, run through the very evaluation that live traffic goes through.

Separate because a policy's proof is data beside it: `lockgate policy test` and every reload run it. Pure: whoever calls
says how a request becomes an app, so the app library stays outside.
"""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Protocol

from lockgate.facts.app import AppMatch, Operation
from lockgate.facts.client_software import ClientSoftware
from lockgate.facts.decision import Capture, Decision, Reason, TraceStep, Truth, Verdict
from lockgate.facts.discovery import Noticed
from lockgate.facts.finding import Examination, ExaminationState, Finding
from lockgate.facts.header_change import NO_EDITS
from lockgate.facts.mcp import McpCall
from lockgate.facts.notice import notified
from lockgate.facts.problem import Place, Problem
from lockgate.facts.prompt import Conversation, Part, PartKind, Role, chain
from lockgate.facts.redaction import to_redact
from lockgate.facts.sheet import FactSheet
from lockgate.facts.traffic import BodySize, Client, Phase, Request, Response
from lockgate.facts.usage import NOTHING_USED, UsageSeen
from lockgate.policy.calendar import on_the_wall
from lockgate.policy.evaluate import Pending, Settled, Walk, do_not_inspect, evaluate
from lockgate.policy.header_edits import header_edits
from lockgate.policy.ruleset import Ruleset


class Library(Protocol):
    """What the app library answers about a request."""

    def match(self, request: Request) -> AppMatch | None:
        """Which app it goes to, None for none."""
        ...

    def software(self, request: Request) -> ClientSoftware:
        """Which program says it sent it."""
        ...


ANY_TIME = datetime(2026, 1, 5, 12, tzinfo=UTC)
_STEPS_SHOWN = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a case expects. None means that it does not matter."""

    verdict: Verdict
    rule: str | None = None
    reason: Reason | None = None
    settled_at: Phase | None = None
    capture: Capture | None = None
    tags: tuple[str, ...] | None = None
    monitored: tuple[str, ...] | None = None
    exceptions: tuple[str, ...] | None = None
    acknowledged: tuple[str, ...] | None = None
    examined: frozenset[str] | None = None
    message: str | None = None
    redirect_to: str | None = None
    told_as: str | None = None
    redacted: frozenset[str] | None = None
    headers: frozenset[str] | None = None
    notify: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One exchange and what is expected of it.

    The library is asked for the app unless `app_given`, and for the program unless `software` says. `operation` replaces what
    the app would say. `findings` are what there would be to find; only those of profiles that are examined for are found.
    `state` is how such an examination would end. `size` is announced by the head unless it is only a least one. `at` without an
    offset is a time in the policy's zone.
    `mcp` is what is asked of an MCP server; `agent_tools` are what is new of tools in a conversation with a model.
    `acknowledged` are rules that the client has acknowledged.
    """

    name: str
    place: Place
    client: Client
    request: Request
    expected: Expected
    at: datetime = ANY_TIME
    size: BodySize | None = None
    app_given: bool = False
    app: AppMatch | None = None
    software: ClientSoftware | None = None
    operation: Operation | None = None
    model: str | None = None
    conversation: str | None = None
    noticed: Noticed | None = None
    mcp: McpCall | None = None
    agent_tools: tuple[str, ...] = ()
    acknowledged: frozenset[str] = frozenset()
    findings: tuple[Finding, ...] = ()
    state: ExaminationState = ExaminationState.COMPLETE
    response: Response | None = None
    usage: UsageSeen = NOTHING_USED


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """What came of a case, by which facts; `steps` is how its rules came out. `differences` is empty when all was expected."""

    case: Case
    decision: Decision
    settled_at: Phase
    examined: frozenset[str] = frozenset()
    redacted: frozenset[str] = frozenset()
    headers: frozenset[str] = frozenset()
    sheet: FactSheet | None = field(default=None, repr=False)
    steps: tuple[TraceStep, ...] = ()
    differences: tuple[str, ...] = field(default=())

    @property
    def passed(self) -> bool:
        """Whether everything expected happened."""
        return not self.differences

    @property
    def problem(self) -> Problem | None:
        """The failure as a problem at the case's place, with what decided as help."""
        if self.passed:
            return None
        steps = [step for step in self.decision.trace if step.truth is not Truth.NO] or list(self.decision.trace)
        why = "; ".join(f"{step.rule}: {step.truth.value} ({step.why})" for step in steps[:_STEPS_SHOWN])
        problem = f"case `{self.case.name}`: {'; '.join(self.differences)}"
        return Problem(place=self.case.place, problem=problem, help=why or self.decision.reason.explanation, code="failed-case")


def run_cases(ruleset: Ruleset, library: Library, cases: tuple[Case, ...], *, thorough: bool = False) -> tuple[CaseResult, ...]:
    """Every case, in order."""
    return tuple(run_case(ruleset, library, case, thorough=thorough) for case in cases)


def run_case(ruleset: Ruleset, library: Library, case: Case, *, thorough: bool = False) -> CaseResult:
    """Lead one exchange through its phases, as the gate does, and compare how it ends; `steps` has all rules if `thorough`."""
    decision, sheet, examined = _request_walk(ruleset, library, case)
    settled_at = sheet.phase
    asked = (sheet,) if thorough and decision.reason is not Reason.DO_NOT_INSPECT else ()
    steps = decision.trace if not thorough else _steps(ruleset, Walk.REQUEST, *asked)
    if decision.verdict is Verdict.ALLOW and case.response is not None:
        answered = replace(sheet, phase=Phase.RESPONSE_HEADERS, response=case.response)
        outcome = evaluate(ruleset, Walk.RESPONSE, answered)
        steps += _steps(ruleset, Walk.RESPONSE, *((answered,) if thorough else ()))
        if isinstance(outcome, Settled):
            later = outcome.decision
            stopped, both = later.verdict is not Verdict.ALLOW, decision.with_told(later)
            if stopped or both is not decision:
                settled_at = Phase.RESPONSE_HEADERS
            decision = replace(later, monitored=both.monitored, exceptions=both.exceptions) if stopped else both
    result = CaseResult(
        case=case, decision=decision, settled_at=settled_at, examined=examined, redacted=_redacted(decision, sheet),
        headers=_headers(decision, sheet), sheet=sheet, steps=steps,
    )  # fmt: skip
    return replace(result, differences=_differences(result))


def _steps(ruleset: Ruleset, walk: Walk, *sheets: FactSheet) -> tuple[TraceStep, ...]:
    """How every rule comes out, also those that a quick walk passes over."""
    outcomes = (evaluate(ruleset, walk, sheet, thorough=True) for sheet in sheets)
    decisions = (outcome.decision if isinstance(outcome, Settled) else outcome.standing for outcome in outcomes)
    return tuple(step for decision in decisions for step in decision.trace)


def _request_walk(ruleset: Ruleset, library: Library, case: Case) -> tuple[Decision, FactSheet, frozenset[str]]:
    request = case.request
    at = on_the_wall(case.at, ruleset.zone)
    sheet = FactSheet(
        at=at, phase=Phase.CONNECT, client=case.client, host=request.host, port=request.port, usage=case.usage,
        acknowledged=case.acknowledged,
    )  # fmt: skip
    entry = do_not_inspect(ruleset, sheet)
    if entry is not None:
        passed = Decision(verdict=Verdict.TUNNEL, reason=Reason.DO_NOT_INSPECT, rule=entry, policy_version=ruleset.version)
        return passed, sheet, frozenset()
    outcome = evaluate(ruleset, Walk.REQUEST, sheet)
    if isinstance(outcome, Pending):
        sheet = replace(sheet, phase=Phase.REQUEST_HEADERS, request=request, app_known=True, app=_app(library, case))
        announced = case.size if case.size is None or not case.size.at_least else None
        sheet = replace(sheet, software=case.software or library.software(request), request_size=announced)
        outcome = evaluate(ruleset, Walk.REQUEST, sheet)
    if isinstance(outcome, Pending):
        sheet = _with_body(sheet, case)
        outcome = evaluate(ruleset, Walk.REQUEST, sheet)
    examined: frozenset[str] = frozenset()
    if isinstance(outcome, Pending):
        examined = outcome.demand.profiles
        opaque = sheet.app is not None and sheet.app.opaque
        sheet = replace(sheet, examination=_examination(case, examined, opaque=opaque))
        outcome = evaluate(ruleset, Walk.REQUEST, sheet)
    # One examination answers everything that was demanded, so what stands now is settled.
    decision = outcome.decision if isinstance(outcome, Settled) else outcome.standing
    return decision, sheet, examined


def _app(library: Library, case: Case) -> AppMatch | None:
    match = case.app if case.app_given else library.match(case.request)
    if match is None or case.operation is None:
        return match
    return replace(match, operation=case.operation)


def _with_body(sheet: FactSheet, case: Case) -> FactSheet:
    app, call = sheet.app, case.mcp
    prompts_go_here = app is not None and app.operation is not None and app.operation.carries_payload and app.format != "mcp"
    if app is not None and call is not None and case.operation is None and not prompts_go_here:
        app = replace(app, operation=Operation.STATUS if call.housekeeping else Operation.TOOL_CALL)
    elif app is not None and app.operation is None:
        app = replace(app, operation=Operation.UNRECOGNISED)
    words = Part(text="what was said", path=(), kind=PartKind.TEXT)
    results = tuple(Part(text="what it gave", path=(), kind=PartKind.TOOL_RESULT, name=tool) for tool in case.agent_tools)
    conversation = Conversation(turns=chain([(Role.USER, (words, *results), ())]), model=case.model, id=case.conversation)
    return replace(
        sheet, phase=Phase.REQUEST_BODY, app=app, mcp_known=True, mcp=call, conversation=conversation,
        noticed=case.noticed or Noticed(), request_size=case.size or BodySize(bytes=0),
    )  # fmt: skip


def _examination(case: Case, profiles: frozenset[str], *, opaque: bool) -> Examination:
    if opaque:
        return Examination(state=ExaminationState.OPAQUE, profiles=profiles)
    found = tuple(finding for finding in case.findings if profiles & set(finding.profiles))
    return Examination(state=case.state, profiles=profiles, findings=found, examined=1)


def _redacted(decision: Decision, sheet: FactSheet) -> frozenset[str]:
    """The profiles of which something is replaced in what leaves."""
    if decision.verdict is not Verdict.ALLOW or sheet.examination is None:
        return frozenset()
    replaced = to_redact(decision, sheet.examination.findings)
    return frozenset(profile for finding, _, redact in replaced for profile in redact.profiles & set(finding.profiles))


def _headers(decision: Decision, sheet: FactSheet) -> frozenset[str]:
    """What is made of headers; names do not care about capitals."""
    edits = header_edits(decision, sheet) if decision.verdict is Verdict.ALLOW else NO_EDITS
    names = {name.lower() for name, _ in edits.added}
    added = (told_header(name, value) for name, value in edits.added)
    return frozenset((*added, *(told_header(name, None) for name in edits.removed if name not in names)))


def told_header(name: str, value: str | None) -> str:
    """One header that is set, or taken out."""
    return f"{name.lower()}: {value}" if value is not None else f"{name.lower()} is taken out"


def _differences(result: CaseResult) -> tuple[str, ...]:
    expected, decision = result.case.expected, result.decision
    pairs: list[tuple[str, str | Collection[str] | None, str | Collection[str]]] = [
        ("verdict", expected.verdict.value, decision.verdict.value),
        ("rule", expected.rule, decision.rule or ""),
        ("reason", expected.reason and expected.reason.value, decision.reason.value),
        (
            "settled_at",
            expected.settled_at.name.lower() if expected.settled_at is not None else None,
            result.settled_at.name.lower(),
        ),
        ("capture", expected.capture and expected.capture.value, decision.capture.value),
        ("tags", expected.tags, decision.tags),
        ("monitored", expected.monitored, decision.monitored),
        ("exceptions", expected.exceptions, decision.exceptions),
        ("acknowledged", expected.acknowledged, decision.acknowledged),
        ("examined", expected.examined, result.examined),
        ("headers", expected.headers, result.headers),
        ("notify", expected.notify, notified(decision)),
        ("message", expected.message, decision.message),
        ("redirect_to", expected.redirect_to, decision.redirect_to),
        ("redacted", expected.redacted, result.redacted),
        ("as", expected.told_as, "answer" if decision.as_answer else "refusal"),
    ]
    return tuple(
        f"expected {name} {_shown(wanted)}, got {_shown(got)}"
        for name, wanted, got in pairs
        if wanted is not None and wanted != got
    )


def _shown(value: str | Collection[str]) -> str:
    if not value:
        return "none"
    return f"`{value}`" if isinstance(value, str) else f"[{', '.join(sorted(value))}]"
