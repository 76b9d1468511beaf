"""THE table of selectors: everything a policy can ask about, with type, phase, meaning and how it is read.

One row per selector; documentation, checks, errors and evaluation all come from it. A name that ends with `<profile>`
stands for one selector per DLP profile, so that a count or a confidence always says of what.
"""

from collections.abc import Callable
from dataclasses import dataclass
from string import ascii_uppercase

from lockgate.facts.app import AccountKind, AppMatch, CredentialKind, Operation, ReviewStatus
from lockgate.facts.authorship import Author
from lockgate.facts.client_software import ClientKind
from lockgate.facts.discovery import Drift
from lockgate.facts.finding import ExaminationState, TextKind
from lockgate.facts.sheet import FactSheet
from lockgate.facts.traffic import IdentifiedBy, Phase
from lockgate.policy import members, reading
from lockgate.policy.operators import ValueType
from lockgate.policy.reading import Read
from lockgate.policy.selector import PROFILE, Names, Reader, Selector


def _plain(read: Read) -> Reader:
    return lambda _surroundings, _name: read


def _of_app(read: Callable[[AppMatch], str | None]) -> Reader:
    return _plain(reading.from_app(read))


def _words(words: frozenset[str]) -> Names:
    return lambda _surroundings: words


def _tier(match: AppMatch) -> str | None:
    return match.tier.id if match.tier is not None and match.tier_known else None


def _port(sheet: FactSheet) -> int:
    return sheet.port


_COUNTRIES = frozenset(first + second for first in ascii_uppercase for second in ascii_uppercase)
_METHODS = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"})

_CONNECT, _HEADERS, _BODY, _ANSWER = Phase.CONNECT, Phase.REQUEST_HEADERS, Phase.REQUEST_BODY, Phase.RESPONSE_HEADERS

