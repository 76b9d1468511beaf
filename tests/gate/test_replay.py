"""Replay: what a policy says of a kept exchange is what it would have said of the exchange itself, or nothing."""

import json
from dataclasses import replace

import pytest
from ended import CHAT, CLOSED, NO_SECRETS, record_of
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from on_socket import turn

from lockgate.facts.decision import Reason, Verdict
from lockgate.facts.finding import ExaminationState, TextKind
from lockgate.facts.problem import Place, UsageError
from lockgate.facts.redaction import Redact
from lockgate.facts.traffic import Response
from lockgate.gate.context import DecryptScope
from lockgate.gate.effects import Examine, Forward, Hold, Intercept, PassMessage, PassResponse, Refuse, Tunnel
from lockgate.gate.events import ResponseHeadersSeen
from lockgate.gate.exchange import Exchange
from lockgate.gate.kept_facts import kept_from
from lockgate.gate.kinds import ExchangeKind
from lockgate.gate.replay import Replay
from lockgate.policy.cases import Case, Expected, run_case
from lockgate.testing.builders import body, chat, client, connecting, examined, head, said

law = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)  # fmt: skip
TESTS = [
    {"app.id": ["openai-api"]}, {"app.known": True}, {"operation": ["send_prompt"]}, {"user.groups": "staff"},
    {"host": {"within": "openai.com"}}, {"prompt.model": "gpt-5"}, {"prompt.authors": "person"}, {"request.method": "POST"},
    {"dlp.profiles": "credentials"}, {"dlp.profiles": {"any": ["pii", "financial"]}}, {"dlp.count.pii": {"at_least": 2}},
    {"examination.state": "complete"}, {"attachment.count": {"above": 0}}, {"request.path": {"starts_with": "/v1"}},
    {"conversation.id": {"known": False}}, {"dlp.found_in": "human_text"}, {"request.websocket": True},
]  # fmt: skip
LATE = [{"response.status": {"at_least": 400}}, {"response.media_type": "text/html"}]
CONDITIONS = st.recursive(
    st.sampled_from(TESTS),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=4,
)
THEN = st.sampled_from([
    "allow", "block", {"redirect": {"to": "https://a.example/"}}, {"tag": "t"}, {"capture": "full"},
    {"redact": ["credentials", "pii"]},
])  # fmt: skip
RULES = st.fixed_dictionaries({"when": CONDITIONS, "then": THEN, "mode": st.sampled_from(["enforce", "enforce", "monitor"])})
LATE_RULES = st.fixed_dictionaries({
    "when": st.tuples(st.sampled_from(LATE), CONDITIONS).map(lambda both: {"all": list(both)}),
    "then": st.sampled_from(["allow", "block"]),
})  # fmt: skip
ENTRIES = st.sampled_from([[], [], [], [{"id": "private", "when": {"host": "api.openai.com"}}]])
POLICIES = st.builds(
    lambda rules, late, entries, default, unseen, mode: "\n".join((
        f"default: {default}", f"on_uninspectable: {unseen}", f"mode: {mode}", f"do_not_inspect: {json.dumps(entries)}",
        f"rules: {json.dumps([{'id': f'r{number}', **rule} for number, rule in enumerate([*rules, *late])])}",
    )),
    st.lists(RULES, max_size=4), st.lists(LATE_RULES, max_size=2), ENTRIES, st.sampled_from(["allow", "block"]),
    st.sampled_from(["allow", "block"]), st.sampled_from(["enforce", "enforce", "enforce", "monitor"]),
)  # fmt: skip
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
IMAGE = json.dumps({"model": "gpt-5", "messages": [{"role": "user", "content": [PICTURE]}]}).encode()
EXCHANGES = st.fixed_dictionaries({
    "url": st.sampled_from([CHAT, "https://api.openai.com/v1/models", "https://unknown.example/v1/x", "https://chatgpt.com/"]),
    "method": st.sampled_from(["GET", "POST", "POST"]),
    "who": st.sampled_from([client(), client("alice", "staff")]),
    "content": st.sampled_from([chat("hello"), chat("hi", "earlier", "answer"), IMAGE, b"\x00\x01", b""]),
    "found": st.sets(st.sampled_from(["credentials", "pii"])),
    "state": st.sampled_from([ExaminationState.COMPLETE, ExaminationState.COMPLETE, ExaminationState.CRASHED]),
    "answer": st.sampled_from([Response(status=200), Response(status=500)]),
    "upgrade": st.sampled_from(["", "", "websocket"]),
})  # fmt: skip


