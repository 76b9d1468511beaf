"""GitHub Copilot on github.com: `content` with references to code and issues, answered by events with a type and a body.

Separate from `github_copilot`, which is what editors and the command line speak.
"""

from typing import override

from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.base import Refusal, Unreadable
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.json_text import unreadable
from lockgate.apps.formats.json_view import dig, is_object, items, string
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.refusal import openai_error, refuse_with_json
from lockgate.facts.prompt import Conversation, PartKind, Role
from lockgate.facts.traffic import Answer, Request

_TEXTS = ("content", "text", "body", "contents")


class GitHubCopilotWeb(DocumentFormat):
    """`github-copilot-web`."""

    id = "github-copilot-web"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """Content with references and an intent, as the page sends it."""
        known = isinstance(dig(document, "content"), str) and isinstance(dig(document, "references"), list)
        return known and is_object(document) and not {"intent", "responseMessageID", "customInstructions"}.isdisjoint(document)

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """An error object; its message stands where the page looks for one."""
        return refuse_with_json(refusal, request, {**openai_error(refusal), "message": refusal.message})

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        if not is_object(document):
            return unreadable("not an object")
        page.open(Role.USER, ("content",))
        page.typed(("content",))
        for index, reference in enumerate(items(document.get("references"))):
            at = ("references", index)
            for field in _TEXTS:
                page.tree((*at, field), PartKind.FILE)
            page.names(string(dig(reference, "path")) or string(dig(reference, "name")), at)
        thread = request.path.partition("/threads/")[2].partition("/")[0]
        return page.conversation(conversation_id=thread, model=page.model(), wants_stream="content" in document)

    @override
    def _interpreter(self) -> Interpreter:
        return _PageAnswer()


class _PageAnswer(Interpreter):
    """`content` events have a body; `complete` ends the answer."""

    @override
    def event(self, name: str, data: object) -> None:
        """Take one event."""
        match dig(data, "type"):
            case "content":
                self.draft.add(Channel.TEXT, "answer", dig(data, "body"))
            case "complete":
                self.draft.finished = True
            case "error":
                self.draft.failed(dig(data, "description") or dig(data, "message"))
            case _:
                self.draft.belongs_to(dig(data, "thread_id"))
                self.draft.failed(dig(data, "message") or dig(data, "error", "message"))
