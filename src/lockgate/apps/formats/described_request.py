"""Reading a request as an app file describes it: every place it names becomes text, a file, a model or an id on a page.

Separate from `described.py`, which decodes bodies and answers. Compiled once, when first asked for.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from lockgate.apps.clues import compile_clue
from lockgate.apps.description import Description, listed
from lockgate.apps.formats.described_turns import (
    DescribedFiles,
    DescribedMessages,
    compile_files,
    compile_messages,
    compile_places,
    innermost,
)
from lockgate.apps.formats.multipart_document import claim_files
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.where import Where, compile_where
from lockgate.apps.schema import Clue
from lockgate.facts.prompt import Conversation, PartKind, Role
from lockgate.facts.traffic import Request

_LONGEST_ID = 200
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=$:-]{16,8192}", re.ASCII)
IN_EACH = frozenset({"call", "records"})
"""Bodies of which each message is read by itself."""
_IN_THE_HEAD = ("header", "query", "path")

type Place = Where | Callable[[Request], str]
"""A place in the body, or one in the head of the request."""


def compile_place(text: str, *, in_messages: bool = False) -> Place:
    """`header NAME`, `query NAME`, `path PATTERN` (its first group), or a place in the body. Raises ValueError."""
    kind, _, name = text.partition(" ")
    if kind not in _IN_THE_HEAD:
        return compile_where(text, in_messages=in_messages)
    return compile_clue(Clue(**{kind: name.strip()})).value  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedRequest:
    """A description of requests, compiled."""

    prompt: tuple[Where, ...]
    messages: DescribedMessages | None
    system: tuple[Where, ...]
    context: tuple[Where, ...]
    files: tuple[DescribedFiles, ...]
    model: tuple[Place, ...]
    conversation: tuple[Place, ...]
    tokens: tuple[Where, ...]
    background: Where | bool

    def read(self, page: Page, document: object) -> bool:
        """Claim what is described on `page`, without closing it. Whether anything a person says was there."""
        for place in self.tokens:
            for path, token in place.find(document, parse=page.parse):
                if isinstance(token, str) and _TOKEN.fullmatch(token):
                    page.claim(path)
        for place in self.system:
            for path, _ in place.find(document, parse=page.parse):
                page.open(Role.SYSTEM, path)
                page.text(path)
        said = self.messages.read(page, document) if self.messages else False
        words = [
            path for place in self.prompt for path, value in place.find(document, parse=page.parse) if isinstance(value, str)
        ]
        words = innermost(words)
        around = [path for place in self.context for path, _ in place.find(document, parse=page.parse)]
        attached = [path for files in self.files for path, _ in files.each.find(document, parse=page.parse)]
        attached += [file.path[:1] for file in page.files]
        if not (words or around or attached):
            return said
        page.open(Role.USER, (words or around or attached)[0])
        for path in words:
            page.typed(path)
        for path in around:
            page.tree(path, PartKind.FILE)
        for files in self.files:
            files.read(page, document, ())
        claim_files(page, document)
        return True

    def close(self, page: Page, document: object, request: Request, *, wants_stream: bool) -> Conversation:
        """The conversation on `page`, with what is known of it beside its text."""
        model = ""
        for place in self.model:
            if isinstance(place, Where):
                named = (page.model(path) for path, _ in place.find(document, parse=page.parse))
                model = model or next(filter(None, named), "")
            else:
                model = model or place(request)
        found = (
            _id(place.first(document, parse=page.parse)) if isinstance(place, Where) else place(request)
            for place in self.conversation
        )
        background = self.background
        return page.conversation(
            conversation_id=next(filter(None, found), None),
            model=model[:_LONGEST_ID],
            wants_stream=wants_stream,
            background=background if isinstance(background, bool) else bool(background.first(document, parse=page.parse)),
        )


def compile_request(described: Description) -> DescribedRequest:
    """A description of requests, ready to be used. Raises ValueError for a place that is none."""
    each, background = described.body in IN_EACH, described.background
    return DescribedRequest(
        prompt=compile_places(described.prompt, in_messages=each),
        messages=compile_messages(described.messages, in_messages=each) if described.messages else None,
        system=compile_places(described.system, in_messages=each),
        context=compile_places(described.context, in_messages=each),
        files=compile_files(described.files, in_messages=each),
        model=tuple(compile_place(place, in_messages=each) for place in listed(described.model)),
        conversation=tuple(compile_place(place, in_messages=each) for place in listed(described.conversation)),
        tokens=compile_places(described.tokens, in_messages=each),
        background=background if isinstance(background, bool) else compile_where(background, in_messages=each),
    )


def _id(value: object) -> str:
    text = value if isinstance(value, str) else str(value) if type(value) is int and value.bit_length() <= 128 else ""
    return text if len(text) <= _LONGEST_ID else ""
