"""The Gemini web app: form, nested JSON and length-prefixed chunks."""

import json
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.apps.formats.base import Unreadable
from lockgate.apps.formats.guarded_chunks import utf16_length, utf16_offset
from lockgate.apps.formats.registry import FORMATS, sniff
from lockgate.facts.traffic import Body

PATH = "/u/1/_/BardChatUi/data/assistant.lamda.BardFrontendService/StreamGenerate"
TOKEN = "AJvLN6N0123456789abcdef:1700000000000"
INNER = [
    ["hello 😀", 0, None, [[["/contrib_service/ttl_1d/x", 1], "a.png"]]],
    ["en"],
    ["c_1", "r_1", "rc_1"],
    "!opaque",
    [["nested settings text"]],
]


def form(inner=INNER, **more):
    return urlencode({"f.req": json.dumps([None, json.dumps(inner)]), "at": TOKEN, **more}).encode()


def test_the_prompt_is_the_first_string_of_the_inner_array(read, said):
    conversation = read("gemini-web", form(), PATH)
    assert conversation.prompt.typed_text == "hello 😀"
    assert conversation.id == "c_1"
    assert conversation.wants_stream
    assert ("user", "machine", "nested settings text") in said(conversation)
    assert not any(TOKEN in text for _, _, text in said(conversation))
    assert [(file.name, file.reference) for file in conversation.prompt.attachments] == [("a.png", "/contrib_service/ttl_1d/x")]
    assert conversation.unread == ()


def test_other_fields_of_the_form_are_inspected(read, said):
    rows = said(read("gemini-web", form(extra="hidden words", at="not a token at all"), PATH))
    assert ("system", "machine", "hidden words") in rows
    assert ("system", "machine", "not a token at all") in rows


def test_rewriting_goes_through_form_and_both_documents(make_request):
    wire_format = FORMATS["gemini-web"]
    changed = wire_format.rewrite_request(
        make_request(PATH), Body(content=form()), {(0, 1, "json", 1, "json", 0, 0): "bye & 😀"}
    )
    fields = parse_qs(changed.decode())
    assert fields["at"] == [TOKEN]
    inner = json.loads(json.loads(fields["f.req"][0])[1])
    assert inner == [["bye & 😀", *INNER[0][1:]], *INNER[1:]]


@pytest.mark.parametrize(
    "content",
    [
        urlencode([("f.req", json.dumps([None, json.dumps(INNER)]))] * 2).encode(),
        urlencode({"f.req": json.dumps([[["MaZiqc", "[]", None, "generic"]]])}).encode(),
        urlencode({"f.req": "[null"}).encode(),
        urlencode({"f.req": '[null, "[1, {\\"a\\": 1, \\"a\\": 2}]"]'}).encode(),
        b"f.req=%ff",
        b"",
        b"{}",
    ],
)
def test_what_is_not_one_prompt_is_unreadable(make_request, content):
    assert isinstance(FORMATS["gemini-web"].read_request(make_request(PATH), Body(content=content)), Unreadable)


def test_batchexecute_is_left_alone(make_request):
    assert sniff(make_request("/_/BardChatUi/data/batchexecute"), Body(content=form())) is None
    assert sniff(make_request("/elsewhere"), Body(content=form())) is FORMATS["gemini-web"]


def frame(text, done, *, size=0, newline="\n"):
    inner = json.dumps([None, ["c", "r"], None, None, [["rc", [text], *[None] * 6, [2 if done else 1]]]])
    payload = newline + json.dumps([["wrb.fr", None, inner], ["di", 5]], ensure_ascii=False) + newline
    return f"{size or utf16_length(payload)}{payload}"


def test_cumulative_text_is_not_repeated(answer):
    stream = ")]}'\n\n" + frame("Hel", done=False) + frame("Hello 😀😀", done=False) + frame("Hello 😀😀 you", done=True)
    heard = answer("gemini-web", stream, "application/json; charset=utf-8")
    assert (heard.text, heard.finished) == ("Hello 😀😀 you", True)


@pytest.mark.parametrize("size", [1, 7, 50])
def test_a_wrong_length_loses_one_frame_at_most(answer, size):
    stream = ")]}'\n\n" + frame("lost", done=False, size=size) + frame("Hello", done=True)
    heard = answer("gemini-web", stream)
    assert (heard.text, heard.finished) == ("Hello", True)


def test_frames_of_other_calls_and_errors(answer):
    other = json.dumps([["wrb.fr", "MaZiqc", "[1]"], ["wrb.fr", None, None, None, None, [3, None, [["x", [1037]]]]]])
    heard = answer("gemini-web", f")]}}'\n\n{len(other) + 2}\n{other}\n")
    assert heard.text == ""
    assert heard.error == "error 1037"


@given(st.text(max_size=30), st.integers(0, 10), st.integers(0, 40))
def test_utf16_offsets_agree_with_encoding(text, start, units):
    encoded = text[start:].encode("utf-16-le", "surrogatepass")
    end = utf16_offset(text, start, units)
    if end is None:
        assert len(encoded) // 2 < units
    else:
        covered = utf16_length(text[start:end])
        assert covered in (units, units - 1), "a length that cuts a character in half stops before it"
