"""Amazon Bedrock's agents, knowledge bases and flows: the words under `inputText`, `input.text` or `retrievalQuery.text`.

Answers are a JSON object, or Amazon's event stream with the text in base64 `chunk`s.
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_Operations_Agents_for_Amazon_Bedrock_Runtime.html
"""

import re
from typing import override

from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.base import Refusal, Unreadable
from lockgate.apps.formats.bedrock_dialect import access_denied
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.inline_data import inline_data
from lockgate.apps.formats.json_text import unreadable
from lockgate.apps.formats.json_view import dig, items, members, string
from lockgate.apps.formats.page import Page
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation, PartKind, Role
from lockgate.facts.traffic import Answer, Request

_SESSION = re.compile(r"/sessions/([^/]{1,100})/text$")
_PROMPTS: tuple[Path, ...] = (
    ("inputText",), ("input", "text"), ("retrievalQuery", "text"), ("input", "textPrompt", "text"),
    ("queryGenerationInput", "text"),
)  # fmt: skip
_MODELS: tuple[Path, ...] = (
    ("foundationModel",),
    ("retrieveAndGenerateConfiguration", "knowledgeBaseConfiguration", "modelArn"),
    ("retrieveAndGenerateConfiguration", "externalSourcesConfiguration", "modelArn"),
    ("targetModelId",),
)
_SOURCES: Path = ("retrieveAndGenerateConfiguration", "externalSourcesConfiguration", "sources")


class BedrockAgent(DocumentFormat):
    """`bedrock-agent`."""

    id = "bedrock-agent"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """A configuration of retrieval beside the input, which nobody else has."""
        return {"retrieveAndGenerateConfiguration", "input"} <= members(document).keys()

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """The vendor's exception."""
        return access_denied(refusal, request)

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        if not members(document):
            return unreadable("not an object")
        if "instruction" in members(document):
            page.open(Role.SYSTEM, ("instruction",))
            page.text(("instruction",))
        for path in _PROMPTS:
            if isinstance(dig(document, *path), str):
                page.open(Role.USER, path)
                page.typed(path)
        for index in range(len(items(dig(document, "queries")))):
            page.open(Role.USER, ("queries", index))
            page.typed(("queries", index, "textQuery", "text"))
        for index in range(len(items(dig(document, "inputs")))):
            page.open(Role.USER, ("inputs", index))
            page.tree(("inputs", index, "content", "document"), PartKind.TEXT)
        page.open(Role.USER, ())
        _read_files(page, dig(document, "sessionState", "files"), ("sessionState", "files"))
        _read_files(page, dig(document, *_SOURCES), _SOURCES)
        session = _SESSION.search(request.path)
        model = next((page.model(path) for path in _MODELS if string(dig(document, *path))), "")
        return page.conversation(
            conversation_id=session.group(1) if session else string(dig(document, "sessionId")),
            model=model.rpartition("/")[2],
        )

    @override
    def _interpreter(self) -> Interpreter:
        return _AgentAnswer()


def _read_files(page: Page, files: object, path: Path) -> None:
    for index, file in enumerate(items(files)):
        for at in ((*path, index, "source", "byteContent"), (*path, index, "byteContent")):
            content = dig(file, *at[len(path) + 1 :])
            name = string(dig(file, "name")) or string(dig(content, "identifier"))
            media_type = string(dig(content, "mediaType")) or string(dig(content, "contentType"))
            if dig(content, "data") is not None and not page.data((*at, "data"), name=name, media_type=media_type):
                page.could_not_read("inline file")


class _AgentAnswer(Interpreter):
    """Chunks of text in base64, events with plain text, or one object."""

    @override
    def event(self, name: str, data: object) -> None:
        """Take one event, or the whole answer."""
        draft = self.draft
        encoded = dig(data, "bytes")
        if isinstance(encoded, str):
            found = inline_data(encoded)
            draft.add(Channel.TEXT, "", found.text if found else None)
        draft.add(Channel.TEXT, "", dig(data, "output", "text"))
        draft.add(Channel.TEXT, "", dig(data, "text") if name == "output" else None)
        said = dig(data, "content", "document")
        draft.add(Channel.TEXT, name, said if name == "flowOutputEvent" else None)
        draft.add(Channel.REASONING, "", dig(data, "trace", "orchestrationTrace", "rationale", "text"))
        draft.belongs_to(dig(data, "sessionId"))
        message = dig(data, "message")
        draft.failed(message if isinstance(message, str) and not name else None)
        # The stream has no last event, so whatever came whole is taken for all of it.
        draft.finished = bool(members(data))
