"""The Poe web app: persisted GraphQL queries, as JSON or (with files) in one field of a multipart form.

A private interface, and all calls share two addresses, so a query without a prompt is read for whatever text it has. The answer
comes over a WebSocket; the response to the query only says which chat it belongs to.
"""

from typing import override

from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.base import Refusal, Unreadable
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.json_text import Parsed, parse_json, unreadable
from lockgate.apps.formats.json_view import dig, is_array, is_object, items, members, string
from lockgate.apps.formats.multipart_document import claim_files, fields_named, parse_multipart_document
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.refusal import refuse_with_json
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation, Role
from lockgate.facts.traffic import Answer, Body, Request

_PROMPTS = ("query", "message", "text")
_EDGES = ("messageEdgeCreate", "sendMessage", "chatCreate")


class PoeWeb(DocumentFormat):
    """`poe-web`."""

    id = "poe-web"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """A named query with the hash it is persisted under."""
        return isinstance(dig(document, "queryName"), str) and isinstance(dig(document, "extensions", "hash"), str)

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """An error of GraphQL, which the page shows."""
        return refuse_with_json(refusal, request, {"data": None, "errors": [{"message": refusal.message}]}, status=200)

    @override
    def _parse(self, request: Request, body: Body) -> Parsed | Unreadable:
        if request.media_type.startswith("multipart/"):
            return parse_multipart_document(body.content, request.headers.get("content-type"))
        return parse_json(body.content)

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        at, query = _query(document)
        if not is_object(query):
            return unreadable("no query")
        variables = members(query.get("variables"))
        field = next((name for name in _PROMPTS if string(variables.get(name))), "")
        if field or page.files:
            page.open(Role.USER, (*at, "variables", field or "attachments"))
            page.typed((*at, "variables", field))
            claim_files(page, document)
        chat = variables.get("chatId")
        model = page.model((*at, "variables", "bot")) or page.model((*at, "variables", "defaultBot"))
        return page.conversation(
            conversation_id=str(chat) if isinstance(chat, int) else string(chat), model=model, wants_stream=False
        )

    @override
    def _interpreter(self) -> Interpreter:
        return _PoeAnswer()


def _query(document: object) -> tuple[Path, object]:
    """Where the query is, and what it is: the body itself, or the text of one field."""
    if not is_array(document):
        return (), document
    for name in ("queryInfo", "operations"):
        for part in fields_named(document, name):
            parsed = parse_json(string(dig(document, part, 1)).encode("utf-8", "surrogatepass"))
            if isinstance(parsed, Parsed):
                return (part, 1, "json"), parsed.value
    return (), None


class _PoeAnswer(Interpreter):
    """Whether the message was taken, and by which chat."""

    @override
    def event(self, name: str, data: object) -> None:
        """Take the response."""
        self.draft.finished = is_object(data)
        self.draft.failed(dig(items(dig(data, "errors")), 0, "message"))
        for edge in _EDGES:
            created = dig(data, "data", edge)
            chat = dig(created, "chat", "chatId")
            self.draft.belongs_to(str(chat) if isinstance(chat, int) else chat)
            status = dig(created, "status")
            if isinstance(status, str) and status not in ("success", "no_error"):
                self.draft.failed(dig(created, "statusMessage") or status)
            self.draft.put(Channel.TEXT, edge, dig(created, "bot_message", "text"))
