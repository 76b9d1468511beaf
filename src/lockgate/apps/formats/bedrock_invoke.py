"""Amazon Bedrock InvokeModel: the body of each model's own vendor, with the model in the path.

Which vendor's it is shows in its shape. A streamed answer is Amazon's event stream of `chunk` events, in which `bytes` is one
event of the vendor in base64. https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html
"""

import re
from typing import override

from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.anthropic_complete import read_exchange
from lockgate.apps.formats.anthropic_messages import MessagesAnswer, read_messages_body
from lockgate.apps.formats.base import Refusal, Unreadable
from lockgate.apps.formats.bedrock_converse import ConverseAnswer, is_converse, read_converse
from lockgate.apps.formats.bedrock_dialect import access_denied
from lockgate.apps.formats.bedrock_said import invoke_answer
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.inline_data import inline_data
from lockgate.apps.formats.json_text import unreadable
from lockgate.apps.formats.json_view import dig, is_object, items, members, string
from lockgate.apps.formats.openai_chat import read_messages
from lockgate.apps.formats.openai_chat_answer import ChatAnswer
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.path_model import model_in_path
from lockgate.apps.formats.sse import event_data
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation, PartKind, Role
from lockgate.facts.traffic import Answer, Request

_PATH = re.compile(r"/model/[^/]{1,2048}/invoke(?:-with-response-stream)?$|/async-invoke$")
_PROMPTS: tuple[Path, ...] = (
    ("prompt",), ("inputText",), ("message",), ("inputs",), ("text",), ("query",), ("textToImageParams", "text"),
    ("inPaintingParams", "text"), ("outPaintingParams", "text"), ("imageVariationParams", "text"),
    ("textToVideoParams", "text"), ("singleEmbeddingParams", "text", "value"), ("segmentedEmbeddingParams", "text", "value"),
)  # fmt: skip
_LISTS: tuple[tuple[str, str | None], ...] = (
    ("texts", None),
    ("documents", None),
    ("text_prompts", "text"),
    ("inputs", "text"),
)
_IMAGES: tuple[Path, ...] = (
    ("inputImage",), ("image",), ("init_image",), ("mask_image",), ("mask",), ("textToImageParams", "conditionImage"),
    ("inPaintingParams", "image"), ("inPaintingParams", "maskImage"), ("outPaintingParams", "image"),
    ("outPaintingParams", "maskImage"), ("backgroundRemovalParams", "image"),
)  # fmt: skip
_LAST = ("stop_reason", "completionReason", "results", "finish_reason", "embedding", "embeddings", "images", "artifacts")
"""Members of a vendor's last event, or of an answer that comes whole."""


class BedrockInvoke(DocumentFormat):
    """`bedrock-invoke`."""

    id = "bedrock-invoke"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """A prompt of any vendor at Amazon's path; elsewhere only Titan's fields, which nobody else has."""
        body = members(document)
        if {"inputText", "textGenerationConfig"} <= body.keys():
            return True
        said = {path[0] for path in _PROMPTS} | {"messages", "texts", "text_prompts", "modelInput"}
        return _PATH.search(request.path) is not None and not said.isdisjoint(body)

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """The vendor's exception."""
        return access_denied(refusal, request)

    def answer(self, refusal: Refusal, request: Request, conversation: Conversation) -> Answer | None:
        """What the model's vendor would answer, where the model's name tells how."""
        if not request.path.endswith(("/invoke", "/invoke-with-response-stream")):
            return None
        return invoke_answer(refusal, request, conversation)

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        path: Path = ("modelInput",) if is_object(dig(document, "modelInput")) else ()
        body = members(dig(document, *path))
        if not body:
            return unreadable("not an object")
        if is_converse(body):
            read_converse(page, body, path)
        elif "max_tokens_to_sample" in body:
            read_exchange(page, string(body.get("prompt")), (*path, "prompt"))
        elif "anthropic_version" in body:
            read_messages_body(page, body, path)
        else:
            read_messages(page, body.get("messages"), (*path, "messages"))
            _read_flat(page, body, path)
        model = string(dig(document, "modelId")) or model_in_path(request.path)
        return page.conversation(model=model, wants_stream=request.path.endswith("-stream"))

    @override
    def _interpreter(self) -> Interpreter:
        return _InvokeAnswer()


def _read_flat(page: Page, body: dict[str, object], path: Path) -> None:
    """One prompt, or several texts, with images beside them."""
    for index, turn in enumerate(items(body.get("chat_history"))):
        at = (*path, "chat_history", index)
        page.open(Role.USER if string(dig(turn, "role")).upper() == "USER" else Role.ASSISTANT, at)
        page.typed((*at, "message"))
    for field in ("system", "preamble"):
        if isinstance(body.get(field), str):
            page.open(Role.SYSTEM, (*path, field))
            page.text((*path, field))
    for field in _PROMPTS:
        if isinstance(dig(body, *field), str):
            page.open(Role.USER, (*path, *field))
            page.typed((*path, *field))
    for field, inner in _LISTS:
        for index in range(len(items(body.get(field)))):
            at = (*path, field, index)
            page.open(Role.USER, at)
            page.typed(at if inner is None else (*at, inner))
    page.open(Role.USER, path)
    for image in _IMAGES:
        if isinstance(dig(body, *image), str) and not page.data((*path, *image), media_type="image/*"):
            page.could_not_read("inline image")
    page.text((*path, "suffix"), PartKind.FILE)


class _InvokeAnswer(Interpreter):
    """Hands each event to whoever understands its vendor; they all write into one draft."""

    def __init__(self) -> None:
        super().__init__()
        self._messages, self._chat, self._converse = MessagesAnswer(), ChatAnswer(), ConverseAnswer()
        for listener in (self._messages, self._chat, self._converse):
            listener.draft = self.draft

    @override
    def event(self, name: str, data: object) -> None:
        """Take one event of the stream, or the whole answer."""
        encoded = dig(data, "bytes")
        if isinstance(encoded, str):
            found = inline_data(encoded)
            data = event_data(found.content) if found else None
        body = members(data)
        if {"type", "completion"} & body.keys() and "choices" not in body:
            self._messages.event(name, data if "type" in body else {**body, "type": "completion"})
        elif "choices" in body:
            self._chat.event(name, data)
        elif "output" in body or (len(body) == 1 and next(iter(body)).startswith(("contentBlock", "messageSt"))):
            kind = next(iter(body))
            self._converse.event(kind, data if kind == "output" or "output" in body else body[kind])
        else:
            self._flat(body)
        if "amazon-bedrock-invocationMetrics" in body:
            self.draft.finished = True

    def _flat(self, body: dict[str, object]) -> None:
        draft = self.draft
        for field in ("outputText", "generation", "text", "generated_text"):
            draft.add(Channel.TEXT, "", body.get(field))
        for field, inner in (("results", "outputText"), ("outputs", "text"), ("generations", "text"), ("completions", "data")):
            for index, piece in enumerate(items(body.get(field))):
                said = dig(piece, inner)
                draft.add(Channel.TEXT, (field, index), dig(said, "text") if is_object(said) else said)
        message = body.get("message")
        draft.failed(message if isinstance(message, str) else body.get("error"))
        pieces = items(body.get("outputs") or body.get("generations"))
        done = any(body.get(field) for field in _LAST) or body.get("is_finished") is True
        if done or any(dig(piece, "stop_reason") or dig(piece, "finish_reason") for piece in pieces):
            draft.finished = True