SELECTORS: tuple[Selector, ...] = (
    Selector(
        name="host", type=ValueType.HOST, phase=_CONNECT, always_there=True, read=_plain(lambda sheet: sheet.host),
        doc="the host name the client asked for",
    ),
    Selector(
        name="host.category", type=ValueType.NAMES, phase=_CONNECT, what="list", read=members.on_list,
        known=lambda surroundings: frozenset(surroundings.lists), doc="the policy's own `lists` of hosts that the host is on",
    ),
    Selector(name="port", type=ValueType.NUMBER, phase=_CONNECT, read=_plain(_port), doc="the port the client asked for"),
    Selector(
        name="source.address", type=ValueType.ADDRESS, phase=_CONNECT, read=_plain(reading.source_address),
        doc="the address of the client",
    ),
    Selector(
        name="user", type=ValueType.TEXT, phase=_CONNECT, read=_plain(lambda sheet: sheet.client.user),
        doc="the name of the person or service behind the connection; absent for anonymous clients",
    ),
    Selector(
        name="user.groups", type=ValueType.NAMES, phase=_CONNECT, read=members.in_group,
        doc="the groups the user belongs to",
    ),
    Selector(
        name="user.identified_by", type=ValueType.WORD, phase=_CONNECT, always_there=True,
        known=_words(frozenset(IdentifiedBy)), read=_plain(lambda sheet: sheet.client.identified_by),
        doc="how the user is known",
    ),
    Selector(
        name="app.known", type=ValueType.YES_NO, phase=_HEADERS, read=_plain(reading.app_known),
        doc="whether the request goes to an AI app of the library",
    ),
    Selector(
        name="app.discovered", type=ValueType.YES_NO, phase=_BODY, read=_plain(reading.discovered),
        doc="whether a host outside the library gets what looks like a chat with a model (decrypted hosts only)",
    ),
    Selector(
        name="app.drift", type=ValueType.WORD, phase=_BODY, what="drift", known=_words(frozenset(Drift)),
        read=_plain(reading.drift),
        doc="how an app of the library does something that its file does not describe; absent when it does not",
    ),
    Selector(
        name="app.id", type=ValueType.WORD, phase=_HEADERS, what="app", known=lambda s: s.vocabulary.apps,
        read=_of_app(lambda match: match.app.id), doc="the app, by its id in the library",
    ),
    Selector(
        name="app.vendor", type=ValueType.WORD, phase=_HEADERS, what="vendor", known=lambda s: s.vocabulary.vendors,
        read=_of_app(lambda match: match.app.vendor), doc="who makes the app",
    ),
    Selector(
        name="app.category", type=ValueType.WORD, phase=_HEADERS, what="app category", known=lambda s: s.vocabulary.categories,
        read=_of_app(lambda match: match.app.category), doc="what the app is for",
    ),
    Selector(
        name="app.country", type=ValueType.WORD, phase=_HEADERS, what="two-letter country code", known=_words(_COUNTRIES),
        read=_of_app(lambda match: match.app.country),
        doc="where the vendor has its headquarters, as a two-letter code; absent when not known",
    ),
    Selector(
        name="app.status", type=ValueType.WORD, phase=_HEADERS, what="review status", known=_words(frozenset(ReviewStatus)),
        read=_of_app(lambda match: match.app.status), doc="the organisation's review status of the app",
    ),
    Selector(
        name="app.tier", type=ValueType.WORD, phase=_HEADERS, what="tier", known=lambda s: s.vocabulary.tiers,
        read=_plain(reading.from_account(_tier)), doc="the tier of the account in use; absent when it cannot be told",
    ),
    Selector(
        name="app.tier_known", type=ValueType.YES_NO, phase=_HEADERS, doc="whether the tier of the account in use can be told",
        read=_plain(reading.from_account(lambda match: match.tier_known)),
    ),
    Selector(
        name="tenant.id", type=ValueType.TEXT, phase=_HEADERS, read=_plain(reading.from_account(lambda match: match.tenant)),
        doc="the organisation or workspace the account belongs to; absent when it cannot be told",
    ),
    Selector(
        name="account.kind", type=ValueType.WORD, phase=_HEADERS, what="kind of account", known=_words(frozenset(AccountKind)),
        read=_plain(reading.from_account(lambda match: match.account)),
        doc="whose account it is: `corporate` (the organisation's own), `personal` (anybody else's), `unknown`",
    ),
    Selector(
        name="account.credential", type=ValueType.WORD, phase=_HEADERS, what="kind of credential",
        known=_words(frozenset(CredentialKind)), read=_plain(reading.from_account(lambda match: match.credential)),
        doc="what the request identifies its account with; only the kind is looked at",
    ),
    Selector(
        name="app.application_score", type=ValueType.SCORE, phase=_HEADERS,
        read=_plain(reading.from_tier(lambda tier: tier.application_confidence.hundredths)),
        doc="the application confidence score of the tier, or of the lowest-scoring tier while the tier is not known",
    ),
    Selector(
        name="app.gen_ai_score", type=ValueType.SCORE, phase=_HEADERS,
        read=_plain(reading.from_tier(lambda tier: tier.genai_confidence.hundredths)),
        doc="the Gen-AI confidence score of the tier, or of the lowest-scoring tier while the tier is not known",
    ),
    Selector(
        name="operation", type=ValueType.WORD, phase=_HEADERS, what="operation", known=_words(frozenset(Operation)),
        read=_plain(reading.operation), doc="what is being done in the app; for some addresses only the body tells",
    ),
    Selector(
        name="operation.carries_payload", type=ValueType.YES_NO, phase=_HEADERS, read=_plain(reading.carries_payload),
        doc="whether the operation takes content of the person or company along (an unrecognised one is assumed to)",
    ),
    Selector(
        name="client.kind", type=ValueType.WORD, phase=_HEADERS, what="kind of client", known=_words(frozenset(ClientKind)),
        always_there=True, read=_plain(reading.from_software(lambda software: software.kind)),
        doc="what sort of program sent the request; a claim of the client, as are the next three",
    ),
    Selector(
        name="client.product", type=ValueType.WORD, phase=_HEADERS, what="client", known=lambda s: s.vocabulary.clients,
        read=_plain(reading.from_software(lambda software: software.product or None)),
        doc="the program, by its id in `apps/clients.yaml`; absent when its headers fit none",
    ),
    Selector(
        name="client.version", type=ValueType.TEXT, phase=_HEADERS,
        read=_plain(reading.from_software(lambda software: software.version or None)),
        doc="the version the program says it has; absent when it says none",
    ),
    Selector(
        name="client.via", type=ValueType.WORD, phase=_HEADERS, what="environment",
        known=lambda s: s.vocabulary.client_environments,
        read=_plain(reading.from_software(lambda software: software.via or None)),
        doc="the editor or service the program says it runs inside of; absent when it says none",
    ),
    Selector(
        name="request.method", type=ValueType.WORD, phase=_HEADERS, what="method", known=_words(_METHODS),
        read=_plain(reading.from_request(lambda request: request.method)), doc="the HTTP method",
    ),
    Selector(
        name="request.scheme", type=ValueType.WORD, phase=_HEADERS, what="scheme", known=_words(frozenset({"http", "https"})),
        read=_plain(reading.from_request(lambda request: request.scheme)), doc="the scheme of the URL",
    ),
    Selector(
        name="request.path", type=ValueType.TEXT, phase=_HEADERS, read=_plain(reading.from_request(reading.request_path)),
        doc="the path of the URL, percent-decoded, without the query",
    ),
    Selector(
        name="request.media_type", type=ValueType.TEXT, phase=_HEADERS,
        read=_plain(reading.from_request(lambda request: request.media_type or None)),
        doc="the media type the request declares for its body, without parameters",
    ),
    Selector(
        name="request.websocket", type=ValueType.YES_NO, phase=_HEADERS,
        read=_plain(reading.from_request(lambda request: request.is_websocket_upgrade)),
        doc="whether the request asks to open a WebSocket, or is a message of one; messages are judged one by one",
    ),
    Selector(
        name="prompt.model", type=ValueType.TEXT, phase=_BODY,
        read=_plain(reading.from_conversation(lambda conversation: conversation.model)),
        doc="the model a conversation is addressed to",
    ),
    Selector(
        name="prompt.background", type=ValueType.YES_NO, phase=_BODY,
        read=_plain(reading.from_conversation(lambda conversation: conversation.background)),
        doc="whether clients send this by themselves around a prompt: a title, a summary, a token count, a step of an agent",
    ),
    Selector(
        name="prompt.kinds", type=ValueType.NAMES, phase=_BODY, what="kind of text", known=_words(frozenset(TextKind)),
        read=members.has_kind,
        doc="the kinds of text in it, as far as client and format tell; what was answered before is `history`",
    ),
    Selector(
        name="prompt.authors", type=ValueType.NAMES, phase=_BODY, what="author", known=_words(frozenset(Author)),
        read=members.has_author, doc="who wrote what is new in it: `person`, `tool`, `app` (the client itself), `model`",
    ),
    Selector(
        name="conversation.id", type=ValueType.TEXT, phase=_BODY,
        read=_plain(reading.conversation_id),
        doc="the conversation a prompt belongs to, as its app names it; absent for a new one and where the app names none",
    ),
    Selector(
        name="attachment.count", type=ValueType.NUMBER, phase=_BODY, read=_plain(reading.from_attachments(len)),
        doc="how many files leave with the request, or are named in it",
    ),
    Selector(
        name="attachment.types", type=ValueType.WORDS, phase=_BODY, what="media type", read=members.attachment_types,
        doc="their types by content, such as `image/png`; the declared ones of files that are only named",
    ),
    Selector(
        name="attachment.names", type=ValueType.WORDS, phase=_BODY, what="file name", read=members.attachment_names,
        is_content=True, doc="their names as far as they are told, in lower case",
    ),
    Selector(
        name="attachment.max_bytes", type=ValueType.NUMBER, phase=_BODY, read=members.largest_attachment,
        doc="the size of the largest file that leaves with the request; absent when none does",
    ),
    Selector(
        name="attachment.disguised", type=ValueType.YES_NO, phase=_BODY, read=members.has_disguised_attachment,
        doc="whether a file is declared to be of another type than its content is",
    ),
    Selector(
        name="mcp.server", type=ValueType.TEXT, phase=_BODY, read=_plain(reading.from_mcp(lambda call: call.server)),
        doc="the MCP server a request speaks to, as `host[:port]/path`; absent when it does not speak MCP",
    ),
    Selector(
        name="mcp.method", type=ValueType.WORDS, phase=_BODY, what="MCP method",
        read=_plain(reading.from_mcp(lambda call: frozenset(call.methods))),
        doc="what is asked of an MCP server, such as `tools/call`; several in a batch",
    ),
    Selector(
        name="mcp.tool", type=ValueType.WORDS, phase=_BODY, what="tool",
        read=_plain(reading.from_mcp(lambda call: frozenset(call.tools))),
        doc="the tools of an MCP server that are called; several in a batch",
    ),
    Selector(
        name="mcp.tool_changed", type=ValueType.YES_NO, phase=_BODY,
        read=_plain(reading.from_mcp(lambda call: bool(call.changed))),
        doc="whether a tool is called whose definition is not the accepted one, or (until it was accepted) the first one seen",
    ),
    Selector(
        name="agent.tools", type=ValueType.WORDS, phase=_BODY, what="tool", read=_plain(reading.agent_tools),
        doc="the tools an agent calls, or whose results it sends to a model, in what is new of the conversation",
    ),
    Selector(
        name="examination.state", type=ValueType.WORD, phase=_BODY, what="examination state", profiles=members.examined,
        known=_words(frozenset(ExaminationState)), read=members.examination_state, doc="how far the content could be looked at",
    ),
    Selector(
        name="dlp.profiles", type=ValueType.NAMES, phase=_BODY, what="DLP profile", known=lambda s: s.vocabulary.profiles,
        read=members.has_profile, profiles=members.own_profile,
        doc="the DLP profiles with at least one finding in what is being sent",
    ),
    Selector(
        name="dlp.detectors", type=ValueType.NAMES, phase=_BODY, what="detector", known=lambda s: s.vocabulary.detectors,
        read=members.has_detector, profiles=lambda s, name: s.vocabulary.profiles_of(name),
        doc="the detectors with at least one finding",
    ),
    Selector(
        name="dlp.found_in", type=ValueType.NAMES, phase=_BODY, what="kind of text", known=_words(frozenset(TextKind)),
        read=members.found_in, profiles=members.examined,
        doc="the kinds of text in which a finding lies, of any profile rules enforce",
    ),
    Selector(
        name="dlp.found_in.<profile>", type=ValueType.NAMES, phase=_BODY, what="kind of text",
        known=_words(frozenset(TextKind)), read=members.not_plain, read_member=members.profile_found_in,
        profiles=members.own_profile,
        doc="the kinds of text in which a finding of that DLP profile lies",
    ),
    Selector(
        name="dlp.count.<profile>", type=ValueType.NUMBER, phase=_BODY, read=members.count, profiles=members.own_profile,
        doc="how many findings of that DLP profile there are",
    ),
    Selector(
        name="dlp.detection_confidence.<profile>", type=ValueType.LEVEL, phase=_BODY, read=members.highest_detection_confidence,
        profiles=members.own_profile,
        doc="the highest detection confidence among the findings of that DLP profile",
    ),
    Selector(
        name="response.status", type=ValueType.NUMBER, phase=_ANSWER, doc="the status code of the response",
        read=_plain(reading.from_response(lambda response: response.status)),
    ),
    Selector(
        name="response.media_type", type=ValueType.TEXT, phase=_ANSWER,
        doc="the media type of the response, without parameters",
        read=_plain(reading.from_response(lambda response: response.media_type or None)),
    ),
)  # fmt: skip

