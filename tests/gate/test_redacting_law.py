"""The law of redaction, for every format: nothing that had to be replaced is in the bytes that leave, or nothing leaves."""

import json
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from lockgate.apps.formats.registry import FORMATS
from lockgate.facts.addition import Added
from lockgate.facts.app import AccountKind, App, AppMatch, CredentialKind, Operation, ReviewStatus
from lockgate.facts.decision import Decision, Reason, Verdict
from lockgate.facts.finding import DetectionConfidence, ExaminationState, Finding, Span
from lockgate.facts.redaction import Redact, Stand
from lockgate.facts.traffic import Body
from lockgate.gate.placeholders import Placeholders
from lockgate.gate.reading import read_request
from lockgate.gate.redacting import CannotRedactError, redacted
from lockgate.gate.rewriting import HeldRequest, rewrite_request

sys.path.insert(0, str(Path(__file__).parents[1] / "apps" / "formats"))  # samples of every format

from test_contract import request_for, sample, writes_json

LETTERS = st.characters(exclude_categories=()) | st.sampled_from("aA1@/\\\"' \n\t{}[]:,<>%+&\ud83d\ude00é")
VALUES = st.text(LETTERS, min_size=4, max_size=16).filter(str.strip)
SHORT = 8


@dataclass(frozen=True)
class Planted:
    """Where a value goes: into which part, how often, with what around it, and what finds it."""

    spot: int
    value: int
    around: str
    times: int
    detector: str
    shift: int


PLANTED = st.lists(
    st.builds(
        Planted, spot=st.integers(0, 500), value=st.integers(0, 3),
        around=st.text(LETTERS, max_size=8), times=st.integers(1, 3),
        detector=st.sampled_from(["api-key", "email-address"]), shift=st.integers(0, 3),
    ),
    min_size=1, max_size=5,
)  # fmt: skip


def decision(stands):
    redact = Redact(profiles=frozenset({"credentials"}), stands=stands, reinsert=stands is Stand.PLACEHOLDER)
    return Decision(verdict=Verdict.ALLOW, reason=Reason.DEFAULT, added=(Added(rule="clean", addition=redact),))


def match(format_id):
    app = App(id="some", name="Some", vendor="Some", category="chat-assistant", status=ReviewStatus.APPROVED)
    return AppMatch(
        app=app, operation=Operation.SEND_PROMPT, format=format_id, account=AccountKind.UNKNOWN, credential=CredentialKind.NONE
    )


def found_in(conversation, values, planted):
    """Findings for values where they were planted, and for some the code points beside them: findings that overlap."""
    for index, turn in enumerate(conversation.turns):
        for number, part in enumerate(turn.parts):
            for each in planted:
                start = part.text.find(values[each.value % len(values)])
                end = start + len(values[each.value % len(values)]) + each.shift
                if start >= 0:
                    yield Finding(
                        detector=each.detector, profiles=("credentials",), detection_confidence=DetectionConfidence.HIGH,
                        span=Span(turn=index, part=number, start=start, end=min(end, len(part.text))), mask="[?]",
                    )  # fmt: skip


def readings(content):
    """The bytes as text, and what JSON in them says, down to the strings in its strings."""
    text = content.decode("utf-8", "surrogateescape")
    yield text
    try:
        document = json.loads(text)
    except ValueError:
        return
    stack = [document]
    while stack:
        node = stack.pop()
        if isinstance(node, str):
            yield node
            try:
                stack.append(json.loads(node))
            except (ValueError, RecursionError):
                continue
        elif isinstance(node, dict):
            stack += [*node, *node.values()]
        elif isinstance(node, list):
            stack += node


@pytest.fixture(scope="module")
def outcomes():
    counted = Counter()
    yield counted
    never = {format_id for format_id in FORMATS if writes_json(format_id) and not counted[format_id, "left"]}
    assert not never, f"nothing was ever rewritten in {never}"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(values=st.lists(VALUES, min_size=1, max_size=3), planted=PLANTED, stands=st.sampled_from(Stand))
def test_no_forbidden_value_is_in_what_leaves(context_of, outcomes, values, planted, stands):
    context = context_of("default: allow\nrules: []\n")
    for format_id in FORMATS:
        note(format_id)
        request, app = request_for(format_id), match(format_id)
        before = read_request(context, app, request, sample(format_id)).conversation
        parts = [part for turn in before.turns for part in turn.parts]
        texts = {}
        for each in planted:
            part = parts[each.spot % len(parts)]
            value = values[each.value % len(values)]
            texts[part.path] = texts.get(part.path, part.text) + f" {each.around} ".join(["", *[value] * each.times, ""])
        try:
            content = FORMATS[format_id].rewrite_request(request, sample(format_id), texts)
        except ValueError:
            continue  # a part that is only read
        reading = read_request(context, app, request, Body(content=content))
        findings = tuple(found_in(reading.conversation, values, planted))
        held = HeldRequest(app=app, request=request, body=Body(content=content), state=reading.state, format=FORMATS[format_id])
        try:
            wanted = redacted(decision(stands), reading.conversation, findings, Placeholders(b"k" * 32, "ana", "some"))
            if wanted is None:
                continue
            left = rewrite_request(context, held, wanted)
        except CannotRedactError:
            outcomes[format_id, "stopped"] += 1
            continue
        outcomes[format_id, "left"] += 1
        assert wanted.forbidden
        for value in wanted.forbidden:
            if len(value) >= SHORT:
                assert not any(value in text for text in readings(left)), value
        again = read_request(context, app, request, Body(content=left))
        assert [p.text for t in again.conversation.turns for p in t.parts] == [
            p.text for t in wanted.conversation.turns for p in t.parts
        ]
        for word, value in wanted.put_back.items():
            assert word in "".join(p.text for t in again.conversation.turns for p in t.parts)
            assert value in "".join(p.text for t in reading.conversation.turns for p in t.parts)
        assert again.state is reading.state or reading.state is not ExaminationState.COMPLETE
