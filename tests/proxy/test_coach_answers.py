"""How each sort of client is told that there is something to acknowledge: always with the link, in its own dialect."""

import json
import re

import pytest

from lockgate.apps.formats.generic_socket import GENERIC_SOCKET
from lockgate.apps.formats.registry import FORMATS, SOCKET_FORMATS
from lockgate.facts.coaching import Ask, Asked, Coaching
from lockgate.facts.decision import Decision, Reason, Verdict
from lockgate.facts.traffic import Body, SocketMessage
from lockgate.gate.effects import Refuse, RefuseMessage
from lockgate.proxy.answers import Wording, answer_for, close_reason, connect_refusal, message_answer
from lockgate.proxy.coach_links import CoachLinks, Sealed
from lockgate.testing.builders import chat, request

KEY = b"k" * 32
WORDING = Wording(gateway_name="Acme Gateway", contact="help@example.com", alternative="Claude", redirect_key=KEY)
REFERENCE = "00112233445566ff"
ASKED = Asked(subject="user:ada", rule="read", app="openai-api", terms="0123456789ab", coaching=Coaching())
DECISION = Decision(
    verdict=Verdict.COACH, reason=Reason.ACKNOWLEDGEMENT_REQUIRED, rule="read", message="Read this.", coaching=ASKED.coaching
)
LINK = re.compile(r"http://lockgate\.internal/coach/([\w-]+)")
CHAT = request("POST", "https://api.openai.com/v1/chat/completions")
PAGE = {"sec_fetch_mode": "navigate", "accept": "text/html"}


def refuse(**changes):
    return Refuse(**{"decision": DECISION, "app_name": "OpenAI API", "asked": ASKED} | changes)


def opens(text):
    """Whether there is one link in a text, which its subject can open."""
    (token,) = LINK.findall(text)
    from time import time

    ticket = CoachLinks(KEY).open(Sealed.LINK, "user:ada", token, int(time()))
    return ticket is not None and (ticket.app, ticket.terms, ticket.reference) == ("openai-api", ASKED.terms, REFERENCE)


def test_an_api_client_gets_its_vendors_error_and_does_not_try_again():
    answer = answer_for(refuse(format=FORMATS["openai-chat"]), CHAT, WORDING, REFERENCE)
    assert (answer.status, answer.headers.get("x-should-retry")) == (400, "false")
    error = json.loads(answer.content)["error"]
    for said in ("Acme Gateway kept this OpenAI API request back", "Read this.", "acknowledge it", "8 hours", "Rule: read."):
        assert said in error["message"]
    assert opens(error["message"])


def test_who_has_to_say_why_is_told_so():
    asked = Asked(subject="user:ada", rule="read", app="openai-api", terms=ASKED.terms, coaching=Coaching(ask=Ask.JUSTIFY))
    answer = answer_for(refuse(format=FORMATS["openai-chat"], asked=asked), CHAT, WORDING, REFERENCE)
    assert "to say why you need it" in answer.content.decode()


def test_a_chat_is_answered_by_its_model():
    from dataclasses import replace

    wire = FORMATS["openai-chat"]
    said = wire.read_request(CHAT, Body(content=chat("hello")))
    told = refuse(format=wire, conversation=said, decision=replace(DECISION, as_answer=True))
    answer = answer_for(told, CHAT, WORDING, REFERENCE)
    assert answer.status == 200
    assert opens(json.loads(answer.content)["choices"][0]["message"]["content"])


def test_an_mcp_client_gets_an_error_of_its_protocol():
    wire = FORMATS["mcp"]
    call = request("POST", "https://tools.example/mcp", content_type="application/json", accept="application/json")
    asks = b'{"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": "x", "arguments": {}}}'
    said = wire.read_request(call, Body(content=asks))
    answer = answer_for(refuse(format=wire, conversation=said), call, WORDING, REFERENCE)
    told = json.loads(answer.content)
    assert told["id"] == 7
    assert opens(told["error"]["message"])


def test_a_browser_is_led_to_the_gateways_own_page_over_what_it_came_by():
    for scheme in ("http", "https"):
        answer = answer_for(refuse(), request("GET", f"{scheme}://chatgpt.com/c/1", **PAGE), WORDING, REFERENCE)
        assert (answer.status, answer.content) == (302, b"")
        assert answer.headers.get("location").startswith(f"{scheme}://lockgate.internal/coach/")
        assert answer.headers.get("cache-control") == "no-store"


def test_a_form_that_is_sent_leads_there_by_a_get():
    assert answer_for(refuse(), request("POST", "https://chatgpt.com/c/1", **PAGE), WORDING, REFERENCE).status == 303


def test_inside_a_frame_the_page_is_linked_because_it_cannot_be_framed():
    framed = request("GET", "https://chatgpt.com/c/1", sec_fetch_dest="iframe", **PAGE)
    answer = answer_for(refuse(), framed, WORDING, REFERENCE)
    assert answer.status == 403
    text = answer.content.decode()
    assert "Before you use OpenAI API" in text
    assert re.search(r'href="https://lockgate\.internal/coach/[\w-]+" target="_blank"', text)


def test_an_opening_of_a_websocket_is_told_the_link():
    opening = request("GET", "https://api.openai.com/v1/realtime", upgrade="websocket", **PAGE)
    answer = answer_for(refuse(upgrade_required=True), opening, WORDING, REFERENCE)
    assert answer.status == 426
    assert opens(answer.content.decode())


def test_a_connect_is_told_the_link():
    answer = connect_refusal(refuse(), WORDING, REFERENCE)
    assert answer.status == 403
    assert opens(answer.content.decode())


@pytest.mark.parametrize("format_id", ["openai-responses", None])
def test_a_message_is_refused_with_the_link(format_id):
    wire = SOCKET_FORMATS[format_id] if format_id else GENERIC_SOCKET
    said = SocketMessage(content=b'{"type": "response.create", "model": "gpt-5", "input": "hello"}')
    told = RefuseMessage(decision=DECISION, app_name="OpenAI API", format=wire, message=said, asked=ASKED)
    answer = message_answer(told, CHAT, WORDING, REFERENCE)
    reason = close_reason(told, WORDING, REFERENCE)
    assert len(reason.encode()) <= 123
    assert opens(reason)
    if answer.replies:
        assert opens(answer.replies[0].content.decode())
    else:
        assert answer.close


def test_a_close_frame_without_room_for_the_link_says_why():
    asked = Asked(subject="user:ada", rule="read", app="x" * 100, terms=ASKED.terms, coaching=Coaching())
    told = RefuseMessage(decision=DECISION, app_name="", format=GENERIC_SOCKET, message=SocketMessage(content=b""), asked=asked)
    assert close_reason(told, WORDING, REFERENCE) == f"Read this. Reference: {REFERENCE}."
