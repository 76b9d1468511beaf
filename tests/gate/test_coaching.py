"""Coaching at the gate: who is asked, what an exchange knew when it began, and how each client is told."""

from dataclasses import replace

import pytest
from ended import record_of

from lockgate.facts.acknowledgement import Acknowledgement
from lockgate.facts.decision import Reason, Verdict
from lockgate.gate.acknowledgements import NOTHING_ACKNOWLEDGED, Acknowledgements
from lockgate.gate.effects import Forward, Hold, Intercept, PassMessage, Refuse, RefuseMessage, Tunnel
from lockgate.gate.exchange import Exchange
from lockgate.gate.message import MessageExchange
from lockgate.gate.socket import Socket
from lockgate.testing.builders import NOON, body, chat, client, connecting, head, request, said
from lockgate.testing.playbook import Playbook

CHAT = "https://api.openai.com/v1/chat/completions"
COACHED = """
default: allow
rules:
  - {id: read, message: Read this., when: {app.id: [openai-api, chatgpt]}, then: coach}
"""
BROWSER = {"user_agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"}
NOW = NOON.timestamp()


@pytest.fixture
def context(context_of):
    return context_of(COACHED)


def given(context, **changes):
    usual = Acknowledgement(
        id="a", subject="user:ana", rule="read", app="openai-api", terms=context.ruleset.coached["read"], at=NOW - 60,
        until=NOW + 60,
    )  # fmt: skip
    return replace(usual, **changes)


def playing(context, *acknowledged):
    known = Acknowledgements.of(acknowledged) if acknowledged else NOTHING_ACKNOWLEDGED
    return Playbook(Exchange("exchange-1", context, acknowledgements=known))


def test_a_program_is_refused_at_the_head_and_asked(context):
    with playing(context) as exchange:
        exchange >> head("POST", CHAT, who=client("ana")) << Refuse
        told = exchange.last
        record = record_of(exchange)
    assert (told.asked.subject, told.asked.rule, told.asked.app) == ("user:ana", "read", "openai-api")
    assert told.asked.terms == context.ruleset.coached["read"]
    assert not told.decision.as_answer
    assert (record.verdict, record.reason, record.acknowledged) == (Verdict.COACH, Reason.ACKNOWLEDGEMENT_REQUIRED, ())


def test_who_has_no_name_is_asked_by_address(context):
    with playing(context) as exchange:
        exchange >> head("POST", CHAT, who=client(address="192.0.2.7")) << Refuse
        assert exchange.last.asked.subject == "address:192.0.2.7"


def test_a_browser_is_answered_by_the_model_for_which_its_body_is_read(context):
    with playing(context) as exchange:
        exchange >> head("POST", CHAT, **BROWSER) << Hold() >> body(chat("hello")) << Refuse
        assert exchange.last.decision.as_answer
        assert exchange.last.conversation is not None


@pytest.mark.parametrize(("told_as", "as_answer"), [("answer", True), ("error", False)])
def test_a_rule_may_say_how_a_client_is_told(context_of, told_as, as_answer):
    context = context_of(COACHED.replace("then: coach", f"then: {{coach: {{as: {told_as}}}}}"))
    with playing(context) as exchange:
        exchange >> head("POST", CHAT, **BROWSER)
        if as_answer:
            exchange << Hold() >> body(chat("hello"))
        exchange << Refuse
        assert exchange.last.decision.as_answer is as_answer


def test_who_acknowledged_passes_and_the_record_says_by_what(context):
    with playing(context, given(context)) as exchange:
        exchange >> head("POST", CHAT, who=client("ana")) << Forward(streamed=True)
        record = record_of(exchange)
    assert (record.verdict, record.acknowledged) == (Verdict.ALLOW, ("read",))


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "user:bob"}, {"subject": "address:198.51.100.7"}, {"rule": "other"}, {"app": "chatgpt"}, {"terms": "old"},
        {"until": NOW}, {"revoked_at": NOW - 1},
    ],
    ids=lambda changes: next(iter(changes)),
)  # fmt: skip
def test_any_other_acknowledgement_is_none(context, changes):
    with playing(context, given(context, **changes)) as exchange:
        exchange >> head("POST", CHAT, who=client("ana")) << Refuse


def test_another_policy_that_leaves_the_rule_as_it_is_changes_nothing(context, context_of):
    other = context_of(COACHED + "  - {id: more, when: {app.id: claude}, then: block}\n")
    with playing(other, given(context)) as exchange:
        exchange >> head("POST", CHAT, who=client("ana")) << Forward(streamed=True)


def test_what_stays_encrypted_is_refused_with_who_may_acknowledge_it(context_of):
    context = context_of("default: allow\nrules: [{id: read, message: Hm., when: {host: one.example}, then: coach}]\n")
    with playing(context) as exchange:
        exchange >> connecting("one.example", who=client("ana")) << Refuse
        assert exchange.last.asked.app == "one.example"
        assert exchange.last.decision.verdict is Verdict.COACH
    with playing(context, given(context, app="one.example")) as exchange:
        exchange >> connecting("one.example", who=client("ana")) << Tunnel


def test_what_is_decrypted_is_coached_inside(context):
    with playing(context) as exchange:
        exchange >> connecting("api.openai.com") << Intercept


def test_a_websocket_is_refused_at_its_opening(context):
    with playing(context) as exchange:
        exchange >> head("GET", "https://api.openai.com/v1/realtime", has_body=False, upgrade="websocket") << Refuse
        assert exchange.last.upgrade_required
        assert exchange.last.asked is not None


def test_a_message_is_judged_by_what_holds_when_it_is_said(context_of):
    policy = "default: allow\nrules: [{id: read, message: Hm., when: {operation: send_prompt}, then: coach}]\n"
    context = context_of(policy)
    socket = Socket(client("ana"), request("GET", "https://api.openai.com/v1/responses", upgrade="websocket"))
    words = said('{"type": "response.create", "model": "gpt-5", "input": "hello"}')
    asked = Playbook(MessageExchange("message-1", context, socket))
    asked >> words << RefuseMessage
    assert asked.last.asked.rule == "read"
    known = Acknowledgements.of([given(context)])
    passed = Playbook(MessageExchange("message-2", context, socket, acknowledgements=known))
    passed >> words << PassMessage()


def test_assumed_acknowledgements_hold_for_everybody(context):
    known = Acknowledgements(assumed=frozenset({"read"}))
    with Playbook(Exchange("exchange-1", context, acknowledgements=known)) as exchange:
        exchange >> head("POST", CHAT) << Forward(streamed=True)


def test_the_latest_acknowledgement_is_the_last_one_given(context):
    first, second = given(context, id="a", at=1.0), given(context, id="b", at=2.0)
    known = Acknowledgements.of([second, first])
    assert known.latest("user:ana", "read", "openai-api") == second
    assert known.after(given(context, id="c", at=3.0)).latest("user:ana", "read", "openai-api").id == "c"
    assert known.latest("user:ana", "read", "chatgpt") is None
