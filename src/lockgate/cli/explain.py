"""`lockgate explain`: what would happen to a request, and why."""

import json
import secrets
import sys
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click

from lockgate.cli.asked_request import saved_request, written_request
from lockgate.cli.explain_others import Answer, other_question, with_policy
from lockgate.cli.explain_rules import demand_lines, rule_data, rule_lines
from lockgate.cli.home_option import HomeOption
from lockgate.cli.policy_files import existing_policy
from lockgate.dlp.scan import Scanner
from lockgate.facts.attachment_types import type_of
from lockgate.facts.authorship import characters
from lockgate.facts.client_software import UNKNOWN_SOFTWARE, ClientSoftware
from lockgate.facts.coaching import Coaching, spoken
from lockgate.facts.decision import Decision, Verdict
from lockgate.facts.device import Device, DeviceTrust
from lockgate.facts.finding import Finding
from lockgate.facts.mcp import McpCall
from lockgate.facts.notice import notified
from lockgate.facts.problem import Problem, UsageError, nearest_name
from lockgate.facts.prompt import Conversation
from lockgate.facts.traffic import Client, IdentifiedBy
from lockgate.gate.acknowledgements import Acknowledgements
from lockgate.policy import Ruleset, header_edits, on_the_wall, parse_moment
from lockgate.policy.explained import Explained, explained
from lockgate.runtime.acknowledgement_ledger import stored_acknowledgements
from lockgate.runtime.explain import Explanation, Known, Question
from lockgate.runtime.explain import explain as run_explain
from lockgate.runtime.mcp_watch import stored_inventory
from lockgate.runtime.persona import Persona
from lockgate.runtime.snapshot import Snapshot, SnapshotBuilder
from lockgate.runtime.usage_watch import usage_of_client

_BLOCKED = 2
_HOW = {
    "closed": "is never asked for: the client's connection is closed",
    "portal": "is answered by the gateway's own portal",
    "tunnel": "passes undecrypted",
    "intercept": "is decrypted",
    "refuse": "is refused at CONNECT",
    "plain": "is plain HTTP",
}
_IDENTIFIED = {
    IdentifiedBy.ANONYMOUS: "not identified",
    IdentifiedBy.PROXY_LOGIN: "by proxy login",
    IdentifiedBy.ADDRESS_TABLE: "by the address table",
}


