"""OpenAI Assistants: instructions, threads of messages, and the runs in which an assistant answers them.

Also what Azure calls agents. A thread is kept by the server, so a call carries one new message, or several, or none, and the
answer streams as `thread.*` events. https://platform.openai.com/docs/api-reference/assistants
"""

import re
from typing import override

from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.answering import answer_in_named_events, model_of
from lockgate.apps.formats.base import Refusal, Unreadable
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.json_view import dig, items, members, string
from lockgate.apps.formats.openai_chat import ROLES, read_block
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.refusal import openai_error, refuse_with_json
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation, PartKind, Role
from lockgate.facts.traffic import Answer, Request

_THREAD = re.compile(r"/threads/([A-Za-z0-9_-]{1,128})(?:/|$)")
_INSTRUCTIONS = ("instructions", "description", "additional_instructions")
_MESSAGES: tuple[Path, ...] = (("messages",), ("additional_messages",), ("thread", "messages"))


class OpenAiAssistants(DocumentFormat):
    """`openai-assistants`."""

    id = "openai-assistants"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """An `assistant_id` with what else a run has, or a thread with messages inside."""
        body = members(document)
        return isinstance(body.get("assistant_id"), str) and not {
            "thread", "instructions", "additional_messages", "additional_instructions",
        }.isdisjoint(body)  # fmt: skip

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """The vendor's error object."""
        return refuse_with_json(refusal, request, openai_error(refusal))

    def answer(self, refusal: Refusal, request: Request, conversation: Conversation) -> Answer | None:
        """A streamed run that has completed; none for any other call, after which clients ask the vendor what became of it."""
        if not conversation.wants_stream:
            return None
        thread = conversation.id or f"thread_{refusal.reference}"
        message: dict[str, object] = {
            "id": f"msg_{refusal.reference}", "object": "thread.message", "created_at": 0, "thread_id": thread,
            "run_id": f"run_{refusal.reference}", "assistant_id": None, "role": "assistant", "attachments": [], "metadata": {},
        }  # fmt: skip
        text = {"type": "text", "text": {"value": refusal.message, "annotations": []}}
        run: dict[str, object] = {
            "id": f"run_{refusal.reference}", "object": "thread.run", "created_at": 0, "thread_id": thread, "assistant_id": "",
            "model": model_of(conversation), "instructions": "", "tools": [], "metadata": {}, "last_error": None,
            "required_action": None, "usage": None, "parallel_tool_calls": True,
        }  # fmt: skip
        delta = {"id": message["id"], "object": "thread.message.delta", "delta": {"content": [text | {"index": 0}]}}
        events = (
            ("thread.run.created", run | {"status": "in_progress"}),
            ("thread.message.created", message | {"status": "in_progress", "content": []}),
            ("thread.message.delta", delta),
            ("thread.message.completed", message | {"status": "completed", "content": [text]}),
            ("thread.run.completed", run | {"status": "completed"}),
        )
        return answer_in_named_events(refusal, request, events, end="[DONE]")

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        body = members(document)
        for field in _INSTRUCTIONS:
            if field in body:
                page.open(Role.SYSTEM, (field,))
                page.text((field,))
        for path in _MESSAGES:
            for index, message in enumerate(items(dig(document, *path))):
                _read_message(page, message, (*path, index))
        if "content" in body:
            _read_message(page, body, ())
        for index in range(len(items(body.get("tool_outputs")))):
            page.open(Role.TOOL, ("tool_outputs", index))
            page.text(("tool_outputs", index, "output"), PartKind.TOOL_RESULT)
        thread = _THREAD.search(request.path)
        return page.conversation(
            conversation_id=thread.group(1) if thread and thread.group(1) != "runs" else None,
            model=page.model(),
            wants_stream=body.get("stream") is True,
        )

    @override
    def _interpreter(self) -> Interpreter:
        return _RunAnswer()


def _read_message(page: Page, message: object, path: Path) -> None:
    page.open(ROLES.get(string(dig(message, "role")), Role.USER), path)
    page.typed((*path, "content"))
    for index, block in enumerate(items(dig(message, "content"))):
        at = (*path, "content", index)
        read_block(page, block, at)
        page.reference(dig(block, "image_file", "file_id"), (*at, "image_file", "file_id"))
    for index, file in enumerate(items(dig(message, "attachments"))):
        page.reference(dig(file, "file_id"), (*path, "attachments", index, "file_id"))


class _RunAnswer(Interpreter):
    """Deltas of messages and of the steps' tool calls; or an object (message, run, list of messages) as a whole."""

    @override
    def event(self, name: str, data: object) -> None:
        """Take one event."""
        draft = self.draft
        kind = string(dig(data, "object"))
        draft.finished = draft.finished or data == "[DONE]" or name in ("done", "thread.run.completed")
        draft.named(dig(data, "model"))
        draft.belongs_to(dig(data, "thread_id") or (dig(data, "id") if kind == "thread" else None))
        draft.works_as(dig(data, "id") if kind == "thread.run" else dig(data, "run_id"))
        error = dig(data, "last_error") or dig(data, "error")
        draft.failed(dig(error, "message") or error or (dig(data, "message") if name == "error" else None))
        match kind:
            case "thread.message.delta":
                for block in items(dig(data, "delta", "content")):
                    place = (string(dig(data, "id")), str(dig(block, "index")))
                    draft.add(Channel.TEXT, place, dig(block, "text", "value") or dig(block, "refusal"))
            case "thread.message":
                self._message(data)
                draft.finished = draft.finished or (not name and dig(data, "status") != "in_progress")
            case "thread.run.step.delta":
                for call in items(dig(data, "delta", "step_details", "tool_calls")):
                    self._call((string(dig(data, "id")), str(dig(call, "index"))), call)
            case "list":
                for message in items(dig(data, "data")):
                    self._message(message)
                draft.finished = True
            case _:
                draft.finished = draft.finished or (not name and bool(kind))

    def _message(self, message: object) -> None:
        if dig(message, "role") != "assistant":
            return
        self.draft.works_as(dig(message, "run_id"))
        for position, block in enumerate(items(dig(message, "content"))):
            said = dig(block, "text", "value") or dig(block, "refusal")
            if isinstance(said, str):
                self.draft.put(Channel.TEXT, (string(dig(message, "id")), str(position)), said)

    def _call(self, section: tuple[str, str], call: object) -> None:
        name = string(dig(call, "function", "name"))
        self.draft.add(Channel.CALL, section, f"{name} " if name else "")
        self.draft.add(Channel.CALL, section, dig(call, "function", "arguments") or dig(call, "code_interpreter", "input"))
