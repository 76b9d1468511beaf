"""A secret in a tool's result and one that a person typed are told apart, by rules and in the record."""

import json

import pytest

from lockgate.facts.decision import Verdict
from lockgate.facts.finding import DetectionConfidence, Examination, ExaminationState, Finding, Span
from lockgate.gate.effects import Examine, Forward, Hold, Note, Refuse
from lockgate.gate.events import Closed, Examined
from lockgate.testing.builders import body, head

CLOSED = Closed(duration_ms=1.0, status=200, upstream_contacted=True)
MESSAGES = "https://api.anthropic.com/v1/messages"
WATCH_THE_MODEL = """
default: allow
rules:
  - id: typed
    when: {dlp.found_in.credentials: {any: [human_text, file]}}
    then: block
  - id: read-by-tools
    when: {dlp.found_in.credentials: tool_result}
    then: {tag: tool-secret}
"""
STEP = {
    "model": "m",
    "max_tokens": 9,
    "system": "be brief",
    "messages": [
        {"role": "user", "content": "read the settings"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "Read", "input": {"path": "a.py"}}]},
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "t", "content": "the secret"},
                {"type": "text", "text": "<system-reminder>be nice</system-reminder>"},
                {"type": "text", "text": "go on"},
            ],
        },
    ],
}


def found(conversation, words):
    """An examination that found something in the part that says `words`."""
    (at,) = [
        (index, number)
        for index, turn in enumerate(conversation.turns)
        for number, part in enumerate(turn.parts)
        if part.text == words
    ]
    finding = Finding(
        detector="test-credentials", profiles=("credentials",), detection_confidence=DetectionConfidence.HIGH,
        span=Span(turn=at[0], part=at[1], start=0, end=3), mask="[masked]",
    )  # fmt: skip
    return Examined(
        examination=Examination(
            state=ExaminationState.COMPLETE, profiles=frozenset({"credentials"}), findings=(finding,), examined=1
        )
    )


@pytest.mark.parametrize(
    ("words", "verdict", "tags", "found_in"),
    [
        ("go on", Verdict.BLOCK, (), "human_text"),
        ("the secret", Verdict.ALLOW, ("tool-secret",), "tool_result"),
        ("<system-reminder>be nice</system-reminder>", Verdict.ALLOW, (), "reminder"),
        ("read the settings", Verdict.ALLOW, (), "history"),
        ("be brief", Verdict.ALLOW, (), "system_prompt"),
    ],
)
def test_where_it_lies_decides(play, words, verdict, tags, found_in):
    with play(WATCH_THE_MODEL) as exchange:
        exchange >> head("POST", MESSAGES, content_type="application/json") << Hold()
        exchange >> body(json.dumps(STEP).encode()) << Examine
        answer = found(exchange.last.conversation, words)
        exchange >> answer << (Refuse if verdict is Verdict.BLOCK else Forward)
        exchange >> CLOSED << Note
        record = exchange.last.record
    assert (record.verdict, record.tags) == (verdict, tags)
    assert [one.found_in for one in record.findings] == [found_in]


def test_the_record_counts_characters_by_kind_and_marks_what_no_person_sent(play):
    policy = (
        "default: allow\nrules: [{id: r, when: {prompt.background: true, prompt.kinds: {any: [tool_result]}}, then: block}]\n"
    )
    with play(policy) as exchange:
        exchange >> head("POST", MESSAGES + "/count_tokens", content_type="application/json") << Hold()
        exchange >> body(json.dumps(STEP).encode()) << Refuse
        exchange >> CLOSED << Note
        record = exchange.last.record
    assert record.background
    assert {kind: record.text_kinds[kind] for kind in ("human_text", "tool_result", "system_prompt", "history")} == {
        "human_text": len("go on"),
        "tool_result": len("the secret"),
        "system_prompt": len("be brief"),
        "history": len("read the settings" + "a.py"),
    }


def test_a_prompt_in_the_query_is_new_whatever_the_body_says_was_answered(play):
    policy = "default: allow\nrules: [{id: r, when: {prompt.authors: person, prompt.kinds: tool_result}, then: block}]\n"
    step = {**STEP, "messages": [*STEP["messages"][:2], {"role": "user", "content": STEP["messages"][2]["content"][:1]}]}
    with play(policy) as exchange:
        exchange >> head("POST", MESSAGES, content_type="application/json") << Hold()
        exchange >> body(json.dumps(step).encode()) << Forward
    with play(policy) as exchange:
        exchange >> head("POST", MESSAGES + "?prompt=what+is+the+plan", content_type="application/json") << Hold()
        exchange >> body(json.dumps(step).encode()) << Refuse
