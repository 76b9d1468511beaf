"""Rules on the size of a request: settled by its head where that says it, by what came of the body where it does not."""

import gzip

import pytest
from ended import CHAT

from lockgate.facts.decision import Reason, Verdict
from lockgate.facts.traffic import Body, Completeness
from lockgate.gate.decode import decode_body
from lockgate.gate.effects import Forward, Hold, PassMessage, Refuse, RefuseMessage
from lockgate.gate.events import RequestBodySeen
from lockgate.testing.builders import body, chat, head, said

SMALL_ONLY = """
default: allow
rules:
  - {id: large, when: {request.body_bytes: {above: 100}}, then: block}
"""


def test_a_head_that_says_how_large_its_body_is_settles_the_rule(play):
    with play(SMALL_ONLY) as exchange:
        exchange >> head("POST", "https://upload.example/", **{"content-length": "101"}) << Refuse
    with play(SMALL_ONLY) as exchange:
        exchange >> head("POST", "https://upload.example/", **{"content-length": "100"}) << Forward


def test_a_request_without_a_body_is_no_bytes_long(play):
    with play(SMALL_ONLY.replace("above: 100", "below: 1")) as exchange:
        exchange >> head("GET", "https://upload.example/", has_body=False) << Refuse


def test_a_body_that_nobody_announced_is_waited_for(play):
    with play(SMALL_ONLY) as exchange:
        exchange >> head("POST", CHAT) << Hold() >> body(chat("x" * 200)) << Refuse
    with play(SMALL_ONLY) as exchange:
        exchange >> head("POST", CHAT) << Hold() >> body(b"{}") << Forward


def test_a_compressed_body_is_as_large_as_what_was_sent(play):
    packed = gzip.compress(chat("x" * 2000))
    assert len(packed) < 100
    with play(SMALL_ONLY) as exchange:
        exchange >> head("POST", CHAT) << Hold() >> RequestBodySeen(body=decode_body(packed, "gzip", 1 << 20)) << Forward


@pytest.mark.parametrize(("came", "reason"), [(101, Reason.RULE), (50, Reason.UNINSPECTABLE)])
def test_of_a_body_that_was_cut_only_what_came_is_known(came, reason, play):
    cut = RequestBodySeen(body=Body(content=b"", completeness=Completeness.TRUNCATED, sent=came))
    with play(SMALL_ONLY) as exchange:
        exchange >> head("POST", CHAT) << Hold() >> cut << Refuse
        decision = exchange.last.decision
    assert (decision.verdict, decision.reason) == (Verdict.BLOCK, reason)


def test_a_message_of_a_websocket_has_a_size_of_its_own(on_socket):
    socket = on_socket(SMALL_ONLY)
    with socket.next() as message:
        message >> said('{"type":"response.create","input":"' + "x" * 200 + '"}') << RefuseMessage
    with socket.next() as message:
        message >> said("{}") << PassMessage
