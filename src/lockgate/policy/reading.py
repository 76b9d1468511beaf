"""What a fact sheet says about each thing a selector can name: a value, nothing (None), not yet, or never.

Separate from the selector table so that the table stays readable. INVARIANT: learning more turns only `Waiting` into
something else; a value, None and `Unknowable` stay what they are. Everything here is on the path of every request.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import unquote

from lockgate.facts.app import AppMatch, AppTier
from lockgate.facts.client_software import ClientSoftware
from lockgate.facts.finding import Examination, ExaminationState
from lockgate.facts.mcp import McpCall
from lockgate.facts.prompt import ONLY_BYTES_UNREAD, Attachment, Conversation
from lockgate.facts.sheet import Demand, FactSheet
from lockgate.facts.traffic import Completeness, Phase, Request, Response


@dataclass(frozen=True, slots=True, eq=False)
class Waiting:
    """Not known yet; `demands` says what would have to be learned."""

    demands: tuple[Demand, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Unknowable:
    """Can no longer be known, and why (never content)."""

    why: str


@dataclass(frozen=True, slots=True)
class AtLeast:
    """A number that a complete look could only have raised."""

    number: int


@dataclass(frozen=True, slots=True)
class Some:
    """Names to which a complete look could only have added others."""

    names: frozenset[str]


type Address = IPv4Address | IPv6Address
type Unsettled = Waiting | Unknowable
type Reading = str | int | AtLeast | Address | frozenset[str] | Some | Unsettled | None
type Read = Callable[[FactSheet], Reading]

_UNTIL_HEADERS = Waiting((Demand(phase=Phase.REQUEST_HEADERS),))
_UNTIL_BODY = Waiting((Demand(phase=Phase.REQUEST_BODY),))
_UNTIL_RESPONSE = Waiting((Demand(phase=Phase.RESPONSE_HEADERS),))
_NO_APP_LOOKUP = Unknowable("the app library was not asked")
_NO_REQUEST = Unknowable("there was no request")
_NO_RESPONSE = Unknowable("there was no response")
_NOT_READ = Unknowable("the body was not read")
_NOTHING_TO_READ = frozenset(Completeness) - {Completeness.COMPLETE}


def source_address(sheet: FactSheet) -> Reading:
    """The client's address; IPv4 even when it came in IPv6 clothes."""
    return _address(sheet.client.address)


@lru_cache(maxsize=4096)
def _address(text: str) -> Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


def from_app(read: Callable[[AppMatch], str | int | None]) -> Read:
    """Of the app as such: known as soon as the library was asked."""

    def reading(sheet: FactSheet) -> Reading:
        if sheet.app is not None:
            return read(sheet.app)
        if sheet.app_known:
            return None
        return _UNTIL_HEADERS if sheet.phase < Phase.REQUEST_HEADERS else _NO_APP_LOOKUP

    return reading


def from_account(read: Callable[[AppMatch], str | int | None]) -> Read:
    """Of the account, tier or tenant: only the request's headers tell."""
    of_app = from_app(read)

    def reading(sheet: FactSheet) -> Reading:
        if sheet.phase < Phase.REQUEST_HEADERS and sheet.app is not None:
            return _UNTIL_HEADERS
        return of_app(sheet)

    return reading


def from_tier(read: Callable[[AppTier], str | int | None]) -> Read:
    """Of the tier, or of the one assumed when the account's is not known."""
    return from_account(lambda match: read(match.tier) if match.tier is not None else None)


def app_known(sheet: FactSheet) -> Reading:
    """Whether the host belongs to an app of the library."""
    if sheet.app_known:
        return sheet.app is not None
    return _UNTIL_HEADERS if sheet.phase < Phase.REQUEST_HEADERS else _NO_APP_LOOKUP


def discovered(sheet: FactSheet) -> Reading:
    """Whether a host outside the library looks like an AI app; its request's body has to be read for it."""
    if sheet.app is not None:
        return False
    if sheet.noticed is not None:
        return sheet.noticed.discovery.is_ai
    return _UNTIL_BODY if sheet.phase < Phase.REQUEST_BODY else _NOT_READ


