"""Reading a file of cases: the exchanges are written as facts, with apps named once and used by many.

Separate from running them because this is a file format. A case that cannot be read is a problem of the file, never a
case left out.
"""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from urllib.parse import urlsplit

from lockgate.facts.app import AccountKind, App, AppMatch, AppTier, ConfidenceScore, CredentialKind, Operation, ReviewStatus
from lockgate.facts.client_software import ClientKind, ClientSoftware
from lockgate.facts.decision import Capture, Reason, Verdict
from lockgate.facts.device import UNKNOWN_DEVICE, Device, DeviceTrust
from lockgate.facts.discovery import ENOUGH, Discovery, Drift, Noticed
from lockgate.facts.finding import DetectionConfidence, ExaminationState, Finding, Span, TextKind
from lockgate.facts.mcp import McpCall
from lockgate.facts.problem import Document
from lockgate.facts.traffic import BodySize, Client, Headers, IdentifiedBy, Phase, Request, Response
from lockgate.policy.calendar import parse_moment
from lockgate.policy.case_tables import table_cases, with_table_places
from lockgate.policy.case_usage import read_usage
from lockgate.policy.cases import ANY_TIME, Case, Expected, told_header
from lockgate.policy.fields import Fields, is_mapping
from lockgate.policy.report import Report
from lockgate.policy.subjects.app import COUNTRIES

TOP_KEYS = ("version", "apps", "cases", "tables")
_APP = (
    "id", "name", "vendor", "category", "country", "status", "tier", "tier_known", "tenant", "account", "credential",
    "application_score", "application_score_coverage", "gen_ai_score", "gen_ai_score_coverage", "evidence",
)  # fmt: skip
CASE_KEYS = ("name", "given", "expect")
_FINDINGS = ("count", "distinct", "confidence", "detector", "found_in")
_DEVICE = ("id", "enrolled", "posture", "trust")
_CLIENT = ("kind", "product", "version", "via")
GIVEN_KEYS = (
    "app", "operation", "url", "method", "headers", "user", "groups", "identified_by", "address", "country", "network",
    "device", "client", "model", "conversation", "at", "body_bytes", "acknowledged", "mcp", "agent_tools", "discovered",
    "drift", "findings", "examination", "response", "history", "usage",
)  # fmt: skip
EXPECT_KEYS = (
    "verdict", "rule", "reason", "settled_at", "capture", "tags", "monitored", "exceptions", "acknowledged", "examined",
    "message", "redirect_to", "as", "redacted", "headers", "notify",
)  # fmt: skip
_TOLD_AS = frozenset({"answer", "refusal"})
_MCP = ("server", "method", "tool", "changed")
_RESPONSE = ("status", "media_type", "body_bytes")
_PHASES = {phase.name.lower(): phase for phase in Phase}
_LEVELS = {level.name.lower(): level for level in DetectionConfidence}
_NONE = "none"
_NOWHERE = Span(turn=0, part=0, start=0, end=0)
_PER_CENT = 100


def read_cases(document: Document) -> tuple[Case, ...]:
    """The cases of a file. Raises UsageError with every problem found."""
    report = Report(with_table_places(document, GIVEN_KEYS))
    top = Fields(report, document.data, (), TOP_KEYS, what="a file of cases")
    if top.value("version") != 1:
        top.wrong("version", "`version` must be 1", "begin the file with `version: 1`")
    apps: dict[str, AppMatch | None] = {_NONE: None}
    for name, value in top.mapping("apps").items():
        apps[name] = _app(Fields(report, value, ("apps", name), _APP, what="an app"))
    entries = (*top.entries("cases", CASE_KEYS, what="a case"), *table_cases(top, CASE_KEYS, GIVEN_KEYS, EXPECT_KEYS))
    cases = tuple(_case(entry, apps) for entry in entries)
    if not entries and "tables" not in top:
        top.wrong("cases", "there are no cases", "write at least one under `cases`, or a row under `tables`")
    seen: set[str] = set()
    for entry, case in zip(entries, cases, strict=True):
        if case.name in seen:
            entry.wrong("name", f"there is another case named `{case.name}`")
        seen.add(case.name)
    report.raise_if_wrong()
    return cases


