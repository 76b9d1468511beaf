"""JSON-RPC 2.0 as MCP speaks it: which messages are MCP's, what they ask of the server, what the headers say about them.

Separate because a request is judged by this, however its text is read. Versions 2024-11-05 to 2026-07-28 of
https://modelcontextprotocol.io/specification. Other protocols over JSON-RPC (language servers, wallets, A2A) must not be
taken for MCP by their body alone. Nothing here may raise.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urljoin, urlsplit

from lockgate.apps.canonical import canonical_host, canonical_path
from lockgate.apps.formats.json_view import dig, is_object, items, members, string
from lockgate.facts.mcp import McpCall
from lockgate.facts.problem import Path
from lockgate.facts.traffic import Request

CALL = "tools/call"
READ = "resources/read"
PROMPT = "prompts/get"
COMPLETE = "completion/complete"
SAMPLE = "sampling/createMessage"
ELICIT = "elicitation/create"
ROOTS = "roots/list"

NAMED = {CALL: "name", PROMPT: "name", READ: "uri"}
"""Methods whose subject the header `Mcp-Name` repeats, with the parameter it is."""

_UPKEEP = frozenset({
    "server/discover", "ping", "logging/setLevel", "tools/list", "resources/list", "resources/templates/list", "prompts/list",
    "subscriptions/listen", "resources/unsubscribe", "notifications/initialized", "notifications/cancelled",
    "notifications/progress", "notifications/roots/list_changed",
})  # fmt: skip
_OWN = _UPKEEP | {CALL, READ, PROMPT, COMPLETE, SAMPLE, ELICIT, "resources/subscribe", "notifications/message"}
"""Methods that no other known protocol has. `ping` is everybody's, `roots/list` and `tasks/*` are others' as well."""
_SHARED = frozenset({"ping"})
_KNOWN = _OWN | {"initialize"}
_UPKEEP_PARAMETERS = frozenset({
    "protocolVersion", "capabilities", "clientInfo", "cursor", "level", "requestId", "reason", "progressToken", "progress",
    "total", "message", "notifications", "uri", "_meta",
})  # fmt: skip
_ENVELOPE = frozenset({"jsonrpc", "id", "method", "params", "result"})
"""Members of a message. What has others may mean something else to its server, which skips what it does not know."""
_LONGEST_UPKEEP = 4000
"""Characters of text that the protocol's own upkeep needs at most; more is somebody's content."""
_VERSION = "io.modelcontextprotocol/protocolVersion"
_ENCODED = re.compile(r"=\?base64\?(.*)\?=", re.DOTALL)
_PARAMETER_HEADER = "mcp-param-"
_DEFAULT_PORTS = {"https": 443, "http": 80}
_LONGEST_NAME = 256
_NO_TEXT = ("multipart/", "image/", "audio/", "video/", "font/", "application/grpc", "application/zip", "application/pdf")


def messages_of(document: object) -> Iterator[tuple[Path, object]]:
    """The messages of a body with their paths: one, or those of a batch."""
    if isinstance(document, list):
        yield from (((index,), message) for index, message in enumerate(items(document)))
    else:
        yield (), document


def is_message(message: object) -> bool:
    """Whether this is a JSON-RPC 2.0 message of any protocol."""
    said = members(message)
    if said.get("jsonrpc") != "2.0":
        return False
    return isinstance(said.get("method"), str) or "result" in said or "error" in said


def is_mcp(message: object) -> bool:
    """Whether this is a message of MCP and of no other protocol, as far as it shows by itself."""
    if not is_message(message):
        return False
    method = dig(message, "method")
    if isinstance(method, str):
        if method == "initialize":  # a language server's has no version of a protocol
            return isinstance(dig(message, "params", "protocolVersion"), str)
        return (method in _OWN and method not in _SHARED) or isinstance(dig(message, "params", "_meta", _VERSION), str)
    return answered_method(dig(message, "result")) in (SAMPLE, ELICIT)


def has_known_method(message: object) -> bool:
    """Whether the method of a message is one of the protocol's own words."""
    return string(dig(message, "method")) in _KNOWN


def says_mcp(request: Request) -> bool:
    """Whether the head of a request says that it is MCP."""
    headers = request.headers
    return bool(headers.get("mcp-protocol-version") or headers.get("mcp-session-id") or headers.get("mcp-method"))


def may_be_mcp(request: Request) -> bool:
    """Whether the head of a request looks like MCP: it says so, or takes both kinds of answers that MCP servers give."""
    if says_mcp(request):
        return request.method == "POST"
    accepted = request.headers.get("accept").lower()
    return request.method == "POST" and "application/json" in accepted and "text/event-stream" in accepted


def cannot_be_mcp(request: Request) -> bool:
    """Whether the head alone rules MCP out: nothing is posted, or what is posted is declared to be no text."""
    if says_mcp(request):
        return False
    return request.method != "POST" or request.media_type.startswith(_NO_TEXT)