def live(context, exchange):
    """What a policy comes to on the wire: the record of the tunnel, or of what was inside."""
    head_seen = head(
        exchange["method"], exchange["url"], who=exchange["who"], has_body=bool(exchange["content"]),
        content_type="application/json", **({"upgrade": exchange["upgrade"]} if exchange["upgrade"] else {}),
    )  # fmt: skip
    tunnel = Exchange("tunnel", context)
    (effect,) = tunnel.handle(connecting(head_seen.request.host, who=exchange["who"]))
    if not isinstance(effect, Intercept):
        return tunnel.handle(CLOSED)[0].record
    inside = Exchange("inside", context)
    (effect,) = inside.handle(head_seen)
    while isinstance(effect, Hold | Examine):
        if isinstance(effect, Hold):
            event = body(exchange["content"])
        else:
            found = tuple(sorted(exchange["found"] & effect.profiles))
            event = examined(*effect.profiles, found=found, state=exchange["state"])
        (effect,) = inside.handle(event)
    if isinstance(effect, Forward):
        inside.handle(ResponseHeadersSeen(response=exchange["answer"]))
    return inside.handle(CLOSED)[0].record


def told(decided):
    return decided.verdict, decided.reason, decided.rule or "", decided.monitored, decided.capture


@pytest.fixture
def compiled(context_of):
    def build(policy):
        try:
            return context_of(policy, decrypt=DecryptScope.ALL)
        except UsageError:
            reject()

    return build


@law
@given(policy=POLICIES, exchange=EXCHANGES)
def test_the_policy_it_was_decided_by_decides_it_the_same_again(policy, exchange, compiled):
    context = compiled(policy)
    record = live(context, exchange)
    judged = Replay(context.ruleset).judge(kept_from(record.facts))
    if record.kind == ExchangeKind.TUNNEL:
        assert (judged.decision.verdict, judged.decision.rule) == (record.verdict, record.rule)
        return
    assert judged.decision is not None, (judged.missing, record)
    # What is captured of an answer that could not be sealed is not in the record.
    assert told(judged.decision)[:4] == told(record)[:4]
    assert judged.missing == ()


@law
@given(policy=POLICIES, other=POLICIES, exchange=EXCHANGES)
def test_another_policy_says_what_it_would_have_said_or_nothing(policy, other, exchange, compiled):
    then, now = compiled(policy), compiled(other)
    judged = Replay(now.ruleset).judge(kept_from(live(then, exchange).facts))
    if judged.decision is None:
        assert judged.missing, "who does not know says what is missing"
        return
    record = live(now, exchange)
    if record.reason is Reason.CANNOT_REDACT and judged.decision.reason is not Reason.CANNOT_REDACT:
        assert judged.redacts, "only the text could have told that it cannot be replaced"
        return
    assert told(judged.decision)[:3] == told(record)[:3]
    assert judged.redacts is bool(record.redactions)
    if not judged.missing and record.kind != ExchangeKind.TUNNEL:
        assert judged.decision.monitored == record.monitored


def case_of(exchange):
    """The same exchange as somebody writes it down for `lockgate policy test`: facts, and none of its bytes."""
    seen = head(exchange["method"], exchange["url"], who=exchange["who"], content_type="application/json")
    found = tuple(sorted(exchange["found"]))
    examination = examined(*found, found=found).examination
    findings = tuple(replace(finding, found_in=TextKind.HUMAN_TEXT) for finding in examination.findings)
    return Case(
        name="the same", place=Place(file="cases.yaml", line=1, column=1), client=exchange["who"], request=seen.request,
        at=seen.at, expected=Expected(verdict=Verdict.ALLOW), model="gpt-5", findings=findings, state=exchange["state"],
        response=exchange["answer"],
    )  # fmt: skip


PROMPTS = st.fixed_dictionaries({
    "url": st.sampled_from([CHAT, "https://unknown.example/v1/chat/completions"]),
    "method": st.just("POST"),
    "who": st.sampled_from([client(), client("alice", "staff")]),
    "content": st.just(chat("hello")),
    "found": st.sets(st.sampled_from(["credentials", "pii"])),
    "state": st.sampled_from([ExaminationState.COMPLETE, ExaminationState.COMPLETE, ExaminationState.CRASHED]),
    "answer": st.sampled_from([Response(status=200), Response(status=500)]),
    "upgrade": st.just(""),
})  # fmt: skip


@law
@given(policy=POLICIES, exchange=PROMPTS)
def test_a_case_of_the_same_facts_comes_out_as_on_the_wire(policy, exchange, compiled):
    context = compiled(policy)
    record = live(context, exchange)
    tried = run_case(context.ruleset, context.library, case_of(exchange)).decision
    if record.reason is Reason.CANNOT_REDACT:
        assert tried.additions(Redact), "only the text could have told that it cannot be replaced"
        return
    assert told(tried)[:3] == told(record)[:3]
    assert tried.monitored == record.monitored


def judged_by(context, record):
    return Replay(context.ruleset).judge(kept_from(record.facts))


