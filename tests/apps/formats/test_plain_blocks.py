"""Messages that are seen at a glance say what they say when they are searched.

A member that says nothing is all it takes to send one the long way.
"""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.apps.formats.registry import FORMATS
from lockgate.facts.prompt import Conversation, Turn
from lockgate.facts.traffic import Body, Request

REQUEST = Request(method="POST", scheme="https", host="a.example", port=443, path="/")
TEXTS = st.sampled_from(
    [
        "",
        "words",
        " words ",
        "<system-reminder>be quick</system-reminder> words",
        '"quoted"',
        '{"a": "nested words"}',
        "12345678",
    ]
)
BLOCKS = {"text": "text", "input_text": "text", "output_text": "text", "bare": "text"}


def block(kind: str, text: object) -> dict[str, object]:
    return {"text": text} if kind == "bare" else {"type": kind, "text": text}


SHAPES = {
    "openai-chat": ("messages", "content"),
    "anthropic-messages": ("messages", "content"),
    "bedrock-converse": ("messages", "content"),
    "openai-responses": ("input", "content"),
    "gemini-generate": ("contents", "parts"),
}
CONTENTS = st.one_of(
    TEXTS, st.lists(st.builds(block, st.sampled_from(sorted(BLOCKS)), TEXTS | st.none() | st.integers()), max_size=3)
)
MESSAGES = st.lists(
    st.tuples(st.sampled_from(["user", "assistant", "model", "system", "developer", "tool", "somebody"]), CONTENTS),
    min_size=1,
    max_size=3,
)


def turns_of(format_id: str, messages: list[dict[str, object]]) -> tuple[Turn, ...]:
    content = json.dumps({SHAPES[format_id][0]: messages}).encode()
    found = FORMATS[format_id].read_request(REQUEST, Body(content=content))
    assert isinstance(found, Conversation)
    return found.turns


def read(format_id: str, messages: list[dict[str, object]]) -> list[object]:
    return [(turn.role, turn.parts, turn.attachments, turn.digest) for turn in turns_of(format_id, messages)]


@pytest.mark.parametrize("format_id", SHAPES)
@settings(max_examples=60)
@given(messages=MESSAGES)
def test_both_ways_find_the_same(format_id, messages):
    place = SHAPES[format_id][1]
    plain: list[dict[str, object]] = [{"role": role, place: content} for role, content in messages]
    assert read(format_id, plain) == read(format_id, [{**message, "n": 0} for message in plain])


@pytest.mark.parametrize("format_id", SHAPES)
@pytest.mark.parametrize(
    "beside",
    [{"name": "other words"}, {"unknown": {"deep": ["other words"]}}, {"number": 4111111111111111}],
    ids=["string", "object", "number"],
)
def test_what_stands_beside_the_words_is_read(format_id, beside):
    place = SHAPES[format_id][1]
    for message in ({"role": "user", place: [{"text": "words", **beside}]}, {"role": "user", place: "words", **beside}):
        said = {part.text for turn in turns_of(format_id, [message]) for part in turn.parts}
        assert said & {"other words", "4111111111111111"}


@pytest.mark.parametrize("format_id", SHAPES)
@pytest.mark.parametrize("wrong", [[], {}, None, 1, ["user"]], ids=repr)
def test_members_of_other_types_never_raise(format_id, wrong):
    place = SHAPES[format_id][1]
    for message in (
        {"role": wrong, place: "words"},
        {"role": "user", place: [{"type": wrong, "text": "words"}]},
        {"role": "user", "type": wrong, place: "words"},
        {"role": "user", place: [{"type": "text", "text": wrong}]},
    ):
        turns_of(format_id, [message])
