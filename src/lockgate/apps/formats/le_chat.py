"""Le Chat, Mistral's web app: the first prompt of a chat goes with the call that makes it, later ones to `/api/chat`.

A private interface. Answers are lines of `15:` and a JSON document with patches to one message; each piece of a message says
whether it is reasoning. The first prompt is a tRPC call, whose errors have a form of their own.
"""

import re
from typing import override

import orjson

from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.base import Refusal, StreamReader, Unreadable
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.json_text import unreadable
from lockgate.apps.formats.json_view import dig, is_object, items, members, string
from lockgate.apps.formats.ndjson import NdjsonReader
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.patch_tree import PatchTree, steps_of
from lockgate.apps.formats.refusal import refuse_with, refuse_with_json
from lockgate.apps.formats.sse import event_data
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation, ModelAnswer, Role
from lockgate.facts.traffic import Answer, Request, Response

_LINE = re.compile(r"([0-9a-z]{1,2}):(.*)", re.DOTALL)
_MAX_MESSAGES = 32
_MAX_CALLS = 16


class LeChat(DocumentFormat):
    """`le-chat`."""

    id = "le-chat"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """An input for a chat, or a batch of tRPC calls with content in typed pieces."""
        if isinstance(dig(document, "chatId"), str) and "messageInput" in members(document):
            return True
        return any(string(dig(call, "json", "content", 0, "type")) for call in members(document).values())

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """A finished message where the page expects a stream; the error of a tRPC call where it made one."""
        if "/trpc/" in request.path:
            data = {"code": "BAD_REQUEST", "httpStatus": 400, "path": request.path.rpartition("/")[2]}
            error = {"error": {"json": {"message": refusal.message, "code": -32600, "data": data}}}
            return refuse_with_json(refusal, request, [error])
        message: dict[str, object] = {
            "role": "assistant", "id": refusal.reference, "chatId": conversation.id if conversation else None,
            "content": refusal.message, "contentChunks": [{"type": "text", "text": refusal.message}],
            "generationStatus": "success", "status": "active", "version": 0,
        }  # fmt: skip
        patch = {"op": "replace", "path": [], "value": message}
        written = {"type": "message", "messageId": refusal.reference, "messageVersion": 0, "patches": [patch]}
        content = b"15:" + orjson.dumps({"json": written}) + b"\n8:null\n"
        return refuse_with(refusal, request, status=200, content=content, content_type="text/plain; charset=utf-8")

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        if not is_object(document):
            return unreadable("not an object")
        if "messageInput" in document:
            page.open(Role.USER, ("messageInput",))
            _read_content(page, document["messageInput"], ("messageInput",))
            _read_files(page, document.get("messageFiles"), ("messageFiles",))
            return page.conversation(conversation_id=string(document.get("chatId")), model=page.model(), wants_stream=True)
        model = ""
        for name in list(document)[:_MAX_CALLS]:
            call = dig(document, name, "json")
            page.open(Role.USER, (name, "json", "content"))
            _read_content(page, dig(call, "content"), (name, "json", "content"))
            _read_files(page, dig(call, "files"), (name, "json", "files"))
            model = model or page.model((name, "json", "model"))
        return page.conversation(conversation_id=string(dig(document, "0", "json", "chatId")), model=model)

    @override
    def stream_reader(self, response: Response) -> StreamReader:
        """Lines, whatever the content type says: an error is a line as well."""
        return NdjsonReader(self._interpreter())

    @override
    def _interpreter(self) -> Interpreter:
        return _LeChatAnswer()


def _read_content(page: Page, content: object, path: Path) -> None:
    page.typed(path)
    for index, piece in enumerate(items(content)):
        page.typed((*path, index))
        page.typed((*path, index, "text"))
        page.reference(dig(piece, "imageUrl") or dig(piece, "fileId"), (*path, index))


def _read_files(page: Page, files: object, path: Path) -> None:
    for index, file in enumerate(items(files)):
        reference = string(file) or string(dig(file, "id")) or string(dig(file, "fileId")) or string(dig(file, "url"))
        page.reference(reference, (*path, index), name=string(dig(file, "name")), media_type=string(dig(file, "type")))


class _LeChatAnswer(Interpreter):
    """Patches belong to a message; the person's own message is patched on the same stream."""

    def __init__(self) -> None:
        super().__init__()
        self._messages: dict[str, PatchTree] = {}

    @override
    def event(self, name: str, data: object) -> None:
        """Take one line."""
        line = _LINE.match(data) if isinstance(data, str) else None
        if line is None:
            error = dig(data, 0, "error", "json") or dig(data, "error", "json") or data
            self.draft.failed(dig(error, "message") or dig(error, "detail") or dig(error, "error"))
            return
        value = event_data(line.group(2).encode("utf-8", "replace"))
        match line.group(1):
            case "0":
                self.draft.add(Channel.TEXT, "older", value)
            case "3":
                self.draft.failed(value)
            case "8" | "d":
                self.draft.finished = True
            case "15":
                self._patches(dig(value, "json"))
            case _:
                pass

    def _patches(self, change: object) -> None:
        identifier = string(dig(change, "messageId"))
        if identifier not in self._messages and len(self._messages) >= _MAX_MESSAGES:
            return
        tree = self._messages.setdefault(identifier, PatchTree())
        for patch in items(dig(change, "patches")):
            path = dig(patch, "path")
            steps = steps_of(path) if isinstance(path, str) else tuple(s for s in items(path) if isinstance(s, (str, int)))
            value = dig(patch, "value")
            match dig(patch, "op"):
                case "append":
                    tree.append(steps, value)
                case "add":
                    tree.insert(steps, value)
                case "remove":
                    tree.remove(steps)
                case _:
                    tree.put(steps, value)

    @override
    def answer(self) -> ModelAnswer:
        """What was said in messages that are not the person's."""
        for identifier, tree in self._messages.items():
            message = tree.plain()
            if dig(message, "role") == "user":
                continue
            self.draft.named(dig(message, "model"))
            self.draft.belongs_to(dig(message, "chatId"))
            for thought, channel in ((False, Channel.TEXT), (True, Channel.REASONING)):
                chunks = [chunk for chunk in items(dig(message, "contentChunks")) if _is_thought(chunk) is thought]
                self.draft.put(channel, identifier, "".join(string(dig(chunk, "text")) for chunk in chunks))
            if dig(message, "generationStatus") == "success":
                self.draft.finished = True
        return super().answer()


def _is_thought(chunk: object) -> bool:
    return dig(chunk, "_context", "type") == "reasoning"
