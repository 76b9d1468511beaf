"""From a held request to what it says: which format, which operation, which text, and how complete the look was.

Separate from the state machine because it is the one place where "known app, unknown path" is settled by the shape of the body.
"""

from dataclasses import dataclass, replace

from lockgate.apps.background import is_background
from lockgate.apps.canonical import query_values
from lockgate.apps.credentials import without_credentials
from lockgate.apps.formats.base import Unreadable, UrlReader, WireFormat
from lockgate.apps.formats.charset import is_declared_otherwise
from lockgate.apps.formats.generic import generic_text
from lockgate.apps.formats.mcp_messages import head_call, may_be_mcp, server_of
from lockgate.facts.app import AppMatch, Operation
from lockgate.facts.authorship import first_new
from lockgate.facts.discovery import Drift
from lockgate.facts.finding import Examination, ExaminationState
from lockgate.facts.mcp import McpCall
from lockgate.facts.prompt import ONLY_BYTES_UNREAD, Conversation
from lockgate.facts.traffic import Body, Completeness, Headers, Request
from lockgate.gate.context import GateContext

_NOTHING_SAID = Conversation(turns=())
_MCP = "mcp"
_JSON_RPC = b"jsonrpc"
_EMPTY_DOCUMENT = 2
_FORM_HEADERS = Headers((("content-type", "application/x-www-form-urlencoded"),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was read.

    `state` is how complete the look at the content can be at best; `app` has its operation settled; `format` is the one the
    body is in, whether its host is an app or not; `mcp` is what is asked of an MCP server. `drift` is how the request differs
    from what the app's file describes.
    """

    app: AppMatch | None
    conversation: Conversation
    state: ExaminationState
    format: WireFormat | None = None
    mcp: McpCall | None = None
    drift: Drift | None = None


def read_request(context: GateContext, app: AppMatch | None, request: Request, body: Body) -> Reading:
    """Read a request whose body is at hand (empty when it has none). Never raises on hostile input."""
    wire_format = _format_of(context, app, request, body)
    conversation, completeness = _conversation(wire_format, request, body)
    drift = _drift(app, body, conversation, completeness)
    if not (_reads_url(wire_format) and completeness is Completeness.COMPLETE):
        conversation = _with_query(conversation, request if app is None else _without_credentials(request))
    if request.is_websocket_upgrade and conversation.model is None:
        conversation = replace(conversation, model=query_values(request).get("model"))
    unread = ""
    if body.completeness is not Completeness.COMPLETE:
        completeness = body.completeness
    elif completeness is Completeness.COMPLETE and is_declared_otherwise(request):
        completeness = Completeness.UNDECODABLE
    elif completeness is Completeness.COMPLETE and not all_readable(conversation):
        completeness = Completeness.UNDECODABLE
        unread = ONLY_BYTES_UNREAD if wire_format is not None else ""
    if completeness is not Completeness.COMPLETE and not conversation.unread:
        conversation = replace(conversation, unread=(unread or completeness.value,))
    call = conversation.mcp or _mcp_without_a_look(app, request, body, completeness)
    settled = _settled(app, wire_format, call)
    return Reading(
        app=settled,
        conversation=with_background(request, settled, conversation),
        state=ExaminationState(completeness.value),
        format=context.formats.get(_MCP) if call is not None and wire_format is None else wire_format,
        mcp=call,
        drift=drift,
    )


def with_background(request: Request, app: AppMatch | None, conversation: Conversation) -> Conversation:
    """`conversation`, marked when its client sends it by itself around a prompt."""
    return replace(conversation, background=True) if is_background(request, app, conversation) else conversation


def weaken(examination: Examination, state: ExaminationState) -> Examination:
    """`examination` of a reading that was only `state` complete: findings stay, absence is no longer proven."""
    if examination.state is ExaminationState.COMPLETE and state is not ExaminationState.COMPLETE:
        return replace(examination, state=state)
    return examination


def _format_of(context: GateContext, app: AppMatch | None, request: Request, body: Body) -> WireFormat | None:
    if app is not None and app.format is not None:
        return context.formats.get(app.format)
    found = context.sniff(request, body) if body.content else None
    if app is None or app.operation is None or app.operation.carries_payload:
        return found
    # What the path says is not for carrying content may still be where an MCP server listens.
    return found if found is not None and found.id == _MCP else None


def _mcp_without_a_look(app: AppMatch | None, request: Request, body: Body, completeness: Completeness) -> McpCall | None:
    """What the head alone says is MCP, or a body that may be it and could not be read."""
    if not body.content and completeness is Completeness.COMPLETE:
        return head_call(request)
    if completeness is Completeness.COMPLETE or request.method != "POST":
        return None
    declared = app is not None and app.format == _MCP
    unseen = not body.content and (request.media_type.endswith("json") or not request.media_type)
    if declared or may_be_mcp(request) or unseen or _JSON_RPC in body.content:
        return McpCall(server=server_of(request), unread=True)
    return None


def _settled(app: AppMatch | None, wire_format: WireFormat | None, call: McpCall | None) -> AppMatch | None:
    """An operation that the path left open: a prompt when the body has the shape of one, otherwise unrecognised.

    What is asked of an MCP server says more than any path, except than one where the app's file says prompts go: a server of
    prompts skips the members that make a message of MCP, so those must not turn it into something that carries less.
    """
    if app is not None and call is not None and not call.unread:
        if app.operation is not None and app.operation.carries_payload and app.format != _MCP:
            return replace(app, format=app.format or _MCP)
        if call.housekeeping and app.operation is None and app.format != _MCP:
            # Upkeep has texts as well (reasons, messages of progress): where no server of MCP is known to listen, they count.
            return replace(app, operation=Operation.UNRECOGNISED, format=_MCP)
        operation = Operation.STATUS if call.housekeeping else Operation.TOOL_CALL
        return replace(app, operation=operation, format=_MCP)
    if app is None or app.operation is not None:
        return app if app is None or app.format or wire_format is None else replace(app, format=wire_format.id)
    if wire_format is None:
        return replace(app, operation=Operation.UNRECOGNISED)
    return replace(app, operation=Operation.SEND_PROMPT, format=wire_format.id)


def _conversation(wire_format: WireFormat | None, request: Request, body: Body) -> tuple[Conversation, Completeness]:
    """Every text of the body: by its format, or by walking whatever structure it has; bytes that are no text stay bytes."""
    if wire_format is not None and (body.content or _reads_url(wire_format)):
        read = wire_format.read_request(request, body)
        if isinstance(read, Conversation):
            return read, Completeness.COMPLETE
        partial = generic_text(request, body)
        return (partial if isinstance(partial, Conversation) else _NOTHING_SAID), read.completeness
    read = generic_text(request, body)
    if isinstance(read, Unreadable):
        return _NOTHING_SAID, read.completeness
    return read, Completeness.COMPLETE


def _drift(app: AppMatch | None, body: Body, said: Conversation, completeness: Completeness) -> Drift | None:
    """Whether a known app does something that its file does not describe, judged by what its format made of the body."""
    if app is None or not body.content or body.completeness is not Completeness.COMPLETE:
        return None
    if app.operation is None:
        return Drift.UNKNOWN_PATH
    if app.format is None or not app.operation.carries_payload:
        return None
    if completeness is not Completeness.COMPLETE:
        return Drift.UNREADABLE_BODY
    return Drift.NOTHING_SAID if not said.turns and len(body.content) > _EMPTY_DOCUMENT else None


def _reads_url(wire_format: WireFormat | None) -> bool:
    """Whether a format finds words in the URL, and so reads a request without a body, and the query by itself."""
    return isinstance(wire_format, UrlReader) and wire_format.reads_url


def _without_credentials(request: Request) -> Request:
    """What identifies the client to an app is no content that leaves for it, no more than its headers are."""
    return replace(request, query=without_credentials(request.query)) if request.query else request


def _with_query(conversation: Conversation, request: Request) -> Conversation:
    """The texts of the URL's query as a turn before what else is new: some apps take the prompt there."""
    if not request.query:
        return conversation
    as_form = replace(request, headers=_FORM_HEADERS)
    said = generic_text(as_form, Body(content=request.query.encode("utf-8", "surrogateescape")))
    if isinstance(said, Conversation):
        at = first_new(conversation)
        return replace(conversation, turns=(*conversation.turns[:at], *said.turns, *conversation.turns[at:]))
    return replace(conversation, unread=(*conversation.unread, "a query that cannot be read"))


def all_readable(conversation: Conversation) -> bool:
    """Whether everything that leaves with the request is text that detectors see."""
    carries_bytes = any(attachment.content for turn in conversation.turns for attachment in turn.attachments)
    return not carries_bytes and not conversation.unread
