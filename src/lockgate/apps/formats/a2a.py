"""A2A, the Agent2Agent protocol: messages in parts from one agent to another, by JSON-RPC or REST, versions 0.3 and 1.0.

A `contextId` groups what belongs together. Addresses for push notifications leave as text like any other.
https://a2a-protocol.org/latest/specification
"""

import re
from typing import override

from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.base import Refusal, Unreadable
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.json_text import unreadable, write_json
from lockgate.apps.formats.json_view import dig, is_object, items, members, string
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.refusal import EVENT_STREAM, google_error, refuse_with, refuse_with_json
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation, PartKind, Role
from lockgate.facts.traffic import Answer, Request

_SEND = frozenset({"message/send", "message/stream", "SendMessage", "SendStreamingMessage"})
_STREAMS = frozenset({"message/stream", "SendStreamingMessage", "tasks/resubscribe", "SubscribeToTask"})
_OTHERS = frozenset({
    "tasks/get", "tasks/cancel", "tasks/list", "tasks/resubscribe", "tasks/pushNotificationConfig/set",
    "tasks/pushNotificationConfig/get", "tasks/pushNotificationConfig/list", "tasks/pushNotificationConfig/delete",
    "agent/getAuthenticatedExtendedCard", "GetTask", "CancelTask", "ListTasks", "SubscribeToTask",
    "CreateTaskPushNotificationConfig", "GetTaskPushNotificationConfig", "ListTaskPushNotificationConfigs",
    "DeleteTaskPushNotificationConfig", "GetExtendedAgentCard",
})  # fmt: skip
_REST = re.compile(r"/message:(?:send|stream)$")
_REFUSED = -32010
"""In the range that JSON-RPC leaves to implementations; A2A's own errors begin at -32001."""


class A2a(DocumentFormat):
    """`a2a`."""

    id = "a2a"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """JSON-RPC with a method of this protocol, or a message at a REST path of it."""
        if dig(document, "jsonrpc") == "2.0":
            return string(dig(document, "method")) in _SEND | _OTHERS
        return _REST.search(request.path) is not None and is_object(dig(document, "message"))

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """An error under the id of the call, streamed where the caller waits for a stream; an error object for REST."""
        if _REST.search(request.path):
            return refuse_with_json(refusal, request, google_error(refusal))
        ids = conversation.call_ids if conversation is not None else ()
        data = {"reason": refusal.code, "reference": refusal.reference}
        error = {"code": _REFUSED, "message": refusal.message, "data": data}
        content = write_json({"jsonrpc": "2.0", "id": ids[0] if ids else None, "error": error})
        if conversation is not None and conversation.wants_stream:
            event = b"data: " + content + b"\n\n"
            return refuse_with(refusal, request, status=200, content=event, content_type=EVENT_STREAM)
        return refuse_with(refusal, request, status=200 if ids else 400, content=content)

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        rpc = dig(document, "jsonrpc") == "2.0"
        path: Path = ("params",) if rpc else ()
        method, said = string(dig(document, "method")), dig(document, *path)
        if rpc and method in _SEND | _OTHERS:
            page.claim(("method",))
        message = dig(said, "message")
        if not is_object(message) and not rpc:
            return unreadable("no message")
        _read_message(page, message, (*path, "message"))
        call = dig(document, "id")
        return page.conversation(
            conversation_id=string(dig(message, "contextId")) or string(dig(message, "taskId")) or string(dig(said, "id")),
            wants_stream=method in _STREAMS or request.path.endswith("/message:stream"),
            background=rpc and method not in _SEND,
            call_ids=(call,) if rpc and isinstance(call, (str, int)) else (),
        )

    @override
    def _interpreter(self) -> Interpreter:
        return _AgentAnswer()


def _read_message(page: Page, message: object, path: Path) -> None:
    agent = string(dig(message, "role")).lower().endswith("agent")
    page.open(Role.ASSISTANT if agent else Role.USER, path)
    for name in ("parts", "content"):
        for index, part in enumerate(items(dig(message, name))):
            at = (*path, name, index)
            page.typed((*at, "text"))
            if dig(part, "data") is not None:
                page.tree((*at, "data"), PartKind.FILE)
            _read_file(page, part, at)


def _read_file(page: Page, part: object, path: Path) -> None:
    """Under `file` (0.3), or in the part itself (1.0)."""
    held, at = (dig(part, "file"), (*path, "file")) if is_object(dig(part, "file")) else (part, path)
    name = string(dig(held, "name")) or string(dig(held, "filename"))
    media_type = string(dig(held, "mimeType")) or string(dig(held, "mediaType"))
    for field in ("bytes", "fileWithBytes", "raw"):
        if dig(held, field) is not None and not page.data((*at, field), name=name, media_type=media_type):
            page.could_not_read("inline file")
    for field in ("uri", "fileWithUri", "url"):
        page.reference(dig(held, field), (*at, field), name=name, media_type=media_type)


class _AgentAnswer(Interpreter):
    """Messages, tasks with artifacts, and updates of both, whole or streamed, with or without JSON-RPC around them."""

    @override
    def event(self, name: str, data: object) -> None:
        """Take one event, or the whole answer."""
        draft = self.draft
        error = dig(data, "error")
        draft.failed(dig(error, "message") or error)
        result = dig(data, "result") if "result" in members(data) else data
        wrapped = ("message", "task", "statusUpdate", "artifactUpdate", "msg")
        inner = next((dig(result, key) for key in wrapped if is_object(dig(result, key))), result)
        draft.belongs_to(dig(inner, "contextId"))
        if "parts" in members(inner):
            self._parts("message", inner, adds=True)
            draft.finished = True
        artifact = dig(inner, "artifact")
        if artifact is not None:
            self._parts(string(dig(artifact, "artifactId")), artifact, adds=dig(inner, "append") is True)
        for index, each in enumerate(items(dig(inner, "artifacts"))):
            self._parts(string(dig(each, "artifactId")) or str(index), each, adds=False)
        self._status(dig(inner, "status"), final=dig(inner, "final") is True)

    def _status(self, status: object, *, final: bool) -> None:
        state = string(dig(status, "state")).lower().removeprefix("task_state_").replace("_", "-")
        if state in ("failed", "rejected"):
            said = " ".join(string(dig(part, "text")) for part in items(dig(status, "message", "parts")))
            self.draft.failed(said or f"the task was {state}")
        elif state in ("completed", "input-required", "auth-required", "canceled", "cancelled"):
            self._parts("status", dig(status, "message"), adds=False)
            self.draft.finished = True
        self.draft.finished = self.draft.finished or final

    def _parts(self, section: str, holder: object, *, adds: bool) -> None:
        said = "".join(string(dig(part, "text")) for part in items(dig(holder, "parts")))
        if adds:
            self.draft.add(Channel.TEXT, section, said)
        elif said:
            self.draft.put(Channel.TEXT, section, said)
