"""Answers of remote procedure calls: by which reader they come, how they end, and how they fail.

Separate from requests, because formats of code and formats that app files describe hear answers with the same readers.
"""

import base64
import binascii
from abc import abstractmethod
from dataclasses import replace
from typing import override
from urllib.parse import unquote

from lockgate.apps.formats.answer_draft import Interpreter
from lockgate.apps.formats.base import StreamReader
from lockgate.apps.formats.envelope import COMPRESSED, END, TRAILERS
from lockgate.apps.formats.envelope_reader import END_EVENT, TRAILERS_EVENT, EnvelopeReader
from lockgate.apps.formats.json_text import Parsed
from lockgate.apps.formats.json_view import dig, is_object, members, string
from lockgate.apps.formats.ndjson import WholeReader
from lockgate.apps.formats.protobuf_text import Known
from lockgate.apps.formats.rpc_body import Framing, coding_of, framing_of, parse_message
from lockgate.apps.formats.sse import SseReader
from lockgate.facts.prompt import ModelAnswer
from lockgate.facts.traffic import Response

_FLAGS = (0, COMPRESSED, END, TRAILERS)
_ERROR = frozenset({"code", "message", "details"})


def call_reader(response: Response, interpreter: Interpreter, known: Known) -> StreamReader:
    """A reader for the answer to a call, by the framing that it declares."""
    status = response.headers.get("grpc-status")
    if status:
        # An answer of nothing but a status has its trailers among its headers.
        interpreter.event(TRAILERS_EVENT, {"grpc-status": status, "grpc-message": response.headers.get("grpc-message")})
    framing, coding = framing_of(response.media_type), coding_of(response.headers)
    if framing is None:
        is_events = response.media_type == "text/event-stream"
        otherwise = SseReader(MessageEvents(interpreter, known)) if is_events else WholeReader(interpreter)
        return _EnvelopesOr(EnvelopeReader(interpreter, known, coding=coding), otherwise)
    if framing is Framing.BARE:
        return _WholeMessage(interpreter, known)
    # Trailers of HTTP/2 are not part of the body, so that in gRPC no message is known to be the last.
    may_end = framing is Framing.GRPC and not status
    as_base64 = framing is Framing.GRPC_WEB_TEXT
    return EnvelopeReader(interpreter, known, coding=coding, as_base64=as_base64, may_end_anywhere=may_end)


class RpcAnswer(Interpreter):
    """Understands how calls end and fail; what their messages say is the format's business."""

    @abstractmethod
    def message(self, message: object) -> None:
        """Take one message of the answer. Never raises."""

    @override
    def event(self, name: str, data: object) -> None:
        """Take a message, the end of the stream, its trailers, or the error of a call without a stream."""
        if name == TRAILERS_EVENT:
            status = string(dig(data, "grpc-status"))
            self.draft.finished = status == "0"
            self.draft.failed("" if status == "0" else unquote(string(dig(data, "grpc-message"))) or f"status {status}")
        elif name == END_EVENT:
            error = dig(data, "error")
            self.draft.finished = error is None
            self.draft.failed(string(dig(error, "message")) or string(dig(error, "code")))
        elif is_object(data) and {"code", "message"} <= data.keys() <= _ERROR:
            self.draft.failed(string(members(data)["message"]))
        else:
            self.message(data)


class CallEvents(RpcAnswer):
    """Passes the messages of a call on to an interpreter that knows nothing of calls."""

    def __init__(self, listener: Interpreter) -> None:
        super().__init__()
        self._listener = listener
        self.draft = listener.draft

    @override
    def message(self, message: object) -> None:
        """Take one message."""
        self._listener.event("", message)

    @override
    def answer(self) -> ModelAnswer:
        """What was said; unlike elsewhere, where it ends is always shown."""
        return replace(self._listener.answer(), finished=self.draft.finished and not self.draft.error)


class MessageEvents(Interpreter):
    """Passes on the messages that server-sent events carry in base64; events of JSON as they are."""

    def __init__(self, interpreter: Interpreter, known: Known) -> None:
        super().__init__()
        self._interpreter = interpreter
        self._known = known

    @override
    def event(self, name: str, data: object) -> None:
        """Take one event."""
        decoded = _unbase64(data) if isinstance(data, str) else None
        parsed = None if decoded is None else parse_message(decoded, self._known)
        self._interpreter.event(name, parsed.value if isinstance(parsed, Parsed) else data)

    @override
    def answer(self) -> ModelAnswer:
        """What was said."""
        return self._interpreter.answer()


class _EnvelopesOr:
    """Reads envelopes when the first byte is a flag and no text's, whatever is declared: Cursor calls them events."""

    def __init__(self, envelopes: StreamReader, otherwise: StreamReader) -> None:
        self._envelopes = envelopes
        self._reader = otherwise
        self._has_begun = False

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes."""
        if not self._has_begun and chunk:
            self._has_begun = True
            if chunk[0] in _FLAGS:
                self._reader = self._envelopes
        self._reader.feed(chunk)

    def finish(self) -> ModelAnswer:
        """What was said."""
        return self._reader.finish()


class _WholeMessage(WholeReader):
    """Feeds an interpreter with a bare message, once it is complete."""

    def __init__(self, interpreter: Interpreter, known: Known) -> None:
        super().__init__(interpreter)
        self._known = known

    @override
    def finish(self) -> ModelAnswer:
        """What was said; unfinished when the message is incomplete or too large."""
        parsed = None if self._oversized else parse_message(bytes(self._content), self._known)
        if isinstance(parsed, Parsed):
            self._interpreter.draft.finished = True
            self._interpreter.event("", parsed.value)
        return self._interpreter.answer()


def _unbase64(text: str) -> bytes | None:
    digits = text.strip().replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(digits + "=" * (-len(digits) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