_BY_NAME = {row.name: row for row in SELECTORS}
_FAMILIES = tuple(row for row in SELECTORS if row.name.endswith(PROFILE))


def find_selector(name: str) -> tuple[Selector, str] | None:
    """The row for a name as written, with the profile of a `<profile>` row (else empty), or None."""
    row = _BY_NAME.get(name)
    if row is not None and not name.endswith(PROFILE):
        return row, ""
    return next(
        ((row, name.removeprefix(row.prefix)) for row in _FAMILIES if name.startswith(row.prefix) and name != row.prefix), None
    )


def selector_names(profiles: frozenset[str]) -> tuple[str, ...]:
    """Every name a policy may write, with the `<profile>` rows spelled out for `profiles`."""
    plain = [row.name for row in SELECTORS if not row.name.endswith(PROFILE)]
    return (*plain, *(row.prefix + profile for row in _FAMILIES for profile in sorted(profiles)))


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectorRow:
    """One line of the selector reference."""

    name: str
    type: str
    phase: str
    operators: tuple[str, ...]
    doc: str


def selector_reference() -> tuple[SelectorRow, ...]:
    """The selector table for people, in table order."""
    return tuple(
        SelectorRow(name=row.name, type=row.type.value, phase=row.phase.name.lower(), operators=row.operators, doc=row.doc)
        for row in SELECTORS
    )
