"""From what an exchange came to, to the record that is kept and the text that is sealed into it.

Separate because a record is a promise to readers: every field is filled here, in one place, whatever happened before.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from lockgate.facts.app import AppMatch, Operation
from lockgate.facts.authorship import characters, text_kind
from lockgate.facts.decision import Capture, Decision, Reason, Truth, Verdict
from lockgate.facts.finding import DetectionConfidence, Examination, ExaminationState, Finding
from lockgate.facts.header_change import NO_EDITS, HeaderEdits
from lockgate.facts.notice import Notice, Notify
from lockgate.facts.prompt import Conversation, ModelAnswer, Role, Turn
from lockgate.facts.record import AttachmentSummary, FindingSummary, Record
from lockgate.facts.sheet import FactSheet
from lockgate.gate.effects import Captured
from lockgate.gate.events import Closed, Failed
from lockgate.gate.kinds import ExchangeKind
from lockgate.gate.redacting import Redacted
from lockgate.gate.references import named_files, task_names, uploaded_as

_FINDINGS_KEPT = 50
_FILES_KEPT = 50
_NAMES_KEPT = 100
_LONGEST_NAME = 256
_LONGEST_CAPTURE = 1_000_000
"""Characters. Written as JSON, each takes six bytes at most."""
_NEVER_DECIDED = Decision(verdict=Verdict.BLOCK, reason=Reason.GATE_FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Everything an exchange came to. `worker` carried it; `reading` is how complete the look at the request could be.

    `answered_app` is the sheet's app with what the response showed of the account. `facts` are what is kept for policies.
    `redacted` is how what was said left, or was to leave.
    """

    worker: int
    kind: ExchangeKind
    sheet: FactSheet | None
    decision: Decision | None
    failure: Failed | None
    closed: Closed
    reading: ExaminationState
    answered_app: AppMatch | None = None
    edits: HeaderEdits = NO_EDITS
    answer: ModelAnswer | None = None
    facts: bytes = b""
    redacted: Redacted | None = None


def write_record(exchange_id: str, outcome: Outcome) -> Record:
    """The record of one exchange. A failure that kept it from being decided is its reason."""
    sheet, closed = outcome.sheet, outcome.closed
    decision = outcome.decision or _undecided(outcome.failure)
    examination = sheet.examination if sheet else None
    return Record(
        id=exchange_id,
        worker=outcome.worker,
        facts=outcome.facts,
        started_at=sheet.at.timestamp() if sheet else 0.0,
        duration_ms=closed.duration_ms,
        first_byte_ms=closed.first_byte_ms,
        kind=outcome.kind.value,
        status=closed.status,
        upstream_contacted=closed.upstream_contacted,
        request_bytes=closed.request_bytes,
        response_bytes=closed.response_bytes,
        messages=closed.messages,
        socket=closed.socket,
        error=outcome.failure.error if outcome.failure else "",
        verdict=decision.verdict,
        reason=_final_reason(decision, outcome.failure),
        rule=decision.rule or "",
        capture=decision.capture,
        capture_days=decision.capture_days,
        tags=decision.tags,
        headers=outcome.edits.summary,
        notices=_notices(decision),
        monitored=decision.monitored,
        exceptions=decision.exceptions,
        acknowledged=decision.acknowledged,
        policy_version=decision.policy_version,
        trace=tuple(
            f"{step.rule}: {'excepted' if step.excepted else step.truth.value}" + (f" ({step.why})" if step.why else "")
            for step in decision.trace
            if step.truth is not Truth.NO or step.excepted
        ),
        **_who(sheet),
        **_where(sheet),
        **_what(sheet, outcome.answered_app, outcome.answer),
        **_answered(sheet, outcome.answer),
        **_with_what(sheet),
        **_asked_of_tools(sheet, outcome.answer),
        **_files(sheet, outcome.answer),
        **_noticed(sheet),
        **_looked(examination),
        redactions=outcome.redacted.redactions if outcome.redacted and decision.verdict is Verdict.ALLOW else (),
    )


def _notices(decision: Decision) -> tuple[Notice, ...]:
    """Each webhook once for each rule."""
    return tuple(
        Notice(webhook=webhook, rule=rule, per_minute=notify.per_minute)
        for rule, notify in decision.additions(Notify)
        for webhook in notify.webhooks
    )


def _undecided(failure: Failed | None) -> Decision:
    """Nothing was decided before the end: whoever left or broke is the reason, and nothing was let through."""
    return _NEVER_DECIDED if failure is None else Decision(verdict=Verdict.BLOCK, reason=failure.reason)


def _final_reason(decision: Decision, failure: Failed | None) -> Reason:
    """Log what finally happened: an allowed exchange whose upstream failed ended for that reason."""
    if failure is not None and decision.verdict is Verdict.ALLOW and failure.reason is not Reason.CLIENT_LEFT:
        return failure.reason
    return decision.reason


