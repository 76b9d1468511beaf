"""OpenAI Responses: `input` as a string or as typed items, `instructions` apart, state perhaps kept by the server.

Also `/responses/compact`, `/responses/input_tokens`, conversation items, and the `response.create` frames of its WebSocket.
https://platform.openai.com/docs/api-reference/responses
"""

import re
from typing import override

from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.base import Refusal, Unreadable
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.json_text import unreadable
from lockgate.apps.formats.json_view import dig, is_array, items, members, string
from lockgate.apps.formats.openai_chat import ROLES
from lockgate.apps.formats.openai_said import response_answer
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.path_model import model_in_path
from lockgate.apps.formats.plain_blocks import words_of
from lockgate.apps.formats.refusal import openai_error, refuse_with_json
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation, PartKind, Role
from lockgate.facts.traffic import Answer, Request

_CALLS = {"function_call": "arguments", "custom_tool_call": "input", "local_shell_call": "action", "shell_call": "action",
          "computer_call": "action", "web_search_call": "action", "apply_patch_call": "operation", "mcp_call": "arguments",
          "code_interpreter_call": "code", "tool_search_call": "arguments"}  # fmt: skip
"""Items in which the model calls a tool, with the field that says how."""


_WHOLE_OBJECTS = ("response.input_tokens", "response.compaction", "conversation", "list")
_AROUND_A_PROMPT = ("/responses/input_tokens", "/responses/compact")
_CONVERSATION = re.compile(r"/conversations/([A-Za-z0-9_-]{1,128})(?:/|$)")


class OpenAiResponses(DocumentFormat):
    """`openai-responses`."""

    id = "openai-responses"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """`input` beside a model, a previous response or instructions; items must look like items."""
        body = members(document)
        given = body.get("input")
        if is_array(given):
            fits = all(not {"type", "role"}.isdisjoint(members(item)) for item in given)
        else:
            fits = isinstance(given, str)
        return fits and any(isinstance(body.get(name), str) for name in ("model", "previous_response_id", "instructions"))

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """The vendor's error object (a `response.failed` event would be retried)."""
        return refuse_with_json(refusal, request, openai_error(refusal))

    def answer(self, refusal: Refusal, request: Request, conversation: Conversation) -> Answer | None:
        """A response, or its events; none for counting, summaries and items of a conversation that the server keeps."""
        if conversation.background or not request.path.endswith("/responses"):
            return None
        return response_answer(refusal, request, conversation)

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        body = members(document)
        if {"input", "items", "instructions", "previous_response_id", "prompt", "conversation"}.isdisjoint(body):
            return unreadable("no input")
        read_items(page, body, ())
        if dig(body, "prompt", "variables") is not None:
            _read_template(page, dig(body, "prompt", "variables"))
        for index in range(len(items(body.get("questions")))):
            page.open(Role.USER, ("questions", index))
            page.text(("questions", index, "question"))
        return page.conversation(
            conversation_id=_conversation_of(request, body),
            model=page.model() or model_in_path(request.path),
            wants_stream=body.get("stream") is True,
            background=request.path.endswith(_AROUND_A_PROMPT),
        )

    @override
    def _interpreter(self) -> Interpreter:
        return _ResponsesAnswer()


def read_items(page: Page, body: object, path: Path) -> None:
    """The instructions and the input (or the items) of a body at `path`."""
    said = members(body)
    if "instructions" in said:
        page.open(Role.SYSTEM, (*path, "instructions"))
        page.text((*path, "instructions"))
    if isinstance(said.get("input"), str):
        page.open(Role.USER, (*path, "input"))
        page.typed((*path, "input"))
    place = "input" if "input" in said else "items"
    for index, item in enumerate(items(said.get(place))):
        read_item(page, item, (*path, place, index))


def _conversation_of(request: Request, body: dict[str, object]) -> str:
    told = body.get("conversation")
    found = _CONVERSATION.search(request.path)
    named = string(told) or string(dig(told, "id")) or (found.group(1) if found else "")
    headers = (request.headers.get(name) for name in ("session-id", "session_id", "x-interaction-id"))
    return named or next(filter(None, headers), "") or string(body.get("prompt_cache_key"))


def _read_template(page: Page, variables: object) -> None:
    """What is filled into a prompt that the server keeps."""
    page.open(Role.USER, ("prompt", "variables"))
    for name, value in members(variables).items():
        page.typed(("prompt", "variables", name))
        page.typed(("prompt", "variables", name, "text"))
        _read_files(page, value, ("prompt", "variables", name))


def read_item(page: Page, item: object, path: Path) -> None:
    """One item of an input, in a turn that stays open."""
    kind = string(dig(item, "type"))
    if kind in _CALLS:
        page.open(Role.ASSISTANT, path)
        page.tree((*path, _CALLS[kind]), PartKind.TOOL_CALL)
        page.tree((*path, "output"), PartKind.TOOL_RESULT)
    elif "output" in members(item):
        _read_output(page, item, path)
    elif isinstance(item, str) or ("content" in members(item) and kind != "reasoning"):
        _read_message(page, item, path)
    else:
        _read_rest(page, item, path)


