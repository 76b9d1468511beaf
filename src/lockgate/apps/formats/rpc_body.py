"""What a remote procedure call says: its messages as a document, whichever of the five framings and two encodings carries them.

Connect and gRPC put each message into an envelope, calls without a stream go bare; a message is JSON or protobuf, and its first
byte tells which, whatever is declared. The document is the list of messages. Separate from formats, which know what the
messages mean, and from the framing itself.
"""

from enum import Enum, auto
from itertools import repeat

from lockgate.apps.formats.base import Unreadable
from lockgate.apps.formats.budget import Budget
from lockgate.apps.formats.envelope import COMPRESSED, Envelope, Inflater, from_base64, open_envelopes, seal, to_base64
from lockgate.apps.formats.inline_data import text_of
from lockgate.apps.formats.json_text import Parsed, parse_json, unreadable
from lockgate.apps.formats.json_view import items, string
from lockgate.apps.formats.protobuf_text import Known, parse_protobuf
from lockgate.facts.traffic import Headers

PROTOBUF_TYPES = frozenset({
    "application/proto", "application/protobuf", "application/x-protobuf", "application/x-google-protobuf",
    "application/vnd.google.protobuf", "application/octet-stream+protobuf",
})  # fmt: skip
"""Media types of a bare protobuf message."""


class Framing(Enum):
    """How messages travel."""

    CONNECT = auto()
    GRPC = auto()
    GRPC_WEB = auto()
    GRPC_WEB_TEXT = auto()
    BARE = auto()

    @property
    def has_envelopes(self) -> bool:
        """Whether each message has an envelope."""
        return self is not Framing.BARE


def framing_of(media_type: str) -> Framing | None:
    """The framing that a media type declares; None when it declares no call at all."""
    if media_type.startswith("application/connect+"):
        return Framing.CONNECT
    if media_type.startswith("application/grpc-web-text"):
        return Framing.GRPC_WEB_TEXT
    if media_type.startswith("application/grpc-web"):
        return Framing.GRPC_WEB
    if media_type.startswith("application/grpc"):
        return Framing.GRPC
    return Framing.BARE if media_type in PROTOBUF_TYPES else None


def looks_enveloped(content: bytes) -> bool:
    """Whether `content` is one or more whole envelopes and no text, whatever it is declared to be."""
    return content[:1] in (b"\0", b"\1") and isinstance(open_envelopes(content), list)


def coding_of(headers: Headers) -> str:
    """How compressed messages are compressed, as declared; empty when it is not."""
    return headers.get("connect-content-encoding") or headers.get("grpc-encoding")


def parse_rpc(content: bytes, media_type: str, coding: str, known: Known) -> Parsed | Unreadable:
    """The messages in `content`; one that cannot be read stays as it is, a text or bytes.

    What is declared decides about envelopes; where nothing is, the bytes do.
    """
    framing = framing_of(media_type)
    if framing is Framing.GRPC_WEB_TEXT:
        decoded = from_base64(content)
        if decoded is None:
            return unreadable("not base64")
        return _enveloped(decoded, coding, known, as_base64=True)
    if framing is not None and framing.has_envelopes:
        return _enveloped(content, coding, known)
    bare = parse_message(content, known)
    if isinstance(bare, Parsed):
        return Parsed(value=[bare.value], write=lambda document: bare.write(items(document)[0]), budget=bare.budget)
    # Kimi and others send envelopes under whatever type their web client happens to set.
    enveloped = _enveloped(content, coding, known) if framing is None else bare
    return bare if isinstance(enveloped, Unreadable) else enveloped


def parse_message(content: bytes, known: Known, budget: Budget | None = None) -> Parsed | Unreadable:
    """One message. JSON begins with a bracket, which no protobuf message does: it would be a tag that is refused here."""
    is_json = content[:1] in (b"{", b"[", b"\xef")
    return parse_json(content, budget) if is_json else parse_protobuf(content, known, budget)


def _enveloped(content: bytes, coding: str, known: Known, *, as_base64: bool = False) -> Parsed | Unreadable:
    envelopes = open_envelopes(content)
    if isinstance(envelopes, Unreadable):
        return envelopes
    budget, inflater = Budget(), Inflater(coding)
    messages = [_opened(envelope, inflater, known, budget) for envelope in envelopes]

    def write(document: object) -> bytes:
        written = b"".join(map(_sealed, envelopes, messages, items(document), repeat(coding), repeat(known)))
        return to_base64(written) if as_base64 else written

    document = [message.value for message in messages]
    return Parsed(value=document, write=write, budget=budget)


def _opened(envelope: Envelope, inflater: Inflater, known: Known, budget: Budget) -> Parsed:
    payload = inflater.inflate(envelope.payload) if envelope.flags & COMPRESSED else envelope.payload
    message = unreadable("compressed") if payload is None else parse_message(payload, known, budget)
    return message if isinstance(message, Parsed) else _as_it_is(envelope.payload if payload is None else payload)


def _as_it_is(payload: bytes) -> Parsed:
    text = text_of(payload)
    if text is None:
        return Parsed(value=payload, write=lambda _: payload)
    return Parsed(value=text, write=lambda value: string(value).encode("utf-8", "replace"))


def _sealed(envelope: Envelope, message: Parsed, value: object, coding: str, known: Known) -> bytes:
    """An envelope with its message made anew (and not compressed again); just as it came when nothing in it changed."""
    if isinstance(value, (str, bytes)):
        if value == message.value:
            return envelope.write()
    elif _opened(envelope, Inflater(coding), known, Budget()).value == value:  # once more: `value` has been changed in place
        return envelope.write()
    return seal(message.write(value), envelope.flags & ~COMPRESSED)
