"""Embeddings and moderations: text under `input` that a model turns into numbers or judges, one piece or many.

OpenAI's shape, copied by most vendors of embeddings, some of whom take images among the pieces. Text that was cut into token
numbers beforehand nobody can read. Moderation calls go out around a prompt, not for its answer.
https://platform.openai.com/docs/api-reference/embeddings
"""

import re
from typing import override

from lockgate.apps.formats.answer_draft import Interpreter
from lockgate.apps.formats.base import Refusal, Unreadable
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.json_text import unreadable
from lockgate.apps.formats.json_view import dig, is_array, items, members
from lockgate.apps.formats.openai_chat import read_block, read_messages
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.path_model import model_in_path
from lockgate.apps.formats.refusal import openai_error, refuse_with_json
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation, Role
from lockgate.facts.traffic import Answer, Request

_PATH = re.compile(r"/(?:embeddings|moderations)$")
_OWN_FIELDS = frozenset({"encoding_format", "dimensions", "input_type", "embedding_type", "output_dimension"})


class OpenAiEmbeddings(DocumentFormat):
    """`openai-embeddings`."""

    id = "openai-embeddings"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """A `model` with an `input` of plain strings or token numbers, or of one string beside the call's own fields."""
        body = members(document)
        given = body.get("input")
        if not isinstance(body.get("model"), str):
            return False
        if isinstance(given, str):
            return not _OWN_FIELDS.isdisjoint(body) or _PATH.search(request.path) is not None
        return bool(items(given)) and all(isinstance(item, (str, int)) or is_array(item) for item in items(given))

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """The vendor's error object."""
        return refuse_with_json(refusal, request, openai_error(refusal))

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        body = members(document)
        if {"input", "messages"}.isdisjoint(body):
            return unreadable("no input")
        read_messages(page, body.get("messages"), ("messages",))
        if "input" in body:
            read_input(page, body["input"], ("input",))
        background = request.path.endswith("/moderations")
        return page.conversation(model=page.model() or model_in_path(request.path), background=background)

    @override
    def _interpreter(self) -> Interpreter:
        return NumbersAnswer()


def read_input(page: Page, given: object, path: Path) -> None:
    """One text, a list of them, or of chunks with text and images."""
    page.open(Role.USER, path)
    page.typed(path)
    for index, item in enumerate(items(given)):
        read_block(page, item, (*path, index))
        if is_array(item) or isinstance(item, int):
            page.could_not_read("input as token numbers")


class NumbersAnswer(Interpreter):
    """Vectors, ranks and verdicts: nothing that was said, but whether it came and by which model."""

    @override
    def event(self, name: str, data: object) -> None:
        """Take the whole answer."""
        self.draft.named(dig(data, "model"))
        error = dig(data, "error")
        self.draft.failed(dig(error, "message") or error)
        if not {"data", "embeddings", "embedding", "results"}.isdisjoint(members(data)):
            self.draft.finished = True
