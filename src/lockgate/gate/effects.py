"""What shall happen, as told to the shell. Closed union: `Effect`; the shell's interpreter is one exhaustive `match`."""

from dataclasses import dataclass, field

from lockgate.apps.formats.base import SocketFormat, WireFormat
from lockgate.facts.coaching import Asked
from lockgate.facts.decision import Decision
from lockgate.facts.header_change import NO_EDITS, HeaderEdits
from lockgate.facts.mcp import McpSeen
from lockgate.facts.prompt import Conversation
from lockgate.facts.record import Record
from lockgate.facts.traffic import SocketMessage
from lockgate.facts.usage import Count
from lockgate.gate.answer_frames import AnswerFrames


@dataclass(frozen=True, slots=True)
class Tunnel:
    """Pass the connection through without decrypting it."""


@dataclass(frozen=True, slots=True)
class Intercept:
    """Decrypt the connection; its exchanges are decided one by one."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Keep the request and its body until an answer to `RequestBodySeen`; contact nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward:
    """Let the request go.

    `streamed` means the body was not held and may pass as it comes; `tap` asks for `RequestChunkSeen` events on the way.
    `listens` says that the answer will be read along, so that it should not be encoded. `content` is what leaves instead of
    the body that was held, not encoded in any way. `headers` are changed before it leaves.
    """

    streamed: bool
    tap: bool = False
    listens: bool = False
    content: bytes | None = field(default=None, repr=False)
    headers: HeaderEdits = NO_EDITS


@dataclass(frozen=True, slots=True, kw_only=True)
class Examine:
    """Look at `conversation` for exactly `profiles` and `topics`, then send `Examined`."""

    conversation: Conversation
    profiles: frozenset[str]
    topics: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse:
    """Do not forward; answer the client in its own dialect.

    `format` is the wire format whose clients are waiting, None for anything else. `upgrade_required` asks for status
    426, which clients of a refused WebSocket understand as "use plain requests instead". `asked` is what the person is asked
    by a decision to coach.
    """

    decision: Decision
    app_name: str = ""
    format: WireFormat | None = None
    conversation: Conversation | None = None
    upgrade_required: bool = False
    asked: Asked | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PassResponse:
    """Let the response through chunk by chunk; `tap` asks for `ResponseChunkSeen` events on the way.

    `frames` are what to let it through, so that placeholders in it become what they stand for.
    """

    tap: bool
    frames: AnswerFrames | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PassMessage:
    """Let a message of the client go. Unless `recorded`, it was no exchange of its own (a ping, a handshake).

    `content` is what leaves instead of it.
    """

    recorded: bool = True
    content: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefuseMessage:
    """Drop a message of the client and tell the client so, in `format`.

    Unless `recorded`, it is more of what was refused before, of which the client was told then.
    """

    decision: Decision
    app_name: str
    format: SocketFormat
    message: SocketMessage
    recorded: bool = True
    asked: Asked | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """Text to seal with the record: what was said, masked or in full."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighted:
    """Something was seen of the MCP server called `server`."""

    server: str
    seen: tuple[McpSeen, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Keep this record, with the captured text sealed into it first, and what the end of the answer told of an MCP server.

    `counts` is what is counted at the end.
    """

    record: Record
    captured: Captured | None = None
    sighted: Sighted | None = None
    counts: tuple[Count, ...] = ()


type Effect = (
    Tunnel | Intercept | Hold | Forward | Examine | Refuse | PassResponse | Sighted | PassMessage | RefuseMessage | Note
)
