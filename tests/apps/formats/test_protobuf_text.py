"""Protobuf without a schema: no text is lost, a rewrite changes one text and the lengths around it, nothing hostile raises."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wire_samples.protobuf import envelope, message, varint

from lockgate.apps.formats.base import Unreadable
from lockgate.apps.formats.budget import MAX_VALUES
from lockgate.apps.formats.json_text import Parsed
from lockgate.apps.formats.leaf_paths import deep_leaves, leaves, rewrite
from lockgate.apps.formats.protobuf_text import MAX_DEPTH, Hex, Leaf, parse_protobuf
from lockgate.apps.formats.protobuf_wire import write_protobuf
from lockgate.apps.formats.text_changes import Change, with_changes

PRINTABLE = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), max_size=200)
NAMES = st.sampled_from(["f1", "f2", "f3", "f5", "f8", "f13", "f15", "f16", "f200"])
VALUES = PRINTABLE | st.integers(0, 2**63) | st.floats() | st.binary(max_size=300) | st.none() | st.booleans()
MESSAGES = st.recursive(
    st.dictionaries(NAMES, VALUES | st.lists(PRINTABLE, max_size=3), max_size=6),
    lambda inner: st.dictionaries(NAMES, inner | st.lists(inner, max_size=3), max_size=4),
    max_leaves=12,
)


def parsed(content: bytes, known=None) -> Parsed:
    found = parse_protobuf(content, known or {})
    assert isinstance(found, Parsed), found
    return found


def texts(content: bytes, known=None) -> list[str]:
    return [text for _, text in leaves(parsed(content, known).value, ())]


def strings_of(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for child in inner for text in strings_of(child)]


@settings(max_examples=120, deadline=None)
@given(data=MESSAGES)
def test_every_text_of_a_message_is_found_whole(data):
    found = texts(message(data))
    for text in strings_of(data):
        assert not text or any(text in one for one in found), text


@settings(max_examples=120, deadline=None)
@given(data=MESSAGES)
def test_a_message_comes_back_byte_for_byte(data):
    content = message(data)
    found = parsed(content)
    assert found.write(found.value) == content


@settings(max_examples=120, deadline=None)
@given(data=MESSAGES, new=PRINTABLE, draw=st.data())
def test_a_rewrite_changes_one_text_and_the_lengths_around_it(data, new, draw):
    """Read again with what is known of the message, everything but the one text is what it was."""
    content = message(data)
    before = parsed(content, known_of(data))
    places = list(leaves(before.value, ()))
    if not places:
        return
    path, _ = draw.draw(st.sampled_from(places))
    written = before.write(rewrite(before.value, {path: new}))
    after = list(leaves(parsed(written, known_of(data)).value, ()))
    assert len(after) == len(places)
    for (place, text), (was_at, was) in zip(after, places, strict=True):
        assert place == was_at
        assert text == (new if place == path else was)


def known_of(data: object) -> dict[int, object]:
    """What a schema would tell of a message."""
    known: dict[int, object] = {}
    for name, value in data.items() if isinstance(data, dict) else ():
        first = next((item for item in value if item is not None), None) if isinstance(value, list) else value
        if isinstance(first, str):
            known[int(name[1:])] = Leaf.TEXT
        elif isinstance(first, dict):
            members: dict[int, object] = {}
            for item in value if isinstance(value, list) else [value]:
                members |= known_of(item)
            known[int(name[1:])] = members
        elif isinstance(first, bytes):
            known[int(name[1:])] = Leaf.FILE
    return known


@settings(max_examples=120, deadline=None)
@given(text=PRINTABLE, number=st.integers(1, 15))
def test_a_text_that_is_also_a_message_keeps_both_readings(text, number):
    """Whether it was a text or a message that was sent: its words are there, and can be replaced in both readings at once."""
    inner = message({f"f{number}": text})
    content = message({"f1": inner})
    found = texts(content)
    assert not text or any(text == one or text in one for one in found)
    if _has_no_control(inner):
        assert inner.decode() in found


def _has_no_control(raw: bytes) -> bool:
    return re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", raw) is None and _is_utf8(raw)


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


AMBIGUOUS = "\n(" + "forty printable characters in field one."


def test_replacing_the_words_in_both_readings_keeps_the_message_whole():
    found = parsed(message({"f3": AMBIGUOUS}))
    places = dict(leaves(found.value, ()))
    assert {path: text[-4:] for path, text in places.items()} == {("f3", 0, "f1", 0): "one.", ("f3", 0, "as_text"): "one."}
    new = {path: text.replace("printable", "[masked words]") for path, text in places.items()}
    written = found.write(rewrite(found.value, new))
    assert written == message({"f3": {"f1": AMBIGUOUS[2:].replace("printable", "[masked words]")}})


def test_replacing_the_whole_string_alone_writes_it_as_the_text_it_then_is():
    found = parsed(message({"f3": AMBIGUOUS}))
    written = found.write(rewrite(found.value, {("f3", 0, "as_text"): "[masked]"}))
    assert written == message({"f3": "[masked]"})


def test_of_two_readings_that_are_replaced_differently_nothing_stays_that_either_took_out():
    found = parsed(message({"f3": AMBIGUOUS}))
    changed = {
        ("f3", 0, "as_text"): AMBIGUOUS.replace("forty", "[a]"),
        ("f3", 0, "f1", 0): AMBIGUOUS[2:].replace("field", "[b]"),
    }
    written = found.write(rewrite(found.value, changed))
    assert written == message({"f3": "\n([a] printable characters in [b] one."})


@settings(max_examples=300, deadline=None)
@given(
    text=st.text("ab01", min_size=1, max_size=30), cuts=st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9)), max_size=4)
)
def test_overlapping_changes_leave_nothing_of_what_was_taken_out(text, cuts):
    taken = [(start, min(start + size, len(text))) for start, size in cuts if start < len(text)]
    changes = [Change(0, text, text[:start] + "#" + text[end:]) for start, end in taken]
    gone = {index for start, end in taken for index in range(start, end)}
    kept = "".join(character for index, character in enumerate(text) if index not in gone)
    assert with_changes(text, changes).replace("#", "") == kept


def test_what_is_known_settles_what_a_field_is():
    content = message({"f3": AMBIGUOUS})
    assert texts(content, {3: Leaf.TEXT}) == [AMBIGUOUS]
    assert texts(content, {3: {1: Leaf.TEXT}}) == [AMBIGUOUS[2:]]


def test_short_texts_that_would_pass_for_numbers_stay_texts():
    assert texts(message({"f1": "hi", "f2": "hihihihi", "f3": "x1P9"})) == ["hi", "hihihihi", "x1P9"]


def test_words_are_not_taken_for_the_numbers_of_a_message():
    hidden = b"\x08\x01" + b"hihihihihi"  # a message of numbers as well
    assert texts(message({"f1": hidden})) == [hidden.decode()]


def test_a_hexadecimal_message_is_read_and_rewritten_where_it_is_known():
    inner = message({"f1": {"f1": "the words in digits"}})
    content = message({"f1": inner.hex(), "f2": {"f1": "0a0a0a0a-0a0a-0a0a-0a0a-0a0a0a0a0a0a"}})
    found = parsed(content, {1: Hex({1: {1: Leaf.TEXT}})})
    assert ("f1", 0, "f1", 0, "f1", 0) in dict(leaves(found.value, ()))
    assert found.write(found.value) == content
    written = found.write(rewrite(found.value, {("f1", 0, "f1", 0, "f1", 0): "[masked]"}))
    assert bytes.fromhex(parsed(written, {1: Leaf.TEXT}).value["f1"][0]) == message({"f1": {"f1": "[masked]"}})


def test_digits_that_are_no_message_stay_a_text():
    assert texts(message({"f1": "deadbeef"}), {1: Hex({})}) == ["deadbeef"]
    assert texts(message({"f1": "no digits"}), {1: Hex({})}) == ["no digits"]


def test_a_document_inside_a_text_is_read_in_place():
    content = message({"f4": '{"content": "words in JSON"}'})
    found = parsed(content)
    path = ("f4", 0, "json", "content")
    assert (path, "words in JSON") in list(deep_leaves(found.value, ()))
    assert found.write(rewrite(found.value, {path: "[masked]"})) == message({"f4": '{"content":"[masked]"}'})


def test_a_long_run_of_bytes_is_a_file_and_a_short_one_says_nothing():
    found = parsed(message({"f1": bytes(range(128, 256)), "f2": b"\xff\xfe\x00\x81" * 4}))
    assert found.value == {"f1": [bytes(range(128, 256))], "f2": [None]}


def test_words_in_other_letters_than_utf8_are_text_all_the_same():
    latin = "Der Schlüssel für die Tür liegt unter der Fußmatte".encode("latin-1")
    content = message({"f1": latin, "f2": b"\xffpassword123\x80\x81"})
    found = parsed(content)
    assert [text.encode("utf-8", "surrogateescape") for _, text in leaves(found.value, ())] == [
        latin,
        b"\xffpassword123\x80\x81",
    ]
    assert found.write(found.value) == content


@settings(max_examples=500, deadline=None)
@given(content=st.binary(max_size=400))
def test_arbitrary_bytes_never_raise_and_come_back_as_they_were(content):
    found = parse_protobuf(content, {1: {2: Leaf.TEXT}, 2: Hex({}), 3: Leaf.FILE})
    if isinstance(found, Parsed):
        assert found.write(found.value) == content


@pytest.mark.parametrize("content", [b"\x0a\x05abc", b"\x0a", b"\x03\x04", b"\x00\x01", b"\x0f", b"\x08" + b"\xff" * 11, b"{}"])
def test_what_is_no_message_is_said_to_be_none(content):
    assert isinstance(parse_protobuf(content), Unreadable)


def test_lengths_that_are_not_written_the_shortest_way_come_back_as_they_were():
    content = b"\x0a\x85\x00hello" + b"\x12\x03abc"
    found = parsed(content)
    assert found.write(found.value) == content
    assert found.write(rewrite(found.value, {("f2", 0): "xyz!"})) == b"\x0a\x85\x00hello" + b"\x12\x04xyz!"


def test_messages_are_read_to_a_depth_and_a_number_of_fields():
    nested = b"\xff the innermost bytes"
    for _ in range(MAX_DEPTH + 30):
        nested = b"\x0a" + varint(len(nested)) + nested
    assert isinstance(parse_protobuf(nested), Parsed)
    assert isinstance(parse_protobuf(b"\x08\x01" * (MAX_VALUES + 1)), Unreadable)


def test_deep_nesting_of_a_large_body_does_not_multiply_it():
    """Fields are looked at once per level; 40 levels of 4 MiB would take minutes otherwise."""
    nested = b"\xff" + b"x" * (4 * 1024 * 1024)
    for _ in range(MAX_DEPTH - 1):
        nested = b"\x0a" + varint(len(nested)) + nested
    found = parsed(nested)
    assert found.write(found.value) == nested


def test_an_envelope_of_the_tests_is_one():
    assert envelope(b"abc", 2) == b"\x02\x00\x00\x00\x03abc"


def test_half_an_emoji_that_is_told_back_breaks_no_refusal():
    assert write_protobuf({"f1": "a name \udcac"}) == b"\n\x08a name ?"
