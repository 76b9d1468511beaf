"""What the beginning of an answer shows of a model having given it.

Separate because an answer is heard in pieces: a stream shows its events, and often the words come a few letters at a time. It
must never keep a word of them.
"""

import re
from collections.abc import Iterator
from itertools import islice, pairwise

from lockgate.apps.formats import quick_json
from lockgate.apps.formats.json_view import dig, is_array, is_object, members, string
from lockgate.apps.telling_words import plain
from lockgate.facts.traffic import Response

_MOST_EVENTS = 50
_MOST_NODES = 400
_STREAMS = frozenset(
    {"text/event-stream", "application/x-ndjson", "application/ndjson", "application/stream+json", "application/jsonl"}
)
_BINARY = "application/vnd.amazon.eventstream"
_OTHERS = frozenset({"text/plain", _BINARY})
_ANSWER_TYPES = frozenset({
    "content_block_delta", "message_start", "response.output_text.delta", "response.created", "text-delta", "text_delta",
})  # fmt: skip
_ENDS = frozenset({
    "stop", "length", "end_turn", "max_tokens", "tool_calls", "tool_use", "content_filter", "complete", "eos_token",
    "stop_sequence",
})  # fmt: skip
_COUNTS = frozenset({
    "prompttokens", "completiontokens", "prompttokencount", "candidatestokencount", "evalcount", "generatedtokens",
    "inputtokens", "outputtokens", "totaltokens",
})  # fmt: skip
_OWN = frozenset({"generatedtext", "generatedtexts", "revisedprompt"})
_PIECES = frozenset({
    "delta", "token", "content", "text", "answer", "message", "output", "response", "completion", "chunk", "v", "value", "data",
    "curr", "msg", "generatedtext", "reply", "textdelta", "result",
})  # fmt: skip
_TEXTS = frozenset({"content", "text", "parts"})
# Two parts of a stream as pages built with the AI SDK read it: a letter or number, a colon, JSON.
_AI_SDK = re.compile(rb'\A(?:[0-9a-g]:[^\r\n]{1,2000}\n){0,5}0:"[^\r\n]{0,2000}\n[0-9a-g]:["{\[]')
_LONGEST_PIECE = 30


def may_answer_as_model(response: Response) -> bool:
    """Whether the beginning of this answer is worth looking at."""
    media_type = response.media_type
    return media_type in _STREAMS or media_type in _OTHERS or media_type.endswith("json")


def answer_tells(response: Response, beginning: bytes) -> dict[str, int]:
    """The signs in an answer's first bytes, with their weights."""
    if response.media_type == _BINARY:
        told = b"contentBlockDelta" in beginning or (b":event-type\x07\x00\x05chunk" in beginning and b'{"bytes":' in beginning)
        return {"an answer in the shape of a model's": 3} if told else {}
    if response.media_type == "text/plain":
        return {"an answer in the shape of a model's": 3} if _AI_SDK.search(beginning) else {}
    events = list(islice(_events(response, beginning), _MOST_EVENTS))
    if any(map(_is_answer, events)):
        return {"an answer in the shape of a model's": 3}
    if response.media_type in _STREAMS and _comes_in_tokens(events):
        return {"an answer that comes a few letters at a time": 3}
    return {}


def _events(response: Response, beginning: bytes) -> Iterator[object]:
    if response.media_type not in _STREAMS:
        yield _parsed(beginning)
        return
    for line in beginning.split(b"\n", _MOST_EVENTS * 4)[: _MOST_EVENTS * 4]:
        field, colon, data = line.partition(b":")
        if line.lstrip()[:1] in (b"{", b"["):
            yield _parsed(line)
        elif colon and field == b"data":
            data = data.removesuffix(b"\r")
            yield _parsed(data) if data.lstrip()[:1] in (b"{", b"[") else data.removeprefix(b" ").decode("utf-8", "replace")


def _parsed(text: bytes) -> object:
    try:
        return quick_json.loads(text)
    except ValueError:
        return None


def _is_answer(event: object) -> bool:
    body = members(event)
    choice = dig(body, "choices", 0)
    if isinstance(dig(choice, "delta"), dict) or string(dig(choice, "message", "role")):
        return True
    if string(dig(body, "candidates", 0, "content", "role")) == "model":
        return True
    if string(body.get("type")) in _ANSWER_TYPES:
        return True
    return any(map(_is_told, _objects(event)))


def _is_told(node: dict[str, object]) -> bool:
    """Whether an object says by itself that a model spoke: who speaks, why it ended, how many tokens it took."""
    if string(node.get("role")).lower() in ("assistant", "model") and not _TEXTS.isdisjoint(node):
        return True
    names = {plain(name): value for name, value in node.items()}
    if not _OWN.isdisjoint(names) or len(_COUNTS & names.keys()) > 1:
        return True
    if string(names.get("finishreason") or names.get("stopreason")).lower() in _ENDS:
        return True
    return bool(string(names.get("model"))) and "evalcount" in names


def _objects(value: object) -> Iterator[dict[str, object]]:
    level, left = [value], _MOST_NODES
    while level and left > 0:
        left -= len(level)
        below: list[object] = []
        for each in level[:_MOST_NODES]:
            if is_object(each):
                yield each
                below += each.values()
            elif is_array(each):
                below += each[:40]
        level = below


def _comes_in_tokens(events: list[object]) -> bool:
    """Whether the same field brings one short piece of a text after the other, or the text so far, longer each time."""
    said: dict[tuple[str, ...], list[str]] = {}
    for event in events:
        for path, text in _texts((), event, 4):
            said.setdefault(path, []).append(text)
    return any(map(_are_tokens, said.values()))


def _texts(path: tuple[str, ...], value: object, depth: int) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, str):
        if value and (not path or plain(path[-1]) in _PIECES):
            yield path, value
    elif depth and is_object(value):
        for name, member in list(value.items())[:20]:
            yield from _texts((*path, name), member, depth - 1)
    elif depth and is_array(value):
        for member in value[:3]:
            yield from _texts(path, member, depth - 1)


def _are_tokens(pieces: list[str]) -> bool:
    if len(pieces) < 2 or not any(map(str.isalpha, "".join(pieces))):
        return False
    grows = [len(after) > len(before) and after.startswith(before) for before, after in pairwise(pieces)]
    if all(grows) and " " in pieces[-1]:
        return True
    short = sum(map(len, pieces)) <= _LONGEST_PIECE * len(pieces)
    # Between words, one of two pieces brings the space: in most places, as pieces are seldom parts of words.
    spaced = sum(before.endswith(" ") or after.startswith(" ") for before, after in pairwise(pieces))
    return short and spaced * 2 > len(pieces) - 1
