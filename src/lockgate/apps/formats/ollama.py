"""Ollama's own API: `/api/chat` and `/api/generate`, answered as one JSON object per line.

https://docs.ollama.com/api
"""

import re
from typing import override

from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.answering import LONG_AGO, answer_in_json, answer_in_lines, model_of
from lockgate.apps.formats.base import Refusal, StreamReader, Unreadable
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.json_text import unreadable, write_json
from lockgate.apps.formats.json_view import dig, items, members, string
from lockgate.apps.formats.ndjson import NdjsonReader
from lockgate.apps.formats.openai_chat import ROLES, is_messages
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.refusal import refuse_with_json
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation, PartKind, Role
from lockgate.facts.traffic import Answer, Request, Response

_PATH = re.compile(r"/api/(?:chat|generate|embed|embeddings)$")
_OWN_FIELDS = frozenset({"options", "keep_alive", "raw", "template", "num_predict"})

_DONE = {
    "done": True, "done_reason": "stop", "total_duration": 0, "load_duration": 0, "prompt_eval_count": 0,
    "prompt_eval_duration": 0, "eval_count": 0, "eval_duration": 0,
}  # fmt: skip
"""What ends an answer: times and counts are all none."""


class Ollama(DocumentFormat):
    """`ollama`."""

    id = "ollama"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """A model with messages or a prompt, at the vendor's path or with the vendor's own fields."""
        body = members(document)
        says = is_messages(body.get("messages")) or isinstance(body.get("prompt"), str)
        mine = _PATH.search(request.path) is not None or not _OWN_FIELDS.isdisjoint(body)
        return says and mine and isinstance(body.get("model"), str)

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """The vendor's error object; a stream's clients read it, too, as the status is not 200."""
        return refuse_with_json(refusal, request, {"error": refusal.message})

    def answer(self, refusal: Refusal, request: Request, conversation: Conversation) -> Answer | None:
        """One line, or two of which the last ends it; none for vectors."""
        fields = {
            "chat": ("message", {"role": "assistant", "content": refusal.message}),
            "generate": ("response", refusal.message),
        }
        last = {"chat": {"role": "assistant", "content": ""}, "generate": ""}
        call = request.path.rpartition("/")[2]
        if call not in fields:
            return None
        name, said = fields[call]
        head = {"model": model_of(conversation), "created_at": LONG_AGO}
        if not conversation.wants_stream:
            return answer_in_json(refusal, request, head | {name: said} | _DONE)
        return answer_in_lines(refusal, request, (head | {name: said, "done": False}, head | {name: last[call]} | _DONE))

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        body = members(document)
        if {"messages", "prompt", "input"}.isdisjoint(body):
            return unreadable("neither messages nor a prompt")
        if "system" in body:
            page.open(Role.SYSTEM, ("system",))
            page.text(("system",))
        for index, message in enumerate(items(body.get("messages"))):
            _read_message(page, message, ("messages", index))
        for field in ("prompt", "input"):
            if field in body:
                page.open(Role.USER, (field,))
                page.typed((field,))
                page.text(("suffix",))
                _read_images(page, body, ())
        return page.conversation(model=page.model(), wants_stream=body.get("stream") is not False)

    @override
    def stream_reader(self, response: Response) -> StreamReader:
        """One object per line; an answer that is not streamed is a single line."""
        return NdjsonReader(self._interpreter())

    @override
    def _interpreter(self) -> Interpreter:
        return _OllamaAnswer()


def _read_message(page: Page, message: object, path: Path) -> None:
    role = ROLES.get(string(dig(message, "role")), Role.USER)
    page.open(role, path)
    if role is Role.TOOL:
        page.text((*path, "content"), PartKind.TOOL_RESULT)
    page.typed((*path, "content"))
    page.text((*path, "thinking"), PartKind.REASONING)
    for index in range(len(items(dig(message, "tool_calls")))):
        page.tree((*path, "tool_calls", index, "function", "arguments"), PartKind.TOOL_CALL)
    _read_images(page, message, path)


def _read_images(page: Page, holder: object, path: Path) -> None:
    for index in range(len(items(dig(holder, "images")))):
        if not page.data((*path, "images", index), media_type="image/*"):
            page.could_not_read("inline image")


class _OllamaAnswer(Interpreter):
    """Every line continues the ones before; the last one says `done`."""

    @override
    def event(self, name: str, data: object) -> None:
        """Take one line."""
        draft = self.draft
        draft.named(dig(data, "model"))
        draft.failed(dig(data, "error"))
        draft.add(Channel.TEXT, "", dig(data, "message", "content"))
        draft.add(Channel.TEXT, "", dig(data, "response"))
        draft.add(Channel.REASONING, "", dig(data, "message", "thinking") or dig(data, "thinking"))
        for call in items(dig(data, "message", "tool_calls")):
            arguments = write_json(dig(call, "function", "arguments") or {}).decode()
            draft.add(Channel.CALL, object(), f"{string(dig(call, 'function', 'name'))} {arguments}")
        if dig(data, "done") is True or not {"embeddings", "embedding"}.isdisjoint(members(data)):
            draft.finished = True