@click.command()
@click.argument("target", required=False)
@click.option("--record", "record_id", metavar="ID", help="The recorded exchange ID, by the facts that were kept of it.")
@click.option("--facts", metavar="FILE", help="Facts in the notation of a case's `given`; - is standard input.")
@click.option(
    "--policy", type=click.Path(path_type=Path), help="By this policy instead of the live one."
)  # fmt: skip
@click.option("--method", "-X", help="Request method (default: GET, or POST with a body).")
@click.option("--header", "-H", "headers", multiple=True, metavar="NAME: VALUE", help="A request header; repeat for more.")
@click.option(
    "--body", "-d", metavar="TEXT|@FILE", help="The request body; @FILE reads it from a file, @- from standard input."
)
@click.option("--user", help="As this user of users.yaml, logged in.")
@click.option("--group", "groups", multiple=True, help="In this group instead of the known ones; repeat for more.")
@click.option(
    "--address", default="127.0.0.1", show_default=True,
    help="From this client address; without --user, the address table says who that is.",
)  # fmt: skip
@click.option("--at", metavar="TIME", help="At this moment: 2026-03-03T10:00 (in the policy's time zone), or with an offset.")
@click.option("--country", metavar="CODE", help="In this country instead of the known one, for example DE.")
@click.option(
    "--device",
    metavar="TEXT",
    help="With this device, as a trusted hop says it, for example 'id=\"laptop-17\", enrolled'.",
)
@click.option(
    "--acknowledged", "acknowledged", multiple=True, metavar="RULE",
    help="As if this rule that coaches had been acknowledged; repeat for more.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@click.pass_obj
def explain(  # noqa: PLR0913, PLR0917 - one parameter per option
    home_option: HomeOption, target: str | None, record_id: str | None, facts: str | None, policy: Path | None,
    method: str | None, headers: tuple[str, ...], body: str | None, user: str | None,
    groups: tuple[str, ...], address: str, at: str | None, country: str | None, device: str | None,
    acknowledged: tuple[str, ...], as_json: bool,
) -> None:  # fmt: skip
    """Say what would happen to TARGET (a URL, or @FILE with a saved HTTP request) and why, rule by rule.

    Instead of a request, --record asks about an exchange that is over, --facts about one that is made up.

    With a wss:// URL, the body is what the client says first on the WebSocket.

    Nobody is contacted, and no name is resolved. Exit code 0: allowed, 2: blocked or redirected, 1: it
    cannot be told, because what a rule needs was not recorded.
    """
    _one_question(target, record_id, facts)
    snapshot = SnapshotBuilder(home_option.home).build()
    if policy is not None:
        snapshot = with_policy(snapshot, existing_policy(home_option.home, policy))
    if target is None:
        sys.exit(_told(other_question(snapshot, record_id, facts), as_json=as_json))
    asked_as = Persona.of(address=address, user=user, groups=groups, device=device, country=country)
    if not target.startswith("@"):
        asked = written_request(target, method, headers, body)
    elif method is None and not headers and body is None:
        asked = saved_request(target[1:])
    else:
        help_text = "leave --method, --header and --body out, or give a URL"
        raise UsageError(Problem(problem="a saved request brings its own method, headers and body", help=help_text))
    scanner = Scanner.open(snapshot.detectors, key=secrets.token_bytes(32))
    moment = _moment(at, snapshot.ruleset)
    question = Question(asked_as=asked_as, request=asked.head, content=asked.content, at=moment)
    known = Known(
        inventory=stored_inventory(home_option.home), usage_of=partial(usage_of_client, home_option.home, moment.timestamp()),
        acknowledged=_acknowledgements(snapshot, acknowledged, moment.timestamp()),
    )  # fmt: skip
    explanation = run_explain(snapshot, scanner, question, known)
    sys.exit(_told(Answer(explanation=explanation), as_json=as_json))


def _one_question(*asked: str | None) -> None:
    if sum(each is not None for each in asked) != 1:
        help_text = "give a URL or @FILE, or --record ID, or --facts FILE"
        raise UsageError(Problem(problem="one thing is explained at a time", help=help_text))


def _told(answer: Answer, *, as_json: bool) -> int:
    """Say it; the exit code."""
    explanation = answer.explanation
    if as_json:
        click.echo(json.dumps(answer.as_data(_as_data(explanation)), indent=2))
    else:
        click.echo(answer.as_text(_as_text(explanation)))
    if answer.missing:
        return 1
    return _BLOCKED if explanation.decision.verdict in (Verdict.BLOCK, Verdict.REDIRECT, Verdict.COACH) else 0


def _moment(given: str | None, ruleset: Ruleset) -> datetime:
    if given is None:
        return datetime.now(UTC)
    at = parse_moment(given)
    if at is None:
        help_text = "write --at 2026-03-03T10:00, or with an offset 2026-03-03T10:00+01:00"
        raise UsageError(Problem(problem=f"`{given}` is not a date with a time", help=help_text))
    return on_the_wall(at, ruleset.zone)


def _acknowledgements(snapshot: Snapshot, assumed: tuple[str, ...], now: float) -> Acknowledgements:
    """What people acknowledged, and what is asked as if they had. Raises UsageError for a rule that asks for nothing."""
    known = snapshot.ruleset.coached
    wrong = [name for name in assumed if name not in known]
    if wrong:
        hint = nearest_name(wrong[0], known) or (f"rules that do: {', '.join(known)}" if known else "this policy has none")
        raise UsageError(Problem(problem=f"no rule `{wrong[0]}` asks to be acknowledged", help=hint))
    return replace(Acknowledgements.of(stored_acknowledgements(snapshot.home, now)), assumed=frozenset(assumed))


def _as_data(explanation: Explanation) -> dict[str, object]:
    decision, sheet = explanation.decision, explanation.sheet
    match, tier = sheet.app, sheet.app.tier if sheet.app else None
    examination = sheet.examination
    return {
        "verdict": decision.verdict.value,
        "reason": decision.reason.value,
        "rule": decision.rule,
        "message": decision.message,
        "redirect_to": decision.redirect_to,
        "as_answer": decision.as_answer,
        "capture": decision.capture.value,
        "capture_days": decision.capture_days or None,
        "tags": list(decision.tags),
        "headers": _headers(explanation),
        "notify": list(notified(decision)),
        "monitored": list(decision.monitored),
        "asks": _asks(decision.coaching),
        "acknowledged": list(decision.acknowledged),
        "exceptions": list(decision.exceptions),
        "policy_version": decision.policy_version,
        "at": sheet.at.isoformat(),
        "user": sheet.client.user,
        "groups": list(sheet.client.groups),
        "identified_by": sheet.client.identified_by.value,
        "address": sheet.client.address,
        **_whereabouts(sheet.client),
        "connection": explanation.connection,
        "host": sheet.host,
        "host_is_resolved_later": explanation.unresolved,
        "app": match.app.id if match else None,
        "status": match.app.status.value if match else None,
        "operation": match.operation.value if match and match.operation else None,
        "format": match.format if match else None,
        "opaque": match.opaque if match else False,
        "tier": tier.id if tier else None,
        "tier_known": match.tier_known if match else False,
        "application_confidence_score": tier.application_confidence.shown if tier else None,
        "gen_ai_confidence_score": tier.genai_confidence.shown if tier else None,
        "tenant": match.tenant if match else None,
        "account_kind": match.account.value if match else None,
        "credential": match.credential.value if match else None,
        **_client_software(sheet.software),
        **_said(sheet.conversation),
        "mcp": _asked_of_server(sheet.mcp) if sheet.mcp is not None else None,
        "examination": examination.state.value if examination else None,
        "findings": [
            {
                "detector": f.detector,
                "profiles": list(f.profiles),
                "detection_confidence": f.detection_confidence.name.lower(),
                "mask": f.mask,
                "found_in": f.found_in.value,
            }
            for f in (examination.findings if examination else ())
        ],
        "redacted": [{"rule": each.rule, "detector": each.detector, "count": each.count} for each in explanation.redactions],
        "trace": [{"rule": s.rule, "truth": s.truth.value, "excepted": s.excepted, "why": s.why} for s in decision.trace],
        **rule_data(_explained(explanation)),
    }


def _asks(coaching: Coaching | None) -> dict[str, object] | None:
    if coaching is None:
        return None
    return {
        "ask": coaching.ask.value, "seconds": coaching.seconds, "choices": list(coaching.choices),
        "at_least": coaching.at_least,
    }  # fmt: skip


def _client_software(software: ClientSoftware | None) -> dict[str, object]:
    known = software or UNKNOWN_SOFTWARE
    return {
        "client_kind": known.kind.value,
        "client_product": known.product,
        "client_version": known.version,
        "client_via": known.via,
    }


def _said(conversation: Conversation | None) -> dict[str, object]:
    """What was read of the body, as a record keeps it: no words, no names of files."""
    if conversation is None:
        return {"background": None, "text_kinds": {}, "attachments": []}
    files = [file for turn in conversation.turns for file in turn.attachments]
    return {
        "background": conversation.background,
        "text_kinds": {kind.value: count for kind, count in characters(conversation).items() if count},
        "attachments": [{"type": type_of(file), "declared": file.media_type, "size": file.size} for file in files],
    }


def _program(software: ClientSoftware | None) -> str:
    known = software or UNKNOWN_SOFTWARE
    named = " ".join(part for part in (known.product, known.version) if part)
    via = f" via {known.via}" if known.via else ""
    return f"{named} ({known.kind.value}){via}" if named else f"{known.kind.value}{via}"


def _asked_of_server(call: McpCall) -> dict[str, object]:
    asked = {"methods": list(call.methods), "tools": list(call.tools), "changed": list(call.changed)}
    return {"server": call.server, "unread": call.unread, **asked}


def _mcp_lines(call: McpCall | None) -> list[str]:
    if call is None:
        return []
    asked = " ".join((*call.methods, *call.tools)) or ("what cannot be read" if call.unread else "a stream")
    changed = f", changed: {', '.join(call.changed)}" if call.changed else ""
    return [f"  mcp          {call.server} is asked for {asked}{changed}"]


def _app_lines(explanation: Explanation) -> list[str]:
    data = _as_data(explanation)
    if not data["app"]:
        return ["  app          none of the library"] if explanation.sheet.app_known else []
    notation = "opaque: nobody can read it" if data["opaque"] else f"format {data['format']}"
    lines = [f"  app          {data['app']} ({data['status']}), operation {data['operation']}, {notation}"]
    known = "" if data["tier_known"] else ", the lowest-scoring known tier because the account's is unknown"
    if data["tier"]:
        lines.append(
            f"  scores       application {data['application_confidence_score']}, Gen-AI {data['gen_ai_confidence_score']}"
            f" (tier {data['tier']}{known})"
        )
    tenant = f", tenant {data['tenant']}" if data["tenant"] else ""
    return [*lines, f"  account      {data['account_kind']}{tenant}, shown by {data['credential']}"]


def _as_text(explanation: Explanation) -> str:
    data, decision = _as_data(explanation), explanation.decision
    rule = f" Rule: {decision.rule}." if decision.rule else ""
    lines = [f"{decision.verdict.value}: {decision.reason.explanation}{rule}"]
    if decision.message:
        how = " (as an answer of the model)" if decision.as_answer else ""
        lines.append(f"  told         {decision.message}{how}")
    if decision.coaching is not None:
        lines.append(f"  asked to     {decision.coaching.ask.value}; that lets pass for {spoken(decision.coaching.seconds)}")
    if decision.redirect_to:
        lines.append(f"  sent to      {decision.redirect_to}")
    lines.append(f"  client       {_who(explanation.sheet.client)}")
    lines += _device_lines(explanation.sheet.client.device)
    if explanation.sheet.software is not None:
        lines.append(f"  program      {_program(explanation.sheet.software)}, as it says itself")
    lines.append(f"  connection   {data['host']} {_HOW[explanation.connection]}")
    if explanation.unresolved:
        lines.append("  destination  a name: the proxy resolves it, and refuses it if that gives an address it may not reach")
    lines += _app_lines(explanation)
    lines += _mcp_lines(explanation.sheet.mcp)
    if data["examination"]:
        found = ", ".join(f"{f.detector} {f.mask} in {f.found_in.value}" for f in _findings(explanation)) or "nothing"
        lines.append(f"  examination  {data['examination']}; found {found}")
    lines += [f"  redacted     {each.count} of {each.detector} by {each.rule}" for each in explanation.redactions]
    for label, values in (
        ("capture", [_kept(decision)]), ("tags", decision.tags), ("notify", notified(decision)),
        ("monitored", decision.monitored), ("acknowledged", decision.acknowledged), ("exceptions", decision.exceptions),
    ):  # fmt: skip
        if values and values != ["none"]:
            lines.append(f"  {label:<12} {', '.join(values)}")
    for name, value in _headers(explanation).items():
        lines.append(f"  header       {name}: {value}" if value is not None else f"  header       {name} is taken out")
    lines.append(f"  policy       version {decision.policy_version}")
    told = _explained(explanation)
    return "\n".join([*lines, *demand_lines(told), *rule_lines(told)])


def _explained(explanation: Explanation) -> Explained:
    """The rules, where they were asked at all."""
    if not explanation.decision.reason.is_of_policy:
        return Explained()
    return explained(explanation.ruleset, explanation.sheet)


def _who(client: Client) -> str:
    groups = f" ({', '.join(client.groups)})" if client.groups else ""
    places = ", ".join(part for part in (*client.networks, client.country) if part)
    where = f"{client.address} ({places})" if places else client.address
    return f"{client.user or 'nobody in particular'}{groups}, {_IDENTIFIED[client.identified_by]}, from {where}"


def _headers(explanation: Explanation) -> dict[str, str | None]:
    """What rules make of the request's headers; None for one that is taken out and not set."""
    if explanation.decision.verdict is not Verdict.ALLOW:
        return {}
    edits = header_edits(explanation.decision, explanation.sheet)
    set_names = {name.lower() for name, _ in edits.added}
    return {**dict(edits.added), **dict.fromkeys(name for name in edits.removed if name not in set_names)}


def _kept(decision: Decision) -> str:
    return f"{decision.capture.value}, for {decision.capture_days} days" if decision.capture_days else decision.capture.value


def _whereabouts(client: Client) -> dict[str, object]:
    device = client.device
    return {
        "country": client.country,
        "networks": list(client.networks),
        "device": device.id or None,
        "device_enrolled": device.enrolled,
        "device_trust": device.trust.value,
        "device_posture": sorted(device.posture) if device.posture is not None else None,
        "device_problem": device.problem.value if device.problem is not None else None,
    }


def _device_lines(device: Device) -> list[str]:
    if device.problem is not None:
        return [f"  device       not known: {device.problem.explanation}"]
    if device.trust is DeviceTrust.NONE:
        return []
    checks = "told of no checks" if device.posture is None else f"passed {', '.join(sorted(device.posture)) or 'no check'}"
    enrolled = "enrolled" if device.enrolled else "not enrolled"
    return [f"  device       {device.id or 'without a name'}, {enrolled}, {checks}, known by {device.trust.value}"]


def _findings(explanation: Explanation) -> tuple[Finding, ...]:
    examination = explanation.sheet.examination
    return examination.findings if examination else ()
