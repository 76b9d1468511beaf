"""`batchexecute`, by which Google's web apps make all their other calls: `f.req` holds `[[[name, "<arguments>", ...], ...]]`.

Calls have short names that change with releases. The few whose arguments are words of a person or text of a file are listed;
of every other call all text is seen, as what the app says.
"""

from typing import override

from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.base import Refusal, Unreadable
from lockgate.apps.formats.google_form import GoogleForm, answer_with, claim_token, request_path
from lockgate.apps.formats.json_text import unreadable
from lockgate.apps.formats.json_view import dig, is_array, items, number, string
from lockgate.apps.formats.leaf_paths import leaves, value_at
from lockgate.apps.formats.nested_documents import parse_nested
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.refusal import google_number
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation, PartKind, Role
from lockgate.facts.traffic import Answer, Request

_TRANSLATE = "MkEWBc"
_TYPED: dict[str, tuple[int, ...]] = {_TRANSLATE: (0, 0)}
"""Where the words of a person are in a call's arguments."""

_SOURCES = frozenset({"izAoDd", "CYK0Xb", "cYAfTb"})
"""NotebookLM: a source (pasted text, an address), a note. Their long strings are the text of a file."""

_LEAST_TEXT = 40


class GoogleBatch(GoogleForm):
    """`google-batch`."""

    id = "google-batch"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """A form (as an array of pairs) whose `f.req` holds named calls."""
        path = request_path(document)
        return not isinstance(path, Unreadable) and bool(_calls(document, path))

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """The answer of a call that was denied, in the framing the page expects."""
        call = next((pair.partition("=")[2] for pair in request.query.split("&") if pair.startswith("rpcids=")), "")
        frame = ["wrb.fr", call[:40] or None, None, None, None, [google_number(refusal), refusal.message], "generic"]
        return answer_with(frame, refusal, request)

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        at = request_path(document)
        if isinstance(at, Unreadable):
            return at
        calls = _calls(document, at)
        if not calls:
            return unreadable("no calls")
        page.open(Role.USER, at[:1])
        for name, path, written in calls:
            _read_call(page, name, path, written)
        page.rest(at)
        page.claim(at[:-1])
        claim_token(page, document)
        return page.conversation()

    @override
    def _interpreter(self) -> Interpreter:
        return _BatchAnswer()


def _calls(document: object, at: Path) -> list[tuple[str, Path, str]]:
    """Name of every call whose arguments are written in a string, with that string and its path."""
    batch = value_at(document, (*at, 0))
    return [
        (string(dig(call, 0)), (*at, 0, index, 1), string(dig(call, 1)))
        for index, call in enumerate(items(batch))
        if string(dig(call, 0)) and isinstance(dig(call, 1), str)
    ]


def _read_call(page: Page, name: str, path: Path, written: str) -> None:
    arguments = page.parse(written)
    if not is_array(arguments):
        return
    if name in _TYPED:
        page.typed((*path, "json", *_TYPED[name]))
    elif name in _SOURCES:
        for where, text in leaves(arguments, (*path, "json")):
            if len(text) >= _LEAST_TEXT:
                page.text(where, PartKind.FILE)
    page.rest((*path, "json"))
    page.claim(path)


class _BatchAnswer(Interpreter):
    """One frame for each call; what most of them mean is not known here."""

    @override
    def event(self, name: str, data: object) -> None:
        """Take one frame."""
        if dig(data, 0) != "wrb.fr":
            return
        self.draft.finished = True
        denied = dig(data, 5)
        code = number(dig(denied, 0))
        self.draft.failed(dig(denied, 1) if isinstance(dig(denied, 1), str) else f"error {code}" if code else "")
        payload = parse_nested(string(dig(data, 2)))
        if dig(data, 1) == _TRANSLATE:
            sentences = items(dig(payload, 1, 0, 0, 5))
            self.draft.put(Channel.TEXT, "translation", " ".join(string(dig(item, 0)) for item in sentences))
