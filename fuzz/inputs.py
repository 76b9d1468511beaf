"""What an input of the fuzzer means, and the inputs it starts from.

Four bytes lead: two name the format (or none), one says which of its promises and heads, one chooses a text or a cut; the rest
is what crosses the wire. Separate because kept inputs must mean the same tomorrow: a format is named by a hash of its id, not
by its number.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from zlib import crc32

from exchanges import Exchange, known
from lockgate.facts.traffic import Headers, Request, Response
from promises import Said, answers_are_heard, in_time, messages_are_safe, nobody_is_fooled, reading_is_safe

NOBODY = "nobody's"
MOST_BYTES = 8 * 1024
_REPEATED = 32 * 1024
_HEADS = 16
_TYPES = ("application/json", "text/event-stream", "application/x-ndjson", "application/vnd.amazon.eventstream",
          "application/connect+proto", "application/grpc-web+proto", "application/connect+json", "text/plain")  # fmt: skip
_REQUEST, _ANSWER, _REPEAT = 0x10, 0x20, 0x40
_WIRE_SAMPLES = Path(__file__).resolve().parents[1] / "tests" / "apps" / "formats"


@dataclass(slots=True)
class _Heads:
    requests: list[Request] = field(default_factory=list)
    responses: list[Response] = field(default_factory=list)


def code_of(format_id: str) -> int:
    """The two bytes that name a format."""
    return crc32(format_id.encode()) & 0xFFFF


class Inputs:
    """Every format with the heads of its samples."""

    def __init__(self) -> None:
        found = known()
        self._formats, self._sockets = found.formats, found.sockets
        self._exchanges = (*found.exchanges, *_wire_samples())
        self._heads: dict[str, _Heads] = {name: _Heads() for name in (*self._formats, *self._sockets, NOBODY)}
        self._by_code = {code_of(name): name for name in self._heads}
        for exchange in self._exchanges:
            for name in (exchange.format, NOBODY):
                _add(self._heads[name].requests, exchange.request)
                if exchange.response is not None:
                    _add(self._heads[name].responses, exchange.response)
        bare = Request(method="POST", scheme="https", host="unknown.example", port=443, path="/x")
        for heads in self._heads.values():
            heads.requests = heads.requests or [bare]
            heads.responses += [_response(kind) for kind in _TYPES if _response(kind) not in heads.responses]

    def check(self, data: bytes) -> None:
        """Hold the format that `data` names to its promises. Raises when one is broken."""
        name, kind, said = self.meaning(data)
        if name == NOBODY:
            in_time(nobody_is_fooled, said)
        elif name in self._sockets and (name not in self._formats or said.request.is_websocket_upgrade):
            in_time(messages_are_safe, self._sockets[name], said)
        elif kind & _ANSWER:
            in_time(answers_are_heard, self._formats[name], said)
        else:
            in_time(reading_is_safe, self._formats[name], said)

    def meaning(self, data: bytes) -> tuple[str, int, Said]:
        """The format's id, the third byte, and what the format is given."""
        lead, content = data[:4].ljust(4, b"\0"), data[4:]
        code, kind, chosen = int.from_bytes(lead[:2], "big"), lead[2], lead[3]
        names = list(self._heads)
        name = self._by_code.get(code) or names[code % len(names)]
        heads = self._heads[name]
        if kind & _REPEAT and content:
            start, end = len(content) // 4, max(len(content) // 2, len(content) // 4 + 1)
            again = content[start:end]
            content = content[:start] + again * (_REPEATED // len(again)) + content[end:]
        request = heads.requests[(kind & 0x0F) % len(heads.requests)]
        response = heads.responses[(kind & 0x0F) % len(heads.responses)]
        is_text = not kind & 0x80
        return name, kind, Said(request=request, response=response, content=content, chosen=chosen, is_text=is_text)

    def seeds(self) -> Iterator[tuple[str, bytes]]:
        """A name and an input for each side of each sample."""
        for number, exchange in enumerate(self._exchanges):
            heads = self._heads[exchange.format]
            at = heads.requests.index(exchange.request) if exchange.request in heads.requests else 0
            lead = code_of(exchange.format).to_bytes(2, "big")
            label = f"{number:04}-{exchange.format.replace('/', '.')}"
            if exchange.content:
                kind = _REQUEST | at | (0 if exchange.is_text else 0x80)
                yield f"{label}-request", lead + bytes([kind, number & 0xFF]) + exchange.content
                if exchange.is_text and number % 8 == 0:
                    yield f"{label}-nobody", code_of(NOBODY).to_bytes(2, "big") + bytes([0, number & 0xFF]) + exchange.content
            if exchange.response is not None and exchange.response in heads.responses:
                kind = _ANSWER | heads.responses.index(exchange.response) & 0x0F
                yield f"{label}-answer", lead + bytes([kind, number & 0xFF]) + exchange.answer
            for place, reply in enumerate(exchange.replies):
                kind = at | (0 if reply.is_text else 0x80)
                yield f"{label}-reply-{place}", lead + bytes([kind, place & 0xFF]) + reply.content


def _add[T](heads: list[T], head: T) -> None:
    if head not in heads and len(heads) < _HEADS:
        heads.append(head)


def _response(media_type: str) -> Response:
    return Response(status=200, headers=Headers((("content-type", media_type),)))


def _wire_samples() -> Iterator[Exchange]:
    """What the contract suite runs the formats of code against."""
    sys.path.insert(0, str(_WIRE_SAMPLES))
    from wire_samples import WIRE_SAMPLES  # noqa: PLC0415  (found by the line above)

    for sample in WIRE_SAMPLES.values():
        headers = Headers(tuple((name.replace("_", "-"), value) for name, value in sample.headers.items()))
        yield Exchange(
            app="",
            format=sample.id,
            request=Request(method="POST", scheme="https", host="x.example", port=443, path=sample.path, headers=headers),
            content=sample.encode(sample.document),
            prompt=sample.prompt,
            response=_response(sample.media_type),
            answer=sample.content,
        )
