"""A prompt in the URL of an app whose file describes it: read once, as what it is, without a body."""

import pytest

from lockgate.facts.finding import ExaminationState
from lockgate.facts.traffic import Body
from lockgate.gate.effects import Forward, Note, Refuse
from lockgate.gate.events import Closed
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
