"""DeepL's translator and writer on the web and in its extensions: JSON-RPC with the text in sentences or in whole texts.

A private interface. Neighbouring sentences go along as context; they are seen and rewritten, but were counted once already.
"""

from typing import override

from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.base import Refusal, Unreadable
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.json_text import unreadable
from lockgate.apps.formats.json_view import dig, is_object, items, string
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.refusal import refuse_with_json
from lockgate.facts.prompt import Conversation, PartKind, Role
from lockgate.facts.traffic import Answer, Request

_METHOD_START = "LMT_"
_CONTEXTS = ("raw_en_context_before", "raw_en_context_after")


class DeepLWeb(DocumentFormat):
    """`deepl-web`."""

    id = "deepl-web"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """A call of the translator's own methods."""
        return dig(document, "jsonrpc") == "2.0" and string(dig(document, "method")).startswith(_METHOD_START)

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """An error of JSON-RPC."""
        error = {"code": -32000, "message": refusal.message}
        return refuse_with_json(refusal, request, {"jsonrpc": "2.0", "id": None, "error": error})

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        if not is_object(document) or not string(document.get("method")):
            return unreadable("no method")
        params = document.get("params")
        page.open(Role.USER, ("params", "jobs"))
        for index, job in enumerate(items(dig(params, "jobs"))):
            at = ("params", "jobs", index)
            page.text((*at, "raw_en_sentence"))
            for number in range(len(items(dig(job, "sentences")))):
                page.text((*at, "sentences", number, "text"))
            for field in _CONTEXTS:
                page.tree((*at, field), PartKind.MACHINE)
        for index, text in enumerate(items(dig(params, "texts"))):
            page.text(("params", "texts", index, "text") if is_object(text) else ("params", "texts", index))
        page.text(("params", "text"))
        return page.conversation()

    @override
    def _interpreter(self) -> Interpreter:
        return _DeepLAnswer()


class _DeepLAnswer(Interpreter):
    """The best translation of every sentence, or of every text."""

    @override
    def event(self, name: str, data: object) -> None:
        """Take the result."""
        result = dig(data, "result")
        for index, translation in enumerate(items(dig(result, "translations"))):
            best = dig(translation, "beams", 0)
            sentences = [string(dig(sentence, "text")) for sentence in items(dig(best, "sentences"))]
            self.draft.put(Channel.TEXT, index, " ".join(filter(None, sentences)) or dig(best, "postprocessed_sentence"))
        for index, text in enumerate(items(dig(result, "texts"))):
            self.draft.put(Channel.TEXT, ("text", index), dig(text, "text"))
        self.draft.failed(dig(data, "error", "message"))
        self.draft.finished = is_object(result)
