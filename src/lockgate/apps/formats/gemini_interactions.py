"""Gemini's interactions: an `input` of words, contents or earlier steps, and an answer in steps, streamed piece by piece.

The server may keep what came before, so the input may be only what is new. https://ai.google.dev/api/interactions-api
"""

from typing import override

from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.answering import LONG_AGO, answer_in_events, answer_in_json, model_of
from lockgate.apps.formats.base import Refusal, Unreadable
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.json_text import unreadable, write_json
from lockgate.apps.formats.json_view import dig, is_object, items, members, string
from lockgate.apps.formats.openai_chat import ROLES
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.refusal import google_error, refuse_with_json
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation, PartKind, Role
from lockgate.facts.traffic import Answer, Request

_OWN_FIELDS = frozenset({"previous_interaction_id", "system_instruction", "generation_config", "response_modalities",
                         "agent_config"})  # fmt: skip
_STEPS = {"user_input": Role.USER, "model_output": Role.ASSISTANT, "thought": Role.ASSISTANT}


class GeminiInteractions(DocumentFormat):
    """`gemini-interactions`."""

    id = "gemini-interactions"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """An `input` for a model or an agent, beside a field of this call's own or in steps."""
        body = members(document)
        to_whom = any(isinstance(body.get(name), str) for name in ("model", "agent"))
        steps = any(string(dig(item, "type")) in _STEPS for item in items(body.get("input")))
        return to_whom and "input" in body and (steps or not _OWN_FIELDS.isdisjoint(body))

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """The vendor's error object; its code says 403, the HTTP status must not."""
        return refuse_with_json(refusal, request, google_error(refusal))

    def answer(self, refusal: Refusal, request: Request, conversation: Conversation) -> Answer | None:
        """An interaction of one step, as the interface of 2026 has it."""
        interaction: dict[str, object] = {
            "id": refusal.reference, "object": "interaction", "model": model_of(conversation), "role": "model",
            "created": LONG_AGO, "updated": LONG_AGO,
        }  # fmt: skip
        text = {"type": "text", "text": refusal.message}
        if not conversation.wants_stream:
            steps = [{"type": "model_output", "content": [text]}]
            return answer_in_json(refusal, request, interaction | {"status": "completed", "steps": steps})
        events = (
            {"event_type": "interaction.created", "interaction": interaction | {"status": "in_progress"}},
            {"event_type": "step.start", "index": 0, "step": {"type": "model_output"}},
            {"event_type": "step.delta", "index": 0, "delta": text},
            {"event_type": "step.stop", "index": 0},
            {"event_type": "interaction.completed", "interaction": interaction | {"status": "completed"}},
        )
        return answer_in_events(refusal, request, events, end="[DONE]")

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        body = members(document)
        if "input" not in body:
            return unreadable("no input")
        if "system_instruction" in body:
            page.open(Role.SYSTEM, ("system_instruction",))
            page.tree(("system_instruction",), PartKind.TEXT)
        given = body["input"]
        if items(given):
            for index, item in enumerate(items(given)):
                _read_step(page, item, ("input", index))
        else:
            page.open(Role.USER, ("input",))
            page.typed(("input",))
            _read_content(page, given, ("input",))
        model = page.model().removeprefix("models/") or page.model(("agent",))
        return page.conversation(model=model, wants_stream=body.get("stream") is True)

    @override
    def _interpreter(self) -> Interpreter:
        return _StepsAnswer()


def _read_step(page: Page, step: object, path: Path) -> None:
    kind = string(dig(step, "type"))
    if kind.endswith("_call"):
        page.open(Role.ASSISTANT, path)
        page.tree((*path, "arguments"), PartKind.TOOL_CALL)
    elif kind.endswith("_result"):
        page.open(Role.TOOL, path)
        page.tree((*path, "result"), PartKind.TOOL_RESULT)
    else:
        page.open(_STEPS.get(kind) or ROLES.get(string(dig(step, "role")), Role.USER), path)
        page.typed(path)
        page.typed((*path, "content"))
        _read_content(page, step, path)
        for name in ("content", "parts"):
            for index, content in enumerate(items(dig(step, name))):
                _read_content(page, content, (*path, name, index))
        for index in range(len(items(dig(step, "summary")))):
            page.text((*path, "summary", index, "text"), PartKind.REASONING)


def _read_content(page: Page, content: object, path: Path) -> None:
    if not is_object(content):
        return
    page.typed((*path, "text"))
    media_type = string(content.get("mime_type"))
    if content.get("data") is not None and not page.data((*path, "data"), media_type=media_type):
        page.could_not_read("inline file")
    page.reference(content.get("uri"), (*path, "uri"), media_type=media_type)


class _StepsAnswer(Interpreter):
    """Steps begin, grow and end; a whole interaction has all of them at once."""

    @override
    def event(self, name: str, data: object) -> None:
        """Take one event, or a whole interaction."""
        draft = self.draft
        kind = string(dig(data, "event_type")) or name
        index = str(dig(data, "index"))
        error = dig(data, "error")
        draft.failed(dig(error, "message") or error)
        match kind:
            case "step.start":
                self._step(index, dig(data, "step"))
            case "step.delta" | "content.delta":
                delta = dig(data, "delta")
                draft.add(Channel.TEXT, index, dig(delta, "text"))
                draft.add(Channel.REASONING, index, dig(delta, "content", "text"))
                draft.add(Channel.CALL, index, dig(delta, "arguments"))
            case "":
                self._whole(data)
            case _:
                draft.named(dig(data, "interaction", "model"))
                draft.works_as(dig(data, "interaction", "id"))
                draft.finished = draft.finished or kind in ("interaction.completed", "interaction.complete")

    def _whole(self, data: object) -> None:
        self.draft.works_as(dig(data, "id"))
        self.draft.named(dig(data, "model"))
        for position, step in enumerate(items(dig(data, "steps")) or items(dig(data, "outputs"))):
            self._step(str(position), step)
        if dig(data, "status") in ("completed", "requires_action", "incomplete", "cancelled"):
            self.draft.finished = True

    def _step(self, index: str, step: object) -> None:
        draft = self.draft
        kind = string(dig(step, "type"))
        if kind.endswith("_call"):
            given = dig(step, "arguments")
            arguments = write_json(given).decode("utf-8", "replace") if given else ""
            draft.add(Channel.CALL, index, f"{string(dig(step, 'name')) or kind} {arguments}")
        for content in items(dig(step, "content")) or [step]:
            draft.add(Channel.TEXT, index, dig(content, "text") if kind in ("model_output", "text") else None)
        for thought in items(dig(step, "summary")):
            draft.add(Channel.REASONING, index, dig(thought, "text"))
