"""From a held request to what it says: which format, which operation, which text, and how complete the look was.

Separate from the state machine because it is the one place where "known app, unknown path" is settled by the shape of the body.
"""

from dataclasses import dataclass, replace

from lockgate.apps.formats.base import Unreadable, UrlReader, WireFormat
from lockgate.apps.formats.charset import is_declared_otherwise
from lockgate.apps.formats.generic import generic_text
from lockgate.facts.app import AppMatch, Operation
from lockgate.facts.finding import Examination, ExaminationState
from lockgate.facts.prompt import Conversation
from lockgate.facts.traffic import Body, Completeness, Headers, Request
from lockgate.gate.context import GateContext

_NOTHING_SAID = Conversation(turns=())
_FORM_HEADERS = Headers((("content-type", "application/x-www-form-urlencoded"),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was read. `state` is how complete the look at the content can be at best; `app` has its operation settled."""

    app: AppMatch | None
    conversation: Conversation
    state: ExaminationState


def read_request(context: GateContext, app: AppMatch | None, request: Request, body: Body) -> Reading:
    """Read a request whose body is at hand (empty when it has none). Never raises on hostile input."""
    wire_format = _format_of(context, app, request, body)
    settled = _settled(app, wire_format)
    conversation, completeness = _conversation(wire_format, request, body)
    conversation = _with_query(conversation, request)
    if body.completeness is not Completeness.COMPLETE:
        completeness = body.completeness
    elif completeness is Completeness.COMPLETE and (is_declared_otherwise(request) or not _all_readable(conversation)):
        completeness = Completeness.UNDECODABLE
    if completeness is not Completeness.COMPLETE and not conversation.unread:
        conversation = replace(conversation, unread=(completeness.value,))
    return Reading(app=settled, conversation=conversation, state=ExaminationState(completeness.value))


def weaken(examination: Examination, state: ExaminationState) -> Examination:
    """`examination` of a reading that was only `state` complete: findings stay, absence is no longer proven."""
    if examination.state is ExaminationState.COMPLETE and state is not ExaminationState.COMPLETE:
        return replace(examination, state=state)
    return examination


def _format_of(context: GateContext, app: AppMatch | None, request: Request, body: Body) -> WireFormat | None:
    if app is not None and app.format is not None:
        return context.formats.get(app.format)
    if not body.content or (app is not None and app.operation is not None and not app.operation.carries_payload):
        return None
    return context.sniff(request, body)


def _settled(app: AppMatch | None, wire_format: WireFormat | None) -> AppMatch | None:
    """An operation that the path left open: a prompt when the body has the shape of one, otherwise unrecognised."""
    if app is None or app.operation is not None:
        return app if app is None or app.format or wire_format is None else replace(app, format=wire_format.id)
    if wire_format is None:
        return replace(app, operation=Operation.UNRECOGNISED)
    return replace(app, operation=Operation.SEND_PROMPT, format=wire_format.id)


def _conversation(wire_format: WireFormat | None, request: Request, body: Body) -> tuple[Conversation, Completeness]:
    """Every text of the body: by its format, or by walking whatever structure it has; bytes that are no text stay bytes."""
    if wire_format is not None and (body.content or (isinstance(wire_format, UrlReader) and wire_format.reads_url)):
        read = wire_format.read_request(request, body)
        if isinstance(read, Conversation):
            return read, Completeness.COMPLETE
        partial = generic_text(request, body)
        return (partial if isinstance(partial, Conversation) else _NOTHING_SAID), read.completeness
    read = generic_text(request, body)
    if isinstance(read, Unreadable):
        return _NOTHING_SAID, read.completeness
    return read, Completeness.COMPLETE


def _with_query(conversation: Conversation, request: Request) -> Conversation:
    """The texts of the URL's query as a turn before the others: some apps take the prompt there."""
    if not request.query:
        return conversation
    as_form = replace(request, headers=_FORM_HEADERS)
    said = generic_text(as_form, Body(content=request.query.encode("utf-8", "surrogateescape")))
    if isinstance(said, Conversation):
        return replace(conversation, turns=said.turns + conversation.turns)
    return replace(conversation, unread=(*conversation.unread, "a query that cannot be read"))


def _all_readable(conversation: Conversation) -> bool:
    """Whether everything that leaves with the request is text that detectors see."""
    carries_bytes = any(attachment.content for turn in conversation.turns for attachment in turn.attachments)
    return not carries_bytes and not conversation.unread
