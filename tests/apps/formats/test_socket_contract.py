"""What every format of WebSocket messages promises, whatever it carries.

Formats that app files describe have the same contract in `test_described_contract.py`.
"""

import json
import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st
from planted import SPOTS, documents, numbered, out_of_sight, planted_at
from wire_samples.protobuf import message as protobuf

from lockgate.apps.formats.base import Refusal, SocketFormat, Unreadable
from lockgate.apps.formats.generic_socket import GENERIC_SOCKET
from lockgate.apps.formats.registry import SOCKET_FORMATS
from lockgate.facts.prompt import Conversation, ModelAnswer
from lockgate.facts.traffic import Headers, Request, SocketMessage

REFUSAL = Refusal(message='Not "allowed" {here}. Reference abc123', code="rule", reference="abc123")
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABAAAAAA=="
PICTURE = f"data:image/png;base64,{PIXEL}"
SOUND = "//79/P3+/w=="


def as_records(document: object) -> bytes:
    """Records of SignalR."""
    return b"".join(as_json(record) + b"\x1e" for record in (document if isinstance(document, list) else [document]))


def as_frames(document: object) -> bytes:
    """Frames of Meta's gateway, of which those with a `payload` of their own carry it as protobuf."""
    return b"".join(map(_frame, document if isinstance(document, list) else [document]))


def _frame(said: object) -> bytes:
    if isinstance(said, dict) and isinstance(said.get("payload"), dict):
        said = {**said, "payload": b64encode(protobuf(said["payload"])).decode()}
    own = b"" if isinstance(said, dict) and "x-stream" in said else b"\x01\x80"
    content = own + as_json(said)
    return (b"\x0d" if own else b"\x0f") + b"\x02\0" + len(content).to_bytes(3, "little") + content


def meta(kind: str, **said: object) -> dict[str, object]:
    return {"seq": 0, "type": kind, **said}


