"""v0, Vercel's app builder: rich text up, and changes to a tree of elements down, in the web app and in its Platform API.

Changes are those of jsondiffpatch: `[new]` adds, `[old, new]` replaces, `[old, 0, 0]` removes; in arrays, marked by `_t`, `_3`
is the third item of before and `3` of after. One is v0's own: `[[0, 1, 2, "more"], 9, 9]` goes on with the text at 0, 1, 2. The
web app sends them bare, one on a line; the API as server-sent events, in `delta` of an `object`, among snapshots of the chat.
"""

from collections.abc import Iterator
from typing import override

from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.base import Refusal, StreamReader, Unreadable
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.json_text import unreadable
from lockgate.apps.formats.json_view import dig, is_array, is_object, items, members, string
from lockgate.apps.formats.ndjson import NdjsonReader
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.patch_tree import PatchTree, Steps
from lockgate.apps.formats.refusal import refuse_with_json
from lockgate.facts.prompt import Conversation, ModelAnswer, Role
from lockgate.facts.traffic import Answer, Request, Response

_MAX_DEPTH = 32
_RICH_TEXT = 0
_REMOVED, _APPENDED = [0, 0], [9, 9]
_BLOCKS = frozenset(
    {"p", "li", "ul", "ol", "pre", "blockquote", "table", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "Codeblock"}
)
_ENDED = frozenset({"stop", "length", "content_filter", "error"})


class V0(DocumentFormat):
    """`v0`."""

    id = "v0"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """Parts of a message's content, beside the ids of chat and message."""
        return is_array(dig(document, "messageContent", "parts")) and {"chatId", "messageId"} <= members(document).keys()

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """The Platform API's error, which has words for the user beside those for the developer."""
        error = {"code": "forbidden", "userMessage": refusal.message, "message": refusal.message}
        return refuse_with_json(refusal, request, {"error": error})

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        if not is_object(document) or document.keys().isdisjoint({"messageContent", "message"}):
            return unreadable("no message")
        page.open(Role.SYSTEM, ("system",))
        page.text(("system",))
        page.open(Role.USER, ("messageContent" if "messageContent" in document else "message",))
        page.typed(("message",))
        for index, _ in enumerate(items(dig(document, "messageContent", "parts"))):
            page.typed(("messageContent", "parts", index, "content"))
        for index, file in enumerate(items(document.get("attachments"))):
            where = ("attachments", index, "url")
            if not page.data(where, bare=False):
                page.reference(dig(file, "url"), where)
        _, found, rest = request.path.partition("/chats/")
        return page.conversation(
            conversation_id=string(document.get("chatId")) or (rest.partition("/")[0] if found else ""),
            model=page.model(("modelConfiguration", "modelId")),
            wants_stream="messageContent" in document or document.get("responseMode") == "experimental_stream",
        )

    @override
    def stream_reader(self, response: Response) -> StreamReader:
        """The web app's lines come as plain text."""
        if response.media_type == "text/plain":
            return NdjsonReader(self._interpreter())
        return super().stream_reader(response)

    @override
    def _interpreter(self) -> Interpreter:
        return _V0Answer()


class _V0Answer(Interpreter):
    """Follows the tree; what a snapshot of the chat says counts when no change said anything."""

    def __init__(self) -> None:
        super().__init__()
        self._tree = PatchTree()
        self._begun = False
        self._snapshot: object = None

    @override
    def event(self, name: str, data: object) -> None:
        """Take one change, in its envelope or bare, or a snapshot."""
        kind, body = dig(data, "object"), members(data)
        error = body.get("error")
        self.draft.failed(dig(error, "userMessage") or dig(error, "message") or error)
        if data == "[DONE]" or body.get("type") == "done":
            self.draft.finished = True
        elif "messages" in body:
            self.draft.belongs_to(body.get("id"))
            said = [one for one in items(body["messages"]) if dig(one, "role") == "assistant"]
            self._snapshot = said[-1] if said else self._snapshot
            self.draft.finished = self.draft.finished or kind is None
        elif isinstance(kind, str):
            if kind.startswith("message"):
                self._change(body.get("delta"))
        elif is_array(data) or not body.keys() & {"error", "type"}:
            self._change(data)

    def _change(self, delta: object) -> None:
        if not self._begun:
            self._begun = True
            self._tree.put((), {} if is_object(delta) and not _of_array(delta) else [])
        self._apply((), delta)

    def _apply(self, at: Steps, delta: object) -> None:
        if is_array(delta):
            self._leaf(at, delta)
        elif is_object(delta) and len(at) < _MAX_DEPTH:
            before = [name for name in delta if name.startswith("_") and _is_number(name[1:])]
            for name in sorted(before, key=lambda name: -int(name[1:])):
                if items(delta[name])[1:] == _REMOVED:
                    self._tree.remove((*at, int(name[1:])))
            for name, below in sorted(delta.items(), key=_place):
                if name.startswith("_"):
                    continue
                step = int(name) if _is_number(name) else name
                if _of_array(delta) and is_array(below) and len(below) == 1:
                    self._tree.insert((*at, step), below[0])
                else:
                    self._apply((*at, step), below)

    def _leaf(self, at: Steps, change: list[object]) -> None:
        if change[1:] == _APPENDED:
            *where, text = items(change[0]) or [None]
            steps = tuple(step for step in where[:_MAX_DEPTH] if isinstance(step, (int, str)))
            self._tree.append((*at, *steps), text)
        elif change[1:] == _REMOVED:
            self._tree.remove(at)
        elif len(change) in (1, 2):
            self._tree.put(at, change[-1])
            last = at[-1] if at else ""
            if (last == "finishReason" and change[-1] in _ENDED) or (last == "finalizing" and change[-1] is False):
                self.draft.finished = True

    @override
    def answer(self) -> ModelAnswer:
        """What was said: each element of each row of the tree."""
        root = self._tree.plain()
        content = dig(root, "content")
        self._rows(root if is_array(root) else content if is_array(content) else dig(content, "value"))
        said = self.draft.build()
        if not (said.text or said.reasoning):
            written = dig(self._snapshot, "content")
            self.draft.put(Channel.TEXT, "whole", written)
            self._rows(dig(self._snapshot, "experimental_content") if not isinstance(written, str) else None)
        return super().answer()

    def _rows(self, rows: object) -> None:
        for number, row in enumerate(items(rows)):
            if dig(row, 0) != _RICH_TEXT:  # code after its language, or a formula
                self.draft.put(Channel.TEXT, number, dig(row, -1))
                continue
            for index, element in enumerate(items(dig(row, 1))):
                self.draft.put(Channel.TEXT, (number, index), "".join(_words(element)).strip("\n"))
                for position, part in enumerate(items(dig(element, 1, "part", "parts"))):
                    self.draft.put(Channel.REASONING, (number, index, position), dig(part, "thought"))


def _words(element: object, depth: int = _MAX_DEPTH) -> Iterator[str]:
    """The text of `[tag, attributes, child, ...]`."""
    if isinstance(element, str):
        yield element
    elif depth:
        tag, *rest = items(element) or [None]
        if tag in _BLOCKS:
            yield "\n"
        for child in rest[1:] if isinstance(tag, str) else items(element):
            yield from _words(child, depth - 1)


def _of_array(delta: dict[str, object]) -> bool:
    return delta.get("_t") == "a"


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 6


def _place(member: tuple[str, object]) -> int:
    return int(member[0]) if _is_number(member[0]) else -1
