"""The Meta AI web app over plain requests: GraphQL as JSON (now) and as a form (before); every event has the whole text so far.

A private interface; persisted queries are named in `doc_id`, and every call shares one address, so a call without a prompt is
read for whatever text it has. The app's binary WebSocket is another format's.
"""

from typing import override

import orjson

from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.base import Refusal, StreamReader, Unreadable
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.form_text import parse_form
from lockgate.apps.formats.json_text import Parsed, parse_json, unreadable
from lockgate.apps.formats.json_view import dig, is_array, is_object, items, members, string
from lockgate.apps.formats.ndjson import NdjsonReader
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.refusal import EVENT_STREAM, JSON, refuse_with
from lockgate.apps.formats.sse import SseReader
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation, Role
from lockgate.facts.traffic import Answer, Request, Response

_DONE = "OVERALL_DONE"
_FORM = "application/x-www-form-urlencoded"
_TOKENS = frozenset({"access_token", "fb_dtsg", "lsd", "jazoest", "__csr", "__dyn", "__hsdp", "__hblp"})


class MetaAi(DocumentFormat):
    """`meta-ai`."""

    id = "meta-ai"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """A persisted query with content for a conversation."""
        variables = dig(document, "variables")
        return isinstance(dig(variables, "content"), str) and {"conversationId", "turnId"} <= members(variables).keys()

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """A finished message in the notation that was asked for."""
        if request.media_type == _FORM:
            message = {"id": refusal.reference, "snippet": refusal.message, "streaming_state": _DONE}
            content = orjson.dumps({"data": {"node": {"bot_response_message": message}}}) + b"\n"
            return refuse_with(refusal, request, status=200, content=content, content_type=JSON)
        message = {
            "__typename": "AssistantMessage", "id": refusal.reference, "content": refusal.message, "streamingState": _DONE,
            "conversationId": conversation.id if conversation else None, "error": None,
        }  # fmt: skip
        event = orjson.dumps({"data": {"sendMessageStream": message}})
        content = b"event: next\ndata: " + event + b"\n\nevent: complete\ndata: {}\n\n"
        return refuse_with(refusal, request, status=200, content=content, content_type=EVENT_STREAM)

    @override
    def _decode(self, content: bytes) -> Parsed | Unreadable:
        return parse_json(content) if content.lstrip()[:1] in (b"{", b"[") else parse_form(content)

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        if is_object(document):
            return _read_query(page, document.get("variables"), ("variables",))
        if not is_array(document):
            return unreadable("neither an object nor a form")
        found: Path = ()
        for index, pair in enumerate(document):
            if dig(pair, 0) == "variables":
                found = (index, 1, "json")
            elif string(dig(pair, 0)) in _TOKENS:
                page.claim((index, 1))
        return _read_query(page, _inside(document, found), found)

    @override
    def stream_reader(self, response: Response) -> StreamReader:
        """Events, or values one per line, which are declared to be all kinds of things."""
        interpreter = self._interpreter()
        return SseReader(interpreter) if response.media_type == "text/event-stream" else NdjsonReader(interpreter)

    @override
    def _interpreter(self) -> Interpreter:
        return _MetaAiAnswer()


def _inside(document: object, path: Path) -> object:
    written = string(dig(document, *path[:2])) if path else ""
    parsed = parse_json(written.encode("utf-8", "surrogatepass"))
    return parsed.value if isinstance(parsed, Parsed) else None


def _read_query(page: Page, variables: object, at: Path) -> Conversation:
    older = dig(variables, "message", "sensitive_string_value")
    prompt: Path = (*at, "message", "sensitive_string_value") if isinstance(older, str) else (*at, "content")
    if at:
        page.open(Role.USER, prompt)
        page.typed(prompt)
    for index, file in enumerate(items(dig(variables, "attachments"))):
        reference = string(file) or string(dig(file, "id")) or string(dig(file, "mediaId")) or string(dig(file, "url"))
        page.reference(reference, (*at, "attachments", index), name=string(dig(file, "name") or dig(file, "filename")))
    conversation = string(dig(variables, "conversationId")) or string(dig(variables, "externalConversationId"))
    asks = isinstance(older, str) or isinstance(dig(variables, "content"), str)
    return page.conversation(conversation_id=conversation, model=page.model((*at, "mode")) if at else "", wants_stream=asks)


class _MetaAiAnswer(Interpreter):
    """Snapshots of the message; a message of the person's own may be among them."""

    @override
    def event(self, name: str, data: object) -> None:
        """Take one snapshot."""
        draft = self.draft
        errors = items(dig(data, "errors"))
        draft.failed(dig(errors, 0, "message"))
        message = dig(data, "data", "sendMessageStream")
        if dig(message, "__typename") in ("AssistantMessage", None):
            draft.put(Channel.TEXT, "answer", dig(message, "content"))
            draft.belongs_to(dig(message, "conversationId"))
            draft.failed(dig(message, "error", "message") or dig(message, "error"))
            thought = dig(message, "reasoning") or dig(message, "thinking") or dig(message, "thought")
            draft.put(Channel.REASONING, "answer", thought)
        older = dig(data, "data", "node", "bot_response_message")
        draft.put(Channel.TEXT, "answer", dig(older, "snippet"))
        if _DONE in (dig(message, "streamingState"), dig(older, "streaming_state")):
            draft.finished = True
