"""Words and facts that the policy tests share."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import strategies as st

from lockgate.facts.app import (
    AccountKind,
    App,
    AppMatch,
    AppTier,
    ConfidenceScore,
    CredentialKind,
    Operation,
    ReviewStatus,
)
from lockgate.facts.client_software import ClientKind, ClientSoftware
from lockgate.facts.discovery import Noticed
from lockgate.facts.finding import DetectionConfidence, Examination, ExaminationState, Finding, Span, TextKind
from lockgate.facts.prompt import Conversation, Part, Role, chain
from lockgate.facts.sheet import FactSheet
from lockgate.facts.traffic import BodySize, Client, Headers, IdentifiedBy, Phase, Request, Response
from lockgate.home.home import Home, built_in_data
from lockgate.home.tenant_controls import load_tenant_controls
from lockgate.home.yaml_document import parse_yaml
from lockgate.policy import AppFacts, Ruleset, Vocabulary, compile_policy

sys.path.insert(0, str(Path(__file__).parent))

from random_policies import Exchange, Tools

VOCABULARY = Vocabulary(
    apps=frozenset({"chatgpt", "claude", "some-app"}),
    app_addresses={"chatgpt": "https://chatgpt.com/"},
    categories=frozenset({"chat-assistant", "coding-assistant", "writing"}),
    vendors=frozenset({"OpenAI", "Anthropic"}),
    tiers=frozenset({"free", "enterprise"}),
    clients=frozenset({"claude-code", "curl"}),
    client_environments=frozenset({"vscode"}),
    networks=frozenset({"branch", "offices"}),
    evidence={"training": frozenset({"never", "opt_in", "opt_out"}), "soc2": frozenset({"yes", "no"})},
    webhooks=frozenset({"security", "chat"}),
    tenant_controls=load_tenant_controls(Home(built_in_data())),
    profiles=frozenset({"credentials", "financial", "pii"}),
    detectors=frozenset({"aws-key", "card-number"}),
    app_facts={
        "chatgpt": AppFacts(vendor="OpenAI", category="chat-assistant", tiers=frozenset({"free", "enterprise"})),
        "claude": AppFacts(vendor="Anthropic", category="chat-assistant", tiers=frozenset({"free", "enterprise"})),
        "some-app": AppFacts(vendor="OpenAI", category="writing", tiers=frozenset({"free"})),
    },
    detector_profiles={"aws-key": frozenset({"credentials"}), "card-number": frozenset({"financial", "pii"})},
)


def _score(hundredths: int | None) -> ConfidenceScore:
    return ConfidenceScore(hundredths=hundredths, answered=3, components=5)


def make_finding(
    profile: str,
    confidence: DetectionConfidence = DetectionConfidence.HIGH,
    detector: str = "some-detector",
    found_in: TextKind = TextKind.HUMAN_TEXT,
    mark: bytes = b"",
) -> Finding:
    span = Span(turn=0, part=0, start=0, end=3)
    return Finding(
        detector=detector,
        profiles=(profile,),
        detection_confidence=confidence,
        span=span,
        mask="[key]",
        found_in=found_in,
        value_mark=mark,
    )


def make_app(**changes: object) -> AppMatch:
    given = {
        "id": "chatgpt", "vendor": "OpenAI", "category": "chat-assistant", "status": ReviewStatus.UNREVIEWED, "country": "US",
        "operation": Operation.SEND_PROMPT, "gen_ai": 290, "application": 410, "tier_known": True, "tenant": "acme",
        "account": AccountKind.CORPORATE, "credential": CredentialKind.API_KEY, "evidence": {"training": "never"},
    } | changes  # fmt: skip
    tier = AppTier(
        id="free",
        name="Free",
        application_confidence=_score(given["application"]),
        genai_confidence=_score(given["gen_ai"]),
        evidence=given["evidence"],
    )
    app = App(
        id=given["id"], name="An app", vendor=given["vendor"], category=given["category"], status=given["status"],
        country=given["country"],
    )  # fmt: skip
    rest = {name: given[name] for name in ("operation", "tier_known", "tenant", "account", "credential")}
    return AppMatch(app=app, tier=tier, **rest)


def make_sheet(phase: Phase = Phase.RESPONSE_HEADERS, **changes: object) -> FactSheet:
    """Everything that is known once `phase` is over. An `examination` of None means that nobody has looked."""
    words = Part(text="hello", path=())
    request = Request(
        method="POST", scheme="https", host="chatgpt.com", port=443, path="/backend-api/conversation",
        headers=Headers((("content-type", "application/json; charset=utf-8"),)),
    )  # fmt: skip
    facts = {
        "client": Client(address="10.1.2.3", user="alice", groups=("staff", "finance"), identified_by=IdentifiedBy.PROXY_LOGIN),
        "app": make_app(),
        "request": request,
        "software": ClientSoftware(kind=ClientKind.CODING_AGENT, product="claude-code", version="2.1.9", via="vscode"),
        "conversation": Conversation(turns=chain([(Role.USER, (words,), ())]), model="gpt-5", id="c-1"),
        "examination": make_examination(),
        "response": Response(status=200, headers=Headers((("content-type", "text/event-stream"),))),
    } | changes
    host, port = facts.get("host", "chatgpt.com"), facts.get("port", 443)
    at = facts.get("at", datetime(2026, 1, 5, tzinfo=UTC))
    sheet = {"at": at, "phase": phase, "client": facts["client"], "host": host, "port": port}
    sheet["usage"] = facts.get("usage")
    sheet["acknowledged"] = facts.get("acknowledged", frozenset())
    if phase >= Phase.REQUEST_HEADERS:
        sheet |= {"request": facts["request"], "app_known": True, "app": facts["app"], "software": facts["software"]}
    if phase >= Phase.REQUEST_BODY:
        sheet |= {"conversation": facts["conversation"], "examination": facts["examination"]}
        sheet |= {"mcp_known": True, "mcp": facts.get("mcp"), "noticed": facts.get("noticed", Noticed())}
    if phase >= Phase.RESPONSE_HEADERS:
        sheet["response"] = facts["response"]
    if phase >= Phase.REQUEST_BODY:
        sheet["request_size"] = facts.get("request_size", BodySize(bytes=70))
    return FactSheet(**sheet)


def make_examination(
    *findings: Finding, state: ExaminationState = ExaminationState.COMPLETE, profiles: set[str] | None = None
) -> Examination:
    looked_for = VOCABULARY.profiles if profiles is None else frozenset(profiles)
    return Examination(state=state, profiles=looked_for, findings=findings, examined=1)


def make_ruleset(text: str, vocabulary: Vocabulary = VOCABULARY) -> Ruleset:
    return compile_policy(parse_yaml(text, "policy.yaml"), vocabulary)


@pytest.fixture(scope="session")
def app() -> Callable[..., AppMatch]:
    return make_app


@pytest.fixture(scope="session")
def sheet() -> Callable[..., FactSheet]:
    return make_sheet


@pytest.fixture(scope="session")
def examination() -> Callable[..., Examination]:
    return make_examination


@pytest.fixture(scope="session")
def finding() -> Callable[..., Finding]:
    return make_finding


@pytest.fixture(scope="session")
def ruleset() -> Callable[..., Ruleset]:
    return make_ruleset


@pytest.fixture(scope="session")
def vocabulary() -> Vocabulary:
    return VOCABULARY


@pytest.fixture(scope="session")
def tools(app, sheet, examination, finding, vocabulary):
    return Tools(app, sheet, examination, finding, vocabulary)


@pytest.fixture(scope="session")
def exchanges(tools):
    def strategy(states=tuple(ExaminationState)):
        @st.composite
        def build(draw):
            return Exchange(tools, draw, draw(st.sampled_from(states)))

        return build()

    return strategy