def section(text: str, kind: str = "GenAIMarkdownTextUXPrimitive") -> dict[str, object]:
    name = "thought_text" if "Thinking" in kind else "text"
    return {"view_model": {"primitive": {"__typename": kind, name: text}}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """One exchange on a WebSocket. `document` is what the client says (JSON, or as `encode` has it), `prompt` the typed words,
    None where nobody types and the server answers what was asked elsewhere.

    `replies` is what the server says until its answer is complete; `silent` are messages of the client that say nothing.
    """

    document: Any
    prompt: str | None
    path: str = "/socket"
    host: str = "x.example"
    replies: tuple[object, ...] = ()
    answer: str = ""
    silent: tuple[object, ...] = ()
    in_band: bool = True
    encode: Callable[[Any], bytes] | None = None
    others: tuple[object, ...] = field(default=())


SPOKEN: dict[str, Spoken] = {
    "openai-responses": Spoken(
        path="/v1/responses",
        document={
            "type": "response.create", "model": "gpt-5-codex", "previous_response_id": "resp_0123456789abcdef0123",
            "instructions": "You are a coding agent.", "stream": True,
            "input": [
                {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "Mind the sandbox."}]},
                {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "rename the módule 😀"}]},
                {"type": "function_call_output", "call_id": "c1", "output": "total 4 files"},
                {"type": "message", "role": "user", "content": [{"type": "input_image", "image_url": PICTURE}]},
            ],
        },
        prompt="rename the módule 😀",
        replies=(
            {"type": "response.created", "response": {"id": "r", "model": "gpt-5-codex"}},
            {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "Ren"},
            {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "amed."},
            {"type": "response.completed", "response": {"status": "completed"}},
        ),
        answer="Renamed.",
        silent=({"type": "response.cancel"}, {}),
    ),
    "chatgpt-socket": Spoken(
        document=[
            {"id": 4, "command": {"type": "connect", "presence": {"type": "presence", "state": "looking at the page"}}},
            {"id": 5, "command": {"type": "subscribe", "topic_id": "conversation-turn-0a0a0a0a0a0a", "offset": "0"}},
        ],
        prompt=None,
        in_band=False,
    ),
    "poe-socket": Spoken(document={"type": "ping", "words": "are you there"}, prompt=None, in_band=False),
    "openai-realtime": Spoken(
        path="/v1/realtime",
        document={
            "type": "conversation.item.create", "event_id": "event_client_1",
            "item": {"type": "message", "role": "user", "content": [
                {"type": "input_text", "text": "what is the wéather"},
                {"type": "input_audio", "audio": SOUND, "transcript": "as it was heard"},
                {"type": "input_image", "image_url": PICTURE},
            ]},
        },
        prompt="what is the wéather\nas it was heard",
        replies=(
            {"type": "conversation.item.input_audio_transcription.completed", "item_id": "i", "transcript": "sun?"},
            {"type": "response.output_audio_transcript.delta", "response_id": "r", "item_id": "o", "delta": "Sun"},
            {"type": "response.output_audio_transcript.delta", "response_id": "r", "item_id": "o", "delta": "ny."},
            {"type": "response.done", "response": {"status": "completed", "output": []}},
        ),
        answer="[spoken] sun?\nSunny.",
        silent=({"type": "input_audio_buffer.commit"}, {"type": "response.create"}, {"type": "response.cancel"}),
        others=(
            {"type": "session.update", "session": {"type": "realtime", "instructions": "Be kind.", "tools": [
                {"type": "function", "name": "look", "description": "Looks something up", "parameters": {}},
            ]}},
            {"type": "response.create", "response": {"instructions": "Answer briefly", "input": [
                {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "beside all that"}]},
            ]}},
            {"type": "conversation.item.create", "item": {"type": "function_call_output", "call_id": "c", "output": "12 °C"}},
        ),
    ),
    "gemini-live": Spoken(
        path="/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent",
        document={"clientContent": {"turnComplete": True, "turns": [
            {"role": "user", "parts": [{"text": "bonjour à tous"}]},
            {"role": "model", "parts": [{"text": "bonsoir"}, {"functionCall": {"name": "f", "args": {"q": "météo à Paris"}}}]},
            {"role": "user", "parts": [{"text": "et demain"}, {"inlineData": {"mimeType": "image/png", "data": PIXEL}}]},
        ]}},
        prompt="et demain",
        replies=(
            {"serverContent": {"inputTranscription": {"text": "de"}}},
            {"serverContent": {"inputTranscription": {"text": "main"}, "modelTurn": {"parts": [{"text": "Beau"}]}}},
            {"serverContent": {"outputTranscription": {"text": "Beau temps"}}},
            {"server_content": {"model_turn": {"parts": [{"text": " temps"}]}, "turn_complete": True}},
        ),
        answer="[spoken] demain\nBeau temps\nBeau temps",
        silent=({"realtimeInput": {"activityStart": {}}}, {"clientContent": {"turnComplete": True}}),
        others=(
            {"setup": {"model": "models/gemini-live", "systemInstruction": {"parts": [{"text": "Answer in French."}]}}},
            {"realtime_input": {"text": "typed while speaking"}},
            {"toolResponse": {"functionResponses": [{"id": "1", "name": "f", "response": {"result": "il pleut"}}]}},
        ),
    ),
    "m365-copilot": Spoken(
        encode=as_records,
        document=[
            {"type": 4, "target": "chat", "invocationId": "0", "arguments": [{
                "source": "officeweb", "tone": "magic", "threadLevelGptId": {"id": "an-agent-of-a-team"},
                "message": {
                    "author": "user", "text": "résume la réunion 😀", "messageAnnotations": [{"id": "f1", "text": "plan.docx"}],
                },
            }]},
            {"type": 1, "target": "Metrics", "arguments": [{"Timestamps": {}}]},
        ],
        prompt="résume la réunion 😀",
        replies=(
            [{}],
            [{"type": 6}, {"type": 1, "target": "update", "arguments": [{"writeAtCursor": "Deux "}]}],
            [{"type": 1, "target": "update", "arguments": [{"writeAtCursor": "points."}]}],
            [{"type": 1, "arguments": [{"messages": [{"author": "bot", "text": "x", "messageType": "Progress"}]}]}],
            [{"type": 2, "item": {"messages": [{"author": "bot", "text": "Deux points."}]}}, {"type": 3, "invocationId": "0"}],
        ),
        answer="Deux points.",
        silent=([{"protocol": "json", "version": 1}], [{"type": 6}]),
    ),
    "meta-gateway": Spoken(
        encode=as_frames,
        document=[
            {"x-stream": 1, "x-dgw-app-x-ecto-conversation-id": "0d0d0d0d-0d0d-0d0d-0d0d-0d0d0d0d0d0d"},
            {"req-id": "0e0e0e0e-0e0e-0e0e-0e0e-0e0e0e0e0e0e", "payload": {
                "f1": {"f6": "a-request-of-the-page"},
                "f2": {"f1": {"f1": "m-1", "f2": 7}, "f2": "quel oiseau chante la nuit 😀"},
            }},
        ],
        prompt="quel oiseau chante la nuit 😀",
        replies=(
            meta("full", response={"sections": [section("Birds.", "GenAIBotThinkingStatusViewModel"), section("Le ")]}),
            meta("patch", operations=[{"op": "delta", "path": "/sections/1/view_model/primitive/text", "value": "rossi"}]),
            meta("full", response={"sections": [section("Birds.", "Thinking"), section("Le rossignol.")], "is_complete": True}),
        ),
        answer="Le rossignol.",
        silent=([{"x-stream": 1}],),
    ),
    "grammarly-socket": Spoken(
        document={"id": 1, "action": "submit_ot", "rev": 0, "doc_len": 0, "ch": ["+0:0:the meeting are: à midi 😀:0"]},
        prompt="the meeting are: à midi 😀",
        replies=({"action": "submit_ot", "rev": 1}, {"id": 2, "action": "alert", "text": "are", "replacements": ["is"]},
                 {"action": "finished"}),
        answer="are → is",
        silent=({"action": "ping", "id": 3},),
        others=({"action": "submit_ot", "deltas": [{"ops": [{"retain": 11}, {"insert": "of the board"}]}]},
                {"action": "start", "docid": "d-77", "documentContext": {"domain": "mail.example.com"}}),
    ),
}  # fmt: skip

