"""What holds for every format, whatever the bytes: the promises that the fuzzer tries to break.

Separate from the fuzzer so that a broken promise can be replayed, and the seeds be checked, without it. A promise that is
broken raises `BrokenError`; anything else that is raised is a broken promise, too.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

from lockgate.apps.discovery import answer_signs, request_signs
from lockgate.apps.formats.base import AnswersElsewhere, Refusal, SocketFormat, Unreadable, WireFormat
from lockgate.apps.formats.generic import GENERIC
from lockgate.apps.formats.generic_socket import GENERIC_SOCKET
from lockgate.apps.formats.json_text import Parsed, parse_json
from lockgate.apps.formats.registry import sniff
from lockgate.apps.formats.signed_body import SignedBodyError
from lockgate.apps.shape import shape_of
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation, ModelAnswer
from lockgate.facts.traffic import Answer, Body, Request, Response, SocketMessage

MASK = "[masked words 17]"
REFUSAL = Refusal(message='Not "allowed" {here}. Reference abc123', code="rule", reference="abc123")
MOST_SECONDS = 3.0
"""CPU time that one input may take. Inputs are at most 32 KiB, and instrumented code is slow."""


class BrokenError(Exception):
    """A promise was not kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a format is given: the bytes, and the heads that go with them. `chosen` picks a text, or where a stream is cut."""

    request: Request
    response: Response
    content: bytes
    chosen: int = 0
    is_text: bool = True


def reading_is_safe(wire_format: WireFormat, said: Said) -> None:
    """Requests: never raises, writes back what it read, changes one text alone."""
    body = Body(content=said.content)
    read = wire_format.read_request(said.request, body)
    _refused(wire_format.refuse(REFUSAL, said.request, read if isinstance(read, Conversation) else None))
    if isinstance(read, Unreadable):
        return

    def rewritten(texts: Mapping[Path, str]) -> bytes:
        return wire_format.rewrite_request(said.request, body, texts)

    _rewrites(read, rewritten, lambda content: wire_format.read_request(said.request, Body(content=content)), said)


def answers_are_heard(wire_format: WireFormat, said: Said) -> None:
    """Answers: never raises, and a stream says the same in two pieces as in one."""
    whole = wire_format.stream_reader(said.response)
    whole.feed(said.content)
    heard = whole.finish()
    wire_format.read_response(said.response, Body(content=said.content))
    at = said.chosen * 257 % (len(said.content) + 1)
    parted = wire_format.stream_reader(said.response)
    for piece in (said.content[:at], said.content[at : at + 1], said.content[at + 1 :]):
        parted.feed(piece)
    if _told(parted.finish()) != _told(heard):
        raise BrokenError(f"a stream that is cut at {at} is heard differently")


def messages_are_safe(socket_format: SocketFormat, said: Said) -> None:
    """Messages of a WebSocket, both ways."""
    message = SocketMessage(content=said.content, is_text=said.is_text)
    read = socket_format.read_message(said.request, message)
    socket_format.refuse_message(REFUSAL, said.request, message)
    reader = socket_format.answer_reader()
    for _ in range(2):
        reader.feed(message)
    reader.finish()
    if isinstance(socket_format, AnswersElsewhere):
        for piece in islice(socket_format.told(message), 1000):
            told = socket_format.told_reader(piece.answer)
            told.feed(piece.message)
            told.finish()
    if isinstance(read, Unreadable):
        return

    def rewritten(texts: Mapping[Path, str]) -> bytes:
        return socket_format.rewrite_message(said.request, message, texts)

    def again(content: bytes) -> Conversation | Unreadable:
        return socket_format.read_message(said.request, SocketMessage(content=content, is_text=said.is_text))

    _rewrites(read, rewritten, again, said)


def nobody_is_fooled(said: Said) -> None:
    """What looks at bytes of no known format: sniffing, the generic readers, discovery, shapes."""
    body = Body(content=said.content)
    found = sniff(said.request, body)
    if found is not None:
        reading_is_safe(found, said)
    document = _document(said.content)
    request_signs(said.request, found.id if found else "", document)
    answer_signs(said.response, said.content)
    if len(shape_of(document)) > 1000:
        raise BrokenError("a shape is longer than it may be")
    reading_is_safe(GENERIC, said)
    messages_are_safe(GENERIC_SOCKET, said)


def in_time(check: object, *arguments: object) -> None:
    """Run a check; it breaks a promise when it takes too long three times in a row."""
    least = MOST_SECONDS
    for _ in range(3):
        started = time.thread_time()
        check(*arguments)  # type: ignore[operator]
        least = min(least, time.thread_time() - started)
        if least < MOST_SECONDS:
            return
    raise BrokenError("it takes too long")


def _rewrites(read: Conversation, rewritten: object, again: object, said: Said) -> None:
    parts = [(part.path, part.text) for turn in read.turns for part in turn.parts]
    if len({path for path, _ in parts}) != len(parts):
        raise BrokenError("two texts have one path")
    if rewritten({}) != said.content:  # type: ignore[operator]
        raise BrokenError("a body changes in which nothing is replaced")
    if not parts or not said.content:
        return  # what is said in an address cannot be replaced
    path, text = parts[said.chosen % len(parts)]
    try:
        written = rewritten({path: MASK})  # type: ignore[operator]
    except SignedBodyError:
        return
    except ValueError as error:
        if path[:1] in (("files",), ("form",)):  # read beside the body, see `generic.py`
            return
        raise BrokenError(f"a text that was read cannot be replaced: {error}") from error
    if _is_a_name(path, said):
        return  # with another name, a field is another field
    now = again(written)  # type: ignore[operator]
    if isinstance(now, Unreadable):
        raise BrokenError(f"with one text replaced, the body cannot be read: {now.detail}")
    after = [(part.path, part.text) for turn in now.turns for part in turn.parts]
    _only_one_changed(parts, after, path, text, now)


def _only_one_changed(
    before: list[tuple[Path, str]], after: list[tuple[Path, str]], path: Path, text: str, now: Conversation
) -> None:
    everything = "\n".join([*(said for _, said in after), now.model or ""])
    if MASK not in everything:
        raise BrokenError("what replaces a text is not read")
    if text in {said for _, said in after} and sum(said == text for _, said in after) >= sum(
        said == text for _, said in before
    ):
        raise BrokenError("a text that was replaced is still there")
    for other, said in before:
        if other != path and said.strip() and said not in everything and not _are_the_same_bytes(path, other):
            raise BrokenError("another text changed")


def _are_the_same_bytes(one: Path, other: Path) -> bool:
    """Whether the bytes of a protobuf field are read as a text and as a message too, nobody knowing which they are."""
    return any(
        text[-1:] == ("as_text",) and inside[: len(text) - 1] == text[:-1] for text, inside in ((one, other), (other, one))
    )


def _is_a_name(path: Path, said: Said) -> bool:
    """Whether a path leads to the name of a member or of a field of a form."""
    is_json = said.content.lstrip()[:1] in (b"{", b"[")
    if path[-1:] == (0,) and (not is_json or said.request.media_type.startswith("multipart/")):
        return True
    node: object = _document(said.content)
    for step in path[:-1]:
        if step == "json" and isinstance(node, str):
            node = _document(node.encode("utf-8", "surrogatepass"))
        elif isinstance(node, dict):
            node = node.get(step)
        elif isinstance(node, list) and isinstance(step, int):
            node = node[step]
    return isinstance(node, dict) and isinstance(path[-1], int)


def _document(content: bytes) -> object:
    parsed = parse_json(content)
    return parsed.value if isinstance(parsed, Parsed) else None


def _refused(answer: Answer) -> None:
    if not 200 <= answer.status < 600:
        raise BrokenError(f"a refusal has the status {answer.status}")
    if any(bad in name + value for name, value in answer.headers.pairs for bad in "\r\n\0"):
        raise BrokenError("a refusal has a line break in a header")


def _told(heard: ModelAnswer) -> tuple[object, ...]:
    return (heard.text, heard.reasoning, heard.tool_calls, heard.model, heard.finished, heard.error, heard.conversation)
