"""Answers of remote procedure calls, incrementally: envelopes whose borders fall anywhere in the chunks, also in base64.

Separate from what the messages mean. Keeps at most one message; a message beyond the bound is dropped, not the stream.
"""

from lockgate.apps.formats.answer_draft import Interpreter
from lockgate.apps.formats.envelope import COMPRESSED, END, HEAD, TRAILERS, Inflater, from_base64
from lockgate.apps.formats.json_text import Parsed
from lockgate.apps.formats.protobuf_text import Known
from lockgate.apps.formats.rpc_body import parse_message
from lockgate.facts.prompt import ModelAnswer

MAX_MESSAGE = 4 * 1024 * 1024
"""Bytes of one message, before it is inflated."""

_MOST_INFLATED = 256 * 1024 * 1024
"""Bytes that all compressed messages of an answer may become; what comes after is not heard."""

END_EVENT, TRAILERS_EVENT = "end", "trailers"
"""Under which names an interpreter gets the end of a Connect stream and the trailers of gRPC-Web; messages have no name."""

_KNOWN_FLAGS = COMPRESSED | END | TRAILERS


class EnvelopeReader:
    """Feeds an interpreter with the message in every envelope."""

    def __init__(
        self,
        interpreter: Interpreter,
        known: Known,
        *,
        coding: str = "",
        as_base64: bool = False,
        may_end_anywhere: bool = False,
    ) -> None:
        self._interpreter = interpreter
        self._known = known
        self._as_base64 = as_base64
        self._may_end_anywhere = may_end_anywhere
        self._has_message = False
        self._digits = b""
        self._pending = bytearray()
        self._to_skip = 0
        self._broken = False
        self._inflater = Inflater(coding, _MOST_INFLATED)

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes."""
        if self._broken:
            return
        decoded = self._decoded(chunk)
        if decoded is None:
            self._give_up()
            return
        skipped = min(self._to_skip, len(decoded))
        self._to_skip -= skipped
        self._pending += decoded[skipped:]
        self._take()

    def finish(self) -> ModelAnswer:
        """What was said; an answer that ends inside a message is not finished."""
        if self._pending or self._to_skip or self._broken or self._digits:
            self._interpreter.draft.finished = False
        elif self._may_end_anywhere and self._has_message:
            self._interpreter.draft.finished = True
        return self._interpreter.answer()

    def _decoded(self, chunk: bytes) -> bytes | None:
        if not self._as_base64:
            return chunk
        digits = self._digits + chunk
        whole = len(digits) // 4 * 4
        self._digits = digits[whole:]
        return from_base64(digits[:whole])

    def _take(self) -> None:
        at = 0
        while len(self._pending) - at >= HEAD:
            flags, end = self._pending[at], at + HEAD + int.from_bytes(self._pending[at + 1 : at + HEAD], "big")
            if flags & ~_KNOWN_FLAGS:
                self._give_up()
                return
            if end - at > MAX_MESSAGE:
                self._to_skip = max(0, end - len(self._pending))
            elif end > len(self._pending):
                break
            else:
                self._message(flags, bytes(self._pending[at + HEAD : end]))
            at = min(end, len(self._pending))
        del self._pending[:at]

    def _message(self, flags: int, payload: bytes) -> None:
        inflated = self._inflater.inflate(payload) if flags & COMPRESSED else payload
        if inflated is None:
            return
        if flags & TRAILERS:
            self._interpreter.event(TRAILERS_EVENT, _trailers(inflated))
            return
        parsed = parse_message(inflated, self._known)
        if isinstance(parsed, Parsed):
            self._has_message = True
            self._interpreter.event(END_EVENT if flags & END else "", parsed.value)

    def _give_up(self) -> None:
        self._broken = True
        self._pending.clear()


def _trailers(content: bytes) -> dict[str, object]:
    pairs = (line.partition(":") for line in content.decode("utf-8", "replace").splitlines())
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
