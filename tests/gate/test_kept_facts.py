"""What a record keeps for policies: the facts that were decided on, and nothing where no policy was asked."""

from ended import ALLOW_ALL, CHAT, NO_SECRETS, record_of
from on_socket import turn

from lockgate.facts.decision import Reason
from lockgate.facts.finding import ExaminationState
from lockgate.facts.traffic import Phase, Response
from lockgate.gate.decryption import Decryption
from lockgate.gate.effects import Examine, Forward, Hold, Intercept, PassMessage, PassResponse, Refuse, Tunnel
from lockgate.gate.events import Failed, ResponseHeadersSeen
from lockgate.gate.kept_facts import kept_from
from lockgate.gate.kinds import ExchangeKind
from lockgate.testing.builders import body, chat, client, connecting, examined, head, said

ALICE = client("alice", "staff")


def kept_of(play):
    kept = kept_from(record_of(play).facts)
    assert kept is not None
    return kept


def test_the_facts_of_a_read_request_and_of_its_answer_are_kept(play):
    with play(NO_SECRETS) as exchange:
        (
            exchange
            >> head("POST", CHAT + "?q=words", who=ALICE, cookie="a=b", content_type="application/json")
            << Hold()
            >> body(chat("hello"))
            << Examine
        )
        exchange >> examined("credentials", "pii", found=("pii", "pii")) << Forward(streamed=False)
        exchange >> ResponseHeadersSeen(response=Response(status=201)) << PassResponse(tap=False)
        kept = kept_of(exchange)
    sheet = kept.sheet
    assert (kept.kind, kept.reading, sheet.client) == (ExchangeKind.REQUEST, ExaminationState.COMPLETE, ALICE)
    assert (sheet.app.app.id, sheet.conversation.model, sheet.response.status) == ("openai-api", "gpt-5", 201)
    assert (sheet.request.query, sheet.request.headers.pairs) == ("", (("content-type", "application/json"),))
    assert sheet.examination.profiles == {"credentials", "pii"}
    assert [finding.profiles for finding in sheet.examination.findings] == [("pii",), ("pii",)]


def test_what_nobody_read_is_not_known(play):
    with play(ALLOW_ALL) as exchange:
        exchange >> head("POST", CHAT) << Forward(streamed=True)
        sheet = kept_of(exchange).sheet
    assert sheet.phase is Phase.REQUEST_HEADERS
    assert (sheet.conversation, sheet.examination, sheet.response) == (None, None, None)


def test_how_far_a_body_could_be_read_is_kept(play):
    with play(NO_SECRETS) as exchange:
        exchange >> head("POST", CHAT) << Hold() >> body(b"\x00\x01") << Examine >> examined("credentials") << Refuse
        kept = kept_of(exchange)
    assert kept.reading is ExaminationState.UNDECODABLE


def test_a_tunnel_keeps_what_becomes_of_its_host(play):
    with play("default: allow\ndo_not_inspect: [{id: all, when: {host: {within: [openai.com, a.example]}}}]\n") as exchange:
        exchange >> connecting("api.openai.com") << Tunnel()
        known = kept_of(exchange)
    with play("default: allow\ndo_not_inspect: [{id: all, when: {host: {within: [openai.com, a.example]}}}]\n") as exchange:
        exchange >> connecting("a.example") << Tunnel()
        unknown = kept_of(exchange)
    assert (known.kind, known.decryption) == (ExchangeKind.TUNNEL, Decryption.DECRYPTED)
    assert (unknown.kind, unknown.decryption) == (ExchangeKind.TUNNEL, Decryption.UNCLAIMED)


def test_a_message_of_a_websocket_keeps_its_facts(on_socket):
    with on_socket(NO_SECRETS).next() as message:
        message >> said(turn("hello")) << Examine >> examined("credentials") << PassMessage
        kept = kept_of(message)
    assert (kept.kind, kept.sheet.conversation.model) == (ExchangeKind.MESSAGE, "gpt-5")


def test_where_no_policy_was_asked_nothing_is_kept(play):
    with play(ALLOW_ALL) as exchange:
        exchange >> head("POST", CHAT, refused=Reason.PRIVATE_DESTINATION) << Refuse
        assert record_of(exchange).facts == b""
    with play(NO_SECRETS) as exchange:
        exchange >> head("POST", CHAT) << Hold()
        exchange.exchange.handle(Failed(reason=Reason.CLIENT_LEFT, error=""))
        assert record_of(exchange).facts == b""
    with play(ALLOW_ALL) as exchange:
        exchange >> connecting("api.openai.com") << Intercept()
        assert record_of(exchange).facts == b""


def test_a_request_that_was_allowed_and_then_failed_keeps_what_was_decided_on(play):
    with play(ALLOW_ALL) as exchange:
        exchange >> head("POST", CHAT) << Forward(streamed=True)
        exchange.exchange.handle(Failed(reason=Reason.UPSTREAM_FAILED, error="refused"))
        record = record_of(exchange)
    assert record.reason is Reason.UPSTREAM_FAILED
    assert kept_from(record.facts) is not None
