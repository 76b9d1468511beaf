"""One exchange, from its first event to its record."""

import json

import pytest
from ended import ALLOW_ALL, CHAT, CLOSED, NO_SECRETS, record_of
from hypothesis import given
from hypothesis import strategies as st

from lockgate.facts.decision import Capture, Reason, Verdict
from lockgate.facts.finding import Examination, ExaminationState
from lockgate.facts.traffic import Completeness, Headers, Response
from lockgate.gate.effects import Examine, Forward, Hold, Note, PassResponse, Refuse
from lockgate.gate.events import Examined, Failed, RequestBodySeen, ResponseChunkSeen, ResponseHeadersSeen
from lockgate.gate.exchange import Exchange, UnexpectedEventError
from lockgate.testing.builders import body, chat, client, connecting, examined, head

# --- told as an answer

NO_AI = """
default: allow
rules:
  - {id: no-ai, when: {app.known: true}, then: {block: {as: answer}}}
"""


def test_a_block_as_an_answer_is_read_first_for_how_to_answer_it(play):
    """The head tells neither the model nor whether the client waits for a stream."""
    with play(NO_AI) as exchange:
        exchange >> head("POST", CHAT) << Hold() >> body(chat("hello")) << Refuse
        refuse = exchange.last
        record = record_of(exchange)
    assert refuse.decision.as_answer
    assert (refuse.conversation.model, refuse.conversation.wants_stream) == ("gpt-5", False)
    assert (record.verdict, record.reason, record.rule) == (Verdict.BLOCK, Reason.RULE, "no-ai")


@pytest.mark.parametrize("seen", [head("GET", CHAT, has_body=False), head("POST", "https://api.openai.com/v1/files")])
def test_what_cannot_be_answered_is_refused_at_its_head(play, seen):
    with play(NO_AI) as exchange:
        exchange >> seen << Refuse
        record_of(exchange)


# --- requests


def test_a_request_no_rule_looks_into_is_never_held(play):
    with play(ALLOW_ALL) as exchange:
        exchange >> head("POST", CHAT) << Forward(streamed=True)
        record = record_of(exchange)
    assert (record.verdict, record.reason, record.app, record.operation) == (
        Verdict.ALLOW, Reason.DEFAULT, "openai-api", "send_prompt",
    )  # fmt: skip
    assert record.examination == ""


def test_a_block_by_headers_does_not_wait_for_the_body(play):
    policy = "default: allow\nrules:\n  - {id: no, when: {app.id: openai-api}, then: block}\n"
    with play(policy) as exchange:
        exchange >> head("POST", CHAT) << Refuse
        assert exchange.last.app_name == "OpenAI API"
        assert exchange.last.format.id == "openai-chat"


def test_a_rule_on_content_holds_reads_and_examines_exactly_what_it_demands(play):
    with play(NO_SECRETS) as exchange:
        exchange >> head("POST", CHAT) << Hold() >> body(chat("hello")) << Examine
        assert exchange.last.profiles == {"credentials"}
        assert exchange.last.conversation.prompt.typed_text == "hello"
        exchange >> examined("credentials") << Forward(streamed=False)
        record = record_of(exchange)
    assert (record.examination, record.model, record.findings) == ("complete", "gpt-5", ())


def test_a_finding_blocks_and_the_record_carries_its_mask(play):
    with play(NO_SECRETS) as exchange:
        exchange >> head("POST", CHAT) << Hold() >> body(chat("hello")) << Examine
        exchange >> examined("credentials", found=("credentials",)) << Refuse
        assert exchange.last.decision.message == "Credentials never leave in a prompt."
        record = record_of(exchange)
    assert (record.verdict, record.reason, record.rule) == (Verdict.BLOCK, Reason.RULE, "no-secrets")
    assert [finding.mask for finding in record.findings] == ["[masked]"]


@pytest.mark.parametrize("state", [s for s in ExaminationState if s is not ExaminationState.COMPLETE])
def test_a_look_that_failed_blocks_when_a_rule_needed_it(play, state):
    with play(NO_SECRETS) as exchange:
        exchange >> head("POST", CHAT) << Hold() >> body(chat("hello")) << Examine
        exchange >> examined("credentials", state=state) << Refuse
        record = record_of(exchange)
    assert (record.reason, record.rule, record.examination) == (Reason.UNINSPECTABLE, "no-secrets", state.value)


def test_a_partial_look_still_proves_presence(play):
    with play(NO_SECRETS) as exchange:
        exchange >> head("POST", CHAT) << Hold() >> body(chat("hello")) << Examine
        exchange >> examined("credentials", found=("credentials",), state=ExaminationState.TIMED_OUT) << Refuse
        assert exchange.last.decision.reason is Reason.RULE