def test_what_was_not_looked_for_is_named_and_not_guessed(play, context_of):
    with play("default: allow\nrules: []\n") as exchange:
        exchange >> head("POST", CHAT) << Forward(streamed=True)
        record = record_of(exchange)
    judged = judged_by(context_of(NO_SECRETS), record)
    assert judged.decision is None
    assert judged.missing == ("dlp.profiles (credentials)",)


def test_a_rule_that_cannot_change_the_verdict_does_not_leave_it_open(play, context_of):
    with play("default: allow\nrules: []\n") as exchange:
        exchange >> head("POST", CHAT) << Forward(streamed=True)
        record = record_of(exchange)
    policy = """
default: allow
rules:
  - {id: watch, when: {dlp.profiles: pii}, then: block, mode: monitor}
  - {id: note, when: {prompt.model: gpt-5}, then: {tag: gpt}}
  - {id: no-ai, when: {app.known: true}, then: block}
"""
    judged = judged_by(context_of(policy), record)
    assert (judged.decision.verdict, judged.decision.rule) == (Verdict.BLOCK, "no-ai")
    assert judged.missing == ("dlp.profiles (pii)", "prompt.model")


def test_an_answer_that_never_came_is_not_guessed_either(play, context_of):
    with play("default: block\nrules: []\n") as exchange:
        exchange >> head("POST", CHAT) << Refuse
        record = record_of(exchange)
    judged = judged_by(
        context_of("default: allow\nrules: [{id: r, when: {response.status: 500}, then: block}]\n"), record
    )  # fmt: skip
    assert (judged.decision, judged.missing) == (None, ("response.status",))


def test_what_was_not_decrypted_stays_open_unless_the_connection_tells(play, context_of):
    with play("default: allow\ndo_not_inspect: [{id: all, when: {host: api.openai.com}}]\n") as exchange:
        exchange >> connecting("api.openai.com", who=client("bob")) << Tunnel()
        record = record_of(exchange)
    judged = judged_by(context_of(NO_SECRETS), record)
    assert (judged.decision, judged.missing) == (None, ("what was inside the connection",))
    judged = judged_by(context_of("default: allow\nrules: [{id: bob, when: {user: bob}, then: block}]\n"), record)
    assert (judged.decision.verdict, judged.decision.rule) == (Verdict.BLOCK, "bob")


def test_what_would_no_longer_be_looked_into_passes_as_a_tunnel(play, context_of):
    with play(NO_SECRETS) as exchange:
        exchange >> head("POST", CHAT) << Hold() >> body(chat("x")) << Examine
        exchange >> examined("credentials", found=("credentials",)) << Refuse
        record = record_of(exchange)
    judged = judged_by(context_of("default: block\ndo_not_inspect: [{id: own, when: {port: 443}}]\n"), record)
    assert (judged.decision.verdict, judged.decision.reason, judged.decision.rule) == (
        Verdict.TUNNEL, Reason.DO_NOT_INSPECT, "own",
    )  # fmt: skip


def test_messages_of_a_websocket_are_judged_by_what_they_say(on_socket, context_of):
    with on_socket(NO_SECRETS).next() as message:
        message >> said(turn("hello")) << Examine >> examined("credentials") << PassMessage
        record = record_of(message)
    judged = judged_by(context_of("default: allow\nrules: [{id: gpt, when: {prompt.model: gpt-5}, then: block}]\n"), record)
    assert (judged.decision.verdict, judged.decision.rule) == (Verdict.BLOCK, "gpt")


def test_a_websocket_is_opened_for_its_messages_and_not_for_anything_else(context_of):
    policy = "default: allow\nrules: [{id: r, when: {prompt.model: gpt-5}, then: block}]\n"
    url = "https://api.openai.com/v1/responses"
    socket = {"upgrade": "websocket", "url": url, "method": "GET", "who": client(), "content": b"", "found": set()}
    then = live(context_of("default: allow\nrules: [{id: r, when: {dlp.profiles: pii}, then: block}]\n"),
                socket | {"state": ExaminationState.COMPLETE, "answer": Response(status=101)})  # fmt: skip
    judged = judged_by(context_of(policy), then)
    assert (then.kind, judged.decision.verdict, judged.decision.reason) == (
        ExchangeKind.WEBSOCKET, Verdict.ALLOW, Reason.JUDGED_BY_MESSAGE,
    )  # fmt: skip


def test_a_response_that_was_refused_is_judged_again(play, context_of):
    late = "default: allow\nrules: [{id: late, when: {response.status: {at_least: 400}}, then: block}]\n"
    with play("default: allow\nrules: []\n") as exchange:
        exchange >> head("POST", CHAT) << Forward(streamed=True)
        exchange >> ResponseHeadersSeen(response=Response(status=503)) << PassResponse
        record = record_of(exchange)
    judged = judged_by(context_of(late), record)
    assert (judged.decision.verdict, judged.decision.rule) == (Verdict.BLOCK, "late")
