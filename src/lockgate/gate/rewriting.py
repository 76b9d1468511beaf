"""Having a request or a message written anew by its format, and reading what came of that before it may leave.

Separate from what is to stand where (`redacting`): this is the one place where bytes that leave come from the gateway. Whatever
a format does wrong ends here: what was written has to be read as it was meant, or it is not sent.
"""

from collections.abc import Callable
from dataclasses import dataclass

from lockgate.apps.credentials import without_credentials
from lockgate.apps.formats.base import WireFormat
from lockgate.apps.formats.generic import GENERIC
from lockgate.apps.formats.generic_socket import GENERIC_SOCKET
from lockgate.apps.formats.signed_body import body_is_signed
from lockgate.facts.app import AppMatch
from lockgate.facts.finding import ExaminationState
from lockgate.facts.traffic import Body, Completeness, Request, SocketMessage
from lockgate.gate.context import GateContext
from lockgate.gate.reading import read_request, with_background
from lockgate.gate.redacting import CannotRedactError, Redacted, check_redacted
from lockgate.gate.socket import MessageReading, Socket

_NO_PLACE = "it stands where nothing can be replaced, such as a file, an address, or a notation that is only read"
_EARLIER = "it began in an earlier message"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRequest:
    """A request whose body was held, and how it was read: as which app's, in which format, how completely."""

    app: AppMatch | None
    request: Request
    body: Body
    state: ExaminationState
    format: WireFormat | None


def rewrite_request(context: GateContext, held: HeldRequest, wanted: Redacted) -> bytes:
    """The body that says what is `wanted`. Raises CannotRedactError."""
    request, body = held.request, held.body
    if wanted.elsewhere:
        raise CannotRedactError(_NO_PLACE)
    if body.completeness is not Completeness.COMPLETE:
        raise CannotRedactError("not all of it was there to be rewritten")
    if body_is_signed(request):
        raise CannotRedactError("the request is signed, so that nobody on the way can change it")
    formats = (held.format, GENERIC) if held.format is not None else (GENERIC,)
    content = _first(tuple(lambda each=each: each.rewrite_request(request, body, wanted.texts) for each in formats))
    again = read_request(context, held.app, request, Body(content=content))
    query = request.query if held.app is None else without_credentials(request.query)
    got = again.conversation if again.state is held.state else None
    check_redacted(wanted, got, content, f"{request.path}?{query}")
    return content


def rewrite_message(
    context: GateContext, socket: Socket, reading: MessageReading, message: SocketMessage, wanted: Redacted
) -> bytes:
    """The message of a WebSocket that says what is `wanted`. Raises CannotRedactError."""
    if wanted.elsewhere:
        raise CannotRedactError(_EARLIER)
    formats = (reading.format, GENERIC_SOCKET)
    content = _first(tuple(lambda each=each: each.rewrite_message(socket.request, message, wanted.texts) for each in formats))
    written = SocketMessage(content=content, is_text=message.is_text)
    again = socket.read(context, reading.app, written, Completeness.COMPLETE)
    got = with_background(socket.request, again.app, again.conversation) if again.state is reading.state else None
    check_redacted(wanted, got, content)
    return content


def _first(ways: tuple[Callable[[], bytes], ...]) -> bytes:
    """What the first format makes of it that knows every place."""
    for write in ways:
        try:
            return write()
        except ValueError:
            continue
    raise CannotRedactError(_NO_PLACE)
