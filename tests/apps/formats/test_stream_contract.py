"""What every format promises about answers: the same reading however the bytes are cut, no error, bounded memory."""

import gc
import json
import sys
from types import FunctionType, ModuleType

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st
from wire_samples import WIRE_SAMPLES

from lockgate.apps.formats.registry import FORMATS
from lockgate.facts.prompt import ModelAnswer
from lockgate.facts.traffic import Body, Headers, Response


def event(data: object, *, name: str = "", end: str = "\n") -> str:
    head = f"event: {name}{end}" if name else ""
    return f"{head}data: {json.dumps(data, ensure_ascii=False)}{end}{end}"


def chat(delta: object, **more: object) -> object:
    return {"choices": [{"index": 0, "delta": delta, **more}]}


def gemini(*parts: object, **more: object) -> str:
    return json.dumps({"candidates": [{"content": {"parts": parts}, **more}]}, ensure_ascii=False)


def chunk(frame: object) -> str:
    body = "\n" + json.dumps(frame, ensure_ascii=False) + "\n"
    return str(len(body.encode("utf-16-le")) // 2) + body


def gemini_web(text: str, done: int) -> object:
    candidate = ["rc_1", [text], None, None, None, None, None, None, [done]]
    return [["wrb.fr", None, json.dumps([None, ["c_1", "r_1"], None, None, [candidate]], ensure_ascii=False)]]


FIRST = {"output_index": 0, "content_index": 0}

CHATGPT_MESSAGE = {
    "id": "a",
    "author": {"role": "assistant"},
    "content": {"content_type": "text", "parts": ["Grü"]},
    "recipient": "all",
    "metadata": {"resolved_model_slug": "gpt-5-x"},
}

STREAMS: dict[str, tuple[str, list[str]]] = {
    "openai-chat": (
        "text/event-stream",
        [
            "\ufeff: a comment\r\n\r\n",
            event({"model": "gpt-5-x", **chat({"content": "Grü"})}, end="\r\n"),
            event(chat({"content": "ße 😀", "reasoning_content": "hm"})),
            event(chat({"tool_calls": [{"index": 0, "function": {"name": "f", "arguments": '{"a"'}}]}), end="\r"),
            'data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]},\r',
            'data: "finish_reason":"stop"}]}\r\r',
            "data: [DONE]\n\n",
        ],
    ),
    "openai-responses": (
        "text/event-stream",
        [
            event({"type": "response.output_text.delta", **FIRST, "delta": "Grüße"}, end="\r\n"),
            event({"type": "response.output_text.delta", **FIRST, "delta": " 😀"}),
            event({"type": "response.reasoning_summary_text.delta", "output_index": 1, "summary_index": 0, "delta": "hm"}),
            event({"type": "response.completed", "response": {
                "model": "gpt-5-x", "status": "completed",
                "output": [{"type": "message", "content": [{"type": "output_text", "text": "Grüße 😀"}]}],
            }}),
        ],
    ),
    "anthropic-messages": (
        "text/event-stream",
        [
            event({"type": "message_start", "message": {"model": "claude-x"}}, name="message_start"),
            event({"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "hm"}}),
            event({"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "Grüße"}}, end="\r\n"),
            event({"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": " 😀"}}),
            event({"type": "message_stop"}, name="message_stop", end="\r\n"),
        ],
    ),
    "gemini-generate": (
        "application/json",
        [
            "[" + gemini({"text": "Grü"}) + "\r\n,\r\n",
            gemini({"text": "ße 😀"}, {"text": 'a "]}" in a thought\\', "thought": True}, finishReason="STOP") + "]",
        ],
    ),
    "ollama": (
        "application/x-ndjson",
        ['{"model":"llama3","message":{"content":"Grü"},"done":false}\r\n', '{"message":{"content":"ße 😀"},"done":true}'],
    ),
    "chatgpt-web": (
        "text/event-stream",
        [
            event("v1", name="delta_encoding"),
            event({"p": "", "o": "add", "v": {"message": CHATGPT_MESSAGE}}, name="delta", end="\r\n"),
            event({"p": "/message/content/parts/0", "o": "append", "v": "ße"}),
            event({"v": " 😀"}),
            event({"type": "message_stream_complete"}),
            "data: [DONE]\n\n",
        ],
    ),
    "claude-web": (
        "text/event-stream",
        [
            event({"type": "completion", "completion": "Grüße ", "stop_reason": None}),
            event({"type": "completion", "completion": "😀", "stop_reason": "stop_sequence"}, end="\r\n"),
        ],
    ),
    "gemini-web": (
        "application/json",
        [")]}'\n\n", chunk(gemini_web("Grü", 1)), chunk(gemini_web("Grüße 😀", 2)), chunk([["e", 4]])],
    ),
}  # fmt: skip

every_format = pytest.mark.parametrize("format_id", FORMATS)


def response_of(format_id: str) -> Response:
    media_type = WIRE_SAMPLES[format_id].media_type if format_id in WIRE_SAMPLES else STREAMS[format_id][0]
    return Response(status=200, headers=Headers((("content-type", media_type),)))


def words_of(format_id: str) -> str:
    return WIRE_SAMPLES[format_id].heard if format_id in WIRE_SAMPLES else "Grüße 😀"


def whole(format_id: str) -> tuple[bytes, ModelAnswer]:
    content = WIRE_SAMPLES[format_id].content if format_id in WIRE_SAMPLES else "".join(STREAMS[format_id][1]).encode()
    return content, FORMATS[format_id].read_response(response_of(format_id), Body(content=content))


@every_format
def test_a_stream_is_joined_without_gaps_or_repetition(format_id):
    _, heard = whole(format_id)
    assert heard.text == words_of(format_id)
    assert heard.finished
    assert not heard.error


@settings(max_examples=100, deadline=None)
@given(cuts=st.lists(st.floats(0, 1), max_size=30).map(sorted))
def test_a_stream_reads_the_same_however_it_is_cut(cuts):
    for format_id in FORMATS:
        note(format_id)
        content, expected = whole(format_id)
        ends = [round(cut * len(content)) for cut in cuts]
        reader = FORMATS[format_id].stream_reader(response_of(format_id))
        for start, end in zip([0, *ends], [*ends, len(content)], strict=True):
            reader.feed(content[start:end])
        assert reader.finish() == expected


@every_format
def test_a_stream_reads_the_same_byte_by_byte(format_id):
    content, expected = whole(format_id)
    reader = FORMATS[format_id].stream_reader(response_of(format_id))
    for byte in content:
        reader.feed(bytes([byte]))
    assert reader.finish() == expected


@every_format
def test_a_stream_that_ends_early_is_not_finished_and_keeps_what_was_said(format_id):
    content, _ = whole(format_id)
    heard = FORMATS[format_id].read_response(response_of(format_id), Body(content=content[: len(content) // 3]))
    assert not heard.finished
    assert words_of(format_id).startswith(heard.text)


NAMES = (
    "choices", "delta", "message", "content", "type", "index", "error", "output", "item", "candidates", "parts", "text",
    "p", "o", "v", "tool_calls", "function", "arguments", "name", "summary", "response", "model", "metadata", "author",
)  # fmt: skip
WORDS = (
    "content_block_delta", "response.completed", "response.output_item.done", "function_call", "tool_use", "text",
    "assistant", "message", "error", "patch", "append", "replace", "", "/message/content/parts/0", "/message",
    "/message/metadata", "wrb.fr",
)  # fmt: skip
JSON = st.recursive(
    st.sampled_from(WORDS) | st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=15,
)


@settings(max_examples=200, deadline=None)
@given(value=JSON, junk=st.binary(max_size=100), media_type=st.sampled_from(
    ["text/event-stream", "application/json", "application/x-ndjson", ""]))  # fmt: skip
def test_any_answer_is_read_without_raising(value, junk, media_type):
    response = Response(status=200, headers=Headers((("content-type", media_type),)))
    written = json.dumps(value)
    contents = (junk, written.encode(), f"data: {written}\n\n".encode(), chunk([["wrb.fr", None, written]]).encode())
    for format_id, wire_format in FORMATS.items():
        note(format_id)
        for content in contents:
            wire_format.read_response(response, Body(content=content))


FRAMINGS = {type(FORMATS[format_id].stream_reader(response_of(format_id))).__name__: format_id for format_id in FORMATS}
"""A format of every class that takes bytes apart; where those of two formats are the same, so is what they keep."""


def kept_by(reader):
    """Bytes of everything that a reader holds."""
    size, seen, waiting = 0, set(), [reader]
    while waiting:
        thing = waiting.pop()
        if id(thing) not in seen and not isinstance(thing, (type, FunctionType, ModuleType)):
            seen.add(id(thing))
            size += sys.getsizeof(thing)
            waiting += gc.get_referents(thing)
    return size


@pytest.mark.parametrize("format_id", FRAMINGS.values(), ids=FRAMINGS)
@pytest.mark.parametrize(
    ("filler", "mebibytes"),
    [
        ("x", 9), ("9", 9), ('[{"a":"' + "x" * 500, 9), ("data: " + "x" * 500 + "\n", 9), ("[" + "x" * 9, 9), ("[", 0.5),
        ('"', 0.5), ("data: xx\n", 2), ("data: x\n\n", 0.5),
    ],
)  # fmt: skip
def test_an_endless_answer_is_kept_within_bounds(format_id, filler, mebibytes):
    reader = FORMATS[format_id].stream_reader(response_of(format_id))
    block = (filler * 65536)[:65536].encode()
    for _ in range(int(16 * mebibytes)):
        reader.feed(block)
    assert kept_by(reader) <= 9 * 1024 * 1024
    assert len(reader.finish().text) <= 1024 * 1024


def test_a_long_answer_keeps_its_beginning():
    """What is kept is the first MiB of text; the stream is still followed to its end."""
    content = "".join(event(chat({"content": "x" * 60_000})) for _ in range(30)) + "data: [DONE]\n\n"
    heard = FORMATS["openai-chat"].read_response(response_of("openai-chat"), Body(content=content.encode()))
    assert heard.text == "x" * (1024 * 1024)
    assert heard.finished


def test_an_event_beyond_the_bound_is_dropped_and_the_stream_goes_on():
    oversized = event(chat({"content": "y" * (5 * 1024 * 1024)}))
    content = oversized + event(chat({"content": "after"})) + "data: [DONE]\n\n"
    heard = FORMATS["openai-chat"].read_response(response_of("openai-chat"), Body(content=content.encode()))
    assert (heard.text, heard.finished) == ("after", True)
