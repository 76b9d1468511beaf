"""The turns of a request as an app file describes them: messages of a conversation, files beside the words.

Separate from `described_request.py`, which reads a request as a whole.
"""

import re
from dataclasses import dataclass

from lockgate.apps.description import FilesDescription, MessagesDescription, Places, listed
from lockgate.apps.formats.json_view import string
from lockgate.apps.formats.openai_chat import ROLES
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.where import Where, compile_where
from lockgate.facts.problem import Path
from lockgate.facts.prompt import PartKind, Role

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,15}://")


def compile_places(places: Places, *, in_messages: bool = False) -> tuple[Where, ...]:
    """Places in the body, or in each message of a call. Raises ValueError as `compile_where` does."""
    return tuple(compile_where(place, in_messages=in_messages) for place in listed(places))


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedFiles:
    """Files beside the words, compiled."""

    each: Where
    name: Where | None
    media_type: Where | None
    content: Where | None
    text: Where | None
    reference: Where | None

    def read(self, page: Page, document: object, path: Path) -> None:
        """Add every file below `path` to the turn that is open."""
        for below, file in self.each.find(document, parse=page.parse):
            at = (*path, *below)
            name, media_type = _text(page, self.name, file), _text(page, self.media_type, file)
            self._read_content(page, file, at, name, media_type)
            for inside, reference in self.reference.find(file, parse=page.parse) if self.reference else ():
                page.reference(reference, (*at, *inside), name=name, media_type=media_type)
            if self.content is None and self.reference is None and self.text is None:
                page.names(name, at, media_type=media_type)

    def _read_content(self, page: Page, file: object, at: Path, name: str, media_type: str) -> None:
        for inside, content in self.content.find(file, parse=page.parse) if self.content else ():
            self._attach(page, content, (*at, *inside), name, media_type)
        for inside, _ in self.text.find(file, parse=page.parse) if self.text else ():
            page.text((*at, *inside), PartKind.FILE)
            page.names(name, at, media_type=media_type)

    def _attach(self, page: Page, content: object, path: Path, name: str, media_type: str) -> None:
        if isinstance(content, bytes) and content:
            page.file(content, path, name=name, media_type=media_type)
        elif isinstance(content, str) and _ADDRESS.match(content):
            page.reference(content, path, name=name, media_type=media_type)
        elif isinstance(content, str) and content and not page.data(path, name=name, media_type=media_type):
            page.could_not_read("inline file")


def compile_files(described: tuple[FilesDescription, ...], *, in_messages: bool = False) -> tuple[DescribedFiles, ...]:
    """Descriptions of files, ready to be used. Raises ValueError for a place that is none."""
    return tuple(
        DescribedFiles(
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
class DescribedMessages:
    """A conversation that is sent along, compiled."""

    each: Where
    role: Where | None
    roles: dict[str, Role]
    text: tuple[Where, ...]
    answered: tuple[Where, ...]
    files: tuple[DescribedFiles, ...]

    def read(self, page: Page, document: object) -> bool:
        """Whether there was one."""
        found = self.each.find(document, parse=page.parse)
        for path, message in found:
            if page.is_full:
                break
            role = self.roles.get(_word(self.role.first(message, parse=page.parse)), Role.USER) if self.role else Role.USER
            said = [(*path, *below) for text in self.text for below, _ in text.find(message, parse=page.parse)]
            said = innermost(said)
            answers = [(*path, *below) for text in self.answered for below, _ in text.find(message, parse=page.parse)]
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


def compile_messages(described: MessagesDescription, *, in_messages: bool) -> DescribedMessages:
    """A description of messages, likewise."""
    return DescribedMessages(
        each=compile_where(described.each, in_messages=in_messages),
        role=_optional(described.role),
        roles={**ROLES, **described.roles},
        text=compile_places(described.text),
        answered=compile_places(described.answered),
        files=compile_files(described.files),
    )


def innermost(paths: list[Path]) -> list[Path]:
    """`paths` without those of strings in which others of them lie: what else such a string holds is read as what is left."""
    around = {path[:index] for path in paths for index, step in enumerate(path) if step == "json"}
    return [path for path in paths if path not in around]


def _optional(place: str) -> Where | None:
    return compile_where(place) if place else None


def _text(page: Page, place: Where | None, document: object) -> str:
    return string(place.first(document, parse=page.parse)) if place else ""


def _word(value: object) -> str:
    """A role as a key of the table: strings as they are, `true` and numbers as JSON writes them."""
    return value if isinstance(value, str) else str(value).lower() if isinstance(value, (bool, int)) else ""
