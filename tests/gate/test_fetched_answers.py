"""Answers that come elsewhere: fetched later, kept as rules keep an answer to what they answer, and named by their task."""

import json

import pytest

from lockgate.facts.decision import Capture, Verdict
from lockgate.facts.traffic import Headers, Response
from lockgate.gate.effects import Forward, Hold, Note, PassResponse
from lockgate.gate.events import Closed, ResponseChunkSeen, ResponseHeadersSeen
from lockgate.testing.builders import body, head

CLOSED = Closed(duration_ms=1.0, status=200, upstream_contacted=True)
PREDICTIONS = "https://api.replicate.com/v1/predictions"
CONVERSATION = "https://chatgpt.com/backend-api/f/conversation"


def keeping(condition, capture="full"):
    return f"default: allow\nrules: [{{id: keep, when: {{{condition}}}, then: {{capture: {capture}}}}}]\n"


KEEP_PROMPTS = keeping("operation: send_prompt")


def answered(exchange, content, media_type="application/json", status=200, *, tap=True):
    response = Response(status=status, headers=Headers((("content-type", media_type),)))
    exchange >> ResponseHeadersSeen(response=response) << PassResponse(tap=tap)
    if tap:
        exchange >> ResponseChunkSeen(chunk=content)
    exchange >> CLOSED << Note
    return exchange.last


def fetched(play, content, policy=KEEP_PROMPTS, url=f"{PREDICTIONS}/pred1", *, tap=True, **how):
    with play(policy) as exchange:
        exchange >> head("GET", url, has_body=False) << Forward
        return answered(exchange, json.dumps(content).encode(), tap=tap, **how)


DONE = {"id": "pred1", "status": "succeeded", "output": ["The ", "Elbe."]}


def kept(note):
    return json.loads(note.captured.text) if note.captured is not None else None


def test_what_is_fetched_is_kept_like_an_answer_to_the_prompt(play):
    note = fetched(play, DONE)
    assert kept(note) == {"prompt": [], "answer": "The Elbe."}
    record = note.record
    assert (record.operation, record.capture, record.holds_answer, record.tasks) == ("status", Capture.FULL, True, ("pred1",))
    assert record.verdict is Verdict.ALLOW


@pytest.mark.parametrize(
    "policy",
    [
        keeping("operation: image_generation"),
        keeping("operation: send_prompt", "masked"),
        keeping("operation: send_prompt, dlp.profiles: pii"),
        "default: allow\nrules: []\n",
    ],
    ids=["another operation", "masked", "only prompts with findings", "nothing"],
)
def test_nobody_listens_where_the_answer_to_the_prompt_is_not_kept(play, policy):
    note = fetched(play, DONE, policy, tap=False)
    assert note.captured is None
    assert (note.record.holds_answer, note.record.capture) == (False, Capture.NONE)


def test_a_rule_about_all_of_an_app_keeps_it_too(play):
    assert kept(fetched(play, DONE, keeping("app.id: replicate")))["answer"] == "The Elbe."


@pytest.mark.parametrize(
    ("content", "status"),
    [({"id": "pred1", "status": "processing", "output": None}, 200), ({"detail": "Not found"}, 404), ([], 200)],
    ids=["under way", "unknown", "something else"],
)
def test_what_is_not_there_yet_is_no_answer(play, content, status):
    note = fetched(play, content, status=status)
    assert note.captured is None
    assert (note.record.holds_answer, note.record.capture, note.record.tasks) == (False, Capture.NONE, ("pred1",))


def test_of_an_address_the_key_in_its_query_is_not_kept(play):
    note = fetched(play, {"id": "pred1", "output": "https://replicate.delivery/x/out.png?sig=secret"})
    assert kept(note)["answer"] == "https://replicate.delivery/x/out.png"
    assert "secret" not in repr(note)


def test_a_prompt_is_named_by_the_task_it_became(play):
    with play(KEEP_PROMPTS) as exchange:
        exchange >> head("POST", PREDICTIONS, content_type="application/json") << Hold()
        exchange >> body(json.dumps({"version": "v", "input": {"prompt": "name a river"}}).encode()) << Forward(streamed=False)
        note = answered(exchange, b'{"id": "pred1", "status": "starting"}')
    assert (note.record.tasks, note.record.holds_answer) == (("pred1",), False)
    assert kept(note)["prompt"] == ["name a river"]


HANDED_OFF = (
    b'data: {"type":"resume_conversation_token","kind":"topic","token":"token-secret","conversation_id":"c-2"}\n\n'
    b'data: {"type":"stream_handoff","conversation_id":"c-2","turn_exchange_id":"0000-1","options":'
    b'[{"type":"resume_sse_endpoint","topic_id":"conversation-turn-0000-1"},'
    b'{"type":"subscribe_ws_topic","topic_id":"conversation-turn-0000-1"}]}\n\ndata: [DONE]\n\n'
)
RESUMED = (
    b'event: delta\ndata: {"p":"","o":"add","v":{"conversation_id":"c-2","message":{"id":"a","author":{"role":"assistant"},'
    b'"content":{"content_type":"text","parts":["The Elbe."]},"recipient":"all","end_turn":true}}}\n\n'
)


def test_chatgpt_hands_a_turn_off_and_it_is_taken_up_again(play):
    message = {"author": {"role": "user"}, "content": {"content_type": "text", "parts": ["name a river"]}}
    with play(KEEP_PROMPTS) as exchange:
        exchange >> head("POST", CONVERSATION, content_type="application/json") << Hold()
        exchange >> body(json.dumps({"messages": [message], "model": "auto"}).encode()) << Forward(streamed=False)
        asked = answered(exchange, HANDED_OFF, "text/event-stream").record
    assert (asked.conversation, asked.tasks) == ("c-2", ("0000-1", "conversation-turn-0000-1"))
    assert "token-secret" not in repr(asked)
    with play(KEEP_PROMPTS) as exchange:
        exchange >> head("POST", f"{CONVERSATION}/resume", content_type="application/json") << Hold()
        exchange >> body(b'{"conversation_id": "c-2", "offset": 0}') << Forward(streamed=False)
        note = answered(exchange, RESUMED, "text/event-stream")
    assert (note.record.conversation, note.record.holds_answer) == ("c-2", True)
    assert kept(note)["answer"] == "The Elbe."
