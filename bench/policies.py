"""Policies of any length with mixed selectors, and exchanges to judge by them. Deterministic; nothing in them is a secret.

Separate from `policy.py`, which measures: the same policies are checked, evaluated and replayed.
"""

import random
from dataclasses import replace
from datetime import UTC, datetime

from lockgate.apps.library import AppLibrary
from lockgate.facts.app import AppMatch, Operation
from lockgate.facts.client_software import ClientKind, ClientSoftware
from lockgate.facts.discovery import Noticed
from lockgate.facts.finding import DetectionConfidence, Examination, ExaminationState, Finding, Span
from lockgate.facts.prompt import Conversation, Part, Role, chain
from lockgate.facts.sheet import FactSheet
from lockgate.facts.traffic import Client, Headers, IdentifiedBy, Phase, Request
from lockgate.policy import Vocabulary

_GROUPS = [f"team-{number}" for number in range(40)]
_OPERATIONS = ["send_prompt", "upload", "voice", "share", "agent_task", "code_completion", "history", "browse"]
_CATEGORIES = ["chat-assistant", "coding-assistant", "agent", "writing", "model-api", "image-generation"]
_MOST = 10_000
"""Exchanges are of people, hosts and so on that have a number below this: each of them has a rule in a policy this long."""
_PROFILES = ["credentials", "financial", "pii"]
_AT = datetime(2026, 1, 5, 12, tzinfo=UTC)


def policy_text(rules: int, apps: list[str], *, seed: int = 1) -> str:
    """A policy of so many rules with mixed selectors.

    Nine in ten end the walk for somebody or something of their own (the checker would refuse rules that others cover); one in
    ten adds something for many.
    """
    chosen = random.Random(seed)
    lines = ["version: 1", "default: allow", "on_uninspectable: block", "rules:"]
    for number in range(rules):
        lines += [f"  - id: rule-{number}", f"    description: Made rule {number}.", "    when:"]
        ends = chosen.random() < 0.9
        tests = dict(test.split(": ", 1) for test in _tests(chosen, apps, number, alone=ends))
        lines += [f"      {name}: {wanted}" for name, wanted in tests.items()]
        if number % 7 == 0:
            lines.append("      not: {account.credential: signature}")
        lines.append(
            f"    then: {chosen.choice(['block', 'block', 'allow'] if ends else ['{capture: masked}', '{tag: seen}'])}"
        )
    return "\n".join(lines) + "\n"


def _tests(chosen: random.Random, apps: list[str], number: int, *, alone: bool) -> list[str]:
    own = [
        f"user: person-{number}", f"tenant.id: org-{number}", f"host: {{within: h{number}.example}}",
        f"request.path: {{starts_with: /v{number}/}}", f"prompt.model: model-{number}",
    ]  # fmt: skip
    who = [
        f"user.groups: {chosen.choice(_GROUPS)}", f"source.address: {{within: 10.{chosen.randrange(256)}.0.0/16}}",
        f"client.kind: {chosen.choice(['browser', 'sdk', 'coding_agent', 'cli'])}", "account.kind: [personal, unknown]",
    ]  # fmt: skip
    where = [
        f"app.id: {chosen.choice(apps)}", f"app.id: [{', '.join(sorted(chosen.sample(apps, 3)))}]",
        f"app.category: {chosen.choice(_CATEGORIES)}", f"app.country: {chosen.choice(['US', 'CN', 'FR', 'IL', 'DE'])}",
        f"app.gen_ai_score: {{below: {chosen.randrange(10, 30) / 10}}}",
        f"app.status: {chosen.choice(['unapproved', 'unreviewed', 'in_review'])}",
    ]  # fmt: skip
    what = [
        f"operation: {chosen.choice(_OPERATIONS)}", f"operation: [{', '.join(chosen.sample(_OPERATIONS, 2))}]",
        "operation.carries_payload: true", f"attachment.count: {{above: {chosen.randrange(2, 20)}}}",
    ]  # fmt: skip
    content = [
        f"dlp.profiles: {chosen.choice(_PROFILES)}",
        f"dlp.count.{chosen.choice(_PROFILES)}: {{at_least: {chosen.randrange(2, 50)}}}",
        f"dlp.detection_confidence.{chosen.choice(_PROFILES)}: {{at_least: medium}}",
    ]  # fmt: skip
    parts = chosen.sample([who, where, what, content], chosen.choice([2, 2, 3, 3, 4]))
    return [chosen.choice(part) for part in ([own, *parts] if alone else parts)]


def vocabulary(apps: list[str]) -> Vocabulary:
    """The words of these policies."""
    return Vocabulary(apps=frozenset(apps), categories=frozenset(_CATEGORIES), profiles=frozenset(_PROFILES))


def exchanges(library: AppLibrary, count: int, *, seed: int = 2) -> list[tuple[FactSheet, ...]]:
    """What is known of each exchange, phase by phase, up to an examination; some of them have findings."""
    chosen = random.Random(seed)
    return [_phases(chosen, library) for _ in range(count)]


def _phases(chosen: random.Random, library: AppLibrary) -> tuple[FactSheet, ...]:
    app = chosen.choice(library.apps)
    tier = app.tiers[0] if app.tiers else None
    match = AppMatch(
        app=app, operation=Operation(chosen.choice(_OPERATIONS)), tier=tier, tenant=f"org-{chosen.randrange(_MOST)}"
    )
    request = Request(
        method="POST", scheme="https", host=f"h{chosen.randrange(_MOST)}.example", port=443,
        path=f"/v{chosen.randrange(_MOST)}/c", headers=Headers((("content-type", "application/json"),)),
    )  # fmt: skip
    client = Client(
        address=f"10.{chosen.randrange(256)}.3.{chosen.randrange(256)}", user=f"person-{chosen.randrange(_MOST)}",
        groups=tuple(chosen.sample(_GROUPS, 2)), identified_by=IdentifiedBy.PROXY_LOGIN,
    )  # fmt: skip
    connect = FactSheet(at=_AT, phase=Phase.CONNECT, client=client, host=request.host, port=443)
    head = replace(
        connect, phase=Phase.REQUEST_HEADERS, request=request, app_known=True, app=match,
        software=ClientSoftware(kind=ClientKind(chosen.choice(["browser", "sdk", "coding_agent"]))),
    )  # fmt: skip
    said = chain([(Role.USER, (Part(text="words", path=()),), ())])
    body = replace(
        head, phase=Phase.REQUEST_BODY, mcp_known=True, noticed=Noticed(),
        conversation=Conversation(turns=said, model=f"model-{chosen.randrange(_MOST)}", id=f"c-{chosen.randrange(10**6)}"),
    )  # fmt: skip
    findings = tuple(_finding(chosen) for _ in range(chosen.choice([0, 0, 0, 1, 3])))
    examination = Examination(state=ExaminationState.COMPLETE, profiles=frozenset(_PROFILES), findings=findings, examined=1)
    return connect, head, body, replace(body, examination=examination)


def _finding(chosen: random.Random) -> Finding:
    return Finding(
        detector="some-detector", profiles=(chosen.choice(_PROFILES),), span=Span(turn=0, part=0, start=0, end=1), mask="[x]",
        detection_confidence=chosen.choice(list(DetectionConfidence)),
    )  # fmt: skip
