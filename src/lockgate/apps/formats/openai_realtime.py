"""OpenAI Realtime over a WebSocket: items and instructions as events of the client, sound in base64, transcripts in answers.

Separate from `openai_responses` because a conversation is built up by events, and an answer belongs to no request. What is
spoken cannot be read when it leaves: only the server's transcript tells later what it was. Also served by Azure and copied by
others. https://platform.openai.com/docs/api-reference/realtime-client-events
"""

from typing import override

from lockgate.apps.canonical import query_values
from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.base import Refusal, SocketRefusal, Unreadable
from lockgate.apps.formats.document_socket import DocumentSocket, reply
from lockgate.apps.formats.json_text import parse_json
from lockgate.apps.formats.json_view import dig, items, members, string
from lockgate.apps.formats.openai_responses import read_item, read_items
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.refusal import openai_kind
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation, Role
from lockgate.facts.traffic import Request, SocketMessage

_LONGEST_ID = 512
_EVENTS = frozenset({
    "session.update", "transcription_session.update", "input_audio_buffer.append", "input_audio_buffer.commit",
    "input_audio_buffer.clear", "conversation.item.create", "conversation.item.retrieve", "conversation.item.truncate",
    "conversation.item.delete", "response.create", "response.cancel", "output_audio_buffer.clear",
})  # fmt: skip
_TEXT = frozenset({
    "response.output_text.delta", "response.text.delta", "response.output_audio_transcript.delta",
    "response.audio_transcript.delta",
})  # fmt: skip
_WHOLE_TEXT = frozenset({
    "response.output_text.done", "response.text.done", "response.output_audio_transcript.done",
    "response.audio_transcript.done",
})  # fmt: skip


class OpenAiRealtime(DocumentSocket):
    """`openai-realtime`."""

    id = "openai-realtime"

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        if string(dig(document, "type")) in _EVENTS:
            page.claim(("type",))
        for name in ("session", "response"):
            read_items(page, dig(document, name), (name,))
            for index, item in enumerate(items(dig(document, name, "input"))):
                _read_sound(page, item, (name, "input", index))
        _read_session(page, dig(document, "session"))
        item = dig(document, "item")
        if item is not None:
            read_item(page, item, ("item",))
            _read_sound(page, item, ("item",))
        if isinstance(dig(document, "audio"), str):
            page.open(Role.USER, ("audio",))
            _read_data(page, ("audio",))
        model = (
            page.model(("session", "model")) or query_values(request).get("model") or query_values(request).get("deployment")
        )
        return page.conversation(model=model, wants_stream=True)

    @override
    def refuse_message(self, refusal: Refusal, request: Request, message: SocketMessage) -> SocketRefusal:
        """The vendor's error event, which names the event it is about."""
        parsed = parse_json(message.content)
        about = dig(getattr(parsed, "value", None), "event_id")
        error = {
            "type": "rate_limit_error" if refusal.for_now else "invalid_request_error", "code": openai_kind(refusal)[1],
            "message": refusal.message, "param": None,
            "event_id": about if isinstance(about, str) and len(about) <= _LONGEST_ID else None,
        }  # fmt: skip
        event = {"type": "error", "event_id": f"event_{refusal.reference}", "error": error}
        return SocketRefusal(replies=(reply(event),))

    @override
    def _interpreter(self) -> Interpreter:
        return _RealtimeAnswer()


def _read_session(page: Page, session: object) -> None:
    """What tells a transcriber which words to expect, before and since general availability."""
    for path in (("input_audio_transcription", "prompt"), ("audio", "input", "transcription", "prompt")):
        if isinstance(dig(session, *path), str):
            page.open(Role.SYSTEM, ("session", *path))
            page.text(("session", *path))


def _read_sound(page: Page, item: object, path: Path) -> None:
    """The sound in the blocks of an item, in the turn that is open."""
    for index, block in enumerate(items(dig(item, "content"))):
        page.text((*path, "content", index, "transcript"))
        if isinstance(dig(block, "audio"), str):
            _read_data(page, (*path, "content", index, "audio"))


def _read_data(page: Page, path: Path) -> None:
    if not page.data(path, media_type="audio/*"):
        page.could_not_read("sound")


class _RealtimeAnswer(Interpreter):
    """Deltas by response, item and content; the end of the response is the end of the answer."""

    @override
    def event(self, name: str, data: object) -> None:
        """Take one event of the server."""
        kind = string(dig(data, "type"))
        section = (str(dig(data, "response_id")), str(dig(data, "item_id")), str(dig(data, "content_index")))
        if kind in _TEXT:
            self.draft.add(Channel.TEXT, section, dig(data, "delta"))
        elif kind in _WHOLE_TEXT:
            self.draft.put(Channel.TEXT, section, dig(data, "text") or dig(data, "transcript"))
        elif kind == "conversation.item.input_audio_transcription.completed":
            # The only way to know what was spoken: beside the answer, on a line of its own.
            self.draft.put(Channel.TEXT, section, f"[spoken] {string(dig(data, 'transcript'))}")
        elif kind == "response.output_item.done":
            self._called(dig(data, "item"))
        elif kind in ("session.created", "session.updated"):
            self.draft.named(dig(data, "session", "model"))
            self.draft.belongs_to(dig(data, "session", "id"))
        elif kind == "response.done":
            self._done(dig(data, "response"))
        elif kind == "error":
            self.draft.failed(dig(data, "error", "message") or "error")

    def _called(self, item: object) -> None:
        if dig(item, "type") in ("function_call", "mcp_call"):
            said = f"{string(dig(item, 'name'))} {string(dig(item, 'arguments'))}"
            self.draft.put(Channel.CALL, str(dig(item, "id")), said)

    def _done(self, response: object) -> None:
        for item in items(dig(response, "output")):
            self._called(item)
        self.draft.belongs_to(dig(response, "conversation_id"))
        self.draft.failed(dig(response, "status_details", "error", "message"))
        self.draft.finished = not members(response) or dig(response, "status") != "failed"
        if not self.draft.finished and not self.draft.error:
            self.draft.failed("failed")
