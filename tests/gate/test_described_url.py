"""A prompt in the URL of an app whose file describes it: read once, as what it is, without a body."""

import pytest

from lockgate.facts.decision import Reason
from lockgate.facts.finding import ExaminationState
from lockgate.facts.traffic import Body
from lockgate.gate.context import DecryptScope
from lockgate.gate.effects import Forward, Note, Refuse
from lockgate.gate.events import Closed
from lockgate.gate.exchange import Exchange
from lockgate.gate.reading import read_request
from lockgate.testing.builders import head, request

ASK = "https://you.com/api/streamingSearch?page=1&q=how+do+tides+work&selectedAiModel=gpt_5&chatId=c-17"


def test_a_prompt_in_the_url_is_the_prompt_and_nothing_is_read_twice(context_of, library):
    asked = request("GET", ASK)
    reading = read_request(context_of("default: allow"), library.match(asked), asked, Body(content=b""))
    said = reading.conversation
    assert reading.state is ExaminationState.COMPLETE
    assert said.prompt is not None
    assert (said.prompt.typed_text, said.model, said.id) == ("how do tides work", "gpt_5", "c-17")
    assert [part.text for turn in said.turns for part in turn.parts].count("how do tides work") == 1


def test_a_body_that_nobody_described_beside_the_url_makes_the_look_incomplete(context_of, library):
    asked = request("GET", ASK)
    reading = read_request(context_of("default: allow"), library.match(asked), asked, Body(content=b'{"q": "and more words"}'))
    texts = [part.text for turn in reading.conversation.turns for part in turn.parts]
    assert reading.state is ExaminationState.UNDECODABLE
    assert {"and more words", "how do tides work"} <= set(texts)


@pytest.mark.parametrize(("policy", "effect"), [("default: allow", Forward), ("default: block", Refuse)])
def test_words_in_the_path_are_not_in_the_record(play, policy, effect):
    """Whether or not a rule asked what the path says: a record is kept in the clear."""
    with play(policy) as playing:
        playing >> head("GET", "https://image.pollinations.ai/prompt/a%20plan%20nobody%20knows?model=flux") << effect
        playing >> Closed(duration_ms=1.0) << Note
        kept = playing.last.record
    assert (kept.app, kept.path) == ("pollinations", "/prompt/[said]")
    assert "nobody" not in repr(kept)


WORDS = "https://image.pollinations.ai/prompt/a%20plan%20nobody%20knows?model=flux"


def failing(*_args, **_more):
    raise TypeError("a hole in the gate")


def recorded(exchange, event):
    with pytest.raises(TypeError):
        list(exchange.handle(event))
    exchange.fail(Reason.GATE_FAILED, event)
    (note,) = exchange.handle(Closed(duration_ms=1.0))
    return note.record


def test_words_in_the_path_are_not_in_the_record_of_an_exchange_at_which_the_gate_failed(context_of, monkeypatch):
    """The app was known: its format still tells words from steps. It was not: nothing does, so no path is shown."""
    event = head("GET", WORDS)
    monkeypatch.setattr("lockgate.gate.judging.evaluate", failing)
    kept = recorded(Exchange("exchange-1", context_of("default: allow")), event)
    assert (kept.reason, kept.host, kept.path) == ("gate_failed", "image.pollinations.ai", "/prompt/[said]")
    context = context_of("default: allow")
    monkeypatch.setattr(type(context.library), "match", failing)
    kept = recorded(Exchange("exchange-2", context), event)
    assert (kept.reason, kept.host, kept.path) == ("gate_failed", "image.pollinations.ai", "/[unread]")
    assert "nobody" not in repr(kept)


def test_words_in_the_path_are_not_in_the_record_when_reading_them_fails(play, monkeypatch):
    monkeypatch.setattr("lockgate.gate.exchange.with_shown_path", failing)
    with play("default: allow") as playing:
        playing >> head("GET", WORDS) << Forward >> Closed(duration_ms=1.0) << Note
        kept = playing.last.record
    assert (kept.verdict, kept.path) == ("allow", "/[unread]")


def test_the_path_of_a_host_outside_the_library_is_shown_also_when_the_gate_failed(context_of, monkeypatch):
    monkeypatch.setattr("lockgate.gate.judging.evaluate", failing)
    context = context_of("default: allow", decrypt=DecryptScope.ALL)
    kept = recorded(Exchange("exchange-1", context), head("GET", "https://www.example.org/a/page"))
    assert (kept.reason, kept.path) == ("gate_failed", "/a/page")
