"""The Perplexity web app: `query_str` with a `params` object up, and blocks that are patched (RFC 6902) until they are final.

A private interface. The question leaves twice (`query_str`, `params.dsl_query`): both are seen and rewritten, the first is the
prompt. Older answers put a JSON document with `answer` into `text`.
"""

from typing import override

import orjson

from lockgate.apps.formats.address import stable_address
from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.base import Refusal, Unreadable
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.json_text import unreadable
from lockgate.apps.formats.json_view import dig, is_object, items, members, number, string
from lockgate.apps.formats.nested_documents import parse_nested
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.patch_tree import PatchTree, steps_of
from lockgate.apps.formats.refusal import EVENT_STREAM, refuse_with
from lockgate.facts.prompt import Conversation, ModelAnswer, PartKind, Role
from lockgate.facts.traffic import Answer, Request

_THREAD = ("frontend_context_uuid", "context_uuid")
_MAX_BLOCKS = 64
_ANSWER = "ask_text"


class PerplexityWeb(DocumentFormat):
    """`perplexity-web`."""

    id = "perplexity-web"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """A question and its parameters."""
        return isinstance(dig(document, "query_str"), str) and is_object(dig(document, "params"))

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """A final answer in one block, and the end of the stream."""
        block = {
            "intended_usage": _ANSWER,
            "markdown_block": {
                "progress": "DONE", "chunks": [refusal.message], "chunk_starting_offset": 0, "answer": refusal.message,
            },
        }  # fmt: skip
        thread = conversation.id if conversation else None
        event = {
            "backend_uuid": refusal.reference, "context_uuid": thread or refusal.reference, "uuid": refusal.reference,
            "frontend_context_uuid": thread or refusal.reference, "status": "COMPLETED", "text_completed": True,
            "blocks": [block], "final_sse_message": True, "final": True,
        }  # fmt: skip
        content = b"event: message\ndata: " + orjson.dumps(event) + b"\n\nevent: end_of_stream\ndata: {}\n\n"
        return refuse_with(refusal, request, status=200, content=content, content_type=EVENT_STREAM)

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        if not is_object(document) or "query_str" not in document:
            return unreadable("no question")
        page.open(Role.USER, ("query_str",))
        page.typed(("query_str",))
        page.text(("params", "dsl_query"), PartKind.MACHINE)
        for index, file in enumerate(items(dig(document, "params", "attachments"))):
            address = string(file) or string(dig(file, "url"))
            page.reference(stable_address(address) or address, ("params", "attachments", index))
        thread = next((value for name in _THREAD for value in [string(dig(document, "params", name))] if value), "")
        return page.conversation(conversation_id=thread, model=page.model(("params", "model_preference")), wants_stream=True)

    @override
    def _interpreter(self) -> Interpreter:
        return _PerplexityAnswer()


class _PerplexityAnswer(Interpreter):
    """Every block has a use; the ones with markdown are the answer, the goals of a plan are thoughts."""

    def __init__(self) -> None:
        super().__init__()
        self._blocks: dict[str, PatchTree] = {}
        self._older = ""

    @override
    def event(self, name: str, data: object) -> None:
        """Take one event: the whole entry, or what has changed in it."""
        entry = members(data)
        for index, block in enumerate(items(entry.get("blocks"))):
            self._block(block, string(dig(block, "intended_usage")) or str(index))
        self._older = string(entry.get("text")) or self._older
        self.draft.named(entry.get("display_model"))
        self.draft.works_as(entry.get("backend_uuid"))
        self.draft.belongs_to(entry.get("frontend_context_uuid") or entry.get("context_uuid"))
        error = entry.get("error")
        self.draft.failed(entry.get("error_message") or dig(error, "message") or error or entry.get("detail"))
        if entry.get("final") is True or name == "end_of_stream":
            self.draft.finished = True

    def _block(self, block: object, use: str) -> None:
        tree = self._blocks.get(use)
        if tree is None:
            if len(self._blocks) >= _MAX_BLOCKS:
                return
            tree = self._blocks[use] = PatchTree()
            tree.put((), {})
        difference = dig(block, "diff_block")
        field = string(dig(difference, "field"))
        for change in items(dig(difference, "patches")):
            steps = (field, *steps_of(string(dig(change, "path"))))
            value = dig(change, "value")
            match dig(change, "op"):
                case "add":
                    tree.insert(steps, value)
                case "replace":
                    tree.put(steps, value)
                case "append":
                    tree.append(steps, value)
                case "remove":
                    tree.remove(steps)
                case _:
                    pass
        for name, value in members(block).items():
            if name.endswith("_block") and name != "diff_block":
                self._whole(tree, name, value)

    def _whole(self, tree: PatchTree, name: str, value: object) -> None:
        """A block that comes whole, or whose chunks go on from an offset."""
        offset = number(dig(value, "chunk_starting_offset"))
        if offset <= 0:
            tree.put((name,), value)
            return
        for position, chunk in enumerate(items(dig(value, "chunks")), offset):
            tree.put((name, "chunks", position), chunk)
        for field in ("answer", "progress"):
            tree.put((name, field), dig(value, field))

    @override
    def answer(self) -> ModelAnswer:
        """What was said. Some servers send the answer under two uses at once."""
        found = {use: tree.plain() for use, tree in self._blocks.items()}
        spoken = {use: _markdown(block) for use, block in found.items()}
        chosen = {_ANSWER: spoken[_ANSWER]} if spoken.get(_ANSWER) else spoken
        for use, text in chosen.items():
            self.draft.put(Channel.TEXT, use, text)
        for use, block in found.items():
            for index, goal in enumerate(items(dig(block, "plan_block", "goals"))):
                self.draft.put(Channel.REASONING, (use, index), dig(goal, "description"))
        if not any(chosen.values()):
            self.draft.put(Channel.TEXT, _ANSWER, _older_answer(self._older))
        return super().answer()


def _markdown(block: object) -> str:
    markdown = dig(block, "markdown_block")
    return string(dig(markdown, "answer")) or "".join(string(chunk) for chunk in items(dig(markdown, "chunks")))


def _older_answer(text: str) -> str:
    """The answer in `text`: a document, or steps whose last one holds a document."""
    document = parse_nested(text)
    if isinstance(document, Unreadable):
        return ""
    final = next((step for step in items(document) if dig(step, "step_type") == "FINAL"), None)
    inner = string(dig(final, "content", "answer")) if final is not None else string(dig(document, "answer"))
    nested = parse_nested(inner)
    return inner if isinstance(nested, Unreadable) else string(dig(nested, "answer"))