def test_on_uninspectable_allow_lets_it_go_and_says_so(play):
    with play(NO_SECRETS.replace("on_uninspectable: block", "on_uninspectable: allow")) as exchange:
        exchange >> head("POST", CHAT) << Hold() >> body(chat("hello")) << Examine
        exchange >> examined("credentials", state=ExaminationState.TIMED_OUT) << Forward(streamed=False)
        assert record_of(exchange).examination == "timed_out"


def test_a_truncated_body_is_a_partial_look(play):
    with play(NO_SECRETS) as exchange:
        exchange >> head("POST", CHAT) << Hold() >> body(chat("hello")[:-5], Completeness.TRUNCATED) << Examine
        exchange >> examined("credentials") << Refuse
        assert record_of(exchange).reason is Reason.UNINSPECTABLE


@pytest.mark.parametrize("content", [b"\x00\x01\x02\xff", b'{"model": "x", "messages": [', b""])
def test_an_undecodable_body_is_not_taken_for_clean(play, content):
    with play(NO_SECRETS) as exchange:
        exchange >> head("POST", CHAT) << Hold() >> body(content) << Examine
        exchange >> examined("credentials")
        exchange << (Refuse if content else Forward)


def test_a_file_that_detectors_cannot_read_is_not_taken_for_clean(play):
    content = [{"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}]
    request_body = json.dumps({"model": "gpt-5", "messages": [{"role": "user", "content": content}]}).encode()
    with play(NO_SECRETS) as exchange:
        exchange >> head("POST", CHAT) << Hold() >> body(request_body) << Examine >> examined("credentials") << Refuse
        assert exchange.last.decision.reason is Reason.UNINSPECTABLE


def test_an_unknown_path_of_a_known_app_is_told_by_its_body(play):
    with play(NO_SECRETS) as exchange:
        exchange >> head("POST", "https://api.openai.com/v9/brand-new") << Hold() >> body(chat("hello")) << Examine
        exchange >> examined("credentials") << Forward(streamed=False)
        record = record_of(exchange)
    assert (record.operation, record.format) == ("send_prompt", "openai-chat")


def test_an_unknown_path_with_an_unknown_body_is_unrecognised(play):
    with play(NO_SECRETS) as exchange:
        exchange >> head("POST", "https://api.openai.com/v9/brand-new") << Hold() >> body(b'{"ping": 1}')
        exchange << Forward(streamed=False)
        assert record_of(exchange).operation == "unrecognised"


def test_a_prompt_in_the_url_is_examined_too(play):
    policy = NO_SECRETS.replace("operation: [send_prompt], ", "")
    with play(policy) as exchange:
        exchange >> head("GET", "https://chatgpt.com/?q=my+secret+words", has_body=False) << Examine
        assert "my secret words" in exchange.last.conversation.turns[0].parts[0].text
        exchange >> examined("credentials", found=("credentials",)) << Refuse


def test_a_websocket_whose_messages_a_rule_must_see_is_opened_for_they_are_judged_one_by_one(play):
    with play(NO_SECRETS) as exchange:
        exchange >> head("GET", "https://api.openai.com/v1/responses", has_body=False, upgrade="websocket") << Examine
        exchange >> examined("credentials") << Forward(streamed=False)
        assert exchange.exchange.opens_websocket
        record = record_of(exchange)
    assert (record.kind, record.verdict, record.examination) == ("websocket", Verdict.ALLOW, "complete")


def test_words_in_the_address_of_a_websocket_are_examined_before_it_opens(play):
    url = "https://api.openai.com/v1/responses?note=my+secret+words"
    with play(NO_SECRETS) as exchange:
        exchange >> head("GET", url, has_body=False, upgrade="websocket") << Examine
        assert "my secret words" in exchange.last.conversation.turns[0].parts[0].text
        exchange >> examined("credentials", found=("credentials",)) << Refuse
        assert exchange.last.upgrade_required
        assert not exchange.exchange.opens_websocket
        assert record_of(exchange).reason is Reason.RULE


def test_a_rule_below_one_that_needs_the_look_still_refuses_the_websocket_itself(play):
    policy = NO_SECRETS + "  - {id: no-more, when: {app.id: openai-api}, then: block}\n"
    with play(policy) as exchange:
        exchange >> head("GET", "https://api.openai.com/v1/responses", has_body=False, upgrade="websocket") << Examine
        exchange >> examined("credentials") << Refuse
        assert (record_of(exchange).rule, exchange.exchange.opens_websocket) == ("no-more", False)


def test_a_websocket_is_not_refused_for_what_only_its_messages_can_tell(play):
    policy = """
default: block
on_uninspectable: block
rules:
  - {id: good-model, when: {prompt.model: gpt-5}, then: allow}
"""
    with play(policy) as exchange:
        exchange >> head("GET", "https://api.openai.com/v1/responses", has_body=False, upgrade="websocket")
        exchange << Forward(streamed=False)
        record = record_of(exchange)
    assert (record.verdict, record.reason, record.rule) == (Verdict.ALLOW, Reason.JUDGED_BY_MESSAGE, "")


def test_a_websocket_no_rule_looks_into_is_let_through(play):
    with play(ALLOW_ALL) as exchange:
        exchange >> head("GET", "https://api.openai.com/v1/responses", has_body=False, upgrade="websocket")
        exchange << Forward(streamed=False)


def test_the_shell_can_refuse_whatever_the_policy_says(play):
    with play(ALLOW_ALL) as exchange:
        exchange >> head("POST", CHAT, refused=Reason.PRIVATE_DESTINATION) << Refuse
        assert record_of(exchange).reason is Reason.PRIVATE_DESTINATION


# --- responses, captures, ends


def test_a_response_passes_untapped_when_nothing_is_captured(play):
    with play(ALLOW_ALL) as exchange:
        exchange >> head("POST", CHAT) << Forward(streamed=True)
        exchange >> ResponseHeadersSeen(response=Response(status=200)) << PassResponse(tap=False)


def test_a_full_capture_keeps_prompt_and_answer(play):
    policy = "default: allow\nrules:\n  - {id: keep, then: {capture: full}}\n"
    events = ('{"choices":[{"delta":{"content":"Hi"}}]}', '{"choices":[{"delta":{"content":" there"}}]}', "[DONE]")
    answer = "".join(f"data: {event}\n\n" for event in events).encode()
    with play(policy) as exchange:
        exchange >> head("POST", CHAT) << Hold() >> body(chat("hello")) << Forward(streamed=False)
        headers = Headers((("content-type", "text/event-stream"),))
        exchange >> ResponseHeadersSeen(response=Response(status=200, headers=headers)) << PassResponse(tap=True)
        for start in range(0, len(answer), 7):
            exchange >> ResponseChunkSeen(chunk=answer[start : start + 7])
        exchange >> CLOSED << Note
        kept = json.loads(exchange.last.captured.text)
        assert (kept["prompt"], kept["answer"]) == (["hello"], "Hi there")
        assert exchange.last.record.capture is Capture.FULL


def test_a_full_capture_of_a_very_long_prompt_keeps_its_beginning(play):
    """So that nobody can make a record too large to be kept."""
    policy = "default: allow\nrules:\n  - {id: keep, then: {capture: full}}\n"
    with play(policy) as exchange:
        exchange >> head("POST", CHAT) << Hold
        exchange >> body(chat("\x01" * 3_000_000)) << Forward
        exchange >> CLOSED << Note
        kept = json.loads(exchange.last.captured.text)
    assert kept["truncated"]
    assert kept["prompt"] == ["\x01" * 1_000_000]


def test_a_masked_capture_looks_for_everything_and_keeps_no_match(play):
    policy = "default: allow\nrules:\n  - {id: keep, then: {capture: masked}}\n"
    with play(policy) as exchange:
        exchange >> head("POST", CHAT) << Hold() >> body(chat("hunter2 is it")) << Examine
        assert exchange.last.profiles == {"credentials", "pii", "financial"}
        exchange >> examined("credentials", "pii", "financial", found=("pii",)) << Forward(streamed=False)
        exchange >> CLOSED << Note
        assert json.loads(exchange.last.captured.text)["prompt"] == ["[masked]er2 is it"]


def test_a_masked_capture_after_a_partial_look_keeps_nothing(play):
    policy = "default: allow\nrules:\n  - {id: keep, then: {capture: masked}}\n"
    with play(policy) as exchange:
        exchange >> head("POST", CHAT) << Hold() >> body(chat("hunter2")) << Examine
        exchange >> examined("credentials", "pii", "financial", state=ExaminationState.TIMED_OUT) << Forward(streamed=False)
        exchange >> CLOSED << Note
        assert (exchange.last.captured, exchange.last.record.capture) == (None, Capture.NONE)


def test_a_response_rule_replaces_the_response(play):
    policy = "default: allow\nrules:\n  - {id: no-zip, when: {response.media_type: application/zip}, then: block}\n"
    headers = Headers((("content-type", "application/zip"),))
    with play(policy) as exchange:
        exchange >> head("GET", "https://chatgpt.com/", has_body=False) << Forward(streamed=False)
        exchange >> ResponseHeadersSeen(response=Response(status=200, headers=headers)) << Refuse


def test_an_exchange_that_never_was_decided_is_recorded_as_what_broke_it(play):
    with play(NO_SECRETS) as exchange:
        exchange >> head("POST", CHAT) << Hold() >> Failed(reason=Reason.CLIENT_LEFT, error="gone")
        record = record_of(exchange)
    assert (record.verdict, record.reason, record.error) == (Verdict.BLOCK, Reason.CLIENT_LEFT, "gone")


def test_an_allowed_exchange_whose_upstream_failed_says_so(play):
    with play(ALLOW_ALL) as exchange:
        exchange >> head("POST", CHAT) << Forward(streamed=True)
        exchange >> Failed(reason=Reason.UPSTREAM_UNTRUSTED, error="certificate verify failed")
        record = record_of(exchange)
    assert (record.verdict, record.reason) == (Verdict.ALLOW, Reason.UPSTREAM_UNTRUSTED)


def test_an_exchange_is_recorded_once(play):
    with play(ALLOW_ALL) as exchange:
        exchange >> head("POST", CHAT) << Forward(streamed=True) >> CLOSED << Note
        with pytest.raises(UnexpectedEventError):
            exchange >> CLOSED


def test_the_record_names_user_app_scores_and_policy(play):
    with play(ALLOW_ALL) as exchange:
        exchange >> head("POST", CHAT, who=client("ada", "eng")) << Forward(streamed=True)
        record = record_of(exchange)
    assert (record.user, record.groups, record.identified_by) == ("ada", ("eng",), "proxy_login")
    assert record.application_confidence_score.count(".") == 1
    assert record.policy_version


def test_query_strings_never_reach_the_record(play):
    with play(ALLOW_ALL) as exchange:
        exchange >> head("GET", "https://chatgpt.com/c/1?q=secret-words", has_body=False) << Forward(streamed=False)
        assert "secret-words" not in repr(record_of(exchange))


# --- laws

EVENTS = st.sampled_from([
    connecting("chatgpt.com"), head("POST", CHAT), head("GET", "https://chatgpt.com/", has_body=False), body(chat("hi")),
    body(b"\xff"), examined("credentials"), examined("credentials", state=ExaminationState.CRASHED),
    ResponseHeadersSeen(response=Response(status=200)), ResponseChunkSeen(chunk=b"x"),
    Failed(reason=Reason.CLIENT_LEFT, error=""), CLOSED,
])  # fmt: skip


@given(events=st.lists(EVENTS, max_size=12))
def test_whatever_happens_nothing_is_forwarded_unexamined_and_one_record_ends_it(context_of_session, events):
    """Any order of events: either the event is refused as out of turn, or the laws of the exchange hold."""
    exchange = Exchange("x", context_of_session)
    notes, looked, forwarded_without_a_look = 0, False, False
    for event in events:
        try:
            effects = exchange.handle(event)
        except UnexpectedEventError:
            continue
        complete = isinstance(event, Examined) and event.examination.state is ExaminationState.COMPLETE
        looked = looked or complete
        for effect in effects:
            notes += isinstance(effect, Note)
            prompt = (
                exchange.sheet is not None and exchange.sheet.app is not None and exchange.sheet.app.operation == "send_prompt"
            )
            forwarded_without_a_look |= isinstance(effect, Forward) and prompt and not looked
    assert notes == (1 if CLOSED in events else 0)
    assert not forwarded_without_a_look


@given(content=st.binary(max_size=400))
def test_hostile_bodies_never_raise_and_never_pass_unseen(context_of_session, content):
    exchange = Exchange("x", context_of_session)
    exchange.handle(head("POST", CHAT))
    (effect,) = exchange.handle(RequestBodySeen(body=body(content).body))
    assert isinstance(effect, Examine)
    (verdict,) = exchange.handle(Examined(examination=Examination(state=ExaminationState.CRASHED, profiles=effect.profiles)))
    assert isinstance(verdict, Refuse)


@pytest.fixture(scope="module")
def context_of_session(library):
    from lockgate.apps.formats.registry import sniff
    from lockgate.gate.context import GateContext
    from lockgate.home.yaml_document import parse_yaml
    from lockgate.policy import Vocabulary, compile_policy

    ruleset = compile_policy(parse_yaml("version: 1\n" + NO_SECRETS, "t.yaml"), Vocabulary(profiles=frozenset({"credentials"})))
    return GateContext(ruleset=ruleset, library=library, sniff=sniff)
