"""What every wire format promises, kept by every format that an app file describes, with the samples of that file."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st
from planted import SPOTS, documents, numbered, out_of_sight, planted_at

from lockgate.apps.formats.base import Refusal, SocketFormat, Unreadable, WireFormat
from lockgate.apps.formats.described import described_formats, described_id
from lockgate.apps.sample_exchange import sample_answer, sample_body, sample_replies, sample_request
from lockgate.apps.schema import AppFile, Sample
from lockgate.facts.prompt import Conversation, ModelAnswer
from lockgate.facts.traffic import Body, Headers, Request, Response, SocketMessage
from lockgate.home.schema import read_as
from lockgate.home.yaml_document import parse_yaml

SHIPPED = Path(__file__).parents[3] / "apps"
REFUSAL = Refusal(message='Not "allowed" {conversation}. Reference abc123', code="rule", reference="abc123")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A sample of a described operation, with its format: whichever of the two it is."""

    sample: Sample
    format: WireFormat | SocketFormat

    @property
    def request(self) -> Request:
        return sample_request(self.sample)

    @property
    def content(self) -> bytes:
        body = sample_body(self.sample)
        return body.content if body is not None else b""

    def read(self, content: bytes) -> Conversation | Unreadable:
        if self.request.is_websocket_upgrade:
            return self.format.read_message(self.request, SocketMessage(content=content))
        return self.format.read_request(self.request, Body(content=content))

    def rewrite(self, content: bytes, texts: dict) -> bytes:
        if self.request.is_websocket_upgrade:
            return self.format.rewrite_message(self.request, SocketMessage(content=content), texts)
        return self.format.rewrite_request(self.request, Body(content=content), texts)

    def parts(self, content: bytes) -> list[tuple[tuple, str]]:
        read = self.read(content)
        assert isinstance(read, Conversation), read
        return [(part.path, part.text) for turn in read.turns for part in turn.parts]


def _cases() -> dict[str, Case]:
    """The fullest sample of every described operation of every shipped app."""
    cases: dict[str, Case] = {}
    for file in sorted(SHIPPED.glob("*.yaml")):
        text = file.read_text(encoding="utf-8")
        if "reads:" not in text or file.name == "rubric.yaml":
            continue
        app = read_as(parse_yaml(text, str(file)), AppFile)
        described = described_formats([(app.id, app.operations)])
        for operation in app.operations:
            format_id = described_id(app.id, operation.id)
            samples = [sample for sample in app.samples if sample.format == format_id]
            known = described.formats.get(format_id) or described.sockets.get(format_id)
            if known is not None:
                fullest = max(samples, key=lambda sample: (sample.response is not None, len(str(sample))))
                cases[format_id] = Case(sample=fullest, format=known)
    return cases


CASES = _cases()
HEARD = [name for name, case in CASES.items() if case.sample.response is not None]
IN_A_BODY = [name for name, case in CASES.items() if case.content]

every_case = pytest.mark.parametrize("name", CASES)


def test_there_are_described_formats():
    assert len(CASES) >= 3
    assert HEARD


@every_case
def test_a_body_in_which_nothing_is_replaced_stays_as_it_is(name: str):
    case = CASES[name]
    assert case.rewrite(case.content, {}) == case.content


@pytest.mark.parametrize("name", IN_A_BODY)
def test_a_rewritten_part_reads_back_and_all_others_stay(name: str):
    case = CASES[name]
    before = case.parts(case.content)
    assert len({path for path, _ in before}) == len(before)
    for index, (path, _) in enumerate(before):
        if isinstance(case.sample.body, str) and path[1:] == (0,):
            continue  # the name of a field: with another one, it is another field
        masked = f"[masked {index}]"
        rewritten = case.rewrite(case.content, {path: masked})
        after = [text for _, text in case.parts(rewritten)] + [case.read(rewritten).model or ""]
        for other, (_, text) in enumerate(before):
            assert (masked if other == index else text) in "\n".join(after), (path, other)


@every_case
def test_a_path_that_reading_did_not_give_is_refused(name: str):
    case = CASES[name]
    for path in ((), ("nowhere",), (999, 1), ("messages", 99, "content")):
        if path not in {at for at, _ in case.parts(case.content)}:  # what a URL says cannot be rewritten at all
            with pytest.raises(ValueError, match="did not give"):
                case.rewrite(case.content, {path: "x"})