def _app(fields: Fields) -> AppMatch:
    app = App(
        id=fields.text("id", "some-app"),
        name=fields.text("name", fields.text("id", "Some app")),
        vendor=fields.text("vendor", "some-vendor"),
        category=fields.text("category", "chat-assistant"),
        status=ReviewStatus(fields.choice("status", "review status", frozenset(ReviewStatus), ReviewStatus.UNREVIEWED)),
        country=fields.text("country") or None,
    )
    tier = AppTier(
        id=fields.text("tier", "some-tier"),
        name=fields.text("tier", "some tier"),
        application_confidence=_score(fields, "application_score"),
        genai_confidence=_score(fields, "gen_ai_score"),
        evidence={component: str(answer) for component, answer in fields.mapping("evidence").items()},
    )
    known = fields.flag("tier_known", absent="tier" in fields)
    account = fields.choice("account", "kind of account", frozenset(AccountKind), AccountKind.UNKNOWN)
    credential = fields.choice("credential", "kind of credential", frozenset(CredentialKind), CredentialKind.NONE)
    return AppMatch(
        app=app, operation=None, tier=tier, tier_known=known, tenant=fields.text("tenant") or None,
        account=AccountKind(account), credential=CredentialKind(credential),
    )  # fmt: skip


def _score(fields: Fields, key: str) -> ConfidenceScore:
    """A score, and how many per cent of what it is made of were answered."""
    value = fields.value(key)
    scored = value is not None
    if scored and (isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 5):
        fields.wrong(key, f"`{key}` is not a score", "write a number from 0.0 to 5.0")
        scored = False
    hundredths = int(Decimal(str(value)) * _PER_CENT) if scored else None
    answered = fields.number(f"{key}_coverage", _PER_CENT if scored else 0)
    return ConfidenceScore(hundredths=hundredths, answered=answered, components=_PER_CENT)


def _case(fields: Fields, apps: dict[str, AppMatch | None]) -> Case:
    name = fields.text("name")
    if not name:
        fields.wrong("name", "`name` is missing", "say in a sentence what is expected")
    given = Fields(fields.report, fields.value("given", {}), fields.at("given"), GIVEN_KEYS, what="a mapping of facts")
    app_name = given.choice("app", "app of this file", apps, "")
    operation = given.choice("operation", "operation", frozenset(Operation), "")
    state = given.choice("examination", "examination state", frozenset(ExaminationState), ExaminationState.COMPLETE)
    request = _request(given)
    return Case(
        name=name,
        place=fields.report.document.place(fields.path),
        client=_client(given),
        request=request,
        at=_at(given),
        size=_size(given),
        app_given=bool(app_name),
        app=apps.get(app_name),
        operation=Operation(operation) if operation else None,
        software=_software(given),
        model=given.text("model") or None,
        conversation=given.text("conversation") or None,
        mcp=_mcp(given, request),
        acknowledged=frozenset(_texts(given, "acknowledged")),
        agent_tools=_texts(given, "agent_tools"),
        noticed=_noticed(given),
        findings=_findings(given),
        state=ExaminationState(state),
        response=_response(given),
        usage=read_usage(given),
        expected=_expected(
            Fields(
                fields.report, fields.value("expect"), fields.at("expect"), EXPECT_KEYS, what="a mapping of what is expected"
            )
        ),
    )


def _at(given: Fields) -> datetime:
    if "at" not in given:
        return ANY_TIME
    at = parse_moment(given.text("at"))
    if at is None:
        given.wrong("at", "`at` is not a moment", "write 2026-03-03T10:00, or with an offset 2026-03-03T10:00+01:00")
    return at or ANY_TIME


