"""OpenAI Responses over a WebSocket, as Codex and GitHub Copilot speak it: `response.create` with the body of a plain request.

Separate from the format of plain requests because of what surrounds it: a first message without a prompt that only warms the
server up (`generate: false`), `response.append` for more input, events as messages, and errors as a message of their own. Codex
takes any error as the end of the WebSocket and asks again over HTTPS, where the same policy holds for the same words.
https://platform.openai.com/docs/guides/websocket-mode
"""

from dataclasses import replace
from typing import override

from lockgate.apps.formats.answer_draft import Interpreter
from lockgate.apps.formats.answering import model_of
from lockgate.apps.formats.base import Refusal, SocketRefusal, Unreadable
from lockgate.apps.formats.document_socket import DocumentSocket, reply
from lockgate.apps.formats.json_view import members, string
from lockgate.apps.formats.openai_responses import OpenAiResponses
from lockgate.apps.formats.openai_said import response_events
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.refusal import TOO_MANY_REQUESTS, openai_kind
from lockgate.facts.prompt import Conversation
from lockgate.facts.traffic import Request, SocketMessage

_BODY_NAMES = frozenset({"input", "items", "instructions", "previous_response_id", "prompt", "conversation"})
_COPILOT = ("githubcopilot.com", "ghe.com")


class OpenAiResponsesSocket(OpenAiResponses, DocumentSocket):
    """`openai-responses`, as messages."""

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        body = members(document)
        if _BODY_NAMES.isdisjoint(body):
            return page.conversation()  # a cancellation, an acknowledgement: whatever words it has are machine text
        said = super()._read(request, document, page)
        if isinstance(said, Unreadable):
            return said
        # Copilot says with each message whether a person or its agent goes on; over plain requests, a header does.
        warms_up = body.get("generate") is False
        by_itself = warms_up or string(body.get("initiator")).lower() == "agent"
        return replace(said, wants_stream=not warms_up, background=said.background or by_itself)

    @override
    def refuse_message(self, refusal: Refusal, request: Request, message: SocketMessage) -> SocketRefusal:
        """The vendor's error message; Copilot shows the text of errors whose code is `bad_request`."""
        kind, code = openai_kind(refusal)
        error: dict[str, object] = {"type": kind, "code": code, "message": refusal.message}
        status = TOO_MANY_REQUESTS if refusal.for_now else 400
        if request.host.endswith(_COPILOT):
            error = {"code": "bad_request", "message": refusal.message}
            return SocketRefusal(replies=(reply({"type": "error", "error": error}),))
        return SocketRefusal(replies=(reply({"type": "error", "status": status, "error": error | {"param": None}}),))

    def answer_message(self, refusal: Refusal, request: Request, message: SocketMessage) -> SocketRefusal | None:
        """The events of a response, and the end: the server knows nothing of it, so that nothing can go on from it here."""
        said = self.read_message(request, message)
        if isinstance(said, Unreadable) or not said.wants_stream:
            return None
        return SocketRefusal(replies=tuple(map(reply, response_events(refusal, model_of(said)))), close=True)

    @override
    def _interpreter(self) -> Interpreter:
        return _MessageAnswer(super()._interpreter())


class _MessageAnswer(Interpreter):
    """The events of one response; the end of a failed one is an end as well."""

    def __init__(self, inner: Interpreter) -> None:
        super().__init__()
        self._inner = inner
        self.draft = inner.draft

    @override
    def event(self, name: str, data: object) -> None:
        """Take one message of the server."""
        self._inner.event(name, data)
        kind = string(members(data).get("type"))
        if kind == "response.failed" and not self.draft.error:
            self.draft.failed("failed")
