"""The shape of one app file: who the app is, which requests belong to it, what they do there, and samples that prove it.

Separate because the reader of files, the library, the command line and the reference page share this one shape. It must never
decide anything: what a file means is in `library.py`, whether it is sound in `check.py`.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

from lockgate.apps.description import Description
from lockgate.apps.evidence import Breach, Evidence
from lockgate.apps.vocabulary import Basis, Category, Protocol
from lockgate.facts.app import Operation, ReviewStatus, TierKind

_CONFIG = {"extra": "forbid"}

UNDECIDED = "undecided"
"""What a sample says when only the body can tell the operation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedPath:
    """Paths of a host that belongs to somebody else. `host` is a name, or `*.name` for every name below it.

    `query` are parameters that must have exactly these values. With `decrypt: false` the host is not decrypted for the sake of
    these paths, which are then seen only where it is decrypted anyway.
    """

    __pydantic_config__ = _CONFIG
    host: str
    path: str
    query: dict[str, str] = field(default_factory=dict[str, str])
    decrypt: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosts:
    """What belongs to an app: `suffix` a name and all below it, `exact` one name, `regex` a pattern, `also` paths elsewhere."""

    __pydantic_config__ = _CONFIG
    suffix: tuple[str, ...] = ()
    exact: tuple[str, ...] = ()
    regex: tuple[str, ...] = ()
    also: tuple[OwnedPath, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Requests of one shape are one operation; the first signature of a file that fits wins.

    `method` is one method or several. `path` is a pattern on the path without query; `query` are parameters that must have
    exactly these values. `host` restricts to some of the app's hosts (`name`, or `*.name` for every name below it). `format` is
    the wire format its body is read with, `reads` a description of one; without either, nothing here reads it. `opaque` says
    that what leaves with it cannot be read by anybody on the way (sound over WebRTC, a stream in both directions): it is
    uninspectable, whatever its body shows. `background` says that clients send it by themselves around a prompt (a title, a
    draft, a summary). `answers` is the operation whose answer comes with this one, where an app tells it elsewhere than in the
    response: a stream taken up again, a task that is asked after, a WebSocket on which nobody asks. `basis` is how sure the
    shape is, `sources` where it was learnt.
    """

    __pydantic_config__ = _CONFIG
    id: str
    operation: Operation
    path: str
    method: str | tuple[str, ...] = "POST"
    host: str | tuple[str, ...] = ()
    query: dict[str, str] = field(default_factory=dict[str, str])
    protocol: Protocol = Protocol.HTTP
    format: str | None = None
    reads: Description | None = None
    opaque: bool = False
    background: bool = False
    answers: Operation | None = None
    basis: Basis
    sources: tuple[str, ...] = ()
    note: str = ""

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods as a tuple; a WebSocket is opened with GET."""
        if self.protocol is Protocol.WEBSOCKET:
            return ("GET",)
        return (self.method,) if isinstance(self.method, str) else self.method

    @property
    def hosts(self) -> tuple[str, ...]:
        """The host restriction as a tuple, empty for none."""
        return (self.host,) if isinstance(self.host, str) else self.host


@dataclass(frozen=True, slots=True, kw_only=True)
class Clue:
    """One place that shows a tenant, tier, conversation or task: exactly one of the first eight is given.

    `header`, `query` and `cookie` name a field; `claim` is the way to a claim of the bearer token (a JWT, read but not
    verified); `path` and `host` are patterns, whose first group is the value (the whole match when there is no group);
    `key_prefix` are beginnings of keys, of which the longest that fits is the value, never more of the key; `response_header`
    is a header of the answer, for what no request shows.
    For a tier, `values` maps what the wire shows to a tier id, and `tier` names the tier that mere presence shows.
    """

    __pydantic_config__ = _CONFIG
    header: str = ""
    query: str = ""
    cookie: str = ""
    claim: tuple[str, ...] = ()
    path: str = ""
    host: str = ""
    key_prefix: tuple[str, ...] = ()
    response_header: str = ""
    values: dict[str, str] = field(default_factory=dict[str, str])
    tier: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """An account tier. `kind` is free, individual, team, enterprise or api."""

    __pydantic_config__ = _CONFIG
    id: str
    name: str
    kind: TierKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """The organisation's stance, who holds it and why."""

    __pydantic_config__ = _CONFIG
    status: ReviewStatus = ReviewStatus.UNREVIEWED
    owner: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleResponse:
    """What the server answers to a sample; exactly one of the last five says it.

    `body` is text or plain data sent as JSON; `events` are server-sent events (data alone, or `{event, data}`), `lines` JSON
    values one per line, `base64` bytes, `messages` what comes over a WebSocket (text, or plain data sent as JSON).
    """

    __pydantic_config__ = _CONFIG
    type: str = "application/json"
    status: int = 200
    body: Any = None
    events: tuple[Any, ...] = ()
    lines: tuple[Any, ...] = ()
    base64: str = ""
    messages: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A request and what the library must say about it, run whenever the library is built.

    `request` is `METHOD URL`; a `wss:` URL opens a WebSocket. `claims` become the bearer token. With a `body` (text, or plain
    data sent as JSON; `base64` for bytes; over a WebSocket, the client's message), `prompt` is what the format must read as
    the person's last words, `model`, `conversation` and `attachments` (names, or references of those without one) what else it
    must see. With a `response`, `answer` and `reasoning` are what it must hear, `tasks` the ids by which an answer that comes
    elsewhere and what it answers are joined. `operation` may be `undecided`.
    """

    __pydantic_config__ = _CONFIG
    request: str
    headers: dict[str, str] = field(default_factory=dict[str, str])
    claims: dict[str, Any] = field(default_factory=dict[str, Any])
    body: Any = None
    base64: str = ""
    operation: Operation | Literal["undecided"]
    format: str | None = None
    tenant: str | None = None
    tier: str | None = None
    prompt: str | None = None
    model: str | None = None
    conversation: str | None = None
    attachments: tuple[str, ...] = ()
    response: SampleResponse | None = None
    answer: str | None = None
    reasoning: str | None = None
    tasks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AppFile:
    """One app.

    `tenant`, `tier` and `conversation` are where requests show these; the first that shows one counts. `task` is where they
    show the id of what they ask after. `own_tenants` are the organisation's own tenants, which a home's file lists. `evidence`
    maps tier ids (one, or several with commas between, or `all`) to rubric components and their answers; a tier's own answer
    wins over what holds for all.
    """

    __pydantic_config__ = _CONFIG
    id: str
    name: str
    vendor: str
    category: Category
    hosts: Hosts
    country: str | None = None
    homepage: str = ""
    notes: str = ""
    sources: tuple[str, ...] = ()
    basis: Basis = Basis.LOW
    review: Review = field(default_factory=Review)
    operations: tuple[Signature, ...] = ()
    tenant: tuple[Clue, ...] = ()
    tier: tuple[Clue, ...] = ()
    conversation: tuple[Clue, ...] = ()
    task: tuple[Clue, ...] = ()
    own_tenants: tuple[str, ...] = ()
    tiers: tuple[Tier, ...] = ()
    samples: tuple[Sample, ...] = ()
    breach: Breach = field(default_factory=Breach)
    evidence: dict[str, dict[str, Evidence]] = field(default_factory=dict[str, dict[str, Evidence]])