@settings(max_examples=50, deadline=None)
@given(content=st.binary(max_size=200), cut=st.floats(0, 1))
def test_arbitrary_and_cut_bytes_never_raise(content: bytes, cut: float):
    for name, case in CASES.items():
        note(name)
        beginning = case.content[: round(cut * len(case.content))]
        for hostile in (content, beginning, beginning + content):
            assert isinstance(case.read(hostile), (Conversation, Unreadable))


PLANTED = documents(("text", "content", "odd name"), ("text", "user", "assistant", -0.5, 10**30), most=8)
DOCUMENTS = {name: CASES[name].sample.body for name in IN_A_BODY if isinstance(CASES[name].sample.body, (dict, list))}


@settings(max_examples=50, deadline=None)
@given(spot=SPOTS, planted=PLANTED)
def test_no_string_of_a_body_is_out_of_sight(spot: int, planted: object):
    """Whatever stands wherever in a body, its strings are in some part and can be replaced, or the body is unreadable."""
    markers: list[str] = []
    planted = numbered(planted, markers)
    for name, document in DOCUMENTS.items():
        note(name)
        changed = json.dumps(planted_at(document, spot, planted)).encode()
        read = CASES[name].read(changed)
        if isinstance(read, Conversation):
            assert out_of_sight(markers, read) == []
            CASES[name].rewrite(changed, {part.path: "masked" for turn in read.turns for part in turn.parts})


def hear(case: Case, pieces: list[bytes]) -> ModelAnswer:
    head, _ = sample_answer(case.sample.response)
    reader = case.format.stream_reader(head)
    for piece in pieces:
        reader.feed(piece)
    return reader.finish()


STREAMED = [name for name in HEARD if not CASES[name].request.is_websocket_upgrade]


@pytest.mark.parametrize("name", STREAMED)
def test_an_answer_reads_the_same_wherever_it_is_cut(name: str):
    case = CASES[name]
    content = sample_answer(case.sample.response)[1].content
    whole = hear(case, [content])
    assert whole.finished
    assert not whole.error
    for cut in range(len(content)):
        assert hear(case, [content[:cut], content[cut:]]) == whole
    assert hear(case, [bytes([byte]) for byte in content]) == whole


@settings(max_examples=40, deadline=None)
@given(value=PLANTED, junk=st.binary(max_size=100), status=st.sampled_from([200, 403]))
def test_any_answer_is_read_without_raising(value: object, junk: bytes, status: int):
    written = json.dumps(value).encode()
    for name in STREAMED:
        note(name)
        head, body = sample_answer(CASES[name].sample.response)
        for content in (junk, written, b"data: " + written + b"\n\n", body.content[: len(junk) * 5] + junk + written + b"\n"):
            CASES[name].format.read_response(Response(status=status, headers=head.headers), Body(content=content))


@settings(max_examples=40, deadline=None)
@given(value=PLANTED, junk=st.binary(max_size=100))
def test_any_message_of_a_server_is_heard_without_raising(value: object, junk: bytes):
    strange = (SocketMessage(content=junk), SocketMessage(content=json.dumps(value).encode()))
    for name in HEARD:
        if name not in STREAMED:
            note(name)
            reader = CASES[name].format.answer_reader()
            for message in (*strange, *sample_replies(CASES[name].sample.response)):
                reader.feed(message)
            reader.finish()


@every_case
def test_a_refusal_says_why_as_its_clients_read_it(name: str):
    case = CASES[name]
    if case.request.is_websocket_upgrade:
        given_back = case.format.refuse_message(REFUSAL, case.request, SocketMessage(content=case.content))
        reader = case.format.answer_reader()
        for reply in given_back.replies:
            reader.feed(reply)
        heard = reader.finish()
        assert given_back.close or REFUSAL.message in (heard.text, heard.error)
        return
    given_back = case.format.refuse(REFUSAL, case.request, Conversation(turns=(), id="the-conversation"))
    assert given_back.headers.get("x-should-retry") == "false"
    head = Response(status=given_back.status, headers=Headers(given_back.headers.pairs))
    heard = case.format.read_response(head, Body(content=given_back.content))
    assert REFUSAL.message in (heard.text, heard.error)
    assert given_back.status >= 400 or heard.error or heard.finished
