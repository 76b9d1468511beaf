"""Bodies in no known format: every text is read and can be rewritten."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.apps.formats.base import Unreadable
from lockgate.apps.formats.generic import GENERIC, generic_text
from lockgate.facts.prompt import Conversation
from lockgate.facts.traffic import Body, Completeness, Headers, Request

MULTIPART = b"\r\n".join([
    b"--XyZ", b'Content-Disposition: form-data; name="prompt"', b"", b"hello there",
    b"--XyZ", b'Content-Disposition: form-data; name="data"', b"", b'{"inputs": "from the json", "id": "0a0a0a0a"}',
    b"--XyZ", b'Content-Disposition: form-data; name="file"; filename="a.png"', b"Content-Type: image/png", b"",
    b"\x89PNG\xff--XyZ",
    b"--XyZ--", b"",
])  # fmt: skip


def request_of(media_type: str = "") -> Request:
    headers = Headers((("content-type", media_type),) if media_type else ())
    return Request(method="POST", scheme="https", host="x", port=443, headers=headers)


def reading(content: bytes, media_type: str = "") -> Conversation:
    found = generic_text(request_of(media_type), Body(content=content))
    assert isinstance(found, Conversation), found
    return found


def rows(content: bytes, media_type: str = "") -> list[tuple[str, str]]:
    return [(part.kind.value, part.text) for turn in reading(content, media_type).turns for part in turn.parts]


@pytest.mark.parametrize(
    ("content", "media_type", "expected"),
    [
        (b'{"query": "hi", "lang": "en", "meta": {"note": "some words"}}', "", [("text", "hi"), ("machine", "some words")]),
        (b'{"query": "hi there"}', "text/plain", [("text", "hi there")]),
        (b'{"payload": "{\\"prompt\\": \\"inner\\"}"}', "application/json", [("text", "inner")]),
        (b'{"a": {"text": "one"}}\n{"a": {"text": "two"}}\n', "application/x-ndjson", [("text", "one"), ("text", "two")]),
        (b"q=what+is%20this&n=1", "application/x-www-form-urlencoded", [("text", "what is this"), ("text", "1")]),
        (b"q=what+is%20this", "", [("text", "what is this")]),
        (b"just words = here", "text/plain", [("text", "just words = here")]),
        (b'"a json string"', "application/json", [("text", "a json string")]),
        (b"", "application/json", []),
    ],
)
def test_texts_of_common_bodies(content, media_type, expected):
    assert rows(content, media_type) == expected


def test_multipart_fields_and_files():
    conversation = reading(MULTIPART, "multipart/form-data; boundary=XyZ")
    (turn,) = conversation.turns
    assert turn.typed_text == "hello there\nfrom the json"
    assert [(file.name, file.media_type, file.content) for file in turn.attachments] == [
        ("a.png", "image/png", b"\x89PNG\xff--XyZ")
    ]


def test_multipart_is_rewritten_in_one_place_only():
    request, body = request_of('multipart/form-data; boundary="XyZ"'), Body(content=MULTIPART)
    (turn,) = reading(MULTIPART, 'multipart/form-data; boundary="XyZ"').turns
    path = next(part.path for part in turn.parts if part.text == "hello there")
    assert GENERIC.rewrite_request(request, body, {path: "masked"}) == MULTIPART.replace(b"hello there", b"masked")
    with pytest.raises(ValueError, match="border"):
        GENERIC.rewrite_request(request, body, {path: "x\r\n--XyZ--"})


@pytest.mark.parametrize(
    "content", [MULTIPART[:-10], b"hidden" + MULTIPART, MULTIPART + b"hidden", MULTIPART.replace(b"\r\n\r\n", b"")]
)
def test_a_broken_multipart_body_is_one_file(content):
    conversation = reading(content, "multipart/form-data; boundary=XyZ")
    assert conversation.turns[0].attachments[0].content == content


def test_a_binary_body_is_one_file():
    (turn,) = reading(b"\x89PNG\xff\x00", "image/png").turns
    assert (turn.attachments[0].media_type, turn.attachments[0].content) == ("image/png", b"\x89PNG\xff\x00")
    assert GENERIC.rewrite_request(request_of("image/png"), Body(content=b"\x89PNG\xff\x00"), {}) == b"\x89PNG\xff\x00"


def test_json_that_cannot_be_decoded_is_only_partly_seen():
    """Escapes can hide words in it, so its raw text proves presence, not absence."""
    conversation = reading(b'{"a": 1, "a": 2, "x": "words"}', "application/json")
    assert "words" in conversation.turns[0].parts[0].text
    assert conversation.unread


def test_an_encrypted_body_stays_unreadable():
    found = generic_text(request_of(), Body(content=b"\xff\xfe\x00", completeness=Completeness.ENCRYPTED))
    assert isinstance(found, Unreadable)
    assert found.completeness is Completeness.ENCRYPTED


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)


@settings(max_examples=60, deadline=None)
@given(values=st.dictionaries(TEXTS, TEXTS, min_size=1, max_size=5), new=TEXTS, data=st.data())
def test_one_text_of_a_json_body_can_be_replaced(values, new, data):
    body = Body(content=json.dumps({"text": list(values.values())}).encode())
    found = [part for turn in reading(body.content).turns for part in turn.parts]
    chosen = data.draw(st.sampled_from(found))
    after = json.loads(GENERIC.rewrite_request(request_of(), body, {chosen.path: new}))
    if len(chosen.path) == 2:
        expected = list(values.values())
        expected[chosen.path[1]] = new
        assert after == {"text": expected}


def test_a_path_that_reading_did_not_give_is_refused():
    for content in (b"", b"plain", b'{"a": 1}'):
        with pytest.raises(ValueError, match="did not give"):
            GENERIC.rewrite_request(request_of(), Body(content=content), {("nowhere",): "x"})


def test_nothing_replaced_in_nothing_is_nothing():
    assert GENERIC.rewrite_request(request_of(), Body(content=b""), {}) == b""
