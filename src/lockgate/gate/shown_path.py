"""The path of a request as a record may show it: without the words that some apps take in it.

Separate from reading, because a record shows a path whether or not any rule asked what it says; law: no content in records.
"""

from dataclasses import replace
from urllib.parse import unquote

from lockgate.apps.formats.base import UrlReader, WireFormat
from lockgate.facts.prompt import Conversation, PartKind
from lockgate.facts.traffic import Body, Request

_SAID = "[said]"
_UNREAD = "/[unread]"
_TELLING = 8
"""Characters. What is shorter may be a piece of a step that says something else."""
_ADDED = frozenset({PartKind.MACHINE, PartKind.REMINDER})


def with_shown_path(request: Request, wire_format: WireFormat | None) -> Request:
    """`request` with a mark for every segment of its path in which its format finds words."""
    if not (isinstance(wire_format, UrlReader) and wire_format.reads_url):
        return request
    read = wire_format.read_request(request, Body(content=b""))
    if not isinstance(read, Conversation):
        return request
    said = [part.text for turn in read.turns for part in turn.parts if part.text and part.kind not in _ADDED]

    def shown(step: str) -> str:
        plain = unquote(step)
        return _SAID if any(text == plain or (len(text) >= _TELLING and text in plain) for text in said) else step

    return replace(request, path="/".join(map(shown, request.path.split("/"))))


def with_hidden_path(request: Request) -> Request:
    """`request` without its path: nobody could tell which of its steps are words."""
    return replace(request, path=_UNREAD)