def _size(given: Fields) -> BodySize | None:
    """A number of bytes, or `{at_least: number}` for a body that was cut."""
    if "body_bytes" not in given:
        return None
    value = given.value("body_bytes")
    if not is_mapping(value):
        return BodySize(bytes=given.number("body_bytes", 0))
    cut = Fields(given.report, value, given.at("body_bytes"), ("at_least",), what="a size")
    return BodySize(bytes=cut.number("at_least", 0), at_least=True)


def _client(given: Fields) -> Client:
    user = given.text("user") or None
    usual = IdentifiedBy.PROXY_LOGIN if user else IdentifiedBy.ANONYMOUS
    by = given.choice("identified_by", "way of being identified", frozenset(IdentifiedBy), usual)
    country = given.choice("country", "two-letter country code", COUNTRIES, "")
    return Client(
        address=given.text("address", "10.0.0.7"), user=user, groups=given.texts("groups"), identified_by=IdentifiedBy(by),
        country=country or None, networks=_texts(given, "network"), device=_device(given),
    )  # fmt: skip


def _device(given: Fields) -> Device:
    """`{id, enrolled, posture, trust}`; it is known by a header unless `trust` says otherwise."""
    if "device" not in given:
        return UNKNOWN_DEVICE
    fields = Fields(given.report, given.value("device"), given.at("device"), _DEVICE, what="a device")
    trust = fields.choice("trust", "way to know a device", frozenset(DeviceTrust), DeviceTrust.HEADER)
    return Device(
        id=fields.text("id"),
        enrolled=fields.flag("enrolled", absent=False),
        posture=frozenset(_texts(fields, "posture")) if "posture" in fields else None,
        trust=DeviceTrust(trust),
    )


def _software(given: Fields) -> ClientSoftware | None:
    if "client" not in given:
        return None
    fields = Fields(given.report, given.value("client"), given.at("client"), _CLIENT, what="a program")
    return ClientSoftware(
        kind=ClientKind(fields.choice("kind", "kind of client", frozenset(ClientKind), ClientKind.UNKNOWN)),
        product=fields.text("product"),
        version=fields.text("version"),
        via=fields.text("via"),
    )


def _request(given: Fields) -> Request:
    url = urlsplit(given.text("url", "https://ai.example/"))
    if url.scheme not in ("http", "https") or not url.hostname:
        given.wrong("url", "`url` is not a web address", "write a full one, for example https://chatgpt.com/")
    headers = {key.lower(): str(value) for key, value in given.mapping("headers").items()}
    return Request(
        method=given.text("method", "POST"),
        scheme=url.scheme or "https",
        host=(url.hostname or "").lower(),
        port=url.port or (80 if url.scheme == "http" else 443),
        path=url.path or "/",
        query=url.query,
        headers=Headers(tuple(headers.items())),
    )


def _findings(given: Fields) -> tuple[Finding, ...]:
    """`{profile: how many}`, or `{profile: {count, distinct, confidence, detector, found_in}}`."""
    found: list[Finding] = []
    for profile, value in given.mapping("findings").items():
        data = value if is_mapping(value) else {"count": value}
        fields = Fields(
            given.report,
            data,
            (*given.at("findings"), profile),
            _FINDINGS,
            what="findings",
        )
        finding = Finding(
            detector=fields.text("detector", f"some-{profile}-detector"),
            profiles=(profile,),
            detection_confidence=_LEVELS[fields.choice("confidence", "detection confidence", _LEVELS, "high")],
            span=_NOWHERE,
            mask="[found]",
            found_in=TextKind(fields.choice("found_in", "kind of text", frozenset(TextKind), TextKind.HUMAN_TEXT)),
        )
        count = fields.number("count", 1)
        distinct = fields.number("distinct", count)
        if distinct > count or (count and not distinct):
            fields.wrong("distinct", f"{count} findings cannot have {distinct} different values", f"write 1 to {count}")
            continue
        found += [replace(finding, value_mark=f"{profile}:{number % distinct}".encode()) for number in range(count)]
    return tuple(found)


