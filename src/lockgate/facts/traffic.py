"""What crossed the wire: client, request, response, body."""

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from lockgate.facts.device import UNKNOWN_DEVICE, Device


class Phase(IntEnum):
    """The points at which a decision can be taken, in the order they are reached."""

    CONNECT = 1
    REQUEST_HEADERS = 2
    REQUEST_BODY = 3
    RESPONSE_HEADERS = 4
    RESPONSE_BODY = 5


class Completeness(StrEnum):
    """How much of a body could be looked at. Anything but `COMPLETE` can prove presence, never absence."""

    COMPLETE = "complete"
    TRUNCATED = "truncated"
    STREAMED = "streamed"
    UNDECODABLE = "undecodable"
    ENCRYPTED = "encrypted"


class IdentifiedBy(StrEnum):
    """How the person behind a connection is known."""

    ANONYMOUS = "anonymous"
    PROXY_LOGIN = "proxy_login"
    ADDRESS_TABLE = "address_table"


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Who sent the request, from where and with which device. `user` is absent for anonymous clients.

    `country` is a two-letter code, None when it is not known. `networks` are names of the operator's own.
    """

    address: str
    user: str | None = None
    groups: tuple[str, ...] = ()
    identified_by: IdentifiedBy = IdentifiedBy.ANONYMOUS
    country: str | None = None
    networks: tuple[str, ...] = ()
    device: Device = UNKNOWN_DEVICE


@dataclass(frozen=True, slots=True)
class Headers:
    """Header fields in order; names are lower-case. Values are never shown by `repr`."""

    pairs: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    _first: dict[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Find names once: a request is asked for its fields a dozen times."""
        object.__setattr__(self, "_first", dict(reversed(self.pairs)))

    def get(self, name: str, default: str = "") -> str:
        """The first value of `name` (any case), or `default`."""
        return self._first.get(name.lower(), default)

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of `name` (any case), in order."""
        wanted = name.lower()
        return tuple(value for key, value in self.pairs if key == wanted)


_LONGEST_NUMBER = 20
"""Digits; longer ones are no length."""


def _declared_bytes(headers: Headers) -> int | None:
    """What Content-Length says, when it says one thing and nothing contradicts it."""
    said = {value.strip() for line in headers.all("content-length") for value in line.split(",")}
    length = said.pop() if len(said) == 1 and not headers.get("transfer-encoding") else ""
    return int(length) if length.isascii() and length.isdecimal() and len(length) < _LONGEST_NUMBER else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The head of a request. `host` is lower-case without port, `path` excludes the query, `query` excludes the `?`.

    `path_known` is False where words were left out of the path, so that nobody can tell any more what it was.
    """

    method: str
    scheme: str
    host: str
    port: int
    path: str = "/"
    query: str = ""
    headers: Headers = Headers()
    path_known: bool = True

    @property
    def media_type(self) -> str:
        """The lower-case media type without parameters, or an empty string."""
        return self.headers.get("content-type").partition(";")[0].strip().lower()

    @property
    def declared_bytes(self) -> int | None:
        """The size its head gives for the body, as it crosses the wire; None when it gives none."""
        return _declared_bytes(self.headers)

    @property
    def is_navigation(self) -> bool:
        """Whether a browser is loading a page (Fetch Metadata), as opposed to a script or an API client calling."""
        mode = self.headers.get("sec-fetch-mode")
        if mode:
            return mode == "navigate"
        return self.method == "GET" and "text/html" in self.headers.get("accept")

    @property
    def is_websocket_upgrade(self) -> bool:
        """Whether this asks to become a WebSocket (RFC 6455 section 4.1: a GET)."""
        return self.method == "GET" and self.headers.get("upgrade").lower() == "websocket"


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """The head of a response."""

    status: int
    headers: Headers = Headers()

    @property
    def media_type(self) -> str:
        """The lower-case media type without parameters, or an empty string."""
        return self.headers.get("content-type").partition(";")[0].strip().lower()

    @property
    def declared_bytes(self) -> int | None:
        """The size its head gives for the body, as it crosses the wire; None when it gives none."""
        return _declared_bytes(self.headers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The bytes of a request or response after content decoding. `repr` shows the length only.

    `sent` is how many bytes of it have crossed the wire, where that is not the length of `content`.
    """

    content: bytes = field(repr=False)
    completeness: Completeness = Completeness.COMPLETE
    sent: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BodySize:
    """How many bytes of a body cross the wire; `at_least` that many when nobody waited for the end of it."""

    bytes: int
    at_least: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketMessage:
    """One whole message of a WebSocket, inflated and put together from its fragments. `is_text` tells text from binary."""

    content: bytes = field(repr=False)
    is_text: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response the gateway gives by itself instead of the upstream."""

    status: int
    headers: Headers
    content: bytes = field(repr=False)
