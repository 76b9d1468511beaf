"""Answers over WebSockets on which nobody asked: taken out of the server's messages, put together, whatever else comes."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.apps.description import AnswerDescription, Description
from lockgate.apps.formats.base import AnswersElsewhere
from lockgate.apps.formats.described_socket import DescribedSocket
from lockgate.apps.formats.registry import SOCKET_FORMATS
from lockgate.facts.prompt import ModelAnswer
from lockgate.facts.traffic import SocketMessage

DESCRIBED = DescribedSocket(
    "acme/answers",
    Description(
        answer=AnswerDescription(
            each="$.events[*]", text="$.delta if @.type == 'text'", done="$ if @.type == 'end'", task="$.run", error="$.problem"
        )
    ),
)
RECORDS = DescribedSocket(
    "acme/hub", Description(body="records", answer=AnswerDescription(mode="cumulative", text="$.text", conversation="$.chat"))
)
TOLD = {name: known for name, known in SOCKET_FORMATS.items() if isinstance(known, AnswersElsewhere)}
TOLD |= {DESCRIBED.id: DESCRIBED, RECORDS.id: RECORDS}


def say(document: object) -> SocketMessage:
    return SocketMessage(content=document if isinstance(document, bytes) else json.dumps(document).encode())


def heard(told_by: AnswersElsewhere, *documents: object) -> dict[str, ModelAnswer]:
    readers = {}
    for document in documents:
        for piece in told_by.told(say(document)):
            readers.setdefault(piece.answer, told_by.told_reader(piece.answer)).feed(piece.message)
    return {answer: reader.finish() for answer, reader in readers.items()}


def turn(topic: str, encoded: str, conversation: str = "c-1") -> dict:
    inner = {"type": "stream-item", "conversation_id": conversation, "encoded_item": encoded}
    return {"type": "message", "topic_id": topic, "payload": {"type": "conversation-turn-stream", "payload": inner}}


def delta(**frame: object) -> str:
    return f"event: delta\ndata: {json.dumps(frame)}\n\n"


def begun(text: str, role: str = "assistant") -> str:
    message = {"id": role, "author": {"role": role}, "content": {"content_type": "text", "parts": [text]}, "recipient": "all"}
    return delta(p="", o="add", v={"message": message})


def poe(text: str, state: str = "incomplete", author: str = "Assistant", number: int = 6, chat: int = 77) -> dict:
    said = {"messageId": number, "author": author, "state": state, "text": text}
    payload = {"subscription_name": "messageAdded", "unique_id": f"messageAdded:{chat}", "data": {"messageAdded": said}}
    return {"messages": [json.dumps({"message_type": "subscriptionUpdate", "payload": payload})]}


def test_turns_of_chatgpt_are_told_apart_and_named():
    found = heard(
        SOCKET_FORMATS["chatgpt-socket"],
        [turn("conversation-turn-t1", begun("Name a ri", "user")), turn("conversation-turn-t1", begun("The"))],
        turn("conversation-turn-t2", begun("Lake"), "c-2"),
        turn("conversation-turn-t1", delta(p="/message/content/parts/0", o="append", v=" Elbe.")),
        turn("conversation-turn-t1", 'data: {"type": "message_stream_complete"}\n\n'),
        turn("conversation-turn-t1", delta(v=" What comes after the end is not heard.")),
        {"type": "message", "topic_id": "conversations", "payload": {"type": "conversation-update", "payload": {}}},
    )
    first, second = found["conversation-turn-t1"], found["conversation-turn-t2"]
    assert (first.text, first.finished, first.conversation) == ("The Elbe.", True, "c-1")
    assert first.tasks == ("conversation-turn-t1", "t1")
    assert (second.text, second.finished, second.conversation) == ("Lake", False, "c-2")


def test_what_was_missed_before_subscribing_is_heard():
    missed = [{**turn("", begun("The Elbe.")), "topic_id": None}, {"odd": 1}, 3]
    found = heard(
        SOCKET_FORMATS["chatgpt-socket"], [{"type": "reply", "reply": {"topic_id": "conversation-turn-t", "catchups": missed}}]
    )
    assert found["conversation-turn-t"].text == "The Elbe."


def test_a_bot_of_poe_repeats_its_words_and_a_person_is_not_heard():
    found = heard(
        SOCKET_FORMATS["poe-socket"],
        poe("name a river", "complete", "human", 5),
        poe("The"),
        poe("Lake", number=7, chat=78),
        poe("The Elbe.", "complete"),
        poe("Try again.", "error_user_message_too_long", number=8),
    )
    assert {name: (one.text, one.finished, one.conversation) for name, one in found.items() if name != "8"} == {
        "6": ("The Elbe.", True, "77"),
        "7": ("Lake", False, "78"),
    }
    assert (found["6"].model, found["8"].error) == ("Assistant", "error_user_message_too_long")


def test_a_described_socket_tells_answers_apart_by_task_or_conversation():
    found = heard(
        DESCRIBED,
        {"events": [{"type": "text", "run": "r1", "delta": "The "}, {"type": "text", "run": "r2", "delta": "Lake"}]},
        {"events": [{"type": "text", "run": "r1", "delta": "Elbe."}, {"type": "end", "run": "r1"}, {"type": "ping"}]},
    )
    assert {name: (one.text, one.tasks) for name, one in found.items() if one.text} == {
        "r1": ("The Elbe.", ("r1",)),
        "r2": ("Lake", ("r2",)),
    }
    assert found["r1"].finished
    found = heard(RECORDS, b'{"chat": "c-1", "text": "The"}\x1e{"chat": "c-1", "text": "The Elbe."}\x1e')
    assert found["c-1"].text == "The Elbe."


@pytest.mark.parametrize("name", TOLD)
@settings(max_examples=100, deadline=None)
@given(content=st.binary(max_size=200))
def test_arbitrary_bytes_never_raise(name: str, content: bytes):
    for piece in TOLD[name].told(SocketMessage(content=content)):
        reader = TOLD[name].told_reader(piece.answer)
        reader.feed(piece.message)
        reader.feed(SocketMessage(content=content))
        assert isinstance(reader.finish(), ModelAnswer)


NAMES = ("topic_id", "payload", "reply", "catchups", "encoded_item", "messages", "data", "messageAdded", "author", "messageId",
         "events", "run", "state", "text", "type")  # fmt: skip
ODD = st.recursive(
    st.none() | st.integers() | st.sampled_from(["message", "conversation-turn-1", "data: {}\n\n", "\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=15,
)


@pytest.mark.parametrize("name", TOLD)
@settings(max_examples=200, deadline=None)
@given(document=ODD)
def test_odd_messages_never_raise(name: str, document: object):
    for nested in (document, [document], {"messages": [json.dumps(document)]}):
        assert isinstance(heard(TOLD[name], nested), dict)


@pytest.mark.parametrize("name", ["chatgpt-socket", "poe-socket"])
def test_an_answer_is_bounded(name: str):
    told_by = TOLD[name]
    reader = told_by.told_reader("a")
    piece = turn("a", begun("x" * 60_000)) if name == "chatgpt-socket" else poe("x" * 60_000)
    for number in range(60):
        said = delta(p="/message/content/parts/0", o="append", v="x" * 60_000)
        more = turn("a", said) if number and name == "chatgpt-socket" else piece
        for one in told_by.told(say(more)):
            reader.feed(one.message)
    assert 0 < len(reader.finish().text) <= 1 << 20
