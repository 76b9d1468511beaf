"""What every wire format promises, whatever it carries."""

import json
import re
from urllib.parse import urlencode

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st
from planted import SPOTS, documents, numbered, out_of_sight, planted_at
from wire_samples import WIRE_SAMPLES
from wire_samples.sample import as_json

from lockgate.apps.formats.base import Unreadable
from lockgate.apps.formats.generic import GENERIC
from lockgate.apps.formats.registry import FORMATS, sniff
from lockgate.facts.prompt import Conversation, PartKind
from lockgate.facts.traffic import Body, Headers, Request

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABAAAAAA=="
CHAT_PATH = "/api/organizations/o/chat_conversations/0a0a0a0a-0a0a-0a0a-0a0a-0a0a0a0a0a0a"


def tool_call(arguments: str) -> dict[str, object]:
    return {"id": "call_1", "type": "function", "function": {"name": "write", "arguments": arguments}}


DOCUMENTS: dict[str, tuple[str, object]] = {
    "openai-chat": (
        "/v1/chat/completions",
        {
            "model": "gpt-5",
            "stream": True,
            "messages": [
                {"role": "system", "content": "Be terse, Schöneberg."},
                {"role": "user", "content": [
                    {"type": "text", "text": "<context>open file</context>\nwhat is 😀 this"},
                    {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}},
                ]},
                {"role": "assistant", "content": None, "tool_calls": [tool_call('{"path": "a", "text": "line\\none"}')]},
                {"role": "tool", "tool_call_id": "call_1", "content": "written to disk"},
                {"role": "user", "content": "thank you"},
            ],
            "tools": [{"type": "function", "function": {"name": "write", "description": "Writes a file", "parameters": {}}}],
        },
    ),
    "openai-responses": (
        "/v1/responses",
        {
            "model": "gpt-5-codex",
            "stream": True,
            "instructions": "You are a coding agent.",
            "input": [
                {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "Mind the sandbox."}]},
                {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "rename the module"}]},
                {"type": "function_call", "call_id": "c1", "name": "shell", "arguments": '{"command": ["ls", "-la /srv"]}'},
                {"type": "function_call_output", "call_id": "c1", "output": "total 4 files"},
                {"type": "reasoning", "summary": [{"type": "summary_text", "text": "thinking about it"}]},
            ],
        },
    ),
    "anthropic-messages": (
        "/v1/messages",
        {
            "model": "claude-sonnet-4-5",
            "max_tokens": 100,
            "stream": True,
            "system": [{"type": "text", "text": "You are an agent.", "cache_control": {"type": "ephemeral"}}],
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "<system-reminder>x</system-reminder> now do it"}]},
                {"role": "assistant", "content": [
                    {"type": "thinking", "thinking": "let me look", "signature": "c2lnbmF0dXJl"},
                    {"type": "tool_use", "id": "toolu_1", "name": "read", "input": {"path": "/etc/hosts", "deep": ["a", "b"]}},
                ]},
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "127.0.0.1 localhost"}]},
            ],
        },
    ),
    "gemini-generate": (
        "/v1beta/models/gemini-2.5-flash:streamGenerateContent",
        {
            "systemInstruction": {"parts": [{"text": "Answer in French."}]},
            "contents": [
                {"role": "user", "parts": [{"text": "combien"}, {"inline_data": {"mime_type": "image/png", "data": PIXEL}}]},
                {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {"q": "météo à Paris"}}}]},
                {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"result": "il pleut"}}}]},
            ],
        },
    ),
    "ollama": (
        "/api/chat",
        {"model": "llama3", "options": {}, "messages": [{"role": "user", "content": "hello llama", "images": [PIXEL]}]},
    ),
    "chatgpt-web": (
        "/backend-api/f/conversation",
        {
            "action": "next",
            "conversation_id": "0a0a0a0a-0a0a-0a0a-0a0a-0a0a0a0a0a0a",
            "model": "auto",
            "messages": [{"author": {"role": "user"}, "content": {"content_type": "text", "parts": ["hello there"]}}],
        },
    ),
    "claude-web": (
        f"{CHAT_PATH}/completion",
        {
            "prompt": "summarise this",
            "timezone": "Europe/Berlin",
            "attachments": [{"file_name": "plan.txt", "file_type": "txt", "extracted_content": "the secret plan"}],
            "files": [],
        },
    ),
    "gemini-web": (
        "/_/BardChatUi/data/assistant.lamda.BardFrontendService/StreamGenerate",
        [["f.req", [None, [["hello gemini 😀", 0, None, None], ["en"], ["c_1", "r_1"], "!opaque-token"]]], ["at", "short"]],
    ),
}  # fmt: skip