def _noticed(given: Fields) -> Noticed:
    """`discovered: true` for what looks like a chat with an unknown model, `drift` for what an app's file does not describe."""
    found = Discovery(signs=("the case says so",), weight=ENOUGH) if given.flag("discovered", absent=False) else Discovery()
    drift = given.choice("drift", "drift", frozenset(Drift), "")
    return Noticed(discovery=found, drift=Drift(drift) if drift else None)


def _mcp(given: Fields, request: Request) -> McpCall | None:
    """`{tool: name}` is a call of it; the server is the one at the case's `url` unless it is named."""
    if "mcp" not in given:
        return None
    fields = Fields(given.report, given.value("mcp"), given.at("mcp"), _MCP, what="what is asked of an MCP server")
    tools = _texts(fields, "tool")
    methods = _texts(fields, "method") or (("tools/call",) if tools else ("tools/list",))
    return McpCall(
        server=fields.text("server") or f"{request.host}{request.path.rstrip('/') or '/'}",
        methods=methods,
        tools=tools,
        changed=tools if fields.flag("changed", absent=False) else (),
        housekeeping=not tools and all(method.endswith("/list") or method == "initialize" for method in methods),
    )


def _headers(fields: Fields) -> frozenset[str]:
    """`{name: value}`; without a value, the header is taken out and not set."""
    given = fields.mapping("headers")
    return frozenset(told_header(name, str(value) if value is not None else None) for name, value in given.items())


def _texts(fields: Fields, key: str) -> tuple[str, ...]:
    """A list of words, or one of them alone."""
    value = fields.value(key)
    return (value,) if isinstance(value, str) else fields.texts(key)


def _response(given: Fields) -> Response | None:
    if "response" not in given:
        return None
    fields = Fields(given.report, given.value("response"), given.at("response"), _RESPONSE, what="a response")
    media_type = fields.text("media_type")
    headers = [("content-type", media_type)] if media_type else []
    if "body_bytes" in fields:
        headers.append(("content-length", str(fields.number("body_bytes", 0))))
    return Response(status=fields.number("status", 200), headers=Headers(tuple(headers)))


def _expected(fields: Fields) -> Expected:
    if "verdict" not in fields:
        fields.wrong("verdict", "`verdict` is missing", f"one of: {', '.join(Verdict)}")
    verdict = Verdict(fields.choice("verdict", "verdict", frozenset(Verdict), Verdict.ALLOW))
    expected = Expected(verdict=verdict)
    if "rule" in fields:
        rule = fields.text("rule")
        expected = replace(expected, rule="" if rule == _NONE else rule)
    if "reason" in fields:
        expected = replace(expected, reason=Reason(fields.choice("reason", "reason", frozenset(Reason), Reason.RULE)))
    if "settled_at" in fields:
        expected = replace(expected, settled_at=_PHASES[fields.choice("settled_at", "phase", _PHASES, "connect")])
    if "capture" in fields:
        expected = replace(expected, capture=Capture(fields.choice("capture", "capture", frozenset(Capture), Capture.NONE)))
    return replace(
        expected,
        tags=fields.texts("tags") if "tags" in fields else None,
        monitored=fields.texts("monitored") if "monitored" in fields else None,
        exceptions=fields.texts("exceptions") if "exceptions" in fields else None,
        acknowledged=fields.texts("acknowledged") if "acknowledged" in fields else None,
        examined=frozenset(fields.texts("examined")) if "examined" in fields else None,
        headers=_headers(fields) if "headers" in fields else None,
        notify=_texts(fields, "notify") if "notify" in fields else None,
        message=fields.text("message") if "message" in fields else None,
        redirect_to=fields.text("redirect_to") if "redirect_to" in fields else None,
        redacted=frozenset(fields.texts("redacted")) if "redacted" in fields else None,
        told_as=fields.choice("as", "way to be told", _TOLD_AS, "refusal") if "as" in fields else None,
    )
