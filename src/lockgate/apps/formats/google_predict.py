"""Google's `predict`: a list of `instances`, each with a prompt, a text or a picture, and `parameters` for all of them.

How Imagen, Veo and embedding models are called, and the older language models of Vertex.
https://cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.endpoints/predict
"""

from typing import override

from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.base import Refusal, Unreadable
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.json_text import unreadable
from lockgate.apps.formats.json_view import dig, items, members, string
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.path_model import model_in_path
from lockgate.apps.formats.refusal import google_error, refuse_with_json
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation, PartKind, Role
from lockgate.facts.traffic import Answer, Request

_WORDS = ("prompt", "content", "text", "prefix", "inputs", "question", "negativePrompt")
_ASIDE = {"context": PartKind.TEXT, "title": PartKind.FILE, "suffix": PartKind.FILE}
_PICTURES = ("image", "lastFrame", "video", "audio")
_LISTS = ("referenceImages", "referenceVideos")


class GooglePredict(DocumentFormat):
    """`google-predict`."""

    id = "google-predict"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """Instances that have a prompt: numbers in instances are anybody's model."""
        instances = items(dig(document, "instances"))
        return bool(instances) and all(isinstance(dig(instance, "prompt"), str) for instance in instances)

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """The vendor's error object; its code says 403, the HTTP status must not."""
        return refuse_with_json(refusal, request, google_error(refusal))

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        instances = items(dig(document, "instances"))
        if not instances:
            return unreadable("no instances")
        for index, instance in enumerate(instances):
            _read_instance(page, instance, ("instances", index))
        page.open(Role.USER, ("parameters",))
        page.text(("parameters", "negativePrompt"))
        background = request.path.endswith((":countTokens", ":computeTokens"))
        return page.conversation(model=model_in_path(request.path), background=background)

    @override
    def _interpreter(self) -> Interpreter:
        return _Predictions()


def _read_instance(page: Page, instance: object, path: Path) -> None:
    for name, kind in _ASIDE.items():
        if isinstance(dig(instance, name), str):
            page.open(Role.SYSTEM if name == "context" else Role.USER, (*path, name))
            page.text((*path, name), kind)
    for index, message in enumerate(items(dig(instance, "messages"))):
        at = (*path, "messages", index)
        page.open(Role.USER if string(dig(message, "author")) in ("user", "0", "") else Role.ASSISTANT, at)
        page.typed((*at, "content"))
    page.open(Role.USER, path)
    page.typed(path)
    for name in _WORDS:
        page.typed((*path, name))
    for name in _PICTURES:
        _read_picture(page, dig(instance, name), (*path, name))
    for name in _LISTS:
        for index, held in enumerate(items(dig(instance, name))):
            for inner in ("image", "referenceImage", "video"):
                _read_picture(page, dig(held, inner), (*path, name, index, inner))


def _read_picture(page: Page, picture: object, path: Path) -> None:
    media_type = string(dig(picture, "mimeType"))
    for name in ("bytesBase64Encoded", "data"):
        if dig(picture, name) is not None and not page.data((*path, name), media_type=media_type):
            page.could_not_read("inline file")
    for name in ("gcsUri", "fileUri", "uri"):
        page.reference(dig(picture, name), (*path, name), media_type=media_type)


class _Predictions(Interpreter):
    """Texts, pictures or vectors, one for each instance; or the name of a job."""

    @override
    def event(self, name: str, data: object) -> None:
        """Take the whole answer."""
        draft = self.draft
        for index, prediction in enumerate(items(dig(data, "predictions"))):
            draft.add(Channel.TEXT, index, prediction)
            for field in ("content", "prompt", "raiFilteredReason"):
                draft.add(Channel.TEXT, index, dig(prediction, field))
            for candidate in items(dig(prediction, "candidates")):
                draft.add(Channel.TEXT, index, dig(candidate, "content"))
        draft.works_as(dig(data, "name"))
        error = dig(data, "error")
        draft.failed(dig(error, "message") or error)
        draft.finished = draft.finished or not {"predictions", "name", "totalTokens", "tokensInfo"}.isdisjoint(members(data))