def answered_method(result: object) -> str:
    """The method of the server that a client's result answers, by its shape; empty when it could be any."""
    said = members(result)
    if said.get("action") in ("accept", "decline", "cancel"):
        return ELICIT
    if isinstance(said.get("role"), str) and "content" in said and isinstance(said.get("model"), str):
        return SAMPLE
    return ROOTS if isinstance(said.get("roots"), list) else ""


def server_of(request: Request) -> str:
    """The one spelling of the server that a request goes to: `host[:port]/path`, without a slash at the end."""
    host = canonical_host(request.host)
    host = f"[{host}]" if ":" in host else host
    port = "" if request.port == _DEFAULT_PORTS.get(request.scheme) else f":{request.port}"
    path = canonical_path(request.path) or "/"
    return f"{host}{port}{path.rstrip('/') or '/'}"


def endpoint_of(request: Request, announced: str) -> str:
    """Where a server that answers `request` wants its messages sent, spelled as a server; empty for another origin."""
    try:
        base = f"{request.scheme}://{request.host}:{request.port}{request.path}"
        address = urlsplit(urljoin(base, announced))
        port = address.port or _DEFAULT_PORTS.get(address.scheme, 0)
    except ValueError:
        return ""
    same_origin = (address.scheme, (address.hostname or "").lower(), port) == (
        request.scheme,
        request.host.lower(),
        request.port,
    )
    return server_of(replace(request, path=address.path or "/")) if same_origin else ""


def call_of(request: Request, document: object, *, text_length: int) -> McpCall:
    """What a body, whose texts have `text_length` characters together, asks of the server."""
    messages = [message for _, message in messages_of(document)]
    methods = dict.fromkeys(method for message in messages if (method := method_of(message)))
    called = (string(dig(message, "params", "name")) for message in messages if dig(message, "method") == CALL)
    awaited = (dig(message, "id") for message in messages if "method" in members(message))
    version = next((found for message in messages if (found := _version(message))), "")
    return McpCall(
        server=server_of(request),
        methods=tuple(methods),
        tools=tuple(dict.fromkeys(called)),
        version=(version or request.headers.get("mcp-protocol-version"))[:_LONGEST_NAME],
        ids=tuple(each for each in awaited if isinstance(each, str) or (isinstance(each, int) and not isinstance(each, bool))),
        housekeeping=text_length <= _LONGEST_UPKEEP and all(map(_is_upkeep, messages)),
        later_page=any(dig(message, "params", "cursor") is not None for message in messages),
        mismatch=_mismatch(request, messages),
    )


def head_call(request: Request) -> McpCall | None:
    """What a request without a body asks of a server: to send what it has to say (GET), or to end a session (DELETE)."""
    listens = request.method == "GET" and "text/event-stream" in request.headers.get("accept").lower()
    ends = request.method == "DELETE" and bool(request.headers.get("mcp-session-id"))
    if not says_mcp(request) or not (listens or ends):
        return None
    version = request.headers.get("mcp-protocol-version")[:_LONGEST_NAME]
    return McpCall(server=server_of(request), version=version, housekeeping=True)


def method_of(message: object) -> str:
    """The method of a request or notification, or the one that an answer answers."""
    said = members(message)
    return string(said.get("method")) or answered_method(said.get("result"))


def header_texts(request: Request) -> Iterator[tuple[str, str]]:
    """The parameters that the headers repeat, decoded: (header, text). One that cannot be decoded comes as it is."""
    for name, value in request.headers.pairs:
        if name.startswith(_PARAMETER_HEADER):
            decoded = decode_header(value)
            yield name, value if decoded is None else decoded


def decode_header(value: str) -> str | None:
    """A header's value as it was before it was made fit for a header; None when it is marked as encoded and is not."""
    encoded = _ENCODED.fullmatch(value)
    if encoded is None:
        return value
    try:
        content = base64.b64decode(encoded.group(1).encode("ascii"), validate=True)
        return content.decode()
    except (binascii.Error, UnicodeError):
        return None


def _version(message: object) -> str:
    params = dig(message, "params")
    return string(dig(params, "_meta", _VERSION)) or string(dig(params, "protocolVersion"))


def _is_upkeep(message: object) -> bool:
    said = members(message)
    method, params = said.get("method"), said.get("params")
    if not said.keys() <= _ENVELOPE:
        return False
    if not isinstance(method, str):
        return said.get("result") == {}  # the answer to a ping
    known = method in _UPKEEP or method == "initialize"
    return known and (params is None or (is_object(params) and params.keys() <= _UPKEEP_PARAMETERS))


def _mismatch(request: Request, messages: list[object]) -> str:
    """The header that says something else than the body, which whoever goes by it would take for something else."""
    methods = request.headers.all("mcp-method")
    names = request.headers.all("mcp-name")
    versions = request.headers.all("mcp-protocol-version")
    for message in messages:
        said = members(message)
        method = said.get("method")
        if not isinstance(method, str):
            continue
        if any(value != method for value in methods):
            return "Mcp-Method"
        named = NAMED.get(method)
        if named and any(decode_header(value) != dig(said, "params", named) for value in names):
            return "Mcp-Name"
        version = dig(said, "params", "_meta", _VERSION)
        if isinstance(version, str) and any(value != version for value in versions):
            return "MCP-Protocol-Version"
    return ""
