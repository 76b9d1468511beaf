"""Every row of the selector table answers yes, no, and not yet."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from lockgate.facts.app import AccountKind, CredentialKind, Operation, ReviewStatus
from lockgate.facts.client_software import UNKNOWN_SOFTWARE
from lockgate.facts.decision import Truth
from lockgate.facts.device import Device, DeviceTrust
from lockgate.facts.discovery import Discovery, Drift, Noticed
from lockgate.facts.finding import DetectionConfidence, ExaminationState, TextKind
from lockgate.facts.mcp import McpCall
from lockgate.facts.prompt import Attachment, Conversation, Part, PartKind, Role, chain
from lockgate.facts.sheet import Demand
from lockgate.facts.traffic import BodySize, Client, Headers, IdentifiedBy, Phase, Request, Response
from lockgate.policy import Pending, Walk, evaluate, selector_reference
from lockgate.policy.case_usage import CaseUsage
from lockgate.policy.selectors import SELECTORS, find_selector, selector_names

REQUEST = Request(method="POST", scheme="https", host="chatgpt.com", port=443, path="/v1/%63hat")
ANONYMOUS = Client(address="192.0.2.1")
ALICE = Client(address="10.1.2.3", user="alice", groups=("staff",), identified_by=IdentifiedBy.ADDRESS_TABLE)
LAPTOP = Client(
    address="10.1.2.3", country="DE", networks=("branch", "offices"),
    device=Device(id="laptop-17", enrolled=True, posture=frozenset({"managed", "disk_encrypted"}), trust=DeviceTrust.HEADER),
)  # fmt: skip
UNCHECKED = replace(LAPTOP, device=replace(LAPTOP.device, posture=frozenset()))
UPGRADE = Headers((("upgrade", "websocket"),))

CALL = McpCall(server="a.example/mcp", methods=("tools/call",), tools=("search", "delete"))
RESULT = Part(text="a list of files", path=(), kind=PartKind.TOOL_RESULT, name="mcp__files__list")
AGENT = Conversation(turns=chain([(Role.TOOL, (RESULT,), ())]))
WORDS = chain([(Role.USER, (Part(text="hello", path=()),), ())])

PICTURE = Attachment(name="Plan.png", media_type="image/png", detected="image/png", size=9, sha256="aa")


def with_files(*files, unread=()):
    return Conversation(turns=chain([(Role.USER, (), files)]), unread=unread)


LOW = (DetectionConfidence.LOW, "d", TextKind.HUMAN_TEXT)

# Selector: a condition, how the facts are changed for it to hold, and how for it not to.
EXAMPLES = {
    "time.of_day": (
        'time.of_day: {between: ["22:00", "06:00"]}',
        {"at": datetime(2026, 1, 5, 3, tzinfo=UTC)},
        {"at": datetime(2026, 1, 5, 12, tzinfo=UTC)},
    ),
    "time.weekday": (
        "time.weekday: [saturday, sunday]",
        {"at": datetime(2026, 1, 4, 3, tzinfo=UTC)},
        {"at": datetime(2026, 1, 5, 3, tzinfo=UTC)},
    ),
    "time.date": (
        "time.date: {at_most: 2026-01-04}",
        {"at": datetime(2026, 1, 4, 23, tzinfo=UTC)},
        {"at": datetime(2026, 1, 5, 0, tzinfo=UTC)},
    ),
    "host": ("host: chatgpt.com", {"host": "chatgpt.com"}, {"host": "evil-chatgpt.com"}),
    "host.category": ("host.category: mine", {"host": "www.mine.example"}, {"host": "notmine.example"}),
    "port": ("port: 8443", {"port": 8443}, {"port": 443}),
    "source.address": ("source.address: {within: [10.0.0.0/8]}", {"client": ALICE}, {"client": ANONYMOUS}),
    "user": ("user: alice", {"client": ALICE}, {"client": ANONYMOUS}),
    "user.groups": ("user.groups: staff", {"client": ALICE}, {"client": ANONYMOUS}),
    "user.identified_by": ("user.identified_by: address_table", {"client": ALICE}, {"client": ANONYMOUS}),
    "source.country": ("source.country: [DE, AT]", {"client": LAPTOP}, {"client": ANONYMOUS}),
    "source.network": ("source.network: branch", {"client": LAPTOP}, {"client": ANONYMOUS}),
    "device.id": ("device.id: {starts_with: laptop-}", {"client": LAPTOP}, {"client": ANONYMOUS}),
    "device.enrolled": ("device.enrolled: false", {"client": ANONYMOUS}, {"client": LAPTOP}),
    "device.posture": ("device.posture: {none: [disk_encrypted]}", {"client": UNCHECKED}, {"client": LAPTOP}),
    "device.trust": ("device.trust: [header, certificate]", {"client": LAPTOP}, {"client": ANONYMOUS}),
    "app.known": ("app.known: true", {}, {"app": None}),
    "app.discovered": (
        "app.discovered: true",
        {"app": None, "noticed": Noticed(discovery=Discovery(signs=("x",), weight=3))},
        {"app": None, "noticed": Noticed(discovery=Discovery(signs=("x",), weight=2))},
    ),
    "app.drift": (
        "app.drift: [unknown_path, unreadable_body]",
        {"noticed": Noticed(drift=Drift.UNREADABLE_BODY)},
        {"noticed": Noticed()},
    ),
    "app.id": ("app.id: claude", {"app": {"id": "claude"}}, {"app": None}),
    "app.vendor": ("app.vendor: OpenAI", {"app": {"vendor": "OpenAI"}}, {"app": {"vendor": "Anthropic"}}),
    "app.category": ("app.category: [writing]", {"app": {"category": "writing"}}, {"app": {"category": "chat-assistant"}}),
    "app.country": ("app.country: {known: false}", {"app": {"country": None}}, {"app": {"country": "US"}}),
    "app.status": ("app.status: approved", {"app": {"status": ReviewStatus.APPROVED}}, {"app": {}}),
    "app.tier": ("app.tier: free", {"app": {"tier_known": True}}, {"app": {"tier_known": False}}),
    "app.tier_known": ("app.tier_known: false", {"app": {"tier_known": False}}, {"app": {"tier_known": True}}),
    "tenant.id": ("tenant.id: acme", {"app": {"tenant": "acme"}}, {"app": {"tenant": None}}),
    "account.kind": ("account.kind: corporate", {"app": {}}, {"app": {"account": AccountKind.UNKNOWN}}),
    "account.credential": (
        "account.credential: subscription",
        {"app": {"credential": CredentialKind.SUBSCRIPTION}},
        {"app": {"credential": CredentialKind.API_KEY}},
    ),
    "client.kind": ("client.kind: unknown", {"software": UNKNOWN_SOFTWARE}, {}),
    "client.product": ("client.product: claude-code", {}, {"software": UNKNOWN_SOFTWARE}),
    "client.version": ("client.version: {starts_with: '2.'}", {}, {"software": UNKNOWN_SOFTWARE}),
    "client.via": ("client.via: vscode", {}, {"software": UNKNOWN_SOFTWARE}),
    "app.application_score": (
        "app.application_score: {at_least: 4.5}",
        {"app": {"application": 450}},
        {"app": {"application": 449}},
    ),
    "app.gen_ai_score": ("app.gen_ai_score: {below: 3.0}", {"app": {"gen_ai": 299}}, {"app": {"gen_ai": 300}}),
    "operation": ("operation: [upload]", {"app": {"operation": Operation.UPLOAD}}, {"app": {"operation": Operation.BROWSE}}),
    "operation.carries_payload": (
        "operation.carries_payload: true",
        {"app": {"operation": Operation.UNRECOGNISED}},
        {"app": {"operation": Operation.SIGN_IN}},
    ),
    "request.method": ("request.method: PUT", {"request": replace(REQUEST, method="PUT")}, {"request": REQUEST}),
    "request.scheme": ("request.scheme: http", {"request": replace(REQUEST, scheme="http")}, {"request": REQUEST}),
    "request.path": ("request.path: /v1/chat", {"request": REQUEST}, {"request": replace(REQUEST, path="/v1/Chat")}),
    "request.media_type": (
        "request.media_type: application/json",
        {"request": replace(REQUEST, headers=Headers((("content-type", "Application/JSON; x=y"),)))},
        {"request": REQUEST},
    ),
    "request.websocket": (
        "request.websocket: true",
        {"request": replace(REQUEST, method="GET", headers=UPGRADE)},
        {"request": REQUEST},
    ),
    "request.url": (
        "request.url: https://chatgpt.com:8443/v1/chat",
        {"request": replace(REQUEST, port=8443, query="a=b")},
        {"request": REQUEST},
    ),
    "request.body_bytes": (
        "request.body_bytes: {above: 1000}",
        {"request_size": BodySize(bytes=1001)},
        {"request_size": BodySize(bytes=1000)},
    ),
    "app.application_score_coverage": (
        "app.application_score_coverage: {at_least: 60}",
        {},
        {"app": None},
    ),
    "app.gen_ai_score_coverage": ("app.gen_ai_score_coverage: {below: 61}", {}, {"app": None}),
    "app.evidence.<component>": (
        "app.evidence.training: {in: [never, opt_in]}",
        {"app": {"evidence": {"training": "opt_in"}}},
        {"app": {"evidence": {"training": "opt_out"}}},
    ),
    "dlp.distinct.<profile>": (
        "dlp.distinct.pii: {at_least: 2}",
        {"found": [("pii", *LOW, b"1"), ("pii", *LOW, b"2"), ("pii", *LOW, b"1")]},
        {"found": [("pii", *LOW, b"1"), ("pii", *LOW, b"1"), ("financial", *LOW, b"2")]},
    ),
    "dlp.detector_count.<detector>": (
        "dlp.detector_count.card-number: 2",
        {"found": [("pii", DetectionConfidence.LOW, "card-number")] * 2 + [("pii",)]},
        {"found": [("pii", DetectionConfidence.LOW, "card-number"), ("pii", DetectionConfidence.LOW, "aws-key")]},
    ),
    "dlp.detector_detection_confidence.<detector>": (
        "dlp.detector_detection_confidence.card-number: {at_least: medium}",
        {"found": [("pii", DetectionConfidence.MEDIUM, "card-number")]},
        {"found": [("pii", DetectionConfidence.LOW, "card-number"), ("pii", DetectionConfidence.HIGH, "aws-key")]},
    ),
    "response.body_bytes": (
        "response.body_bytes: {at_least: 5000}",
        {"response": Response(status=200, headers=Headers((("content-length", "5000"),)))},
        {"response": Response(status=200)},
    ),
    "prompt.model": ("prompt.model: {like: gpt-*}", {}, {"conversation": Conversation(turns=(), model="o9")}),
    "conversation.id": ("conversation.id: c-1", {}, {"conversation": Conversation(turns=(), id="c-2")}),
    "attachment.count": ("attachment.count: 1", {"conversation": with_files(PICTURE)}, {}),
    "attachment.types": ("attachment.types: 'image/*'", {"conversation": with_files(PICTURE)}, {}),
    "attachment.names": ("attachment.names: 'plan.*'", {"conversation": with_files(PICTURE)}, {}),
    "attachment.max_bytes": (
        "attachment.max_bytes: {at_least: 9}",
        {"conversation": with_files(PICTURE)},
        {"conversation": with_files(replace(PICTURE, size=8))},
    ),
    "attachment.disguised": (
        "attachment.disguised: true",
        {"conversation": with_files(replace(PICTURE, media_type="text/plain"))},
        {"conversation": with_files(PICTURE)},
    ),
    "mcp.server": ("mcp.server: a.example/mcp", {"mcp": CALL}, {"mcp": replace(CALL, server="a.example/mcp2")}),
    "mcp.method": ("mcp.method: tools/call", {"mcp": CALL}, {"mcp": replace(CALL, methods=("tools/list",))}),
    "mcp.tool": ("mcp.tool: {outside: [search]}", {"mcp": CALL}, {"mcp": replace(CALL, tools=("search",))}),
    "mcp.tool_changed": ("mcp.tool_changed: true", {"mcp": replace(CALL, changed=("delete",))}, {"mcp": CALL}),
    "agent.tools": ("agent.tools: 'mcp__files__*'", {"conversation": AGENT}, {}),
    "examination.state": ("examination.state: crashed", {"state": ExaminationState.CRASHED}, {}),
    "prompt.background": ("prompt.background: true", {"conversation": Conversation(turns=WORDS, background=True)}, {}),
    "prompt.kinds": ("prompt.kinds: human_text", {}, {"conversation": Conversation(turns=AGENT.turns)}),
    "prompt.authors": ("prompt.authors: tool", {"conversation": Conversation(turns=AGENT.turns)}, {}),
    "dlp.found_in": (
        "dlp.found_in: tool_result",
        {"found": [("pii", DetectionConfidence.LOW, "d", TextKind.TOOL_RESULT)]},
        {"found": [("pii", DetectionConfidence.LOW, "d", TextKind.HUMAN_TEXT)]},
    ),
    "dlp.found_in.<profile>": (
        "dlp.found_in.pii: {any: [human_text, file]}",
        {"found": [("pii", DetectionConfidence.LOW, "d", TextKind.FILE)]},
        {
            "found": [
                ("financial", DetectionConfidence.LOW, "d", TextKind.FILE),
                ("pii", DetectionConfidence.LOW, "d", TextKind.HISTORY),
            ]
        },
    ),
    "dlp.profiles": ("dlp.profiles: pii", {"found": [("pii",)]}, {"found": [("financial",)]}),
    "dlp.detectors": (
        "dlp.detectors: card-number",
        {"found": [("pii", DetectionConfidence.LOW, "card-number")]},
        {"found": [("pii", DetectionConfidence.LOW, "aws-key")]},
    ),
    "dlp.count.<profile>": ("dlp.count.pii: {at_least: 2}", {"found": [("pii",)] * 2}, {"found": [("pii",), ("financial",)]}),
    "dlp.detection_confidence.<profile>": (
        "dlp.detection_confidence.pii: {at_least: medium}",
        {"found": [("pii", DetectionConfidence.LOW), ("pii", DetectionConfidence.MEDIUM)]},
        {"found": [("pii", DetectionConfidence.LOW), ("financial", DetectionConfidence.HIGH)]},
    ),
    "response.status": (
        "response.status: {between: [500, 599]}",
        {"response": Response(status=503)},
        {"response": Response(status=200)},
    ),
    "response.media_type": (
        "response.media_type: text/html",
        {"response": Response(status=200, headers=Headers((("content-type", "text/html"),)))},
        {"response": Response(status=200)},
    ),
    "history.first_use": (
        "history.first_use: true",
        {"usage": CaseUsage(meets=True)},
        {"usage": CaseUsage(meets=False)},
    ),
    **{
        f"history.{of}{measure}.<window>": (
            f"history.{of}{measure}.24h: {{above: 40}}",
            {"usage": CaseUsage(history={(bool(of), measure, 3600): 41})},
            {"usage": CaseUsage(history={(bool(of), measure, 3600): 40, (not of, measure, 3600): 99})},
        )
        for of in ("", "all_apps.")
        for measure in ("requests", "prompts", "bytes", "blocked")
    },
}


@pytest.fixture
def known(app, sheet, examination, finding):
    """The facts of an example after `phase`."""

    def build(changes, phase=Phase.RESPONSE_HEADERS):
        facts = dict(changes)
        if isinstance(facts.get("app"), dict):
            facts["app"] = app(**facts["app"])
        found = [finding(*words) for words in facts.pop("found", [])]
        facts["examination"] = examination(*found, state=facts.pop("state", ExaminationState.COMPLETE))
        return sheet(phase, **facts)

    return build


def rule_with(condition):
    return (
        f"version: 1\ndefault: allow\nlists: {{mine: [mine.example]}}\nrules: [{{id: a, when: {{{condition}}}, then: block}}]"
    )


def outcome_of(compiled, facts):
    outcome = evaluate(compiled, Walk.RESPONSE if compiled.looks_at_responses else Walk.REQUEST, facts)
    decision = outcome.standing if isinstance(outcome, Pending) else outcome.decision
    return outcome, decision.trace[0]


@pytest.mark.parametrize("condition", ["{none: [managed]}", "{any: [managed]}", "{outside: [managed]}", "managed"])
def test_of_a_device_nobody_told_of_no_check_is_known_passed_or_failed(condition, ruleset, known):
    compiled = ruleset(rule_with(f"device.posture: {condition}"))
    step = outcome_of(compiled, known({"client": ANONYMOUS}))[1]
    assert (step.truth, step.why) == (Truth.NO, "device.posture is absent")
    must_have = ruleset(rule_with("not: {device.posture: {all: [managed]}}"))
    assert outcome_of(must_have, known({"client": ANONYMOUS}))[1].truth is Truth.YES


def test_every_row_has_an_example():
    assert set(EXAMPLES) == {row.name for row in SELECTORS}


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_selector_tells_yes_from_no(name, ruleset, known):
    condition, yes, no = EXAMPLES[name]
    compiled = ruleset(rule_with(condition))
    assert outcome_of(compiled, known(yes))[1].truth is Truth.YES
    assert outcome_of(compiled, known(no))[1].truth is Truth.NO


@pytest.mark.parametrize("row", [row for row in SELECTORS if row.phase > Phase.CONNECT], ids=lambda row: row.name)
def test_before_its_phase_a_selector_is_not_known_yet(row, ruleset, known):
    condition, yes, _ = EXAMPLES[row.name]
    compiled = ruleset(rule_with(condition))
    before = Phase(row.phase - 1)
    outcome, step = outcome_of(compiled, known(yes, before))
    assert step.truth is Truth.PENDING
    assert step.why.startswith(row.prefix)
    assert isinstance(outcome, Pending)
    assert outcome.demand.phase == row.phase


@pytest.mark.parametrize("row", [row for row in SELECTORS if row.phase is Phase.CONNECT], ids=lambda row: row.name)
def test_what_is_known_at_connect_can_keep_a_connection_from_inspection(row, ruleset, known):
    condition, yes, no = EXAMPLES[row.name]
    text = "version: 1\ndefault: allow\nlists: {mine: [mine.example]}\ndo_not_inspect: [{id: d, when: {%s}}]"
    compiled = ruleset(text % condition)
    assert [entry.check(known(facts, Phase.CONNECT)).truth for entry in compiled.do_not_inspect for facts in (yes, no)] == [
        Truth.YES,
        Truth.NO,
    ]


def test_the_why_of_a_step_names_the_selector_and_what_was_seen(ruleset, known):
    compiled = ruleset(rule_with("app.gen_ai_score: {below: 3.0}"))
    assert outcome_of(compiled, known({"app": {"gen_ai": 305}}))[1].why == "app.gen_ai_score is 3.05"


def test_the_why_of_a_long_value_is_cut(ruleset, known):
    compiled = ruleset(rule_with("request.path: {starts_with: /x}"))
    why = outcome_of(compiled, known({"request": replace(REQUEST, path="/x" * 5000)}))[1].why
    assert len(why) < 120


def test_the_reference_has_every_row_with_its_operators():
    rows = selector_reference()
    assert [row.name for row in rows] == [row.name for row in SELECTORS]
    assert all(row.operators and row.doc and row.phase and row.type for row in rows)


def test_a_profile_row_is_written_with_its_profile(vocabulary):
    assert find_selector("dlp.count.") is None
    row, profile = find_selector("dlp.count.pii")
    assert (row.name, profile) == ("dlp.count.<profile>", "pii")
    assert "dlp.count.pii" in selector_names(vocabulary)


class TestApps:
    def test_an_operation_that_only_the_body_tells_waits_for_the_body(self, ruleset, sheet, app):
        compiled = ruleset(rule_with("operation: send_prompt"))
        outcome, step = outcome_of(compiled, sheet(Phase.REQUEST_HEADERS, app=app(operation=None)))
        assert (step.truth, outcome.demand) == (Truth.PENDING, Demand(phase=Phase.REQUEST_BODY))

    def test_an_operation_that_the_body_did_not_tell_cannot_be_known(self, ruleset, sheet, app):
        compiled = ruleset(rule_with("operation: send_prompt"))
        assert outcome_of(compiled, sheet(app=app(operation=None)))[1].truth is Truth.UNINSPECTABLE

    def test_a_host_outside_the_library_is_no_app_already_at_connect(self, ruleset, sheet):
        compiled = ruleset(rule_with("app.status: unapproved"))
        facts = replace(sheet(Phase.CONNECT), app_known=True)
        assert outcome_of(compiled, facts)[1].truth is Truth.NO

    def test_the_app_of_a_host_may_be_known_at_connect_but_not_the_account(self, ruleset, sheet, app):
        facts = replace(sheet(Phase.CONNECT), app_known=True, app=app())
        assert outcome_of(ruleset(rule_with("app.id: chatgpt")), facts)[1].truth is Truth.YES
        for condition in ("tenant.id: acme", "app.gen_ai_score: {below: 5.0}", "operation: send_prompt"):
            assert outcome_of(ruleset(rule_with(condition)), facts)[1].truth is Truth.PENDING

    @pytest.mark.parametrize("name", ["gen_ai_score", "application_score"])
    def test_not_scored_is_neither_low_nor_high(self, name, ruleset, sheet, app):
        facts = sheet(app=app(gen_ai=None, application=None))
        for condition, truth in {"below: 5.0": Truth.NO, "at_least: 0.0": Truth.NO, "scored: false": Truth.YES}.items():
            assert outcome_of(ruleset(rule_with(f"app.{name}: {{{condition}}}")), facts)[1].truth is truth


class TestModel:
    def test_a_model_in_a_conversation_that_could_not_be_read_cannot_be_known(self, ruleset, sheet):
        compiled = ruleset(rule_with("prompt.model: gpt-5"))
        for conversation in (None, Conversation(turns=()), Conversation(turns=sheet().conversation.turns, unread=("file",))):
            assert outcome_of(compiled, sheet(conversation=conversation))[1].truth is Truth.UNINSPECTABLE

    def test_a_conversation_without_a_model_has_none(self, ruleset, sheet):
        compiled = ruleset(rule_with("prompt.model: {known: false}"))
        assert outcome_of(compiled, sheet(conversation=Conversation(turns=sheet().conversation.turns)))[1].truth is Truth.YES


class TestKindsOfText:
    def test_what_was_read_is_there_and_what_was_not_read_may_be(self, ruleset, sheet):
        facts = sheet(conversation=Conversation(turns=AGENT.turns, unread=("file",)))
        assert outcome_of(ruleset(rule_with("prompt.kinds: tool_result")), facts)[1].truth is Truth.YES
        assert outcome_of(ruleset(rule_with("prompt.kinds: human_text")), facts)[1].truth is Truth.UNINSPECTABLE

    def test_where_a_finding_may_lie_is_not_known_after_a_partial_look(self, ruleset, sheet, examination, finding):
        found = finding("pii", DetectionConfidence.HIGH, "d", TextKind.FILE)
        facts = sheet(examination=examination(found, state=ExaminationState.TRUNCATED))
        assert outcome_of(ruleset(rule_with("dlp.found_in.pii: file")), facts)[1].truth is Truth.YES
        assert outcome_of(ruleset(rule_with("dlp.found_in.pii: human_text")), facts)[1].truth is Truth.UNINSPECTABLE

    def test_a_rule_about_where_a_profile_was_found_examines_that_profile_only(self, ruleset):
        assert ruleset(rule_with("dlp.found_in.pii: {any: [file, human_text]}")).profiles == {"pii"}
        assert ruleset(rule_with("dlp.found_in: file")).profiles == {"credentials", "financial", "pii"}


class TestAttachments:
    def test_a_partial_look_proves_what_is_there_and_never_what_is_not(self, ruleset, sheet):
        facts = sheet(conversation=with_files(PICTURE, unread=("file",)))
        for condition, truth in {
            "attachment.types: 'image/*'": Truth.YES,
            "attachment.types: application/zip": Truth.UNINSPECTABLE,
            "attachment.types: {none: ['image/*']}": Truth.NO,
            "attachment.types: {none: [application/zip]}": Truth.UNINSPECTABLE,
            "attachment.types: {outside: [text/plain]}": Truth.YES,
            "attachment.types: {outside: ['image/*']}": Truth.UNINSPECTABLE,
            "attachment.count: {at_least: 1}": Truth.YES,
            "attachment.count: {below: 2}": Truth.UNINSPECTABLE,
            "attachment.max_bytes: {above: 8}": Truth.YES,
            "attachment.disguised: true": Truth.UNINSPECTABLE,
        }.items():
            assert outcome_of(ruleset(rule_with(condition)), facts)[1].truth is truth, condition

    def test_of_no_files_there_is_none(self, ruleset, sheet):
        for condition in ("attachment.count: 0", "attachment.types: {known: false}", "attachment.disguised: false"):
            assert outcome_of(ruleset(rule_with(condition)), sheet())[1].truth is Truth.YES

    def test_a_trace_never_shows_the_name_of_a_file(self, ruleset, sheet):
        step = outcome_of(ruleset(rule_with("attachment.names: 'plan*'")), sheet(conversation=with_files(PICTURE)))[1]
        assert (step.truth, step.why) == (Truth.YES, "attachment.names is known")


class TestExamination:
    def test_a_profile_that_was_not_examined_is_demanded(self, ruleset, sheet, examination):
        compiled = ruleset(rule_with("dlp.profiles: [pii, credentials]"))
        outcome, _ = outcome_of(compiled, sheet(Phase.REQUEST_BODY, examination=examination(profiles={"pii"})))
        assert outcome.demand == Demand(phase=Phase.REQUEST_BODY, profiles=frozenset({"credentials"}))

    def test_a_detector_demands_every_profile_it_belongs_to(self, ruleset, sheet):
        compiled = ruleset(rule_with("dlp.detectors: card-number"))
        outcome, _ = outcome_of(compiled, sheet(Phase.REQUEST_BODY, examination=None))
        assert outcome.demand.profiles == {"financial", "pii"}
        assert compiled.profiles == {"financial", "pii"}

    def test_the_state_is_that_of_an_examination_for_everything_the_policy_mentions(self, ruleset, sheet, examination):
        compiled = ruleset(rule_with("examination.state: complete, not: {dlp.profiles: pii}"))
        outcome, _ = outcome_of(compiled, sheet(Phase.REQUEST_BODY, examination=examination(profiles={"financial"})))
        assert outcome.demand.profiles == {"pii"}

    def test_what_the_state_is_about_does_not_depend_on_monitor_rules(self, ruleset, sheet):
        text = rule_with("not: {examination.state: complete}, dlp.profiles: {none: [pii]}").rstrip("]")
        watched = ruleset(text + ", {id: b, when: {dlp.profiles: financial}, then: block, mode: monitor}]")
        outcome, step = outcome_of(watched, sheet(Phase.REQUEST_BODY, examination=None))
        assert step.truth is Truth.PENDING
        assert watched.rules[0].profiles == {"pii"}
        assert outcome.demand.profiles == {"pii", "financial"}

    def test_the_state_alone_demands_an_examination_for_everything(self, ruleset, sheet, vocabulary):
        compiled = ruleset(rule_with("examination.state: crashed"))
        outcome, _ = outcome_of(compiled, sheet(Phase.REQUEST_BODY, examination=None))
        assert outcome.demand.profiles == vocabulary.profiles

    @pytest.mark.parametrize("state", [state for state in ExaminationState if state is not ExaminationState.COMPLETE])
    @pytest.mark.parametrize(
        ("condition", "truth"),
        {
            "dlp.profiles: pii": Truth.YES,
            "dlp.profiles: {none: [pii]}": Truth.NO,
            "dlp.profiles: {all: [pii, financial]}": Truth.UNINSPECTABLE,
            "dlp.count.pii: {at_least: 2}": Truth.YES,
            "dlp.count.pii: {at_least: 3}": Truth.UNINSPECTABLE,
            "dlp.count.pii: {below: 2}": Truth.NO,
            "dlp.count.pii: {below: 3}": Truth.UNINSPECTABLE,
            "dlp.count.pii: 0": Truth.NO,
            "dlp.distinct.pii: {at_least: 2}": Truth.YES,
            "dlp.distinct.pii: {at_most: 2}": Truth.UNINSPECTABLE,
            "dlp.detection_confidence.pii: {at_least: high}": Truth.YES,
            "dlp.detection_confidence.pii: high": Truth.YES,
            "dlp.detection_confidence.pii: low": Truth.NO,
        }.items(),
    )
    def test_a_partial_look_proves_presence_and_never_absence(self, condition, truth, state, ruleset, known):
        compiled = ruleset(rule_with(condition))
        assert outcome_of(compiled, known({"found": [("pii",)] * 2, "state": state}))[1].truth is truth
        assert outcome_of(compiled, known({"state": state}))[1].truth is Truth.UNINSPECTABLE

    def test_after_the_request_nothing_is_pending_for_an_examination(self, ruleset, sheet):
        compiled = ruleset(rule_with("dlp.profiles: pii, response.status: 200"))
        assert outcome_of(compiled, sheet(examination=None))[1].truth is Truth.UNINSPECTABLE


class TestMcp:
    def test_a_request_that_may_be_mcp_and_could_not_be_read_cannot_be_known(self, ruleset, sheet):
        facts = sheet(mcp=McpCall(server="a.example/mcp", unread=True))
        for condition in ("mcp.tool: search", "mcp.server: {known: true}", "mcp.tool_changed: true", "mcp.method: initialize"):
            assert outcome_of(ruleset(rule_with(condition)), facts)[1].truth is Truth.UNINSPECTABLE

    @pytest.mark.parametrize("operator", ["any: [x]", "none: [x]", "outside: [x]", "all: [x]"])
    def test_no_rule_on_tools_holds_for_what_is_not_mcp(self, operator, ruleset, sheet):
        assert outcome_of(ruleset(rule_with(f"mcp.tool: {{{operator}}}")), sheet())[1].truth is Truth.NO

    def test_what_the_head_rules_out_is_not_waited_for(self, ruleset, sheet):
        facts = replace(sheet(Phase.REQUEST_HEADERS), mcp_known=True)
        assert outcome_of(ruleset(rule_with("mcp.tool: search")), facts)[1].truth is Truth.NO


class TestAgentTools:
    def test_what_was_called_in_earlier_turns_is_not_new(self, ruleset, sheet):
        call = replace(RESULT, kind=PartKind.TOOL_CALL)
        last = Part(text="thank you", path=())
        turns = [(Role.ASSISTANT, (call,), ()), (Role.TOOL, (RESULT,), ())]
        compiled = ruleset(rule_with("agent.tools: mcp__files__list"))
        assert outcome_of(compiled, sheet(conversation=Conversation(turns=chain(turns))))[1].truth is Truth.YES
        turns += [(Role.ASSISTANT, (replace(last, text="done"),), ()), (Role.USER, (last,), ())]
        assert outcome_of(compiled, sheet(conversation=Conversation(turns=chain(turns))))[1].truth is Truth.NO

    def test_a_body_that_could_not_be_read_may_have_any(self, ruleset, sheet):
        compiled = ruleset(rule_with("agent.tools: shell"))
        for conversation in (None, Conversation(turns=(), unread=("truncated",))):
            assert outcome_of(compiled, sheet(conversation=conversation))[1].truth is Truth.UNINSPECTABLE