def drift(sheet: FactSheet) -> Reading:
    """How a known app differs from its description; absent when it does not."""
    if sheet.noticed is not None:
        return sheet.noticed.drift
    if sheet.app is None and sheet.app_known:
        return None
    return _UNTIL_BODY if sheet.phase < Phase.REQUEST_BODY else _NOT_READ


def operation(sheet: FactSheet) -> Reading:
    """What is being done; for some paths only the body tells."""
    return _operation(sheet, lambda match: match.operation)


def carries_payload(sheet: FactSheet) -> Reading:
    """Whether the operation takes content along."""
    return _operation(sheet, lambda match: None if match.operation is None else match.operation.carries_payload)


def _operation(sheet: FactSheet, read: Callable[[AppMatch], str | int | None]) -> Reading:
    match = sheet.app
    if match is None:
        return app_known(sheet) if not sheet.app_known else None
    if sheet.phase < Phase.REQUEST_HEADERS:
        return _UNTIL_HEADERS
    value = read(match)
    if value is not None:
        return value
    if sheet.phase > Phase.REQUEST_BODY or sheet.conversation is not None or sheet.examination is not None:
        return _NOT_READ
    return _UNTIL_BODY


def from_request(read: Callable[[Request], Reading]) -> Read:
    """Of the request's head."""

    def reading(sheet: FactSheet) -> Reading:
        if sheet.request is not None:
            return read(sheet.request)
        return _UNTIL_HEADERS if sheet.phase < Phase.REQUEST_HEADERS else _NO_REQUEST

    return reading


def from_software(read: Callable[[ClientSoftware], str | None]) -> Read:
    """Of the program that says it sent the request."""

    def reading(sheet: FactSheet) -> Reading:
        if sheet.software is not None:
            return read(sheet.software)
        return _UNTIL_HEADERS if sheet.phase < Phase.REQUEST_HEADERS else _NO_REQUEST

    return reading


def from_response(read: Callable[[Response], str | int | None]) -> Read:
    """Of the response's head."""

    def reading(sheet: FactSheet) -> Reading:
        if sheet.response is not None:
            return read(sheet.response)
        return _UNTIL_RESPONSE if sheet.phase < Phase.RESPONSE_HEADERS else _NO_RESPONSE

    return reading


def request_path(request: Request) -> Reading:
    """The path with percent-encoding undone, so that `/%61pi` is `/api`."""
    if not request.path_known:
        return _UNTIL_HEADERS
    return unquote(request.path) if "%" in request.path else request.path


def conversation_id(sheet: FactSheet) -> Reading:
    """The conversation as its format names it, else as the request's head does, else as the program does."""
    said = _format_conversation(sheet)
    if said is not None:
        return said
    match, software = sheet.app, sheet.software
    return (match.conversation if match is not None else None) or (software.session if software is not None else "") or None


def in_conversation(holds: Callable[[Conversation], bool]) -> Read:
    """Whether something was said; what was not read can only add to it."""
    return from_conversation(lambda conversation: True if holds(conversation) else None, otherwise=False)


def from_conversation(read: Callable[[Conversation], str | bool | None], *, otherwise: bool | None = None) -> Read:
    """Of what was said; absent (or `otherwise`) only when everything could be read."""

    def reading(sheet: FactSheet) -> Reading:
        conversation = sheet.conversation
        if conversation is None:
            done = sheet.examination is not None or sheet.phase > Phase.REQUEST_BODY
            return _NOT_READ if done else _UNTIL_BODY
        value = read(conversation)
        if value is not None:
            return value
        carries = sheet.app is None or sheet.app.operation is None or sheet.app.operation.carries_payload
        nothing_read = carries and not conversation.turns
        return _NOT_READ if conversation.unread or nothing_read else otherwise

    return reading


_format_conversation = from_conversation(lambda conversation: conversation.id)


