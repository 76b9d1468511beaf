"""An isolated app at the gate: its WebSockets open, since not every message says something, and what is said is refused."""

import pytest
from ended import record_of as record_when
from on_socket import CLOSED, record_of, turn

from lockgate.facts.decision import Reason, Verdict
from lockgate.gate.effects import Forward, Hold, PassMessage, Refuse, RefuseMessage
from lockgate.testing.builders import head, said

ISOLATED = """
default: allow
rules:
  - {id: readable, when: {app.id: [openai-api, chatgpt]}, then: isolate}
"""
SOCKET = "https://api.openai.com/v1/responses"


def test_a_websocket_opens_and_its_messages_are_judged_one_by_one(play):
    with play(ISOLATED) as exchange:
        exchange >> head("GET", SOCKET, has_body=False, upgrade="websocket") << Forward
        record = record_when(exchange, CLOSED)
    assert (record.verdict, record.reason) == (Verdict.ALLOW, Reason.JUDGED_BY_MESSAGE)


def test_what_is_said_on_it_is_refused(on_socket):
    with on_socket(ISOLATED).next() as message:
        message >> said(turn("fix the test")) << RefuseMessage
        record = record_of(message)
    assert (record.verdict, record.reason, record.rule) == (Verdict.BLOCK, Reason.ISOLATED, "readable")


@pytest.mark.parametrize("text", ["", '{"type":"ping"}'])
def test_what_says_nothing_passes(on_socket, text):
    with on_socket(ISOLATED).next() as message:
        message >> said(text) << PassMessage(recorded=False)


@pytest.mark.parametrize("path", ["conversation", "files"])
def test_a_prompt_and_an_upload_are_refused_before_their_body_is_waited_for(play, path):
    with play(ISOLATED) as exchange:
        exchange >> head("POST", f"https://chatgpt.com/backend-api/{path}") << Refuse
        assert exchange.last.decision.reason is Reason.ISOLATED


def test_of_what_only_reads_the_size_is_waited_for(play):
    with play(ISOLATED) as exchange:
        exchange >> head("POST", "https://chatgpt.com/ces/v1/t") << Hold
    with play(ISOLATED) as exchange:
        exchange >> head("GET", "https://chatgpt.com/backend-api/conversations", has_body=False) << Forward
