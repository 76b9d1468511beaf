"""Pictures and films from words: generations, edits and variations, as JSON or as a form with the pictures to start from.

OpenAI's calls for images and videos, copied by most vendors of such models. The answer holds pictures, nothing to read but the
prompt as the model revised it. https://platform.openai.com/docs/api-reference/images
"""

from typing import override

from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.base import Refusal, Unreadable
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.json_text import Parsed, unreadable
from lockgate.apps.formats.json_view import dig, is_object, items, members, string
from lockgate.apps.formats.media_fields import fields, parse_media, read_fields, read_files
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.path_model import model_in_path
from lockgate.apps.formats.refusal import openai_error, refuse_with_json
from lockgate.facts.prompt import Conversation, Role
from lockgate.facts.traffic import Answer, Body, Request

_WORDS = {"prompt": Role.USER, "negative_prompt": Role.USER, "text": Role.USER, "instructions": Role.SYSTEM}
_PICTURES = ("image", "images", "mask", "image_url", "input_image", "input_reference", "reference_images", "init_image",
             "video")  # fmt: skip
_OWN_FIELDS = frozenset({"response_format", "quality", "size", "n", "seconds", "aspect_ratio", "background"})


class OpenAiImages(DocumentFormat):
    """`openai-images`."""

    id = "openai-images"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """A `model` with a `prompt` and a picture's size, or two of its other settings."""
        body = members(document)
        own = _OWN_FIELDS & body.keys()
        return all(isinstance(body.get(name), str) for name in ("model", "prompt")) and ("size" in own or len(own) > 1)

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """The vendor's error object."""
        return refuse_with_json(refusal, request, openai_error(refusal))

    @override
    def _parse(self, request: Request, body: Body) -> Parsed | Unreadable:
        return parse_media(request, body)

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        if not any(name in _WORDS or name in _PICTURES for name, _ in fields(document)):
            return unreadable("neither words nor pictures")
        model = read_fields(page, document, _WORDS)
        read_files(page, document, _PICTURES, "image/*")
        return page.conversation(
            model=model or model_in_path(request.path), wants_stream=is_object(document) and document.get("stream") is True
        )

    @override
    def _interpreter(self) -> Interpreter:
        return _PictureAnswer()


class _PictureAnswer(Interpreter):
    """A list of pictures, an event for each, or a job that will make a film."""

    @override
    def event(self, name: str, data: object) -> None:
        """Take one event, or the whole answer."""
        draft = self.draft
        draft.named(dig(data, "model"))
        error = dig(data, "error")
        draft.failed(dig(error, "message") or error)
        for index, picture in enumerate(items(dig(data, "data"))):
            draft.add(Channel.TEXT, index, dig(picture, "revised_prompt"))
        kind = string(dig(data, "type")) or name
        whole = not {"data", "images", "status"}.isdisjoint(members(data))
        draft.finished = draft.finished or kind.endswith(".completed") or (whole and not kind)