def _read_output(page: Page, item: object, path: Path) -> None:
    page.open(Role.TOOL, path)
    page.text((*path, "output"), PartKind.TOOL_RESULT)
    for index, block in enumerate(items(dig(item, "output"))):
        page.text((*path, "output", index, "text"), PartKind.TOOL_RESULT)
        _read_files(page, block, (*path, "output", index))
    _read_files(page, dig(item, "output"), (*path, "output"))


def _read_message(page: Page, item: object, path: Path) -> None:
    role = ROLES.get(string(dig(item, "role")), Role.USER)
    words = words_of(item, "content", path)
    if words is not None:
        page.whole_turn(role, path, words)
        return
    page.open(role, path)
    page.typed(path)
    page.typed((*path, "content"))
    for index, block in enumerate(items(dig(item, "content"))):
        at = (*path, "content", index)
        page.typed(at)
        page.typed((*at, "text"))
        page.text((*at, "refusal"))
        _read_files(page, block, at)


def _read_rest(page: Page, item: object, path: Path) -> None:
    """Thoughts, generated images, and items that only clients and servers understand."""
    page.open(Role.ASSISTANT if {"summary", "result"} & members(item).keys() else Role.SYSTEM, path)
    for field in ("summary", "content"):
        for index in range(len(items(dig(item, field)))):
            page.text((*path, field, index, "text"), PartKind.REASONING)
    page.data((*path, "result"), media_type="image/*")
    if not members(item):
        page.could_not_read("input as token numbers")


def _read_files(page: Page, block: object, path: Path) -> None:
    name = string(dig(block, "filename"))
    for field in ("image_url", "file_data", "file_url"):
        where = (*path, field)
        if dig(block, field) is not None and not page.data(where, name=name, bare=field == "file_data"):
            page.reference(dig(block, field), where, name=name)
    page.reference(dig(block, "file_id"), (*path, "file_id"), name=name)
    audio = dig(block, "input_audio")
    if audio is not None and not page.data((*path, "input_audio", "data"), media_type=f"audio/{string(dig(audio, 'format'))}"):
        page.could_not_read("inline audio")


class _ResponsesAnswer(Interpreter):
    """Deltas by item and content index; the closing events repeat everything, so they replace instead of adding."""

    @override
    def event(self, name: str, data: object) -> None:
        """Take one typed event, or a whole response object."""
        kind = string(dig(data, "type"))
        item = str(dig(data, "output_index"))
        content = (item, str(dig(data, "content_index")))
        match kind:
            case "response.output_text.delta" | "response.refusal.delta":
                self.draft.add(Channel.TEXT, content, dig(data, "delta"))
            case "response.output_text.done" | "response.refusal.done":
                self._settle(Channel.TEXT, content, dig(data, "text") or dig(data, "refusal"))
            case "response.audio.transcript.delta" | "response.output_audio_transcript.delta":
                self.draft.add(Channel.TEXT, ("audio", *content), dig(data, "delta"))
            case "response.reasoning_summary_text.delta":
                self.draft.add(Channel.REASONING, (item, "s", str(dig(data, "summary_index"))), dig(data, "delta"))
            case "response.reasoning_text.delta":
                self.draft.add(Channel.REASONING, (item, "t", str(dig(data, "content_index"))), dig(data, "delta"))
            case "response.output_item.added" | "response.output_item.done":
                self._item(item, dig(data, "item"))
            case (
                "response.function_call_arguments.delta" | "response.custom_tool_call_input.delta"
                | "response.mcp_call_arguments.delta" | "response.code_interpreter_call_code.delta"
            ):  # fmt: skip
                self.draft.add(Channel.CALL, item, dig(data, "delta"))
            case "error":
                self.draft.failed(dig(data, "message") or dig(data, "error", "message"))
            case _:
                self._whole(dig(data, "response") if kind else data)
                self.draft.finished = self.draft.finished or kind in ("response.completed", "response.incomplete")

    def _whole(self, response: object) -> None:
        self.draft.named(dig(response, "model"))
        if dig(response, "object") == "response":
            self.draft.works_as(dig(response, "id"))
        self.draft.belongs_to(dig(response, "conversation", "id"))
        error = dig(response, "error")
        self.draft.failed(dig(error, "message") or error)
        for index, item in enumerate(items(dig(response, "output")) or items(dig(response, "data"))):
            self._item(str(index), item)
        if dig(response, "status") in ("completed", "incomplete") or dig(response, "object") in _WHOLE_OBJECTS:
            self.draft.finished = True

    def _item(self, index: str, item: object) -> None:
        kind = string(dig(item, "type"))
        for position, block in enumerate(items(dig(item, "content"))):
            channel = Channel.REASONING if kind == "reasoning" else Channel.TEXT
            section = (index, "t", str(position)) if kind == "reasoning" else (index, str(position))
            self._settle(channel, section, dig(block, "text") or dig(block, "refusal"))
        for position, block in enumerate(items(dig(item, "summary"))):
            self._settle(Channel.REASONING, (index, "s", str(position)), dig(block, "text"))
        if kind in _CALLS:
            said = dig(item, _CALLS[kind])
            name = string(dig(item, "name")) or kind
            self.draft.put(Channel.CALL, index, f"{name} {said if isinstance(said, str) else ''}")

    def _settle(self, channel: Channel, section: tuple[str, ...], text: object) -> None:
        if isinstance(text, str) and text:
            self.draft.put(channel, section, text)
