"""Chats over WebSockets, with the samples of app files: damaged messages, and what each format has of its own."""

import json
from dataclasses import dataclass
from json import JSONDecoder
from pathlib import Path

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from lockgate.apps.formats import meta_gateway
from lockgate.apps.formats.base import Refusal, SocketFormat, Unreadable
from lockgate.apps.formats.described import described_formats
from lockgate.apps.formats.registry import SOCKET_FORMATS
from lockgate.apps.sample_exchange import sample_message, sample_replies, sample_request
from lockgate.apps.schema import AppFile, Sample
from lockgate.facts.prompt import Conversation, ModelAnswer
from lockgate.facts.traffic import Request, SocketMessage
from lockgate.home.schema import read_as
from lockgate.home.yaml_document import parse_yaml

SHIPPED = Path(__file__).parents[3] / "apps"
REFUSAL = Refusal(message='Not "allowed" here. Reference abc123', code="rule", reference="abc123")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One message of a client's in one format."""

    sample: Sample
    format: SocketFormat
    request: Request
    message: SocketMessage

    def parts(self, message: SocketMessage) -> list[tuple[tuple, str]]:
        read = self.format.read_message(self.request, message)
        assert isinstance(read, Conversation), read
        return [(part.path, part.text) for turn in read.turns for part in turn.parts]

    def rewrite(self, texts: dict) -> SocketMessage:
        content = self.format.rewrite_message(self.request, self.message, texts)
        return SocketMessage(content=content, is_text=self.message.is_text)

    def hear(self, messages: tuple[SocketMessage, ...]) -> ModelAnswer:
        reader = self.format.answer_reader()
        for message in messages:
            reader.feed(message)
        return reader.finish()


def _cases() -> dict[str, Case]:
    cases: dict[str, Case] = {}
    for file in sorted(SHIPPED.glob("*.yaml")):
        text = file.read_text(encoding="utf-8")
        if "wss://" not in text:
            continue
        app = read_as(parse_yaml(text, str(file)), AppFile)
        for number, sample in enumerate(app.samples):
            known = SOCKET_FORMATS.get(sample.format or "")
            request, message = sample_request(sample), sample_message(sample)
            if known is not None and request.is_websocket_upgrade and message is not None:
                name = f"{known.id} of {app.id} {number}"
                cases[name] = Case(sample=sample, format=known, request=request, message=message)
    return cases


CASES = _cases()
every_case = pytest.mark.parametrize("name", CASES)


JSON = st.recursive(
    st.text(max_size=20) | st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(
        ["type", "arguments", "message", "messages", "text", "action", "ch", "deltas", "ops", "insert", "payload", "f2",
         "response", "sections", "operations", "item", "target", "author"]), inner, max_size=5),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(junk=st.binary(max_size=200), value=JSON, cut=st.floats(0, 1), is_text=st.booleans())
def test_nothing_a_client_sends_raises(junk: bytes, value: object, cut: float, is_text: bool):
    written = json.dumps(value).encode()
    for name, case in CASES.items():
        note(name)
        whole = case.message.content
        at = round(cut * len(whole))
        for content in (junk, written, written + b"\x1e" + junk, whole[:at], whole[:at] + junk + whole[at:]):
            message = SocketMessage(content=content, is_text=is_text)
            read = case.format.read_message(case.request, message)
            assert isinstance(read, (Conversation, Unreadable))
            assert case.format.rewrite_message(case.request, message, {}) == content
            case.format.refuse_message(REFUSAL, case.request, message)
            if isinstance(read, Conversation):
                paths = [part.path for turn in read.turns for part in turn.parts]
                masked = {path: f"masked {index}" for index, path in enumerate(paths)}
                case.format.rewrite_message(case.request, message, masked)


@settings(max_examples=60, deadline=None)
@given(junk=st.binary(max_size=100), value=JSON, is_text=st.booleans())
def test_nothing_a_server_sends_raises(junk: bytes, value: object, is_text: bool):
    written = json.dumps(value).encode()
    strange = [SocketMessage(content=content, is_text=is_text) for content in (junk, written, written + b"\x1e" + junk)]
    for name, case in CASES.items():
        note(name)
        replies = sample_replies(case.sample.response) if case.sample.response is not None else ()
        case.hear((*strange, *replies[:1], *strange, *replies))


@every_case
@pytest.mark.parametrize("filler", ["x", "[", '{"', '{"a":', "9", "\x1e", "\r"])
def test_an_endless_message_of_a_server_is_kept_within_bounds(name: str, filler: str):
    case = CASES[name]
    content = (filler * (5 << 20))[: 5 << 20].encode()
    heard = case.hear((SocketMessage(content=content), SocketMessage(content=content, is_text=False)))
    assert len(heard.text) <= 1 << 20


