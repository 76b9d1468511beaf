"""One budget for each body: what is nested in it costs a bounded amount of work, and nothing is lost for want of it.

Work is counted (documents parsed, turns made), never timed.
"""

import gzip
import json
from urllib.parse import urlencode

import pytest
from wire_samples.protobuf import envelope

from lockgate.apps.description import Description
from lockgate.apps.formats import json_text
from lockgate.apps.formats.base import Unreadable
from lockgate.apps.formats.budget import LEFT_OUT, MAX_CONTAINERS, MAX_DOCUMENTS, MAX_INFLATED, MAX_TURNS, MAX_VALUES, Budget
from lockgate.apps.formats.described import DescribedFormat
from lockgate.apps.formats.envelope import COMPRESSED, Inflater
from lockgate.apps.formats.generic import GENERIC
from lockgate.apps.formats.json_lines import parse_json_lines
from lockgate.apps.formats.json_text import JsonReader, Parsed
from lockgate.apps.formats.nested_documents import NestedDocuments
from lockgate.apps.formats.openai_chat import OpenAiChat
from lockgate.apps.formats.protobuf_text import parse_protobuf
from lockgate.apps.formats.registry import FORMATS
from lockgate.apps.formats.rpc_body import parse_rpc
from lockgate.apps.formats.socket_records import RECORD_END, parse_records
from lockgate.facts.prompt import Conversation
from lockgate.facts.traffic import Body, Headers, Request

JSON = Headers((("content-type", "application/json"),))
REQUEST = Request(method="POST", scheme="https", host="a.example", port=443, path="/x", headers=JSON)
DESCRIBED = DescribedFormat("an-app/prompt", Description(prompt="$.messages[*].content >json> $.said"))
READERS = [OpenAiChat(), DESCRIBED, GENERIC]
NAMES = ["code", "described", "generic"]


