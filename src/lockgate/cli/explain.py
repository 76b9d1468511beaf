"""`lockgate explain`: what would happen to a request, and why."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import click

from lockgate.cli.home_option import HomeOption
from lockgate.dlp.scan import Scanner
from lockgate.facts.decision import Truth, Verdict
from lockgate.facts.finding import Finding
from lockgate.facts.problem import Problem, UsageError
from lockgate.facts.traffic import Body, Client, Headers, IdentifiedBy, Request
from lockgate.runtime.explain import Explanation, Question
from lockgate.runtime.explain import explain as run_explain
from lockgate.runtime.snapshot import SnapshotBuilder

_BLOCKED = 2


@click.command()
@click.argument("target")
@click.option("--method", "-X", help="Request method (default: GET, or POST with a body).")
@click.option("--header", "-H", "headers", multiple=True, metavar="NAME: VALUE", help="A request header; repeat for more.")
@click.option(
    "--body", "-d", metavar="TEXT|@FILE", help="The request body; @FILE reads it from a file, @- from standard input."
)
@click.option("--user", help="As this user.")
@click.option("--group", "groups", multiple=True, help="In this group; repeat for more.")
@click.option("--address", default="127.0.0.1", show_default=True, help="From this client address.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@click.pass_obj
def explain(  # noqa: PLR0913, PLR0917 - one parameter per option
    home_option: HomeOption, target: str, method: str | None, headers: tuple[str, ...], body: str | None, user: str | None,
    groups: tuple[str, ...], address: str, as_json: bool,
) -> None:  # fmt: skip
    """Say what would happen to TARGET (a URL, or @FILE with a saved HTTP request) and why.

    Nobody is contacted. Exit code 0: allowed, 2: blocked or redirected.
    """
    snapshot = SnapshotBuilder(home_option.home).build()
    scanner = Scanner.open(snapshot.detectors)
    if target.startswith("@"):
        request, content = _saved_request(_read(target[1:]), target[1:])
    else:
        content = _body(body)
        fields = tuple(_header(line) for line in headers)
        request = _request(target, method or ("POST" if content else "GET"), fields)
    identified = IdentifiedBy.PROXY_LOGIN if user else IdentifiedBy.ANONYMOUS
    client = Client(address=address, user=user, groups=groups, identified_by=identified)
    question = Question(client=client, request=request, body=Body(content=content), at=datetime.now(UTC))
    explanation = run_explain(snapshot, scanner, question)
    click.echo(json.dumps(_as_data(explanation), indent=2) if as_json else _as_text(explanation))
    stopped = explanation.decision.verdict in (Verdict.BLOCK, Verdict.REDIRECT)
    sys.exit(_BLOCKED if stopped else 0)


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
        "capture": decision.capture.value,
        "tags": list(decision.tags),
        "monitored": list(decision.monitored),
        "policy_version": decision.policy_version,
        "connection": explanation.connection,
        "host": sheet.host,
        "app": match.app.id if match else None,
        "status": match.app.status.value if match else None,
        "operation": match.operation.value if match and match.operation else None,
        "format": match.format if match else None,
        "tier": tier.id if tier else None,
        "tier_known": match.tier_known if match else False,
        "application_confidence_score": tier.application_confidence.shown if tier else None,
        "gen_ai_confidence_score": tier.genai_confidence.shown if tier else None,
        "tenant": match.tenant if match else None,
        "examination": examination.state.value if examination else None,
        "findings": [
            {
                "detector": f.detector,
                "profiles": list(f.profiles),
                "detection_confidence": f.detection_confidence.name.lower(),
                "mask": f.mask,
            }
            for f in (examination.findings if examination else ())
        ],
        "trace": [{"rule": s.rule, "truth": s.truth.value, "why": s.why} for s in decision.trace],
    }


def _as_text(explanation: Explanation) -> str:
    data, decision = _as_data(explanation), explanation.decision
    how = {
        "tunnel": "passes undecrypted",
        "intercept": "is decrypted",
        "refuse": "is refused at CONNECT",
        "plain": "is plain HTTP",
    }
    rule = f" Rule: {decision.rule}." if decision.rule else ""
    lines = [f"{decision.verdict.value}: {decision.reason.explanation}{rule}"]
    if decision.message:
        lines.append(f"  told         {decision.message}")
    if decision.redirect_to:
        lines.append(f"  sent to      {decision.redirect_to}")
    lines.append(f"  connection   {data['host']} {how[explanation.connection]}")
    if data["app"]:
        lines.append(f"  app          {data['app']} ({data['status']}), operation {data['operation']}, format {data['format']}")
        known = "" if data["tier_known"] else ", the lowest-scoring known tier because the account's is unknown"
        if data["tier"]:
            lines.append(
                f"  scores       application {data['application_confidence_score']}, Gen-AI {data['gen_ai_confidence_score']}"
                f" (tier {data['tier']}{known})"
            )
    else:
        lines.append("  app          none of the library")
    if data["examination"]:
        found = ", ".join(f"{f.detector} {f.mask}" for f in _findings(explanation)) or "nothing"
        lines.append(f"  examination  {data['examination']}; found {found}")
    for label, values in (("capture", [decision.capture.value]), ("tags", decision.tags), ("monitored", decision.monitored)):
        if values and values != ["none"]:
            lines.append(f"  {label:<12} {', '.join(values)}")
    lines.append(f"  policy       version {decision.policy_version}")
    lines += [
        f"    {step.truth.value:<14} {step.rule}" + (f"  ({step.why})" if step.why else "")
        for step in decision.trace
        if step.truth is not Truth.NO or step.why
    ]
    return "\n".join(lines)


def _findings(explanation: Explanation) -> tuple[Finding, ...]:
    examination = explanation.sheet.examination
    return examination.findings if examination else ()


def _request(url: str, method: str, headers: tuple[tuple[str, str], ...]) -> Request:
    parts = urlsplit(url if "://" in url else f"https://{url}")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(Problem(problem=f"`{url}` is not an http or https URL", help="for example https://chatgpt.com/"))
    return Request(
        method=method.upper(), scheme=parts.scheme, host=parts.hostname.lower(),
        port=parts.port or (443 if parts.scheme == "https" else 80),
        path=parts.path or "/", query=parts.query, headers=Headers(headers),
    )  # fmt: skip


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not name.strip():
        raise UsageError(Problem(problem=f"`{line}` is not a header", help="write it as `Name: value`"))
    return name.strip().lower(), value.strip()


def _body(given: str | None) -> bytes:
    if given is None:
        return b""
    return _read(given[1:]) if given.startswith("@") else given.encode()


def _read(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise UsageError(Problem(problem=f"cannot read `{name}`: {(error.strerror or str(error)).lower()}")) from None


def _saved_request(raw: bytes, name: str) -> tuple[Request, bytes]:
    """A request as it stands on the wire: request line, headers, empty line, body."""
    head, _, content = raw.replace(b"\r\n", b"\n", raw.count(b"\r\n", 0, raw.find(b"\r\n\r\n") + 4)).partition(b"\n\n")
    lines = head.decode("utf-8", "replace").splitlines()
    words = lines[0].split() if lines else []
    if len(words) < 2:
        raise UsageError(
            Problem(
                problem=f"`{name}` does not start with a request line", help="for example `POST https://host/path HTTP/1.1`"
            )
        )
    fields = tuple(_header(line) for line in lines[1:])
    target = words[1]
    if target.startswith("/"):
        host = Headers(fields).get("host")
        if not host:
            raise UsageError(Problem(problem=f"`{name}` has neither a full URL nor a Host header"))
        target = f"https://{host}{target}"
    return _request(target, words[0], fields), content
