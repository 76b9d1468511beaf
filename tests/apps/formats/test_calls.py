"""Calls of services: the framings, how a message that cannot be read is said, and how each framing is refused."""

import gzip
import json
from base64 import b64decode, b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wire_samples.protobuf import envelope, message

from lockgate.apps.formats.base import Refusal, Unreadable
from lockgate.apps.formats.envelope import MAX_INFLATED, Envelope, Inflater, from_base64, open_envelopes
from lockgate.apps.formats.generic import GENERIC
from lockgate.apps.formats.registry import FORMATS
from lockgate.facts.prompt import Conversation
from lockgate.facts.traffic import Body, Completeness, Headers, Request, Response

WORDS = "please compare the two versions"
REFUSAL = Refusal(message="Not allowed, 100% sure. Ünder reference abc", code="rule", reference="abc")
CALLS = FORMATS["rpc-text"]
CONNECT_JSON, CONNECT_PROTO = "application/connect+json", "application/connect+proto"
FRAMINGS = (CONNECT_JSON, CONNECT_PROTO, "application/grpc", "application/grpc+proto", "application/grpc-web+proto",
            "application/grpc-web-text", "application/proto", "application/x-protobuf")  # fmt: skip


def call(media_type: str, **headers: str) -> Request:
    pairs = (("content-type", media_type), *((name.replace("_", "-"), value) for name, value in headers.items()))
    return Request(method="POST", scheme="https", host="x.example", port=443, path="/a.v1.B/C", headers=Headers(pairs))


def read(content: bytes, request: Request) -> Conversation:
    found = CALLS.read_request(request, Body(content=content))
    assert isinstance(found, Conversation), found
    return found


def texts(said: Conversation) -> list[str]:
    return [part.text for turn in said.turns for part in turn.parts]


def framed(media_type: str, *payloads: bytes, flags: int = 0) -> bytes:
    if media_type in ("application/proto", "application/x-protobuf"):
        return payloads[0]
    content = b"".join(envelope(payload, flags) for payload in payloads)
    return b64encode(content) if media_type == "application/grpc-web-text" else content


@pytest.mark.parametrize("media_type", FRAMINGS)
@pytest.mark.parametrize("payload", [message({"f1": {"f3": WORDS}}), json.dumps({"ask": {"text": WORDS}}).encode()])
def test_every_framing_carries_json_and_protobuf_whatever_is_declared(media_type, payload):
    content = framed(media_type, payload)
    said = read(content, call(media_type))
    assert texts(said) == [WORDS]
    assert not said.unread
    (part,) = said.turns[0].parts
    written = CALLS.rewrite_request(call(media_type), Body(content=content), {part.path: "[masked]"})
    assert texts(read(written, call(media_type))) == ["[masked]"]
    assert WORDS.encode() not in written


def test_envelopes_without_a_declaration_are_found_by_their_bytes():
    undeclared = Request(method="POST", scheme="https", host="x.example", port=443, path="/")
    body = Body(content=envelope(message({"f1": WORDS})))
    said = GENERIC.read_request(undeclared, body)
    assert isinstance(said, Conversation)
    assert texts(said) == [WORDS]
    (part,) = said.turns[0].parts
    assert GENERIC.rewrite_request(undeclared, body, {part.path: "no"}) == envelope(message({"f1": "no"}))


def test_a_compressed_message_is_inflated_and_only_changed_ones_are_sent_plain():
    first, second = (gzip.compress(message({"f1": text})) for text in (WORDS, "another text altogether"))
    content = envelope(first, 1) + envelope(second, 1)
    request = call("application/grpc", grpc_encoding="gzip")
    said = read(content, request)
    assert texts(said) == [WORDS, "another text altogether"]
    (part,) = said.turns[0].parts
    written = CALLS.rewrite_request(request, Body(content=content), {part.path: "[masked]"})
    assert written == envelope(message({"f1": "[masked]"})) + envelope(second, 1)


@pytest.mark.parametrize(
    ("payload", "coding"),
    [
        (gzip.compress(b"\x0a\x03abc", mtime=0), "snappy"),
        (b"not compressed at all", "gzip"),
        (gzip.compress(b"\x0a\x03abc", mtime=0)[:-9], "gzip"),
        (gzip.compress(b"\x0a\x03abc", mtime=0) + b"and a secret behind it", "gzip"),
        (gzip.compress(b"\0" * (MAX_INFLATED + 1), mtime=0), "gzip"),
    ],
)  # fmt: skip
def test_a_message_that_cannot_be_inflated_makes_the_look_partial(payload, coding):
    assert Inflater(coding).inflate(payload) is None
    said = read(envelope(payload, 1) + envelope(message({"f1": WORDS})), call(CONNECT_PROTO, connect_content_encoding=coding))
    assert said.unread
    assert WORDS in texts(said)


def test_a_message_that_is_neither_json_nor_protobuf_is_shown_and_said_to_be_unread():
    said = read(envelope(b'{"a": 1, "a": "words named twice"}') + envelope(b"\xff" * 80), call(CONNECT_JSON))
    assert "words named twice" in "".join(texts(said))
    assert said.unread == ("a message of the call",)
    assert [file.content for turn in said.turns for file in turn.attachments] == [b"\xff" * 80]


