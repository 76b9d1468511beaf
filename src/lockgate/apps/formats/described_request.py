"""Reading a request as an app file describes it: every place it names becomes text, a file, a model or an id on a page.

Separate from `described.py`, which decodes bodies and answers. Compiled once, when the library is built; nothing raises then.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from lockgate.apps.clues import compile_clue
from lockgate.apps.description import Description, FilesDescription, MessagesDescription, Places, listed
from lockgate.apps.formats.json_view import string
from lockgate.apps.formats.multipart_document import claim_files
from lockgate.apps.formats.openai_chat import ROLES
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.where import Where, compile_where
from lockgate.apps.schema import Clue
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Attachment, Conversation, PartKind, Role
from lockgate.facts.traffic import Request

_LONGEST_ID = 200
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=$:-]{16,8192}", re.ASCII)
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,15}://")
_IN_THE_HEAD = ("header", "query", "path")

type Place = Where | Callable[[Request], str]
"""A place in the body, or one in the head of the request."""


def compile_places(places: Places, *, in_messages: bool = False) -> tuple[Where, ...]:
    """Places in the body, or in each message of a call. Raises ValueError as `compile_where` does."""
    return tuple(compile_where(place, in_messages=in_messages) for place in listed(places))


def compile_place(text: str, *, in_messages: bool = False) -> Place:
    """`header NAME`, `query NAME`, `path PATTERN` (its first group), or a place in the body. Raises ValueError."""
    kind, _, name = text.partition(" ")
    if kind not in _IN_THE_HEAD:
        return compile_where(text, in_messages=in_messages)
    return compile_clue(Clue(**{kind: name.strip()})).value  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Files:
    each: Where
    name: Where | None
    media_type: Where | None
    content: Where | None
    text: Where | None
    reference: Where | None

    def read(self, page: Page, document: object, path: Path) -> None:
        """Add every file below `path` to the turn that is open."""
        for below, file in self.each.find(document):
            at = (*path, *below)
            name, media_type = _text(self.name, file), _text(self.media_type, file)
            self._read_content(page, file, at, name, media_type)
            for inside, reference in self.reference.find(file) if self.reference else ():
                page.reference(reference, (*at, *inside), name=name, media_type=media_type)
            if self.content is None and self.reference is None and self.text is None:
                page.names(name, at, media_type=media_type)

    def _read_content(self, page: Page, file: object, at: Path, name: str, media_type: str) -> None:
        for inside, content in self.content.find(file) if self.content else ():
            self._attach(page, content, (*at, *inside), name, media_type)
        for inside, _ in self.text.find(file) if self.text else ():
            page.text((*at, *inside), PartKind.FILE)
            page.names(name, at, media_type=media_type)

    def _attach(self, page: Page, content: object, path: Path, name: str, media_type: str) -> None:
        if isinstance(content, bytes) and content:
            page.attach(Attachment(name=name, media_type=media_type, content=content, path=path))
        elif isinstance(content, str) and _ADDRESS.match(content):
            page.reference(content, path, name=name, media_type=media_type)
        elif isinstance(content, str) and content and not page.data(path, name=name, media_type=media_type):
            page.could_not_read("inline file")


def _files(described: tuple[FilesDescription, ...], *, in_messages: bool = False) -> tuple[_Files, ...]:
    return tuple(
        _Files(
            each=compile_where(one.each, in_messages=in_messages),
            name=_optional(one.name),
            media_type=_optional(one.media_type),
            content=_optional(one.content),
            text=_optional(one.text),
            reference=_optional(one.reference),
        )
        for one in described
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Messages:
    each: Where
    role: Where | None
    roles: dict[str, Role]
    text: tuple[Where, ...]
    answered: tuple[Where, ...]
    files: tuple[_Files, ...]

    def read(self, page: Page, document: object) -> bool:
        """Whether there was one."""
        found = self.each.find(document)
        for path, message in found:
            role = self.roles.get(_word(self.role.first(message)), Role.USER) if self.role else Role.USER
            said = [(*path, *below) for text in self.text for below, _ in text.find(message)]
            answers = [(*path, *below) for text in self.answered for below, _ in text.find(message)]
            if said or not answers:
                # A turn owns its whole message, unless the answer to it is in there, too.
                page.open(role, said[0] if answers else path)
                self._read_turn(page, role, said)
                for files in self.files:
                    files.read(page, message, path)
            for at in answers:
                page.open(Role.ASSISTANT, at)
                page.text(at)
        return bool(found)

    def _read_turn(self, page: Page, role: Role, said: list[Path]) -> None:
        for at in said:
            if role is Role.TOOL:
                page.text(at, PartKind.TOOL_RESULT)
            else:
                page.typed(at)


def _messages(described: MessagesDescription, *, in_messages: bool) -> _Messages:
    return _Messages(
        each=compile_where(described.each, in_messages=in_messages),
        role=_optional(described.role),
        roles={**ROLES, **described.roles},
        text=compile_places(described.text),
        answered=compile_places(described.answered),
        files=_files(described.files),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedRequest:
    """A description of requests, compiled."""

    prompt: tuple[Where, ...]
    messages: _Messages | None
    system: tuple[Where, ...]
    context: tuple[Where, ...]
    files: tuple[_Files, ...]
    model: tuple[Place, ...]
    conversation: tuple[Place, ...]
    tokens: tuple[Where, ...]
    background: Where | bool

    def read(self, page: Page, document: object) -> bool:
        """Claim what is described on `page`, without closing it. Whether anything a person says was there."""
        for place in self.tokens:
            for path, token in place.find(document):
                if isinstance(token, str) and _TOKEN.fullmatch(token):
                    page.claim(path)
        for place in self.system:
            for path, _ in place.find(document):
                page.open(Role.SYSTEM, path)
                page.text(path)
        said = self.messages.read(page, document) if self.messages else False
        words = [path for place in self.prompt for path, value in place.find(document) if isinstance(value, str)]
        around = [path for place in self.context for path, _ in place.find(document)]
        attached = [path for files in self.files for path, _ in files.each.find(document)]
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
                model = model or next((name for path, _ in place.find(document) if (name := page.model(path))), "")
            else:
                model = model or place(request)
        found = (_id(place.first(document)) if isinstance(place, Where) else place(request) for place in self.conversation)
        background = self.background
        return page.conversation(
            conversation_id=next(filter(None, found), None),
            model=model[:_LONGEST_ID],
            wants_stream=wants_stream,
            background=background if isinstance(background, bool) else bool(background.first(document)),
        )


def compile_request(described: Description) -> DescribedRequest:
    """A description of requests, ready to be used. Raises ValueError for a place that is none."""
    each, background = described.body == "call", described.background
    return DescribedRequest(
        prompt=compile_places(described.prompt, in_messages=each),
        messages=_messages(described.messages, in_messages=each) if described.messages else None,
        system=compile_places(described.system, in_messages=each),
        context=compile_places(described.context, in_messages=each),
        files=_files(described.files, in_messages=each),
        model=tuple(compile_place(place, in_messages=each) for place in listed(described.model)),
        conversation=tuple(compile_place(place, in_messages=each) for place in listed(described.conversation)),
        tokens=compile_places(described.tokens, in_messages=each),
        background=background if isinstance(background, bool) else compile_where(background, in_messages=each),
    )


def _optional(place: str) -> Where | None:
    return compile_where(place) if place else None


def _text(place: Where | None, document: object) -> str:
    return string(place.first(document)) if place else ""


def _word(value: object) -> str:
    """A role as a key of the table: strings as they are, `true` and numbers as JSON writes them."""
    return value if isinstance(value, str) else str(value).lower() if isinstance(value, (bool, int)) else ""


def _id(value: object) -> str:
    text = value if isinstance(value, str) else str(value) if type(value) is int and value.bit_length() <= 128 else ""
    return text if len(text) <= _LONGEST_ID else ""