# More of them, one file each, in `wire_samples`.
DOCUMENTS |= {found.id: (found.path, found.document) for found in WIRE_SAMPLES.values()}


def encode(format_id: str, document: object) -> bytes:
    if format_id in WIRE_SAMPLES:
        return WIRE_SAMPLES[format_id].encode(document)
    if format_id != "gemini-web":
        return json.dumps(document, ensure_ascii=False).encode()
    pairs = []
    for name, value in document:
        nested = name == "f.req"
        pairs.append((name, json.dumps([value[0], json.dumps(value[1], ensure_ascii=False)]) if nested else value))
    return urlencode(pairs, errors="surrogatepass").encode()


def writes_json(format_id: str) -> bool:
    return format_id not in WIRE_SAMPLES or WIRE_SAMPLES[format_id].encode is as_json


def request_for(format_id: str, **headers: str) -> Request:
    own = WIRE_SAMPLES[format_id].headers if format_id in WIRE_SAMPLES else {}
    pairs = tuple((name.replace("_", "-"), value) for name, value in {**own, **headers}.items())
    return Request(
        method="POST", scheme="https", host="x.example", port=443, path=DOCUMENTS[format_id][0], headers=Headers(pairs)
    )


def sample(format_id: str) -> Body:
    return Body(content=encode(format_id, DOCUMENTS[format_id][1]))


def reading(format_id: str, body: Body) -> Conversation:
    found = FORMATS[format_id].read_request(request_for(format_id), body)
    assert isinstance(found, Conversation), found
    return found


def texts(conversation: Conversation) -> list[tuple[object, str]]:
    return [(part.path, part.text) for turn in conversation.turns for part in turn.parts]


every_format = pytest.mark.parametrize("format_id", FORMATS)


@every_format
def test_every_format_has_a_sample_and_its_own_id(format_id):
    assert format_id in DOCUMENTS
    assert FORMATS[format_id].id == format_id


@every_format
def test_a_sample_is_recognised_by_its_shape_at_an_unknown_path(format_id):
    """... or, where the shape could be anybody's, it is not claimed by its own format."""
    headers = request_for(format_id).headers
    unknown = Request(method="POST", scheme="https", host="unknown.example", port=443, path="/v9/whatever", headers=headers)
    telling = format_id not in WIRE_SAMPLES or WIRE_SAMPLES[format_id].sniffed
    assert (sniff(unknown, sample(format_id)) is FORMATS[format_id]) is telling


@every_format
def test_the_typed_words_are_the_prompt(format_id):
    words = {
        "openai-chat": "thank you", "openai-responses": "rename the module", "anthropic-messages": "now do it",
        "gemini-generate": "combien", "ollama": "hello llama", "chatgpt-web": "hello there", "claude-web": "summarise this",
        "gemini-web": "hello gemini 😀", **{found.id: found.prompt for found in WIRE_SAMPLES.values()},
    }  # fmt: skip
    prompt = reading(format_id, sample(format_id)).prompt
    assert (prompt.typed_text if prompt else "") == words[format_id]


@every_format
def test_nothing_replaced_leaves_the_body_alone(format_id):
    body = sample(format_id)
    assert FORMATS[format_id].rewrite_request(request_for(format_id), body, {}) == body.content