@pytest.fixture
def parsed_texts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every text that is parsed from now on."""
    texts: list[str] = []
    load = JsonReader.load

    def counted(self: JsonReader, text: str) -> object:
        texts.append(text)
        return load(self, text)

    monkeypatch.setattr(json_text.JsonReader, "load", counted)
    return texts


def in_strings(document: object, levels: int) -> object:
    for _ in range(levels):
        document = json.dumps({"said": document})
    return document


def chat(contents: list[object]) -> bytes:
    return json.dumps({"model": "m", "messages": [{"role": "user", "content": "x"}], "more": contents}).encode()


def read(wire_format, content: bytes) -> Conversation:
    found = wire_format.read_request(REQUEST, Body(content=content))
    assert isinstance(found, Conversation)
    return found


def texts_of(conversation: Conversation) -> list[str]:
    return [part.text for turn in conversation.turns for part in turn.parts]


@pytest.mark.parametrize("wire_format", READERS[::2], ids=NAMES[::2])
def test_documents_beyond_the_budget_stay_texts_and_the_look_is_partial(wire_format, parsed_texts):
    contents = [in_strings(f"words number {number}", 3) for number in range(7000)]
    found = read(wire_format, chat(contents))
    assert len(parsed_texts) <= MAX_DOCUMENTS + 2
    assert LEFT_OUT in found.unread
    everything = "\n".join(texts_of(found))
    assert all(f"words number {number}" in everything for number in range(7000))


def test_a_described_format_shares_the_budget_with_what_it_does_not_know(parsed_texts):
    contents = [{"content": in_strings(f"words number {number}", 3)} for number in range(7000)]
    found = read(DESCRIBED, json.dumps({"messages": contents}).encode())
    assert len(parsed_texts) <= MAX_DOCUMENTS + 2
    assert LEFT_OUT in found.unread
    everything = "\n".join(texts_of(found))
    assert all(f"words number {number}" in everything for number in range(7000))


@pytest.mark.parametrize("wire_format", READERS[::2], ids=NAMES[::2])
def test_what_the_budget_has_room_for_is_read_in_full(wire_format, parsed_texts):
    found = read(wire_format, chat([in_strings(f"words number {number}", 3) for number in range(1000)]))
    assert len(parsed_texts) <= 3002
    assert found.unread == ()
    assert {f"words number {number}" for number in range(1000)} <= set(texts_of(found))


def test_the_same_document_is_parsed_once_however_often_it_is_sent(parsed_texts):
    found = read(OpenAiChat(), chat([in_strings("the same words", 3)] * 9000))
    assert len(parsed_texts) <= 5
    assert found.unread == ()
    assert texts_of(found).count("the same words") == 9000


@pytest.mark.parametrize("text", ['{"a": ', "[1, 2", '{"a": 1]', "{curly words", "[1] and more"])
def test_what_does_not_end_as_a_document_is_not_tried(text, parsed_texts):
    read(OpenAiChat(), chat([f"{text} {number}" for number in range(9000)]))
    assert len(parsed_texts) <= 1


def test_values_are_counted_over_all_documents():
    nested = NestedDocuments()
    half = json.dumps([[number] for number in range(MAX_VALUES // 3)])
    assert not isinstance(nested.parse(half), Unreadable)
    assert not nested.budget.used_up
    assert isinstance(nested.parse(half.replace("[0]", "[-1]")), Unreadable)
    assert nested.budget.used_up


@pytest.mark.parametrize("item", ["[]", "{}", '{"a":1}', "[[]]"])
def test_objects_and_arrays_are_counted_over_all_documents(item):
    nested = NestedDocuments()
    each = MAX_CONTAINERS // 2 // (2 if item == "[[]]" else 1)
    assert not isinstance(nested.parse(f"[{','.join([item] * (each - 1))}]"), Unreadable)
    assert not isinstance(nested.parse(f"[{','.join([item] * (each - 2))}]"), Unreadable)
    assert isinstance(nested.parse(f"[{','.join([item] * 10)}]"), Unreadable)
    assert nested.budget.used_up


def test_code_points_that_are_parsed_again_are_counted():
    nested = NestedDocuments()
    nested.budget.again = 100
    assert not isinstance(nested.parse(json.dumps(["a" * 60])), Unreadable)
    assert isinstance(nested.parse(json.dumps(["b" * 60])), Unreadable)
    assert nested.budget.used_up


def test_a_nested_document_that_is_too_deep_makes_the_look_partial():
    assert LEFT_OUT in read(OpenAiChat(), chat(["[" * 200 + '"words in the deep"' + "]" * 200])).unread


def test_lines_share_one_budget():
    line = json.dumps([[number] for number in range(MAX_VALUES // 3)]).encode()
    assert parse_json_lines(line + b"\n[]") is not None
    assert parse_json_lines(line + b"\n" + line) is None


def test_records_share_one_budget_and_go_back_as_they_came():
    record = json.dumps([[number] for number in range(MAX_VALUES // 3)]).encode()
    content = RECORD_END.join([record, record, b'{"a": 1}', b'"a text"', b""])
    found = parse_records(content)
    assert isinstance(found, Parsed)
    assert isinstance(found.value, list)
    assert [type(each) for each in found.value] == [list, str, dict, str, str]
    assert found.write(found.value) == content


def test_messages_of_a_call_share_one_budget_and_go_back_as_they_came():
    message = gzip.compress(b"\x08\x01" * (MAX_VALUES // 2 + 1), mtime=0)
    content = envelope(message, COMPRESSED) * 3
    found = parse_rpc(content, "application/connect+proto", "gzip", {})
    assert isinstance(found, Parsed)
    assert isinstance(found.value, list)
    assert isinstance(found.value[0], dict)
    assert not any(isinstance(each, dict) for each in found.value[1:])
    assert found.budget.used_up
    assert found.write(found.value) == content


def test_compressed_messages_share_one_bound():
    message = gzip.compress(b"\n" + b"a" * (MAX_INFLATED // 2), mtime=0)
    found = parse_rpc(envelope(message, COMPRESSED) * 3, "application/connect+proto", "gzip", {})
    assert isinstance(found, Parsed)
    assert isinstance(found.value, list)
    assert sum(each != message for each in found.value) == 1


@pytest.mark.parametrize("broken", [False, True], ids=["whole", "broken at its end"])
def test_what_is_inflated_in_vain_counts(broken):
    content = b"\n" + b"a" * 3_000_000
    message = gzip.compress(content, mtime=0)
    inflater = Inflater("gzip", 4_000_000)
    first = inflater.inflate(message[:-6] + b"broken" if broken else message)
    assert first == (None if broken else content)
    left = inflater.left
    assert left <= 1_000_000
    assert inflater.inflate(message) is None
    assert inflater.left <= 0 < left
    assert inflater.inflate(gzip.compress(b"a", mtime=0)) is None


def test_fields_of_messages_come_off_the_budget_of_the_body():
    budget = Budget(10)
    assert isinstance(parse_protobuf(b"\x08\x01" * 8, {}, budget), Parsed)
    assert isinstance(parse_protobuf(b"\x08\x01" * 8, {}, budget), Unreadable)
    assert budget.used_up


def test_more_turns_than_are_told_apart_are_read_as_what_nobody_knows_and_can_be_replaced():
    messages = [{"role": "user", "content": f"words number {number}"} for number in range(MAX_TURNS + 50)]
    content = json.dumps({"model": "m-1", "messages": messages}).encode()
    found = read(OpenAiChat(), content)
    assert len(found.turns) == MAX_TURNS + 1
    assert found.unread
    assert found.model == "m-1"
    assert sorted(texts_of(found)) == sorted(message["content"] for message in messages)
    path = next(part.path for turn in found.turns for part in turn.parts if part.text == messages[-1]["content"])
    written = OpenAiChat().rewrite_request(REQUEST, Body(content=content), {path: "[masked]"})
    assert json.loads(written)["messages"][-1]["content"] == "[masked]"


@pytest.mark.parametrize("item", ["words in it", 4111111111111111, 1.5, None], ids=repr)
def test_turns_that_say_nothing_count_like_others(item):
    found = read(OpenAiChat(), json.dumps({"messages": [item] * (MAX_TURNS + 50)}).encode())
    assert len(found.turns) <= MAX_TURNS + 1
    assert found.unread
    assert len(texts_of(found)) == (MAX_TURNS + 50 if isinstance(item, (str, int)) else 0)


def test_many_calls_in_one_form_are_parsed_once_each(parsed_texts):
    calls = [["abcde", json.dumps([f"words number {number}"]), None, "generic"] for number in range(300)]
    form = urlencode({"f.req": json.dumps([calls])}).encode()
    found = FORMATS["google-batch"].read_request(REQUEST, Body(content=form))
    assert isinstance(found, Conversation)
    assert {f"words number {number}" for number in range(300)} <= set(texts_of(found))
    assert sum(map(len, parsed_texts)) <= 6 * len(form)
