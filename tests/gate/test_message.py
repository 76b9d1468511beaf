"""One message of a WebSocket, from being said to its record."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from on_socket import ALLOW_ALL, CLOSED, KEEP, NO_SECRETS, record_of, turn

from lockgate.apps.formats.generic_socket import GENERIC_SOCKET
from lockgate.apps.formats.registry import sniff
from lockgate.facts.decision import Capture, Reason, Verdict
from lockgate.facts.finding import ExaminationState, Span
from lockgate.facts.traffic import Completeness, SocketMessage
from lockgate.gate.context import GateContext
from lockgate.gate.effects import Examine, Note, PassMessage, RefuseMessage
from lockgate.gate.events import Examined, Failed, RepliesSeen
from lockgate.gate.judging import UnexpectedEventError
from lockgate.gate.message import MessageExchange
from lockgate.gate.socket import Socket
from lockgate.home.yaml_document import parse_yaml
from lockgate.policy import Vocabulary, compile_policy
from lockgate.testing.builders import client, examined, request, said

# --- passing and refusing


def test_a_prompt_is_examined_and_passes_with_a_record_of_its_own(on_socket):
    with on_socket(NO_SECRETS).next() as message:
        message >> said(turn("fix the test")) << Examine
        assert message.last.conversation.prompt.typed_text == "fix the test"
        message >> examined("credentials") << PassMessage(recorded=True)
        record = record_of(message)
    assert (record.kind, record.verdict, record.app, record.operation) == (
        "message",
        Verdict.ALLOW,
        "openai-api",
        "send_prompt",
    )
    assert (record.format, record.model, record.user, record.socket) == ("openai-responses", "gpt-5", "ana", "exchange-0")
    assert (record.host, record.path, record.status, record.worker) == ("api.openai.com", "/v1/responses", 101, 3)
    assert record.examination == "complete"
    assert record.prompt_digest


def test_a_prompt_with_a_secret_is_refused_in_the_words_of_its_app(on_socket):
    with on_socket(NO_SECRETS).next() as message:
        message >> said(turn("my key")) << Examine >> examined("credentials", found=("credentials",)) << RefuseMessage
        refuse = message.last
        record = record_of(message)
    assert (refuse.decision.rule, refuse.format.id, refuse.app_name) == ("no-secrets", "openai-responses", "OpenAI API")
    assert refuse.recorded
    assert refuse.message.content == turn("my key").encode()
    assert (record.verdict, record.reason, record.rule) == (Verdict.BLOCK, Reason.RULE, "no-secrets")


def test_what_no_rule_needs_to_read_is_recorded_all_the_same(on_socket):
    with on_socket(ALLOW_ALL).next() as message:
        message >> said(turn("hello")) << PassMessage(recorded=True)
        record = record_of(message)
    assert (record.reason, record.model, record.examination) == (Reason.DEFAULT, "gpt-5", "")


@pytest.mark.parametrize("text", ["", " ", "{}", '{"type":"ping"}', '{"type":"response.cancel"}'])
def test_what_says_nothing_passes_and_is_no_exchange(on_socket, text):
    with on_socket(NO_SECRETS).next() as message:
        message >> said(text) << PassMessage(recorded=False)


def test_words_that_no_person_said_are_examined_and_recorded_only_when_something_is_found(on_socket):
    socket = on_socket(NO_SECRETS)
    text = json.dumps({"type": "trace", "state": "something the client tells its server"})
    with socket.next() as message:
        message >> said(text) << Examine >> examined("credentials") << PassMessage(recorded=False)
    with socket.next() as message:
        message >> said(text) << Examine >> examined("credentials", found=("credentials",)) << RefuseMessage
        assert message.last.recorded


def test_a_socket_that_takes_no_content_along_passes_unread(on_socket):
    with on_socket(NO_SECRETS, "https://ws.chatgpt.com/").next() as message:
        message >> said("anything at all, secret or not") << PassMessage(recorded=False)


def test_a_policy_that_changed_meanwhile_holds_for_the_next_message(context_of, on_socket):
    socket = on_socket(ALLOW_ALL)
    with socket.next() as message:
        message >> said(turn("hello")) << PassMessage
    socket._context = context_of("default: allow\nrules:\n  - {id: no-more, when: {app.id: openai-api}, then: block}\n")
    with socket.next() as message:
        message >> said(turn("hello")) << RefuseMessage
        assert record_of(message).rule == "no-more"


# --- what cannot be read


def test_a_message_that_is_not_what_its_app_speaks_is_read_as_what_it_is_and_not_trusted(on_socket):
    with on_socket(NO_SECRETS).next() as message:
        message >> said("not a document, but words") << Examine
        assert "not a document, but words" in message.last.conversation.turns[0].parts[0].text
        message >> examined("credentials") << RefuseMessage
        record = record_of(message)
    assert (record.reason, record.examination) == (Reason.UNINSPECTABLE, "undecodable")


def test_binary_messages_that_are_no_text_are_not_looked_into(on_socket):
    with on_socket(NO_SECRETS, "https://api.openai.com/v1/unheard-of").next() as message:
        message >> said(b"\x00\x01\xfe\xff" * 8) << Examine >> examined("credentials") << RefuseMessage
        assert message.last.format is GENERIC_SOCKET
        record = record_of(message)
    assert (record.reason, record.operation) == (Reason.UNINSPECTABLE, "unrecognised")


def test_a_stream_of_unreadable_pieces_is_one_exchange_and_every_piece_is_refused(on_socket):
    socket = on_socket(NO_SECRETS, "https://api.openai.com/v1/unheard-of")
    with socket.next() as message:
        message >> said(b"\x00\xff" * 20) << Examine >> examined("credentials") << RefuseMessage
        assert message.last.recorded
    for _ in range(3):
        with socket.next() as message:
            message >> said(b"\x01\xfe" * 20) << RefuseMessage
            assert not message.last.recorded


def test_a_stream_of_unreadable_pieces_that_may_pass_is_one_exchange(on_socket):
    socket = on_socket(ALLOW_ALL, "https://api.openai.com/v1/unheard-of")
    with socket.next() as message:
        message >> said(b"\x00\xff" * 20) << PassMessage(recorded=True)
    with socket.next() as message:
        message >> said(b"\x01\xfe" * 20) << PassMessage(recorded=False)
    with socket.next() as message:
        message >> said('{"content":"words again"}') << PassMessage(recorded=True)
    with socket.next() as message:
        message >> said(b"\x01\xfe" * 20) << PassMessage(recorded=True)


def test_what_cannot_be_read_after_an_answer_is_an_exchange_of_its_own(on_socket):
    socket = on_socket(ALLOW_ALL, "https://api.openai.com/v1/realtime")
    sound = json.dumps({"type": "input_audio_buffer.append", "audio": "//79/P3+/w=="})
    first = socket.next()
    first >> said(sound) << PassMessage(recorded=True)
    with socket.next() as message:
        message >> said(sound) << PassMessage(recorded=False)
    first >> RepliesSeen(messages=(event(type="response.done", response={}),))
    assert first.exchange.is_answered
    with socket.next() as message:
        message >> said(sound) << PassMessage(recorded=True)


def test_a_message_too_long_to_hold_is_judged_as_not_looked_into(on_socket):
    with on_socket(NO_SECRETS).next() as message:
        message >> said("", Completeness.TRUNCATED) << Examine >> examined("credentials") << RefuseMessage
        assert record_of(message).examination == "truncated"
    with on_socket(ALLOW_ALL).next() as message:
        message >> said("", Completeness.TRUNCATED) << PassMessage(recorded=True)


@pytest.mark.parametrize("state", [ExaminationState.TIMED_OUT, ExaminationState.CRASHED])
def test_a_look_that_failed_refuses_the_message(on_socket, state):
    with on_socket(NO_SECRETS).next() as message:
        message >> said(turn("hello")) << Examine >> examined("credentials", state=state) << RefuseMessage
        assert record_of(message).reason is Reason.UNINSPECTABLE


# --- what was typed before


def found_at(conversation, start, end):
    done = examined("credentials", found=("credentials",)).examination
    (finding,) = done.findings
    span = Span(turn=len(conversation.turns) - 1, part=0, start=start, end=end)
    return Examined(examination=replace(done, findings=(replace(finding, span=span),)))


def test_text_that_is_split_over_messages_is_examined_together(on_socket):
    socket = on_socket(NO_SECRETS)
    with socket.next() as message:
        message >> said(turn("sec")) << Examine >> examined("credentials") << PassMessage
    with socket.next() as message:
        message >> said(turn("ret")) << Examine
        joined = message.last.conversation
        assert joined.turns[-1].parts[0].text == "secret"
        message >> found_at(joined, 0, 6) << RefuseMessage


def test_what_was_found_in_an_earlier_message_alone_is_not_found_again(on_socket):
    socket = on_socket(NO_SECRETS)
    with socket.next() as message:
        message >> said(turn("secret")) << Examine >> examined("credentials") << PassMessage
    with socket.next() as message:
        message >> said(turn(" and more")) << Examine
        message >> found_at(message.last.conversation, 0, 6) << PassMessage
        assert record_of(message).findings == ()


def test_what_was_refused_is_not_a_part_of_what_follows(on_socket):
    socket = on_socket(NO_SECRETS)
    with socket.next() as message:
        message >> said(turn("sec")) << Examine >> examined("credentials", found=("credentials",)) << RefuseMessage
    with socket.next() as message:
        message >> said(turn("ret")) << Examine
        assert len(message.last.conversation.turns) == 1
        message >> examined("credentials") << PassMessage


def test_what_was_typed_is_remembered_within_a_bound(on_socket):
    socket = on_socket(NO_SECRETS)
    for _ in range(4):
        with socket.next() as message:
            message >> said(turn("x" * 9_000)) << Examine
            assert len(message.last.conversation.turns[-1].parts[0].text) <= 9_000
            message >> examined("credentials") << PassMessage


def test_a_masked_capture_keeps_no_half_of_what_began_in_an_earlier_message(on_socket):
    policy = "default: allow\nrules:\n  - {id: keep, then: {capture: masked}}\n"
    socket = on_socket(policy)
    with socket.next() as message:
        message >> said(turn("sec")) << Examine >> examined("credentials") << PassMessage
    with socket.next() as message:
        message >> said(turn("ret")) << Examine
        message >> found_at(message.last.conversation, 0, 6) << PassMessage
        message >> CLOSED << Note
        assert (message.last.captured, message.last.record.capture) == (None, Capture.NONE)


# --- answers and ends


def event(**fields):
    return SocketMessage(content=json.dumps(fields).encode())


def test_a_full_capture_keeps_what_the_server_says_until_it_has_said_it(on_socket):
    with on_socket(KEEP).next() as message:
        message >> said(turn("hello")) << PassMessage(recorded=True)
        message >> RepliesSeen(messages=(event(type="response.created", response={"model": "gpt-5"}),))
        delta = {"type": "response.output_text.delta", "output_index": 0, "content_index": 0}
        message >> RepliesSeen(messages=(event(**delta, delta="Hi"), event(**delta, delta=" there")))
        assert not message.exchange.is_answered
        message >> RepliesSeen(messages=(event(type="response.completed", response={}),))
        assert message.exchange.is_answered
        message >> CLOSED << Note
        kept = json.loads(message.last.captured.text)
    assert (kept["prompt"], kept["answer"]) == (["hello"], "Hi there")


def test_a_record_waits_for_the_answer_though_nothing_of_it_is_kept(on_socket):
    with on_socket(ALLOW_ALL).next() as message:
        message >> said(turn("hello")) << PassMessage(recorded=True)
        assert not message.exchange.is_answered
        message >> RepliesSeen(messages=(event(type="response.completed", response={}),))
        assert message.exchange.is_answered
        message >> CLOSED << Note
        assert message.last.captured is None


def test_an_answer_that_nobody_understands_is_not_waited_for(on_socket):
    with on_socket(ALLOW_ALL, "https://api.openai.com/v1/unheard-of").next() as message:
        message >> said('{"content":"hello"}') << PassMessage(recorded=True)
        assert message.exchange.is_answered


def test_a_client_that_leaves_while_its_message_is_examined_leaves_a_record(on_socket):
    with on_socket(NO_SECRETS).next() as message:
        message >> said(turn("hello")) << Examine
        message >> Failed(reason=Reason.CLIENT_LEFT, error="gone")
        record = record_of(message)
    assert (record.verdict, record.reason, record.app) == (Verdict.BLOCK, Reason.CLIENT_LEFT, "openai-api")


def test_a_message_that_fails_before_anything_is_known_still_says_who_and_where(on_socket):
    with on_socket(NO_SECRETS).next() as message:
        refuse = message.exchange.fail(Reason.GATE_FAILED, said("words"))
        assert (refuse.decision.reason, refuse.message.content) == (Reason.GATE_FAILED, b"words")
        record = record_of(message)
    assert (record.kind, record.user, record.host, record.reason) == ("message", "ana", "api.openai.com", Reason.GATE_FAILED)


def test_a_message_is_judged_once(on_socket):
    with on_socket(ALLOW_ALL).next() as message:
        message >> said(turn("hello")) << PassMessage
        with pytest.raises(UnexpectedEventError):
            message >> said(turn("again"))
        message >> CLOSED << Note
        with pytest.raises(UnexpectedEventError):
            message >> CLOSED


@pytest.fixture(scope="module")
def no_secrets(library):
    profiles = frozenset({"credentials"})
    ruleset = compile_policy(parse_yaml("version: 1\n" + NO_SECRETS, "test.yaml"), Vocabulary(profiles=profiles))
    return GateContext(ruleset=ruleset, library=library, sniff=sniff, profiles=profiles)


@given(content=st.one_of(st.text(), st.binary(max_size=300)), state=st.sampled_from(ExaminationState))
def test_nothing_is_passed_on_of_what_was_not_completely_looked_into(no_secrets, content, state):
    """Law: with `on_uninspectable: block`, bytes leave only after a complete look that found nothing, or say nothing."""
    socket = Socket(client(), request("GET", "https://api.openai.com/v1/responses", upgrade="websocket"))
    message = MessageExchange("message-1", no_secrets, socket)
    effects = message.handle(said(content))
    if isinstance(effects[0], Examine):
        effects = message.handle(examined("credentials", state=state))
        if isinstance(effects[0], PassMessage):
            assert state is ExaminationState.COMPLETE
    else:
        assert effects == (PassMessage(recorded=False),)
    assert isinstance(message.handle(CLOSED)[0], Note)
