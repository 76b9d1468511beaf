"""`inputs` with `parameters`: Hugging Face's inference API and its text-generation server, whatever the task of the model.

https://huggingface.github.io/text-generation-inference
"""

import re
from typing import override

from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.answering import answer_in_events, answer_in_json
from lockgate.apps.formats.base import Refusal, Unreadable
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.json_text import unreadable
from lockgate.apps.formats.json_view import dig, is_array, is_object, items, members
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.path_model import model_in_path
from lockgate.apps.formats.refusal import refuse_with_json
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation, PartKind, Role
from lockgate.facts.traffic import Answer, Request

_HUB = re.compile(r"/models/([A-Za-z0-9._-]{1,96}/[A-Za-z0-9._-]{1,96})(?:/|$)")
_GENERATES = re.compile(r"/generate(?:_stream)?$")
_OWN_FIELDS = frozenset({"max_new_tokens", "return_full_text", "do_sample", "truncate", "decoder_input_details", "watermark"})
_TYPED = ("text", "question", "source_sentence", "query", "prompt")
_FILES = ("context", "sentences", "texts", "table")
_SAID = ("generated_text", "summary_text", "translation_text", "answer", "text", "sequence")


class TextGeneration(DocumentFormat):
    """`text-generation`."""

    id = "text-generation"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """One text as `inputs`, with parameters of text generation."""
        parameters = members(dig(document, "parameters"))
        return isinstance(dig(document, "inputs"), str) and not _OWN_FIELDS.isdisjoint(parameters)

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """The vendor's error object."""
        return refuse_with_json(refusal, request, {"error": refusal.message, "error_type": "validation"})

    def answer(self, refusal: Refusal, request: Request, conversation: Conversation) -> Answer | None:
        """A generated text, at the server's own paths alone: what a model of the hub gives back depends on its task."""
        if not _GENERATES.search(request.path) or "/models/" in request.path:
            return None
        whole = {"generated_text": refusal.message, "details": None}
        if conversation.wants_stream:
            token = {"id": 0, "text": refusal.message, "logprob": 0, "special": False}
            return answer_in_events(refusal, request, ({"index": 1, "token": token, "top_tokens": []} | whole,))
        return answer_in_json(refusal, request, whole)

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        body = members(document)
        if "inputs" not in body:
            return unreadable("no inputs")
        _read_inputs(page, body["inputs"], ("inputs",))
        named = _HUB.search(request.path)
        model = page.model() or (named.group(1) if named else model_in_path(request.path))
        streams = body.get("stream") is True or request.path.endswith("/generate_stream")
        return page.conversation(model=model, wants_stream=streams)

    @override
    def _interpreter(self) -> Interpreter:
        return _GeneratedAnswer()


def _read_inputs(page: Page, inputs: object, path: Path) -> None:
    page.open(Role.USER, path)
    page.typed(path)
    for index, item in enumerate(items(inputs)):
        page.typed((*path, index))
        if isinstance(item, int):
            page.could_not_read("input as token numbers")
        elif is_array(item) or is_object(item):
            page.tree((*path, index), PartKind.TEXT)
    for name in _TYPED:
        page.typed((*path, name))
    for name in _FILES:
        if dig(inputs, name) is not None:
            page.tree((*path, name), PartKind.FILE)
    for name in ("image", "audio"):
        page.data((*path, name), media_type=f"{name}/*")


class _GeneratedAnswer(Interpreter):
    """Tokens with the whole text beside the last one; or the result of whatever task, in an object or an array."""

    @override
    def event(self, name: str, data: object) -> None:
        """Take one event, or the whole answer."""
        draft = self.draft
        error = dig(data, "error")
        draft.failed(dig(error, "message") or error)
        token = dig(data, "token")
        if token is not None:
            draft.add(Channel.TEXT, 0, None if dig(token, "special") is True else dig(token, "text"))
            if isinstance(dig(data, "generated_text"), str):
                draft.put(Channel.TEXT, 0, dig(data, "generated_text"))
                draft.finished = True
            return
        for index, result in enumerate(items(data) or [data]):
            for field in _SAID:
                draft.add(Channel.TEXT, index, dig(result, field))
            draft.named(dig(result, "model"))
        draft.finished = draft.finished or is_array(data) or (is_object(data) and error is None)
