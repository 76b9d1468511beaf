"""Reading JSON strictly and writing it exactly."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.apps.formats.base import Unreadable
from lockgate.apps.formats.budget import MAX_VALUES
from lockgate.apps.formats.json_text import MAX_DEPTH, MAX_MARKS, JsonReader, Parsed, parse_json
from lockgate.apps.formats.sse import event_data

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=6), inner, max_size=5),
    max_leaves=30,
)


def parsed(content: bytes) -> Parsed:
    found = parse_json(content)
    assert isinstance(found, Parsed), found
    return found


@given(JSON, st.sampled_from([None, 1]), st.booleans())
def test_what_is_read_is_what_was_written(value, indent, ascii_only):
    found = parsed(json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode())
    assert found.value == value
    assert json.loads(found.write(found.value)) == value


@given(JSON, st.sampled_from(["utf-16", "utf-32", "utf-8-sig"]))
def test_other_encodings_with_a_byte_order_mark_are_read_and_kept(value, encoding):
    found = parsed(json.dumps(value, ensure_ascii=False).encode(encoding))
    assert found.value == value
    assert json.loads(found.write(value).decode(encoding)) == value


def test_half_an_emoji_survives():
    found = parsed(rb'{"text": "cut here \ud83d"}')
    assert found.value == {"text": "cut here \ud83d"}
    assert json.loads(found.write(found.value)) == found.value


@pytest.mark.parametrize(
    "content",
    [
        b'{"a": 1, "a": 2}',
        b'{"messages": [], "x": {"y": 1}, "messages" : [1]}',
        b'{"a": "\\"b\\": 1", "a": 2}',
        b'{"a": 1, "\\u0061": 2}',
        b'[{"role": "user", "content": "a", "content"\n\t:"b"}]',
        b'{"a":1,"a":2,"t":"\\ud83d"}',
    ],
)
def test_a_member_named_twice_makes_a_body_unreadable(content):
    found = parse_json(content)
    assert isinstance(found, Unreadable)
    assert "twice" in found.detail


def test_names_that_share_a_hash_are_told_apart():
    # XXH3 (64 bits, no seed) says the same of both, and orjson takes whichever it met first, for as long as a process lives.
    names = ("?ECF'\\\\'lBr$,R,&0123456789abcdef", "\x0cZSmxQTr0s7j\x137L70123456789abcdef")
    for name in names:
        assert parsed(json.dumps([{name: 1}]).encode()).value == [{name: 1}]
        assert event_data(json.dumps({name: 1}).encode()) == {name: 1}


@pytest.mark.parametrize("number", ["18446744073709551616", "-9223372036854775809", "123456789012345678901234567890", "1e400"])
def test_numbers_are_what_the_standard_library_finds(number):
    assert parsed(f"[{number}]".encode()).value == json.loads(f"[{number}]")


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"{}{}", b"{'a': 1}", b'{"a": NaN}', b"\xff\xfe", b'{"a": "\xff"}', b'{"a": "\xed\xa0\x80"}', b'{"a": 1,}',
        b"\xff\xfe{", b"\x00\x00\xfe\xff\x00", b'{"\\ud83d": NaN}', b'// x\n{"a": 1}',
    ],
)  # fmt: skip
def test_what_is_not_strict_json_is_unreadable(content):
    assert isinstance(parse_json(content), Unreadable)


def test_nesting_is_bounded():
    assert isinstance(parse_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH), Parsed)
    for depth in (MAX_DEPTH + 1, 1000, 100_000):
        assert isinstance(parse_json(b"[" * depth + b"]" * depth), Unreadable)
        assert isinstance(parse_json(b'{"a":' * depth + b"1" + b"}" * depth), Unreadable)
    assert isinstance(parse_json(b'["\\ud83d",' + b"[" * 5000 + b"]" * 5000 + b"]"), Unreadable)


@given(st.binary(max_size=60))
def test_arbitrary_bytes_never_raise(content):
    parse_json(content)


@pytest.mark.parametrize(
    "content",
    [b"{}," * MAX_VALUES, b"[]," * MAX_VALUES, b'"",' * MAX_VALUES, b"1," * MAX_VALUES, b'"",' * (MAX_MARKS // 2)],
    ids=["objects", "arrays", "strings", "numbers", "marks"],
)
def test_more_pieces_than_can_be_looked_at_in_time_are_unreadable(content):
    found = parse_json(b"[" + content + b"{}]")
    assert isinstance(found, Unreadable)
    assert "too many pieces" in found.detail


def test_a_long_text_is_one_piece_whatever_it_holds():
    text = '[{"' * MAX_VALUES
    assert parsed(json.dumps({"text": text}).encode()).value == {"text": text}


NAMES = st.sampled_from(["a", "b", "", 'a"', "a\\", "\\", '":', "a:", '\\"', 'x": ', "é", "\n"])
SCALARS = st.one_of(NAMES, st.text(max_size=4), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.none())
SPACE = st.sampled_from(["", "", " ", "\n\t "])


@st.composite
def notation(draw: st.DrawFn, depth: int = 3) -> str:
    """JSON as a stranger may write it: names that come twice, escapes that are not needed, space anywhere."""
    kind = draw(st.integers(0, 3)) if depth else 0
    if kind <= 1:
        return json.dumps(draw(SCALARS), ensure_ascii=draw(st.booleans()))
    inside = draw(st.lists(notation(depth=depth - 1), max_size=4))
    if kind == 2:
        return "[" + ",".join(draw(SPACE) + each + draw(SPACE) for each in inside) + "]"
    names = [json.dumps(draw(NAMES)).replace("a", draw(st.sampled_from(["a", "\\u0061"]))) for _ in inside]
    return (
        "{"
        + ",".join(f"{draw(SPACE)}{n}{draw(SPACE)}:{draw(SPACE)}{each}" for n, each in zip(names, inside, strict=True))
        + "}"
    )


def with_types(value: object) -> object:
    """`value` so that 1 and 1.0 and True differ, and 0.0 and -0.0 do not."""
    if isinstance(value, dict):
        return {name: with_types(each) for name, each in value.items()}
    if isinstance(value, list):
        return [with_types(each) for each in value]
    return (type(value).__name__, value)


@settings(max_examples=500)
@given(notation())
def test_both_parsers_find_the_same_or_refuse_the_same(text):
    """A space in front is all it takes to be read by the slower one."""
    document = f"[{text}]"
    quick, slow = (parse_json(content.encode("utf-8", "surrogatepass")) for content in (document, " " + document))
    assert isinstance(quick, Unreadable) == isinstance(slow, Unreadable)
    if isinstance(quick, Parsed) and isinstance(slow, Parsed):
        assert with_types(quick.value) == with_types(slow.value)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "a": 2}', '{"a":1,"\\u0061":2}', '{"a\\\\":1,"a\\\\":2}', '{"a" :1,"a"\n:2}', '["\\":",{"a":1,"a":2}]',
        '["\\\\",{"a\\\\":1,"a\\\\":"\\":\\":"}]', '{"a":{"b":1,"b":"\\":"}}',
    ],
)  # fmt: skip
def test_a_name_that_comes_twice_is_seen_however_it_is_written(text):
    found = parse_json(text.encode())
    assert isinstance(found, Unreadable)
    assert "twice" in found.detail


@pytest.mark.parametrize("number", [2**63, 2**64, -(2**63) - 1, 10**40, 2**53 + 1])
def test_integers_of_any_length_are_kept(number):
    assert parsed(b'{"a":[%d]}' % number).value == {"a": [number]}
    assert isinstance(parsed(b'{"a":[%d]}' % number).value["a"][0], int)


@pytest.mark.parametrize("said", ["plain words", 'a "quoted": word', "a line\nand \U0001f600", '{"a": {"b": "c"}}'])
def test_an_ordinary_body_is_parsed_once_and_by_the_faster_parser(said, monkeypatch):
    monkeypatch.delattr(JsonReader, "load")
    document = {"model": "m", "messages": [{"role": "user", "content": said}], "n": 0.5}
    for indent in (None, 2):
        assert parsed(json.dumps(document, indent=indent).encode()).value == document