def _who(sheet: FactSheet | None) -> dict[str, Any]:
    if sheet is None:
        return {"client_address": ""}
    client, device = sheet.client, sheet.client.device
    return {
        "client_address": client.address,
        "user": client.user or "",
        "groups": client.groups,
        "identified_by": client.identified_by.value,
        "country": client.country or "",
        "networks": client.networks,
        "device": device.id,
        "device_enrolled": device.enrolled,
        "device_trust": device.trust.value,
        "device_posture": tuple(sorted(device.posture)) if device.posture is not None else None,
        "device_problem": device.problem.value if device.problem is not None else "",
    }


def _where(sheet: FactSheet | None) -> dict[str, Any]:
    if sheet is None:
        return {}
    request = sheet.request
    return {
        "host": sheet.host,
        "port": sheet.port,
        "method": request.method if request else "CONNECT",
        "scheme": request.scheme if request else "",
        "path": request.path if request else "",
    }


def _with_what(sheet: FactSheet | None) -> dict[str, Any]:
    software = sheet.software if sheet else None
    if software is None:
        return {}
    return {
        "client_kind": software.kind.value,
        "client_product": software.product,
        "client_version": software.version,
        "client_via": software.via,
    }


def _what(sheet: FactSheet | None, answered: AppMatch | None, answer: ModelAnswer | None) -> dict[str, Any]:
    if sheet is None:
        return {}
    known: dict[str, Any] = {}
    match = answered or sheet.app
    if match is not None:
        tier = match.tier
        known |= {
            "app": match.app.id,
            "app_name": match.app.name,
            "app_category": match.app.category,
            "app_status": match.app.status.value,
            "operation": match.operation.value if match.operation else "",
            "format": match.format or "",
            "tenant": match.tenant or "",
            "account_kind": match.account.value,
            "credential": match.credential.value,
            "tier": tier.id if tier and match.tier_known else "",
            "application_confidence_score": tier.application_confidence.shown if tier else "",
            "genai_confidence_score": tier.genai_confidence.shown if tier else "",
        }
    elif sheet.mcp is not None:
        known["format"] = "mcp"
    conversation = sheet.conversation
    known["conversation"] = (
        (conversation.id if conversation else None)
        or (match.conversation if match else None)
        or (answer.conversation if answer else None)
        or (sheet.software.session if sheet.software else "")
    )
    if conversation is not None:
        prompt = conversation.prompt
        known |= {
            "model": conversation.model or "",
            "prompt_digest": prompt.digest if prompt else "",
            "background": conversation.background,
            "text_kinds": {kind.value: count for kind, count in characters(conversation).items() if count},
        }
    return known


def _answered(sheet: FactSheet | None, answer: ModelAnswer | None) -> dict[str, Any]:
    """By what an answer that comes elsewhere is found, and whether this brought one."""
    app = sheet.app if sheet is not None else None
    if app is None:
        return {}
    return {"tasks": task_names(app, answer), "holds_answer": _is_answer(app, answer)}


def _is_answer(app: AppMatch | None, answer: ModelAnswer | None) -> bool:
    """Whether an answer to something else came with this. That a task is still under way is none."""
    return app is not None and app.answers is not None and answer is not None and bool(answer.text or answer.tool_calls)


def _files(sheet: FactSheet | None, answer: ModelAnswer | None) -> dict[str, Any]:
    """Files that left or were named, and the names by which uploads and prompts find each other."""
    if sheet is None or sheet.request is None:
        return {}
    conversation = sheet.conversation
    files = [file for turn in conversation.turns for file in turn.attachments] if conversation is not None else []
    summaries = (
        AttachmentSummary(type=file.detected, declared=file.media_type[:_LONGEST_NAME], size=file.size or 0, sha256=file.sha256)
        for file in files
    )
    known: dict[str, Any] = {"attachments": tuple(islice(dict.fromkeys(summaries), _FILES_KEPT))}
    if sheet.app is not None and sheet.app.operation is Operation.UPLOAD:
        return known | {"uploaded_as": uploaded_as(sheet.request, conversation, answer)}
    return known | {"refers_to": named_files(conversation)}


def _asked_of_tools(sheet: FactSheet | None, answer: ModelAnswer | None) -> dict[str, Any]:
    """Names only: of an MCP server, its methods and tools, and of the tools in a conversation with a model."""
    if sheet is None:
        return {}
    called = sorted(sheet.conversation.tools) if sheet.conversation is not None else []
    called += [call.partition(" ")[0] for call in answer.tool_calls] if answer is not None else []
    known: dict[str, Any] = {"tool_calls": _names(called)}
    if sheet.mcp is not None:
        known |= {
            "mcp_server": sheet.mcp.server,
            "mcp_methods": _names(sheet.mcp.methods),
            "mcp_tools": _names(sheet.mcp.tools),
            "mcp_changed": _names(sheet.mcp.changed),
        }
    return known


def _noticed(sheet: FactSheet | None) -> dict[str, Any]:
    noticed = sheet.noticed if sheet else None
    if noticed is None:
        return {}
    found = noticed.discovery
    return {
        "discovered": found.signs if found.is_ai else (),
        "drift": noticed.drift.value if noticed.drift else "",
        "shape": noticed.shape if noticed.drift else "",
    }