@pytest.mark.parametrize("content", [b"\0\0\0\0\x09abc", b"\0\0", b"\x40\0\0\0\0", b"\0\0\0\0\0x"])
def test_what_does_not_consist_of_envelopes_is_unreadable(content):
    found = CALLS.read_request(call("application/grpc"), Body(content=content))
    assert isinstance(found, Unreadable)
    assert found.completeness is Completeness.UNDECODABLE


def test_a_file_inside_a_message_is_an_attachment_even_when_no_format_asks_for_it():
    said = read(
        framed(CONNECT_PROTO, message({"f1": WORDS, "f2": {"f9": b"\x89PNG" + bytes(range(255, 100, -1))}})),
        call(CONNECT_PROTO),
    )
    assert texts(said) == [WORDS]
    (file,) = (file for turn in said.turns for file in turn.attachments)
    assert file.content is not None
    assert file.content.startswith(b"\x89PNG")
    assert file.path == (0, "f2", 0, "f9", 0)


@settings(max_examples=200, deadline=None)
@given(pieces=st.lists(st.binary(min_size=1, max_size=20), max_size=5))
def test_base64_in_padded_pieces_is_one_run_of_bytes(pieces):
    assert from_base64(b"".join(map(b64encode, pieces))) == b"".join(pieces)


@settings(max_examples=200, deadline=None)
@given(content=st.binary(max_size=60))
def test_arbitrary_bytes_open_to_what_writes_them_again(content):
    from_base64(content)
    found = open_envelopes(content)
    if isinstance(found, list):
        assert b"".join(map(Envelope.write, found)) == content


def heard(media_type: str, content: bytes, **headers: str):
    pairs = (("content-type", media_type), *((name.replace("_", "-"), value) for name, value in headers.items()))
    return CALLS.read_response(Response(status=200, headers=Headers(pairs)), Body(content=content))


def test_a_compressed_answer_is_inflated():
    content = envelope(gzip.compress(message({"f1": WORDS})), 1) + envelope(b"{}", 2)
    answer = heard(CONNECT_PROTO, content, connect_content_encoding="gzip")
    assert (answer.text, answer.finished) == (WORDS, True)


def test_the_end_of_a_connect_stream_and_the_trailers_of_grpc_web_say_what_went_wrong():
    failed = envelope(json.dumps({"error": {"code": "resource_exhausted", "message": "later"}}).encode(), 2)
    assert heard(CONNECT_PROTO, failed).error == "later"
    trailers = envelope(b"grpc-status: 8\r\ngrpc-message: not%20now\r\n", 128)
    assert heard("application/grpc-web+proto", trailers).error == "not now"
    assert heard("application/grpc-web-text", b64encode(trailers)).error == "not now"
    fine = envelope(message({"f1": WORDS})) + envelope(b"grpc-status: 0\r\n", 128)
    assert heard("application/grpc-web", fine).finished
    assert heard("application/grpc", b"", grpc_status="13", grpc_message="broken").error == "broken"


def test_a_message_beyond_the_bound_is_dropped_and_the_stream_goes_on():
    content = envelope(b"\x0a" + b"x" * (5 * 1024 * 1024)) + envelope(message({"f1": WORDS})) + envelope(b"{}", 2)
    reader = CALLS.stream_reader(Response(status=200, headers=Headers((("content-type", CONNECT_PROTO),))))
    for start in range(0, len(content), 100_000):
        reader.feed(content[start : start + 100_000])
    answer = reader.finish()
    assert (answer.text, answer.finished) == (WORDS, True)


def test_a_connect_stream_is_refused_with_its_end():
    given = CALLS.refuse(REFUSAL, call(CONNECT_PROTO), None)
    assert (given.status, given.headers.get("content-type"), given.content[0]) == (200, CONNECT_PROTO, 2)
    assert json.loads(given.content[5:]) == {"error": {"code": "permission_denied", "message": REFUSAL.message}}


def test_grpc_is_refused_with_a_status_and_no_message():
    given = CALLS.refuse(REFUSAL, call("application/grpc"), None)
    assert (given.status, given.content, given.headers.get("grpc-status")) == (200, b"", "7")
    assert given.headers.get("grpc-message") == "Not allowed, 100%25 sure. %C3%9Cnder reference abc"


@pytest.mark.parametrize("media_type", ["application/grpc-web+proto", "application/grpc-web-text+proto"])
def test_grpc_web_is_refused_with_trailers_in_the_body(media_type):
    given = CALLS.refuse(REFUSAL, call(media_type), None)
    content = b64decode(given.content) if "text" in media_type else given.content
    assert (given.status, content[0]) == (200, 128)
    assert content[5:].decode().splitlines()[0] == "grpc-status: 7"


@pytest.mark.parametrize("media_type", ["application/proto", "application/json"])
def test_a_bare_call_is_refused_with_a_json_error(media_type):
    given = CALLS.refuse(REFUSAL, call(media_type), None)
    assert (given.status, json.loads(given.content)) == (403, {"code": "permission_denied", "message": REFUSAL.message})


def test_an_unknown_service_is_refused_in_its_framing_too():
    assert GENERIC.refuse(REFUSAL, call("application/grpc"), None).headers.get("grpc-status") == "7"
