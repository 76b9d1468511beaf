"""The documents that are written in the strings of one body.

Separate from the notation of JSON because these share one budget: a body may hold any number of them, and each costs far more
than its bytes.
"""

from lockgate.apps.formats.base import Unreadable
from lockgate.apps.formats.budget import Budget
from lockgate.apps.formats.json_text import JsonReader, unreadable

_LEFT_AS_TEXT = unreadable("too many documents in one")
_NO_DOCUMENT = unreadable("not an object or array")


class NestedDocuments:
    """Each is parsed once, however often it is asked for."""

    def __init__(self, budget: Budget | None = None) -> None:
        self.budget = budget or Budget()
        self._reader = JsonReader(self.budget)
        self._parsed: dict[str, object] = {}

    def parse(self, text: str) -> object | Unreadable:
        """The object or array written in `text`; Unreadable when it holds neither, or when it is left the text it is."""
        if not looks_like_document(text):
            return _NO_DOCUMENT
        found = self._parsed.get(text)
        if found is None:
            found = self._reader.load(text) if self.budget.take_document(len(text)) else _LEFT_AS_TEXT
            self._parsed[text] = found
        return found

    def leave(self, text: str) -> None:
        """Say that the document in `text`, if there is one, lies too deep to be read."""
        if looks_like_document(text):
            self.budget.used_up = True


def looks_like_document(text: str) -> bool:
    """Whether `text` begins and ends as an object or array does."""
    if text[:1].isspace() or text[-1:].isspace():
        text = text.strip()
    return (text[:1], text[-1:]) in (("{", "}"), ("[", "]"))


def parse_nested(text: str) -> object | Unreadable:
    """The object or array written in one string, for whoever reads no other; Unreadable when it holds neither."""
    return NestedDocuments().parse(text)
