"""Places of field numbers: where they lead, and what they make known of messages."""

import base64
import json

import pytest
from wire_samples.protobuf import envelope, message

from lockgate.apps.description import AnswerDescription, Description, FilesDescription, MessagesDescription, RefusalDescription
from lockgate.apps.formats.base import Refusal
from lockgate.apps.formats.described import DescribedFormat
from lockgate.apps.formats.protobuf_places import as_json_path, known_answer, known_request
from lockgate.apps.formats.protobuf_text import Hex, Leaf
from lockgate.apps.formats.where import compile_where
from lockgate.facts.prompt import Conversation
from lockgate.facts.traffic import Body, Headers, Request

CONNECT = Headers((("content-type", "application/connect+proto"),))
CALL = Request(method="POST", scheme="https", host="x.example", port=443, path="/a.v1.B/C", headers=CONNECT)
SENTENCE = "\n(a sentence that could be a message as well"


def read(described: Description, *messages: object) -> Conversation:
    content = b"".join(envelope(message(one)) for one in messages)
    found = DescribedFormat("acme/ask", described).read_request(CALL, Body(content=content))
    assert isinstance(found, Conversation), found
    return found


@pytest.mark.parametrize(
    ("place", "path"),
    [
        ("pb 1", "$.f1[*]"),
        ("pb 1.23.4", "$.f1[*].f23[*].f4[*]"),
        ("pb 1 >hex> 2.1", "$.f1[*].f2[*].f1[*]"),
        ("pb 3 if @.f2[0] == 1", "$.f3[*] if @.f2[0] == 1"),
        ("$.message", "$.message"),
    ],
)  # fmt: skip
def test_a_place_of_field_numbers_is_a_place_in_the_document_of_a_message(place, path):
    assert as_json_path(place) == path


def test_what_places_say_of_a_request():
    described = Description(
        body="call",
        prompt="pb 1 >hex> 2.1",
        messages=MessagesDescription(
            each="pb 3", text="pb 5", role="pb 6", files=(FilesDescription(each="pb 7", content="pb 1"),)
        ),
        context="pb 4.1",
        model=("pb 9", "header x-model"),
    )
    assert known_request(described) == {
        1: Hex({2: {1: Leaf.TEXT}}),
        3: {5: Leaf.TEXT, 7: {1: Leaf.FILE}},
        4: {},
        9: Leaf.TEXT,
    }


def test_what_places_say_of_an_answer():
    assert known_answer(AnswerDescription(each="pb 1", text="pb 2.1", done="$.f3")) == {1: {2: {1: Leaf.TEXT}}}


def test_in_a_call_places_are_looked_for_in_each_message():
    found = compile_where("pb 2", in_messages=True).find([{"f2": ["a"]}, {"f1": ["b"]}, {"f2": ["c", "d"]}])
    assert found == [((0, "f2", 0), "a"), ((2, "f2", 0), "c"), ((2, "f2", 1), "d")]


def test_what_a_place_names_is_a_text_whatever_else_it_could_be():
    said = read(Description(body="call", prompt="pb 1.2"), {"f1": {"f2": SENTENCE}})
    assert said.prompt is not None
    assert [(part.text, part.path) for part in said.prompt.parts] == [(SENTENCE[1:], (0, "f1", 0, "f2", 0, "1:44"))]


def test_a_message_with_nothing_at_the_places_says_nothing_and_is_still_examined():
    """A service sends other messages to the same address: results of tools, signs of life."""
    said = read(
        Description(body="call", prompt="pb 1.2"), {"f7": {}}, {"f3": {"f1": "the text of a file somebody opened", "f2": 1}}
    )
    assert said.prompt is None
    assert not said.unread
    assert [part.text for turn in said.turns for part in turn.parts] == ["the text of a file somebody opened"]


def test_a_text_where_a_message_should_be_is_not_lost():
    """What is known of one version of a service may be wrong of another."""
    said = read(Description(body="call", prompt="pb 1.2.1"), {"f1": "0a0a0a0a-0a0a hello there, old friend"})
    assert [part.text for turn in said.turns for part in turn.parts] == ["0a0a0a0a-0a0a hello there, old friend"]


def test_the_clients_own_token_is_left_out_and_nothing_else_in_its_place():
    described = Description(body="call", prompt="pb 2", tokens="pb 1.3")
    said = read(described, {"f1": {"f3": "sample-token-of-a-session"}, "f2": "hello"})
    assert [part.text for turn in said.turns for part in turn.parts] == ["hello"]
    said = read(described, {"f1": {"f3": "words of a person in the place of a token"}, "f2": "hello"})
    assert "words of a person in the place of a token" in [part.text for turn in said.turns for part in turn.parts]


def test_bytes_of_a_file_are_an_attachment_with_what_is_known_of_it():
    files = FilesDescription(each="pb 2", name="pb 1", media_type="pb 3", content="pb 2")
    image = b"\x89PNG\r\n\x1a\n" + bytes(range(160, 255))
    said = read(
        Description(body="call", prompt="pb 1", files=(files,)),
        {"f1": "see", "f2": {"f1": "a.png", "f2": image, "f3": "image/png"}},
    )
    (file,) = (file for turn in said.turns for file in turn.attachments)
    assert (file.name, file.media_type, file.content) == ("a.png", "image/png", image)


REFUSAL = Refusal(message='Not "here". Reference r1', code="rule", reference="r1")


def test_a_call_is_refused_with_the_described_details():
    described = Description(
        body="call",
        prompt="pb 1",
        refusal=RefusalDescription(
            details=({"why": "{message}", "value": {">pb unpadded>": {"f2": {"f1": "{message}", "f4": 0}}}},)
        ),
    )
    given = DescribedFormat("acme/ask", described).refuse(REFUSAL, CALL, None)
    error = json.loads(given.content[5:])["error"]
    value = error["details"][0].pop("value")
    assert error == {"code": "permission_denied", "message": REFUSAL.message, "details": [{"why": REFUSAL.message}]}
    assert not value.endswith("=")
    assert base64.b64decode(value + "=" * (-len(value) % 4)) == message({"f2": {"f1": REFUSAL.message, "f4": 0}})


def test_a_refusal_can_be_an_event_with_a_message_in_it():
    described = Description(
        body="call", prompt="pb 1", refusal=RefusalDescription(events=({">pb>": {"f3": ["{message}", "{reference}"]}},))
    )
    given = DescribedFormat("acme/ask", described).refuse(REFUSAL, CALL, None)
    (line,) = given.content.decode().split("\n\n")[:-1]
    assert base64.b64decode(line.removeprefix("data: ")) == message({"f3": [REFUSAL.message, "r1"]})
