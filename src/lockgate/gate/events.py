"""What happened to an exchange, as told by the shell. Closed union: `Event`."""

from dataclasses import dataclass, field
from datetime import datetime

from lockgate.facts.decision import Reason
from lockgate.facts.finding import Examination
from lockgate.facts.traffic import Body, Client, Completeness, Request, Response, SocketMessage
from lockgate.facts.usage import UsageSeen


@dataclass(frozen=True, slots=True, kw_only=True)
class Connecting:
    """A client asked for a tunnel to `host`:`port`; sent again with `sni` once the ClientHello has named a server.

    `refused` is why the shell has to refuse whatever the policy says (a destination or client that is not allowed).
    """

    at: datetime
    client: Client
    host: str
    port: int
    sni: str | None = None
    refused: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestHeadersSeen:
    """The head of a request is complete. `has_body` is False when nothing can follow it; `refused` as in `Connecting`."""

    at: datetime
    client: Client
    request: Request
    has_body: bool
    refused: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestChunkSeen:
    """Bytes of a request's body that was not held passed by, as they were sent."""

    chunk: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestBodySeen:
    """The held request body, content-decoded."""

    body: Body


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """The answer to an `Examine` effect; a timeout or crash of the examination is a state in it."""

    examination: Examination


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseHeadersSeen:
    """The head of the upstream's response is complete."""

    response: Response


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseChunkSeen:
    """Bytes of a tapped response passed by, still content-encoded as declared in its headers."""

    chunk: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSeen:
    """A message of the client on an open WebSocket. One that is longer than may be held is `TRUNCATED` and without content."""

    at: datetime
    message: SocketMessage
    completeness: Completeness = Completeness.COMPLETE


@dataclass(frozen=True, slots=True, kw_only=True)
class RepliesSeen:
    """Messages of the server passed by after a message of the client, and before the next that says something."""

    messages: tuple[SocketMessage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoPlaceLeft:
    """What was decided may not go on after all: others took the last places of a limit. `usage` is as it is now."""

    usage: UsageSeen


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """Something outside the gate went wrong; `reason` says what, `error` how (never content)."""

    reason: Reason
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """The exchange is over. Byte counts are of bodies (of both directions, for a tunnel); times are milliseconds.

    `messages` counts what a client said on a WebSocket, `socket` is the id of that WebSocket's exchange, for one message of it.
    """

    duration_ms: float
    first_byte_ms: float = 0.0
    status: int = 0
    upstream_contacted: bool = False
    request_bytes: int = 0
    response_bytes: int = 0
    messages: int = 0
    socket: str = ""


type Event = (
    Connecting
    | RequestHeadersSeen
    | RequestChunkSeen
    | RequestBodySeen
    | Examined
    | ResponseHeadersSeen
    | ResponseChunkSeen
    | MessageSeen
    | RepliesSeen
    | NoPlaceLeft
    | Failed
    | Closed
)
