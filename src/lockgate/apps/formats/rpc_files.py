"""What of a call no format can read as text: bytes inside its messages, and messages that could not be taken apart.

They leave with the request, so they are part of what it says. Separate because `Page` keeps every text and knows nothing of
bytes, which plain JSON never has.
"""

from dataclasses import replace

from lockgate.apps.formats.attached import attached
from lockgate.apps.formats.json_view import is_array, is_object, items
from lockgate.apps.formats.page import Page
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation, Role, chain

_MOST_LOOKED_INTO = 64


def say_what_is_unread(document: object, page: Page) -> None:
    """Say that the look is partial when some of a call's messages could not be taken apart."""
    if any(isinstance(message, (str, bytes)) for message in items(document)):
        page.could_not_read("a message of the call")


def with_files(conversation: Conversation, document: object) -> Conversation:
    """`conversation` with each run of bytes of `document` that is not in it yet, in a turn before the others."""
    known = {attachment.path for turn in conversation.turns for attachment in turn.attachments}
    left = [(path, content) for path, content in _files(document) if path not in known]
    # A message can hold bytes by the thousand (ids, vectors), most of them no files.
    files = tuple(attached(content, path=path, look=number < _MOST_LOOKED_INTO) for number, (path, content) in enumerate(left))
    return replace(conversation, turns=(*chain([(Role.USER, (), files)]), *conversation.turns)) if files else conversation


def _files(document: object) -> list[tuple[Path, bytes]]:
    found: list[tuple[Path, bytes]] = []
    stack: list[tuple[Path, object]] = [((), document)]
    while stack:
        path, node = stack.pop()
        if isinstance(node, bytes):
            found.append((path, node))
        elif is_object(node):
            stack += [((*path, name), child) for name, child in node.items()]
        elif is_array(node):
            stack += [((*path, index), child) for index, child in enumerate(node)]
    return found[::-1]
