"""What nobody on the way can read, and what identifies a client to its app."""

from copy import copy
from dataclasses import replace

import pytest
from ended import NO_SECRETS, record_of

from lockgate.facts.decision import Capture, Reason, Verdict
from lockgate.gate.effects import Examine, Forward, Refuse
from lockgate.gate.exchange import Exchange
from lockgate.testing.builders import examined, head
from lockgate.testing.playbook import Playbook


@pytest.fixture
def opaque(context_of):
    """Exchanges under a policy, in a library that knows the voice operation of ChatGPT as opaque."""

    def start(policy):
        context = context_of(policy)
        library = copy(context.library)
        library.match = lambda request: replace(context.library.match(request), opaque=True)
        return Playbook(Exchange("exchange-1", replace(context, library=library)))

    return start


VOICE = "https://chatgpt.com/realtime/vp"
NO_SECRETS_SPOKEN = NO_SECRETS.replace("[send_prompt]", "[voice, unrecognised]")


@pytest.mark.parametrize("upgrade", [{}, {"upgrade": "websocket"}], ids=["request", "websocket"])
def test_what_nobody_can_read_is_refused_at_its_head_when_a_rule_needed_to_look(opaque, upgrade):
    with opaque(NO_SECRETS_SPOKEN) as exchange:
        exchange >> head("GET" if upgrade else "POST", VOICE, **upgrade) << Refuse
        record = record_of(exchange)
    assert (record.verdict, record.reason, record.examination) == (Verdict.BLOCK, Reason.UNINSPECTABLE, "opaque")


def test_what_nobody_can_read_streams_when_the_policy_lets_it(opaque):
    with opaque(NO_SECRETS_SPOKEN.replace("on_uninspectable: block", "on_uninspectable: allow")) as exchange:
        exchange >> head("POST", VOICE) << Forward(streamed=True)
        record = record_of(exchange)
    assert (record.verdict, record.examination) == (Verdict.ALLOW, "opaque")


def test_a_capture_holds_nothing_of_what_nobody_can_read(opaque):
    with opaque("default: allow\nrules:\n  - {id: keep, then: {capture: masked}}\n") as exchange:
        exchange >> head("POST", VOICE) << Forward(streamed=True)
        assert record_of(exchange).capture is Capture.NONE


def test_a_rule_can_name_what_nobody_can_read(opaque):
    policy = "default: allow\nrules:\n  - {id: no-calls, when: {examination.state: opaque}, then: block}\n"
    with opaque(policy) as exchange:
        exchange >> head("POST", VOICE) << Refuse
        assert record_of(exchange).rule == "no-calls"


TOKEN = "eyJhbGciOiJub25lIn0.eyJ4IjoxfQ.c2lnbmF0dXJl"


@pytest.mark.parametrize("name", ["access_token", "accessToken", "key", "api-key"])
def test_the_key_to_an_app_in_its_own_address_is_no_content(play, name):
    with play(NO_SECRETS) as exchange:
        url = f"https://api.openai.com/v1/responses?{name}={TOKEN}"
        exchange >> head("GET", url, has_body=False, upgrade="websocket") << Examine
        assert exchange.last.conversation.turns == ()
        exchange >> examined("credentials") << Forward(streamed=False)


@pytest.mark.parametrize("query", ["access_token=some+words+of+a+person", f"note={TOKEN}", f"token={TOKEN}%20and%20more"])
def test_words_under_the_name_of_a_key_are_content_all_the_same(play, query):
    with play(NO_SECRETS) as exchange:
        exchange >> head("GET", f"https://api.openai.com/v1/responses?{query}", has_body=False, upgrade="websocket") << Examine
        assert exchange.last.conversation.turns
        exchange >> examined("credentials") << Forward(streamed=False)