def from_mcp(read: Callable[[McpCall], str | int | frozenset[str] | None]) -> Read:
    """Of what is asked of an MCP server; absent for a request that does not speak MCP."""

    def reading(sheet: FactSheet) -> Reading:
        if sheet.mcp is not None:
            return _NOT_READ if sheet.mcp.unread else read(sheet.mcp)
        if sheet.mcp_known:
            return None
        return _UNTIL_BODY if sheet.phase <= Phase.REQUEST_BODY else _NOT_READ

    return reading


def agent_tools(sheet: FactSheet) -> Reading:
    """The tools whose calls or results are new in a conversation; absent when there is none."""
    conversation = sheet.conversation
    if conversation is None:
        done = sheet.examination is not None or sheet.phase > Phase.REQUEST_BODY
        return _NOT_READ if done else _UNTIL_BODY
    return _NOT_READ if _NOTHING_TO_READ.intersection(conversation.unread) else conversation.tools or None


def content_of_attachments(read: Callable[[tuple[Attachment, ...]], frozenset[str] | None]) -> Read:
    """As `from_attachments`, of what is content: once that was left out, nobody knows what it was."""
    plain = from_attachments(read)

    def reading(sheet: FactSheet) -> Reading:
        conversation = sheet.conversation
        if conversation is not None and conversation.is_outline and any(turn.attachments for turn in conversation.turns):
            return _UNTIL_BODY
        return plain(sheet)

    return reading


def from_attachments(read: Callable[[tuple[Attachment, ...]], int | frozenset[str] | None]) -> Read:
    """Of the files that leave or are named; what was not read can only add to them."""

    def reading(sheet: FactSheet) -> Reading:
        conversation = sheet.conversation
        if conversation is None:
            done = sheet.examination is not None or sheet.phase > Phase.REQUEST_BODY
            return _NOT_READ if done else _UNTIL_BODY
        value = read(tuple(file for turn in conversation.turns for file in turn.attachments))
        if set(conversation.unread) <= {ONLY_BYTES_UNREAD}:
            return value
        match value:
            case True:
                return True
            case False | None:
                return _NOT_READ
            case int():
                return AtLeast(value)
            case _:
                return Some(value)

    return reading


class Look:
    """Reads what an examination for `profiles` says. A partial look proves presence, never absence."""

    __slots__ = ("_pending", "_profiles")

    def __init__(self, profiles: frozenset[str]) -> None:
        self._profiles = profiles
        self._pending = Waiting((Demand(phase=Phase.REQUEST_BODY, profiles=profiles),))

    def unfinished(self, sheet: FactSheet) -> Unsettled | None:
        """Why absence is not proven: not examined yet, never to be, or not completely. None if it is proven."""
        done = sheet.examination
        if done is None or not self._profiles <= done.profiles:
            return self._pending if sheet.phase <= Phase.REQUEST_BODY else _NOT_EXAMINED
        return None if done.state is ExaminationState.COMPLETE else _UNFINISHED[done.state]

    def has(self, holds: Callable[[Examination], bool]) -> Read:
        """Whether the findings have something that more findings can only confirm."""

        def reading(sheet: FactSheet) -> Reading:
            done = sheet.examination
            if done is not None and holds(done):
                return True
            unfinished = self.unfinished(sheet)
            return False if unfinished is None else unfinished

        return reading

    def number(self, count: Callable[[Examination], int]) -> Read:
        """A number that more findings can only raise."""

        def reading(sheet: FactSheet) -> Reading:
            unfinished = self.unfinished(sheet)
            done = sheet.examination
            if isinstance(unfinished, Waiting) or done is None:
                return unfinished
            return count(done) if unfinished is None else AtLeast(count(done))

        return reading

    def state(self, sheet: FactSheet) -> Reading:
        """How the examination ended, once it has."""
        done = sheet.examination
        if done is None or not self._profiles <= done.profiles:
            return self._pending if sheet.phase <= Phase.REQUEST_BODY else _NOT_EXAMINED
        return done.state


_NOT_EXAMINED = Unknowable("not examined")
_UNFINISHED = {state: Unknowable(f"examination {state}") for state in ExaminationState}