def _names(names: Iterable[str]) -> tuple[str, ...]:
    """Each once, so many and so long that a record stays small."""
    return tuple(name[:_LONGEST_NAME] for name in islice(dict.fromkeys(names), _NAMES_KEPT))


def _looked(examination: Examination | None) -> dict[str, Any]:
    if examination is None:
        return {}
    return {
        "examination": examination.state.value,
        "examined_turns": examination.examined,
        "already_seen_turns": examination.already_seen,
        "examination_us": examination.spent_us,
        "findings": tuple(_summary(finding) for finding in examination.findings[:_FINDINGS_KEPT]),
    }


def _summary(finding: Finding) -> FindingSummary:
    return FindingSummary(
        detector=finding.detector,
        profiles=finding.profiles,
        detection_confidence=DetectionConfidence(finding.detection_confidence).name.lower(),
        mask=finding.mask,
        found_in=finding.found_in.value,
    )


def captured_text(outcome: Outcome, answer: ModelAnswer | None) -> Captured | None:
    """The text to seal, as JSON: the last human turn with the kind of each of its texts, and the attachments' names.

    A full capture also has the answer, or only that, when it came later. Of what goes to an MCP server it is all that an agent
    or a person says: calls with their arguments, answers to questions.
    A masked capture whose look was not complete keeps nothing: what was not looked at cannot be masked. Of a text beyond
    a million characters the beginning is kept, and `truncated` says so: a record must never be too large to be kept.
    Of what was redacted it is the text that left.
    """
    decision, sheet = outcome.decision, _as_it_left(outcome)
    if decision is None or sheet is None or decision.capture is Capture.NONE:
        return None
    said = _said(sheet.conversation) if sheet.conversation is not None else []
    if sheet.conversation is None or not said:
        came_alone = decision.capture is Capture.FULL and _is_answer(sheet.app, answer)
        return Captured(text=_as_json({"prompt": [], "answer": answer.text})) if came_alone and answer is not None else None
    kept: dict[str, Any] = {
        "attachments": [attachment.name for _, turn in said for attachment in turn.attachments],
        # As they were when it was the newest turn: that later steps answered it does not make it history to its reader.
        "kinds": [text_kind(sheet.conversation, index, part, new_from=0).value for index, turn in said for part in turn.parts],
    }
    if decision.capture is Capture.MASKED:
        examination = sheet.examination
        if examination is None or examination.state is not ExaminationState.COMPLETE:
            return None
        if any(finding.span.turn >= len(sheet.conversation.turns) for finding in examination.findings):
            return None  # it began in an earlier message of a WebSocket: a part of it stands here, and no mask covers that
        kept["prompt"] = [text for index, turn in said for text in _masked(index, turn, examination.findings)]
    else:
        kept["prompt"] = [part.text for _, turn in said for part in turn.parts]
        kept["answer"] = answer.text if answer else ""
    return Captured(text=_as_json(kept))


def _as_it_left(outcome: Outcome) -> FactSheet | None:
    """The facts with what was replaced in what was said; None when a part of that lies in what was said before."""
    sheet, left = outcome.sheet, outcome.redacted
    if sheet is None or left is None or sheet.examination is None:
        return sheet
    found = replace(sheet.examination, findings=left.findings)
    return None if left.elsewhere else replace(sheet, conversation=left.conversation, examination=found)


def _said(conversation: Conversation) -> list[tuple[int, Turn]]:
    """The turns to capture, with their places."""
    if conversation.mcp is not None:
        return [(index, turn) for index, turn in enumerate(conversation.turns) if turn.role is not Role.SYSTEM]
    prompt = conversation.prompt
    return [] if prompt is None else [(conversation.turns.index(prompt), prompt)]


def _as_json(kept: dict[str, Any]) -> str:
    return json.dumps(_within_bounds(kept), ensure_ascii=False)


def _within_bounds(kept: dict[str, Any]) -> dict[str, Any]:
    left, truncated = _LONGEST_CAPTURE, False
    for name in ("prompt", "answer", "attachments"):
        given = kept.get(name, [])
        pieces: list[str] = []
        for text in [given] if isinstance(given, str) else given:
            pieces.append(text[:left])
            truncated = truncated or len(text) > left
            left -= len(pieces[-1])
        if name in kept:
            kept[name] = pieces[0] if isinstance(given, str) else pieces
    return kept | {"truncated": True} if truncated else kept


def _masked(index: int, turn: Turn, findings: tuple[Finding, ...]) -> list[str]:
    """The parts of `turn` with every finding replaced by its mask."""
    texts: list[str] = []
    for number, part in enumerate(turn.parts):
        text = part.text
        here = [finding for finding in findings if (finding.span.turn, finding.span.part) == (index, number)]
        for finding in sorted(here, key=lambda found: found.span.start, reverse=True):
            text = text[: finding.span.start] + finding.mask + text[finding.span.end :]
        texts.append(text)
    return texts
