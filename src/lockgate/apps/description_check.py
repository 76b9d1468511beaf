"""Is a description of a format sound: does every place of it mean something, and does a sample prove it?

Separate from `check.py` because it knows the language of descriptions. It reports every problem at once, each with its place.
"""

from collections.abc import Callable, Iterator

from lockgate.apps.description import AnswerDescription, Description, FilesDescription, MessagesDescription, Places, listed
from lockgate.apps.formats.described import described_id
from lockgate.apps.formats.described_refusal import check_refusal
from lockgate.apps.formats.described_request import compile_place
from lockgate.apps.formats.protobuf_places import known_answer, known_request
from lockgate.apps.formats.where import compile_where
from lockgate.apps.schema import AppFile, Sample, Signature
from lockgate.apps.vocabulary import Protocol
from lockgate.facts.problem import Path

type Finding = tuple[Path, str, str]
type _Given = tuple[Path, str]

_JSON = ("json", "call", "records")
_SEE = "see `reads` in apps/README.md"
_FILE_PLACES = ("each", "name", "media_type", "content", "text", "reference")
_HEARD = ("text", "reasoning", "whole", "error", "done", "model", "conversation", "references", "task", "made")


def check_description(file: AppFile, index: int) -> Iterator[Finding]:
    """Every problem of the description in one operation of `file`; nothing when it has none."""
    signature = file.operations[index]
    reads = signature.reads
    if reads is None:
        return
    at = ("operations", index, "reads")
    if signature.format is not None:
        yield at, "an operation has a `format` or is described by `reads`, not both", "leave one of them out"
    for path, problem, step in (*_places(reads), *_refusal(signature, reads), *_emptiness(signature, reads)):
        yield (*at, *path), problem, step
    yield from ((at, problem, step) for problem, step in _unproven(file, signature, reads))


def _places(reads: Description) -> Iterator[Finding]:
    head = (*_listed(("model",), reads.model), *_listed(("conversation",), reads.conversation))
    yield from _refused(head, compile_place)
    outer = [*_listed(("prompt",), reads.prompt), *_listed(("system",), reads.system), *_listed(("context",), reads.context)]
    outer += _listed(("tokens",), reads.tokens)
    if isinstance(reads.background, str):
        outer.append((("background",), reads.background))
    inner: list[_Given] = []
    for index, files in enumerate(reads.files):
        outer.append((("files", index, "each"), files.each))
        inner += _of_files(("files", index), files)
    if reads.messages is not None:
        outer.append((("messages", "each"), reads.messages.each))
        inner += _of_messages(reads.messages)
    if reads.answer is not None:
        inner += _of_answer(reads.answer)
    yield from _refused((*outer, *inner), compile_where)
    try:
        known_request(reads)
        _ = known_answer(reads.answer) if reads.answer else None
    except ValueError as error:
        yield (), str(error), _SEE
    for path, text in outer:
        if reads.body in _JSON and text.startswith("field "):
            yield path, f"`{text}` is a place in a form, and the body is JSON", "give `body: form`, `multipart` or `url`"
        if reads.body != "call" and text.startswith("pb "):
            yield path, f"`{text}` is a place in a protobuf message", "give `body: call`"
        if reads.body not in (*_JSON, "json-or-form") and not text.startswith("field ") and text != "$":
            yield path, f"`{text}` is a place in JSON, and the body has fields", "begin with `field NAME`, then ` >json> $...`"


def _of_files(at: Path, files: FilesDescription) -> Iterator[_Given]:
    for name in _FILE_PLACES:
        place: str = getattr(files, name)
        if place and name != "each":
            yield (*at, name), place


def _of_messages(messages: MessagesDescription) -> Iterator[_Given]:
    at = ("messages",)
    yield from _listed((*at, "text"), messages.text)
    yield from _listed((*at, "answered"), messages.answered)
    if messages.role:
        yield (*at, "role"), messages.role
    for index, files in enumerate(messages.files):
        yield (*at, "files", index, "each"), files.each
        yield from _of_files((*at, "files", index), files)


def _of_answer(answer: AnswerDescription) -> Iterator[_Given]:
    for name in ("each", "section", *_HEARD):
        yield from _listed(("answer", name), getattr(answer, name))


def _refusal(signature: Signature, reads: Description) -> Iterator[Finding]:
    is_socket = signature.protocol is Protocol.WEBSOCKET
    if is_socket and reads.body not in ("json", "records"):
        yield ("body",), "messages of a WebSocket are JSON, or records of JSON", "leave `body` out, or give `body: records`"
    if reads.refusal is None:
        return
    if reads.refusal.details and reads.body != "call":
        yield ("refusal", "details"), "details go with the error of a call", "give `body: call`"
    if is_socket != bool(reads.refusal.messages):
        yield ("refusal",), "`messages` refuse on a WebSocket, and nothing else does", _SEE
        return
    try:
        check_refusal(reads.refusal)
    except ValueError as error:
        yield ("refusal",), str(error), _SEE


def _emptiness(signature: Signature, reads: Description) -> Iterator[Finding]:
    fetches = signature.answers is not None and reads.answer is not None
    if not (fetches or reads.prompt or reads.messages or reads.context or reads.files or reads.body == "multipart"):
        yield (), "nothing is read", "give `prompt`, `messages`, `context` or `files`"
    if reads.answer is not None and not any(getattr(reads.answer, name) for name in _HEARD):
        yield ("answer",), "nothing is heard", "give `text`"


def _unproven(file: AppFile, signature: Signature, reads: Description) -> Iterator[tuple[str, str]]:
    format_id = described_id(file.id, signature.id)
    samples = [sample for sample in file.samples if sample.format == format_id]
    proofs: list[tuple[bool, str, Callable[[Sample], bool]]] = [
        (bool(reads.prompt or reads.messages), "prompt", lambda sample: bool(sample.prompt)),
        (bool(reads.files), "attachments", lambda sample: bool(sample.attachments)),
        (
            bool(reads.answer and (reads.answer.text or reads.answer.whole or reads.answer.made)),
            "answer",
            lambda sample: bool(sample.answer),
        ),
    ]
    for is_described, name, proves in proofs:
        if is_described and not any(map(proves, samples)):
            yield (
                f"no sample shows that the {name} of `{signature.id}` is read",
                f"add one with `format: {format_id}` and `{name}`",
            )
    if not samples:
        yield f"no sample shows a request of `{signature.id}`", f"add one with `format: {format_id}`"


def _listed(path: Path, places: Places) -> tuple[_Given, ...]:
    if isinstance(places, str):
        return ((path, places),) if places else ()
    return tuple(((*path, index), place) for index, place in enumerate(listed(places)))


def _refused(given: tuple[_Given, ...], compiler: Callable[[str], object]) -> Iterator[Finding]:
    for path, text in given:
        try:
            compiler(text)
        except ValueError as error:
            yield path, str(error), _SEE
