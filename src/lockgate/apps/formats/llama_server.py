"""The own calls of llama.cpp's server: `/completion` and `/infill`, with prompts as text, as token numbers, or with pictures.

https://github.com/ggml-org/llama.cpp/tree/master/tools/server
"""

import re
from typing import override

from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.answering import answer_in_events, answer_in_json, model_of
from lockgate.apps.formats.base import Refusal, Unreadable
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.json_text import unreadable
from lockgate.apps.formats.json_view import dig, is_object, items, members
from lockgate.apps.formats.openai_completions import read_prompts
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.refusal import openai_error, refuse_with_json
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation, PartKind, Role
from lockgate.facts.traffic import Answer, Request

_OWN_FIELDS = frozenset({"n_predict", "id_slot", "cache_prompt", "samplers", "repeat_last_n", "input_prefix", "input_extra",
                         "n_keep", "post_sampling_probs"})  # fmt: skip
_COMPLETION = re.compile(r"/completions?$")
_INFILL = (("input_prefix", PartKind.TEXT), ("input_suffix", PartKind.FILE))


class LlamaServer(DocumentFormat):
    """`llama-server`."""

    id = "llama-server"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """A prompt beside one of the server's own settings."""
        body = members(document)
        says = not {"prompt", "input_prefix"}.isdisjoint(body) and "messages" not in body
        return says and not _OWN_FIELDS.isdisjoint(body)

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """The server's error object, which is OpenAI's."""
        return refuse_with_json(refusal, request, openai_error(refusal))

    def answer(self, refusal: Refusal, request: Request, conversation: Conversation) -> Answer | None:
        """A completion that has ended; none for a batch of prompts, for vectors, or for code that an editor would write."""
        said = sum(turn.role is Role.USER for turn in conversation.turns)
        if not _COMPLETION.search(request.path) or said > 1:
            return None
        end: dict[str, object] = {
            "index": 0, "tokens": [], "id_slot": 0, "stop": True, "model": model_of(conversation), "tokens_predicted": 0,
            "tokens_evaluated": 0, "generation_settings": {}, "prompt": "", "has_new_line": False, "truncated": False,
            "stop_type": "eos", "stopping_word": "", "tokens_cached": 0, "timings": {},
        }  # fmt: skip
        if not conversation.wants_stream:
            return answer_in_json(refusal, request, {"content": refusal.message} | end)
        piece = {"index": 0, "content": refusal.message, "tokens": [], "stop": False, "tokens_predicted": 0}
        return answer_in_events(refusal, request, (piece, {"content": ""} | end))

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        body = members(document)
        if {"prompt", "input_prefix", "content", "query"}.isdisjoint(body):
            return unreadable("no prompt")
        for index in range(len(items(body.get("input_extra")))):
            page.open(Role.USER, ("input_extra", index))
            page.text(("input_extra", index, "text"), PartKind.FILE)
        for field, kind in _INFILL:
            if field in body:
                page.open(Role.USER, (field,))
                page.text((field,), kind)
        for field in ("prompt", "content", "query"):
            if field in body:
                _read_prompt(page, body[field], (field,))
        return page.conversation(
            model=page.model(), wants_stream=body.get("stream") is True, background=request.path.endswith("/tokenize")
        )

    @override
    def _interpreter(self) -> Interpreter:
        return _CompletionAnswer()


def _read_prompt(page: Page, prompt: object, path: Path) -> None:
    read_prompts(page, prompt, path)
    for at, piece in [((*path, index), piece) for index, piece in enumerate(items(prompt))] or [(path, prompt)]:
        if is_object(piece):
            page.typed((*at, "prompt_string"))
            for index in range(len(items(piece.get("multimodal_data")))):
                if not page.data((*at, "multimodal_data", index)):
                    page.could_not_read("inline file")


class _CompletionAnswer(Interpreter):
    """Every event goes on where the last one ended; the final one repeats the settings and says `stop`."""

    @override
    def event(self, name: str, data: object) -> None:
        """Take one event, or the whole answer, or several of them in an array."""
        draft = self.draft
        for index, answer in enumerate(items(data) or [data]):
            draft.named(dig(answer, "model"))
            error = dig(answer, "error")
            draft.failed(dig(error, "message") or error)
            number = dig(answer, "index")
            draft.add(Channel.TEXT, str(index if number is None else number), dig(answer, "content"))
            draft.add(Channel.REASONING, "", dig(answer, "reasoning_content"))
            if dig(answer, "stop") is True or not {"tokens", "embedding", "results"}.isdisjoint(members(answer)):
                draft.finished = draft.finished or dig(answer, "stop") is not False