GENERIC = Spoken(
    document={"kind": "chat", "message": "hello there"}, prompt="hello there", in_band=False, silent=({}, "", "ping")
)


def spoken_by(format_id: str) -> Spoken:
    return GENERIC if format_id == GENERIC_SOCKET.id else SPOKEN[format_id]


def format_of(format_id: str) -> SocketFormat:
    return GENERIC_SOCKET if format_id == GENERIC_SOCKET.id else SOCKET_FORMATS[format_id]


def request_of(format_id: str) -> Request:
    spoken = spoken_by(format_id)
    upgrade = Headers((("connection", "Upgrade"), ("upgrade", "websocket")))
    return Request(method="GET", scheme="https", host=spoken.host, port=443, path=spoken.path, headers=upgrade)


def message(format_id: str, document: object) -> SocketMessage:
    encode = spoken_by(format_id).encode or (lambda said: said.encode() if isinstance(said, str) else as_json(said))
    return SocketMessage(content=encode(document))


def one_of(spoken: Spoken, which: int) -> object:
    said = (spoken.document, *spoken.others)
    return said[which % len(said)]


def as_json(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogatepass")


def read(format_id: str, said: SocketMessage) -> Conversation:
    found = format_of(format_id).read_message(request_of(format_id), said)
    assert isinstance(found, Conversation), found
    return found


def texts(conversation: Conversation) -> list[tuple[Any, str]]:
    return [(part.path, part.text) for turn in conversation.turns for part in turn.parts]


def heard(format_id: str, documents: tuple[object, ...]) -> tuple[ModelAnswer, bool]:
    reader = format_of(format_id).answer_reader()
    for document in documents:
        reader.feed(document if isinstance(document, SocketMessage) else message(format_id, document))
    return reader.finish(), reader.done


EVERY_ID = (*SOCKET_FORMATS, GENERIC_SOCKET.id)
every_format = pytest.mark.parametrize("format_id", EVERY_ID)


@every_format
def test_every_format_has_a_sample_and_its_own_id(format_id):
    assert format_of(format_id).id == format_id
    assert format_id in SPOKEN or format_id == GENERIC_SOCKET.id


@every_format
def test_the_typed_words_are_the_prompt(format_id):
    prompt = read(format_id, message(format_id, spoken_by(format_id).document)).prompt
    assert (prompt.typed_text if prompt is not None else None) == spoken_by(format_id).prompt


@every_format
def test_what_says_nothing_has_no_turns_of_anybody(format_id):
    for document in spoken_by(format_id).silent:
        found = read(format_id, message(format_id, document))
        assert found.prompt is None
        assert not found.unread


@every_format
def test_nothing_replaced_leaves_the_message_alone(format_id):
    for document in (spoken_by(format_id).document, *spoken_by(format_id).others):
        said = message(format_id, document)
        assert format_of(format_id).rewrite_message(request_of(format_id), said, {}) == said.content


@settings(max_examples=40, deadline=None)
@given(chosen=st.sets(SPOTS, min_size=1, max_size=5), new=st.text(min_size=1, max_size=30), which=SPOTS)
def test_a_rewritten_part_reads_back_and_all_others_stay(chosen, new, which):
    for format_id in EVERY_ID:
        note(format_id)
        said = message(format_id, one_of(spoken_by(format_id), which))
        before = texts(read(format_id, said))
        indexes = {spot % len(before) for spot in chosen}
        marked = {before[index][0]: f"[[{index}:{new}]] masked" for index in indexes}
        written = format_of(format_id).rewrite_message(request_of(format_id), said, marked)
        found = texts(read(format_id, SocketMessage(content=written)))
        assert len(found) == len(before)
        everything = "\n".join(text for _, text in found)
        for path, text in before:
            assert marked.get(path, text) in everything
        replaced = "\n".join(text for index, (_, text) in enumerate(before) if index in indexes)
        kept = "\n".join(text for index, (_, text) in enumerate(before) if index not in indexes)
        for word in set(re.findall(r"\w{4,}", replaced)) - set(re.findall(r"\w{4,}", kept + "".join(marked.values()))):
            assert word not in everything


@every_format
def test_a_path_that_reading_did_not_give_is_refused(format_id):
    said = message(format_id, spoken_by(format_id).document)
    for path in ((), ("nowhere",), ("item", 99), (0, "json", 1)):
        with pytest.raises(ValueError, match="did not give"):
            format_of(format_id).rewrite_message(request_of(format_id), said, {path: "x"})


@settings(max_examples=100, deadline=None)
@given(content=st.binary(max_size=200), is_text=st.booleans())
def test_arbitrary_bytes_never_raise(content, is_text):
    said = SocketMessage(content=content, is_text=is_text)
    for format_id in EVERY_ID:
        note(format_id)
        found = format_of(format_id).read_message(request_of(format_id), said)
        assert isinstance(found, Conversation | Unreadable)
        assert isinstance(heard(format_id, (said, said))[0], ModelAnswer)
        assert format_of(format_id).refuse_message(REFUSAL, request_of(format_id), said) is not None


NAMES = (
    "type", "item", "session", "response", "input", "instructions", "content", "text", "audio", "role", "name", "arguments",
    "setup", "clientContent", "realtimeInput", "turns", "parts", "data", "mediaChunks", "toolResponse", "serverContent",
    "modelTurn", "functionResponses", "error", "message", "delta", "transcript", "output", "model", "prompt", "odd name",
)  # fmt: skip
TYPES = ("message", "input_text", "input_audio", "function_call", "response.create", "response.done", "error", "user", "text")
PLANTED = documents(NAMES, TYPES)


@settings(max_examples=150, deadline=None)
@given(which=SPOTS, spot=SPOTS, planted=PLANTED)
def test_no_string_of_a_message_is_out_of_sight(which, spot, planted):
    """Whatever stands wherever in a message, its strings are in some part with a path of its own, or it is unreadable."""
    markers: list[str] = []
    planted = numbered(planted, markers)
    for format_id in EVERY_ID:
        note(format_id)
        said = message(format_id, planted_at(one_of(spoken_by(format_id), which), spot, planted))
        found = format_of(format_id).read_message(request_of(format_id), said)
        if isinstance(found, Unreadable):
            found = GENERIC_SOCKET.read_message(request_of(format_id), said)
            assert isinstance(found, Conversation)
        assert out_of_sight(markers, found) == []


@settings(max_examples=150, deadline=None)
@given(which=SPOTS, spot=SPOTS, planted=PLANTED)
def test_hostile_answers_never_raise(which, spot, planted):
    planted = numbered(planted, [])
    for format_id in EVERY_ID:
        note(format_id)
        replies = list(spoken_by(format_id).replies) or [{"message": "hello"}]
        index = which % len(replies)
        replies[index] = planted_at(replies[index], spot, planted)
        answer, _ = heard(format_id, tuple(replies))
        assert isinstance(answer.text, str)


@every_format
def test_an_answer_is_heard_until_it_is_complete_and_no_further(format_id):
    spoken = spoken_by(format_id)
    if not spoken.replies:
        return
    answer, done = heard(format_id, spoken.replies)
    assert (answer.text, done, answer.finished) == (spoken.answer, True, True)
    assert heard(format_id, spoken.replies * 2)[0].text == spoken.answer
    early, done = heard(format_id, spoken.replies[:-1])
    assert (done, early.finished) == (False, False)


@every_format
def test_an_answer_is_bounded(format_id):
    replies = spoken_by(format_id).replies[:-1]
    reader = format_of(format_id).answer_reader()
    for _ in range(3000):
        for document in replies:
            reader.feed(message(format_id, document))
    reader.feed(SocketMessage(content=b"[" * (5 << 20)))
    assert len(reader.finish().text) <= 2 << 20


@every_format
def test_a_refusal_is_told_in_the_words_of_its_server_or_ends_the_socket(format_id):
    spoken = spoken_by(format_id)
    for document in (spoken.document, *spoken.others, *spoken.silent):
        refused = format_of(format_id).refuse_message(REFUSAL, request_of(format_id), message(format_id, document))
        assert refused.replies or refused.close
        if spoken.in_band:
            answer, done = heard(format_id, refused.replies)
            assert REFUSAL.message in answer.error + answer.text
            assert done
            assert not refused.close
