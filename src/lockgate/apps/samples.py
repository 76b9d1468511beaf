"""Running the samples of app files against a built library.

Separate from the checks of a single file because a sample goes through the whole library, just as a live request does: it also
fails when another app takes its host. It must never send anything.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from lockgate.apps.formats.base import AnswersElsewhere, SocketFormat, SocketReader, Unreadable, UrlReader, WireFormat
from lockgate.apps.sample_exchange import sample_answer, sample_body, sample_message, sample_replies, sample_request
from lockgate.apps.schema import UNDECIDED, Sample, SampleResponse
from lockgate.facts.app import AppMatch
from lockgate.facts.prompt import Conversation, ModelAnswer
from lockgate.facts.traffic import Body, Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Readers:
    """What samples are run against: how requests are matched, and the formats by id."""

    match: Callable[[Request], AppMatch | None]
    formats: Mapping[str, WireFormat]
    sockets: Mapping[str, SocketFormat]


def failures(app: str, sample: Sample, readers: Readers) -> Iterator[str]:
    """What the library says differently from the sample, one lower-case clause each."""
    try:
        request = sample_request(sample)
        found = readers.match(request)
        if found is None:
            yield f"`{sample.request}` belongs to no app"
            return
        yield from _misjudged(app, sample, found)
        yield from _misread(sample, request, found, readers)
        yield from _misheard(sample, request, found, readers)
    except ValueError as error:
        yield str(error)


def misled(app: str, sample: Sample, owner: Callable[[Request], str | None]) -> Iterator[str]:
    """Whether the request of a sample goes to another app than its own: all that other files can change about it."""
    found = owner(sample_request(sample))
    if found != app:
        yield f"the app of `{sample.request}` is `{found or 'none'}`, not `{app}`"


def _misjudged(app: str, sample: Sample, found: AppMatch) -> Iterator[str]:
    operation = found.operation.value if found.operation is not None else UNDECIDED
    tier = found.tier.id if found.tier is not None and found.tier_known else None
    for name, expected, actual in (
        ("app", app, found.app.id),
        ("operation", str(sample.operation), operation),
        ("format", sample.format, found.format),
        ("tenant", sample.tenant, found.tenant),
        ("tier", sample.tier, tier),
    ):
        if expected != actual:
            yield f"the {name} of `{sample.request}` is `{actual or 'none'}`, not `{expected or 'none'}`"


def _misread(sample: Sample, request: Request, found: AppMatch, readers: Readers) -> Iterator[str]:
    """What the format reads differently in the request's body, or in the message of a WebSocket."""
    expects_words = sample.prompt is not None or sample.model is not None or bool(sample.attachments)
    if not expects_words and sample.conversation is None:
        return
    read = _said(sample, request, found.format or "", readers)
    conversation = (read.id if isinstance(read, Conversation) else None) or found.conversation
    if sample.conversation is not None and sample.conversation != (conversation or ""):
        shown = f"`{conversation or 'none'}`, not `{sample.conversation}`"
        yield f"the conversation of `{sample.request}` is read as {shown}"
    if not expects_words:
        return
    if read is None:
        yield f"`{sample.request}` expects a prompt but has no body to read it from"
        return
    if isinstance(read, Unreadable):
        yield f"the body of `{sample.request}` cannot be read: {read.detail}"
        return
    prompt = read.prompt
    attached = tuple(file.name or file.reference for turn in read.turns for file in turn.attachments)
    for name, expected, actual in (
        ("prompt", sample.prompt, prompt.typed_text if prompt else None),
        ("model", sample.model, read.model),
    ):
        if expected is not None and expected != (actual or ""):
            yield f"the {name} of `{sample.request}` is read as `{actual or 'none'}`, not `{expected}`"
    if sample.attachments and sample.attachments != attached:
        shown = ", ".join(attached) or "none"
        yield f"the attachments of `{sample.request}` are `{shown}`, not `{', '.join(sample.attachments)}`"


def _said(sample: Sample, request: Request, format_id: str, readers: Readers) -> Conversation | Unreadable | None:
    if request.is_websocket_upgrade:
        message, socket = sample_message(sample), readers.sockets.get(format_id)
        return socket.read_message(request, message) if socket is not None and message is not None else None
    body, wire_format = sample_body(sample), readers.formats.get(format_id)
    if body is None and isinstance(wire_format, UrlReader) and wire_format.reads_url:
        body = Body(content=b"")
    return wire_format.read_request(request, body) if wire_format is not None and body is not None else None


def _misheard(sample: Sample, request: Request, found: AppMatch, readers: Readers) -> Iterator[str]:
    """What the format hears differently in the response."""
    if sample.response is None:
        if sample.answer is not None or sample.reasoning is not None or sample.tasks:
            yield f"`{sample.request}` expects an answer but has no response to read it from"
        return
    heard = _heard(sample, request, found, readers)
    if heard is None:
        yield f"no format reads the response to `{sample.request}`"
        return
    for name, expected, actual in (("answer", sample.answer, heard.text), ("reasoning", sample.reasoning, heard.reasoning)):
        if expected is not None and expected != actual:
            yield f"the {name} to `{sample.request}` is heard as `{actual or 'none'}`, not `{expected}`"
    tasks = tuple(dict.fromkeys((*((found.task,) if found.task else ()), *heard.tasks)))
    if sample.tasks and sample.tasks != tasks:
        yield f"the tasks of `{sample.request}` are `{', '.join(tasks) or 'none'}`, not `{', '.join(sample.tasks)}`"


def _heard(sample: Sample, request: Request, found: AppMatch, readers: Readers) -> ModelAnswer | None:
    if sample.response is None:
        return None
    format_id = found.format or ""
    if request.is_websocket_upgrade:
        socket = readers.sockets.get(format_id)
        if socket is None:
            return None
        if found.answers is not None and isinstance(socket, AnswersElsewhere):
            return _told(socket, sample.response)
        reader = socket.answer_reader()
        for message in sample_replies(sample.response):
            reader.feed(message)
        return reader.finish()
    wire_format = readers.formats.get(format_id)
    return wire_format.read_response(*sample_answer(sample.response)) if wire_format is not None else None


def _told(socket: AnswersElsewhere, response: SampleResponse) -> ModelAnswer | None:
    """The first answer that is told without having been asked for."""
    readers: dict[str, SocketReader] = {}
    for message in sample_replies(response):
        for piece in socket.told(message):
            readers.setdefault(piece.answer, socket.told_reader(piece.answer)).feed(piece.message)
    return next((reader.finish() for reader in readers.values()), None)
