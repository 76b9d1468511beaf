"""Completions: a bare `prompt` that the model goes on from, perhaps with the `suffix` it has to reach (fill in the middle).

OpenAI's oldest call, still spoken by code editors and by most servers that run open models; Mistral's and DeepSeek's FIM calls
answer it in the shape of a chat. Separate from `openai-chat` because prompts may be many, or no text at all but token numbers.
https://platform.openai.com/docs/api-reference/completions
"""

from typing import override

from lockgate.apps.formats.answer_draft import Interpreter
from lockgate.apps.formats.base import Refusal, Unreadable
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.json_text import unreadable
from lockgate.apps.formats.json_view import is_array, items, members
from lockgate.apps.formats.openai_chat_answer import ChatAnswer
from lockgate.apps.formats.openai_said import completion_answer
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.path_model import model_in_path
from lockgate.apps.formats.refusal import openai_error, refuse_with_json
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation, PartKind, Role
from lockgate.facts.traffic import Answer, Request

_SUFFIX: Path = ("suffix",)


class OpenAiCompletions(DocumentFormat):
    """`openai-completions`."""

    id = "openai-completions"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """A `model` with a `prompt`, or one of the two with the call's own fields."""
        body = members(document)
        prompt = body.get("prompt")
        return isinstance(body.get("model"), str) and (isinstance(prompt, str) or bool(items(prompt)))

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """The vendor's error object."""
        return refuse_with_json(refusal, request, openai_error(refusal))

    def answer(self, refusal: Refusal, request: Request, conversation: Conversation) -> Answer | None:
        """A text completion, or its chunks; none for the middle of a file, into which an editor would write it."""
        fills = "/fim/" in request.path or any(part.path == _SUFFIX for turn in conversation.turns for part in turn.parts)
        return None if fills else completion_answer(refusal, request, conversation)

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        body = members(document)
        if "prompt" not in body:
            return unreadable("no prompt")
        read_prompts(page, body["prompt"], ("prompt",))
        page.text(_SUFFIX, PartKind.FILE)
        return page.conversation(model=page.model() or model_in_path(request.path), wants_stream=body.get("stream") is True)

    @override
    def _interpreter(self) -> Interpreter:
        return ChatAnswer()


def read_prompts(page: Page, prompt: object, path: Path) -> None:
    """One prompt, or a list of them; token numbers, of one prompt or of many, nobody can read."""
    page.open(Role.USER, path)
    page.typed(path)
    for index, item in enumerate(items(prompt)):
        page.typed((*path, index))
        if is_array(item) or isinstance(item, int):
            page.could_not_read("prompt as token numbers")