def test_a_completion_ends_the_invocation_that_asked():
    case = next(case for case in CASES.values() if case.format.id == "m365-copilot" and case.sample.prompt)
    asked = case.message.content.replace(b'"invocationId":"0"', b'"invocationId":"7"')
    (reply,) = case.format.refuse_message(REFUSAL, case.request, SocketMessage(content=asked)).replies
    update, completion, rest = reply.content.split(b"\x1e")
    assert json.loads(update)["arguments"][0]["messages"][0]["text"] == REFUSAL.message
    assert json.loads(completion) == {"type": 3, "invocationId": "7"}
    assert rest == b""


def test_the_whole_snapshot_wins_over_deltas_that_say_less():
    case = next(case for case in CASES.values() if case.format.id == "m365-copilot" and case.sample.prompt)
    records = [
        {"type": 1, "target": "update", "arguments": [{"writeAtCursor": "Two"}]},
        {
            "type": 2,
            "item": {
                "messages": [
                    {"author": "user", "text": "a longer text"},
                    {"author": "bot", "text": "Two points."},
                ]
            },
        },
        {"type": 3, "invocationId": "0"},
    ]
    heard = case.hear(tuple(SocketMessage(content=json.dumps(record).encode() + b"\x1e") for record in records))
    assert (heard.text, heard.finished) == ("Two points.", True)


def test_a_conversation_that_the_hub_ended_is_an_error():
    case = next(case for case in CASES.values() if case.format.id == "m365-copilot" and case.sample.prompt)
    record = {"type": 1, "target": "update", "arguments": [{"messages": [{"author": "bot", "messageType": "Disengaged"}]}]}
    assert case.hear((SocketMessage(content=json.dumps(record).encode() + b"\x1e"),)).error == "disengaged"


def test_frames_that_cannot_be_taken_apart_are_unreadable_and_short_ones_say_nothing():
    case = next(case for case in CASES.values() if case.format.id == "meta-gateway")
    assert isinstance(case.format.read_message(case.request, SocketMessage(content=b"\x77" * 90, is_text=False)), Unreadable)
    for short in (b"\x09", b"\x0c\x00\x00\x01", b"\x0e\x00\x00"):
        said = case.format.read_message(case.request, SocketMessage(content=short, is_text=False))
        assert isinstance(said, Conversation)
        assert (said.turns, said.unread) == ((), ())


def test_an_edit_is_the_words_without_the_numbers_around_them():
    case = next(case for case in CASES.values() if case.format.id == "grammarly-socket")
    message = SocketMessage(content=json.dumps({"action": "submit_ot", "ch": ["+0:3:a: b\nc:9", "-1:2:gone:0"]}).encode())
    assert ((("ch", 0, "5:11"), "a: b\nc") in case.parts(message)) is True
    written = case.format.rewrite_message(case.request, message, {("ch", 0, "5:11"): "[masked]"})
    assert json.loads(written)["ch"][0] == "+0:3:[masked]:9"


@pytest.mark.parametrize(
    ("app", "said"),
    [
        ("manus", '40{"token":"sample-token.of-a.session-0000"}'),
        ("ms-copilot", '{"event":"challengeResponse","token":"sample-token-of-a-challenge","method":"cloudflare"}'),
    ],
)  # fmt: skip
def test_what_a_client_signs_in_with_is_no_part_of_what_is_said(app: str, said: str):
    file = SHIPPED / f"{app}.yaml"
    shipped = read_as(parse_yaml(file.read_text(encoding="utf-8"), str(file)), AppFile)
    socket = described_formats([(shipped.id, shipped.operations)]).sockets[f"{app}/prompt"]
    sample = next(sample for sample in shipped.samples if sample.format == f"{app}/prompt")
    found = socket.read_message(sample_request(sample), SocketMessage(content=said.encode()))
    assert isinstance(found, Conversation)
    assert "sample-token" not in str([part.text for turn in found.turns for part in turn.parts])


def test_a_broken_answer_of_the_gateway_is_read_once_not_from_each_of_its_beginnings(monkeypatch):
    read: list[int] = []

    class Counting(JSONDecoder):
        def raw_decode(self, s, idx=0):
            read.append(len(s) - idx)
            return super().raw_decode(s, idx)

    monkeypatch.setattr(meta_gateway, "_DECODER", Counting())
    content = b'{"a":[' * 150 + b"0," * 10_000
    reader = SOCKET_FORMATS["meta-gateway"].answer_reader()
    reader.feed(SocketMessage(content=b'\x12{"' + content, is_text=False))
    reader.feed(SocketMessage(content=b'\x12{"ab{"response": {"is_complete": true}}', is_text=False))
    assert sum(read) < 3 * len(content)
    assert reader.done
