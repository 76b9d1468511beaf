"""What a server answers on a WebSocket on which nobody asked: a record of its own, kept as answers to prompts are."""

import json
from datetime import timedelta

import pytest

from lockgate.facts.decision import Capture, Reason, Verdict
from lockgate.facts.traffic import SocketMessage
from lockgate.gate.socket import Socket
from lockgate.gate.unasked import UnaskedAnswers
from lockgate.testing.builders import NOON, client, request

KEEP = "default: allow\nrules: [{id: keep, when: {operation: send_prompt}, then: {capture: full}}]\n"
LATER = NOON + timedelta(seconds=2)


class Hearing:
    """One WebSocket and what is told over it."""

    def __init__(self, context, url="https://ws.chatgpt.com/ws/user/u-1?token=secret"):
        self.context = context
        self.unasked = UnaskedAnswers(Socket(client("ana", "staff"), request("GET", url, upgrade="websocket")))

    def hear(self, *documents, at=NOON, under=None):
        messages = [SocketMessage(content=json.dumps(document).encode()) for document in documents]
        return self.unasked.hear(under or self.context, at, messages)

    def note(self, told, until=LATER):
        return self.unasked.note("answer-1", 3, told, until=until, socket_id="socket-1")


@pytest.fixture
def hearing(context_of):
    def start(policy=KEEP, **how):
        return Hearing(context_of(policy), **how)

    return start


def piece(text, topic="conversation-turn-turn1", *, end=False, more=""):
    message = {"id": "a", "author": {"role": "assistant"}, "content": {"content_type": "text", "parts": [text]}}
    frame = {"p": "", "o": "add", "v": {"message": {**message, "recipient": "all", "end_turn": end}}}
    inner = {"conversation_id": "c-1", "encoded_item": f"event: delta\ndata: {json.dumps(frame)}\n\n{more}"}
    return {"type": "message", "topic_id": topic, "payload": {"type": "conversation-turn-stream", "payload": inner}}


def test_a_complete_answer_is_a_record_with_its_text_its_task_and_its_conversation(hearing):
    socket = hearing()
    assert socket.hear(piece("The")) == ()
    (told,) = socket.hear(piece("The Elbe.", end=True), at=LATER)
    note = socket.note(told)
    record = note.record
    assert json.loads(note.captured.text) == {"prompt": [], "answer": "The Elbe."}
    assert (record.kind, record.app, record.operation, record.format) == ("answer", "chatgpt", "history", "chatgpt-socket")
    assert (record.holds_answer, record.conversation) == (True, "c-1")
    assert record.tasks == ("conversation-turn-turn1", "turn1")
    assert (record.verdict, record.reason, record.capture) == (Verdict.ALLOW, Reason.DEFAULT, Capture.FULL)
    assert (record.user, record.socket, record.worker, record.status) == ("ana", "socket-1", 3, 101)
    assert (record.started_at, record.duration_ms) == (NOON.timestamp(), 2000.0)
    assert record.response_bytes > 0
    assert "secret" not in repr(note)


@pytest.mark.parametrize(
    "policy",
    [
        "default: allow\nrules: []\n",
        "default: allow\nrules: [{id: keep, when: {operation: send_prompt}, then: {capture: masked}}]\n",
        "default: allow\nrules: [{id: keep, when: {operation: send_prompt, dlp.profiles: pii}, then: {capture: full}}]\n",
    ],
    ids=["nothing is kept", "masked", "only prompts with findings"],
)
def test_nobody_listens_where_answers_to_prompts_are_not_kept(hearing, policy):
    socket = hearing(policy)
    assert socket.hear(piece("The Elbe.", end=True)) == ()
    assert socket.unasked.end() == ()


def test_nobody_listens_on_a_socket_that_brings_no_answers(hearing):
    assert hearing(url="https://api.openai.com/v1/realtime").hear(piece("The Elbe.", end=True)) == ()
    assert hearing(url="https://page.example.com/socket").hear(piece("The Elbe.", end=True)) == ()


def test_what_a_rule_blocks_of_prompts_is_no_refusal_of_an_answer(hearing):
    socket = hearing(
        "default: allow\nrules:\n  - {id: keep, then: {capture: full}}\n"
        "  - {id: stop, when: {operation: send_prompt}, then: block}\n"
    )
    (told,) = socket.hear(piece("The Elbe.", end=True))
    assert socket.note(told).record.verdict is Verdict.ALLOW


def test_answers_under_way_are_told_apart_and_an_end_of_the_socket_is_an_end_of_them(hearing):
    socket = hearing()
    socket.hear(piece("The", "conversation-turn-turn1"), piece("A", "conversation-turn-t2"), piece("", "conversation-turn-t3"))
    (told,) = socket.hear(piece("A lake.", "conversation-turn-t2", end=True))
    assert told.answer.text == "A lake."
    (left,) = socket.unasked.end()
    assert (left.answer.text, left.answer.finished) == ("The", False)
    assert socket.unasked.end() == ()


def test_what_comes_after_the_end_is_not_another_answer(hearing):
    socket = hearing()
    assert len(socket.hear(piece("The Elbe.", end=True))) == 1
    assert socket.hear(piece("The Elbe.", end=True), piece("again", end=True)) == ()
    assert socket.unasked.end() == ()


def test_only_so_many_answers_are_held(hearing):
    socket = hearing()
    told = [one for number in range(100) for one in socket.hear(piece(f"answer {number}", f"conversation-turn-{number}"))]
    left = socket.unasked.end()
    assert len(left) == 8
    assert [one.answer.text for one in (*told, *left)] == [f"answer {number}" for number in range(100)]


def test_a_name_of_any_length_is_not_remembered(hearing):
    socket = hearing()
    assert socket.hear(piece("The Elbe.", "conversation-turn-" + "x" * 300, end=True)) == ()
    assert socket.unasked.end() == ()


def test_a_change_of_the_policy_begins_and_ends_listening(hearing, context_of):
    socket, silent = hearing(), context_of("default: allow\nrules: []\n")
    assert socket.hear(piece("Unheard."), under=silent) == ()
    assert socket.hear(piece("The")) == ()
    assert socket.hear(piece("The Elbe.", end=True), under=silent) == ()
    assert socket.unasked.end() == ()
    (told,) = socket.hear(piece("A lake.", "conversation-turn-t2", end=True))
    assert told.answer.text == "A lake."