@settings(max_examples=40, deadline=None)
@given(chosen=st.sets(SPOTS, min_size=1, max_size=8), drawn=st.text(min_size=1, max_size=30))
def test_a_rewritten_part_reads_back_and_all_others_stay(chosen, drawn):
    """Replacing text at some paths changes the parts at those paths and nothing else."""
    for format_id in FORMATS:
        note(format_id)
        body = sample(format_id)
        before = texts(reading(format_id, body))
        indexes = {spot % len(before) for spot in chosen}
        # In a file or a form, a control character ends a text or a field.
        new = drawn if writes_json(format_id) else "".join(filter(str.isprintable, drawn))
        marked = {before[index][0]: f"[[{index}:{new}]] masked" for index in indexes}
        after = Body(content=FORMATS[format_id].rewrite_request(request_for(format_id), body, marked))
        everything = "\n".join(text for _, text in texts(reading(format_id, after)))
        for path, text in before:
            assert marked.get(path, text) in everything
        replaced = "\n".join(text for index, (_, text) in enumerate(before) if index in indexes)
        kept = "\n".join(text for index, (_, text) in enumerate(before) if index not in indexes)
        for word in set(re.findall(r"\w{4,}", replaced)) - set(re.findall(r"\w{4,}", kept)):
            assert word not in everything or word in "".join(marked.values())


@every_format
def test_a_path_that_reading_did_not_give_is_refused(format_id):
    for path in ((), ("nowhere",), ("messages", 99, "content"), (0, 1, "json", 1, "json", 99)):
        with pytest.raises(ValueError, match="did not give"):
            FORMATS[format_id].rewrite_request(request_for(format_id), sample(format_id), {path: "x"})


@settings(max_examples=100, deadline=None)
@given(content=st.binary(max_size=200))
def test_arbitrary_bytes_never_raise(content):
    for format_id, wire_format in FORMATS.items():
        note(format_id)
        for read_by in (wire_format, GENERIC):
            assert isinstance(read_by.read_request(request_for(format_id), Body(content=content)), (Conversation, Unreadable))
        sniff(request_for(format_id), Body(content=content))


NAMES = (
    "messages", "role", "content", "text", "type", "parts", "contents", "input", "output", "tool_calls", "function",
    "arguments", "source", "data", "image_url", "url", "prompt", "system", "tools", "author", "metadata", "attachments",
    "extracted_content", "request", "thinking", "functionCall", "args", "inlineData", "fileData", "file", "file_data",
    "images", "instructions", "unknown_field", "odd name with spaces",
)  # fmt: skip
TYPES = (
    "text", "image", "document", "tool_use", "tool_result", "thinking", "reasoning", "message", "function_call",
    "base64", "function_call_output", "input_text", "input_file", "url", "file", "user", "assistant", "tool", "system",
)  # fmt: skip
PLANTED = documents(NAMES, TYPES)


@settings(max_examples=150, deadline=None)
@given(spot=SPOTS, planted=PLANTED, beside=PLANTED)
def test_no_string_of_a_body_is_out_of_sight(spot, planted, beside):
    """Whatever stands wherever in a body, its strings are in some part and can be replaced, or the body is unreadable."""
    for format_id, wire_format in FORMATS.items():
        note(format_id)
        markers: list[str] = []
        document = DOCUMENTS[format_id][1]
        inside = document if format_id != "gemini-web" else document[0][1][1]
        changed = planted_at(inside, spot, numbered(planted, markers))
        if isinstance(changed, dict):
            changed = {**changed, "beside": numbered(beside, markers)}
        if format_id == "gemini-web":
            changed = [["f.req", [None, changed]], *document[1:]]
        body = Body(content=encode(format_id, changed))
        found = wire_format.read_request(request_for(format_id), body)
        if isinstance(found, Conversation):
            wire_format.rewrite_request(
                request_for(format_id), body, dict.fromkeys((path for path, _ in texts(found)), "masked")
            )
        else:
            found = GENERIC.read_request(request_for(format_id), body)
            assert isinstance(found, Conversation)
        assert out_of_sight(markers, found) == []


@every_format
def test_a_history_sent_again_keeps_its_digests(format_id):
    """What a turn is chained to does not depend on settings that change from call to call."""
    document = DOCUMENTS[format_id][1]
    if not isinstance(document, dict):
        return
    first = reading(format_id, sample(format_id))
    changed = Body(content=encode(format_id, {**document, "unknown_setting": "something else entirely"}))
    again = reading(format_id, changed)
    assert {turn.digest for turn in first.turns if any(part.kind is PartKind.TEXT for part in turn.parts)} <= {
        turn.digest for turn in again.turns
    }
