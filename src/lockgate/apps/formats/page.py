"""Reading a document into turns without losing a word: a format claims the text it knows, the page keeps the rest.

Separate because this is the guarantee all formats share: every string that leaves in a document is in some part, with its exact
path. Text a format did not claim becomes `MACHINE` parts, in the turn whose piece of the document it lies in, or in a turn of
its own (declared tools, settings) which is chained apart, so that a changed setting does not make the history new again.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from lockgate.apps.formats.attached import attached
from lockgate.apps.formats.budget import LEFT_OUT, MAX_TURNS, Budget
from lockgate.apps.formats.inline_data import inline_data
from lockgate.apps.formats.json_text import Parsed
from lockgate.apps.formats.leaf_paths import deep_leaves, slice_step, value_at
from lockgate.apps.formats.machine_text import is_bare, split_typed
from lockgate.apps.formats.nested_documents import NestedDocuments
from lockgate.apps.formats.structural_words import LEFTOVER_LENGTH, says_nothing
from lockgate.apps.formats.tool_names import ToolNames
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Attachment, Conversation, Part, PartKind, Role, chain

_MOST_LOOKED_INTO = 64
"""Files whose type is found out: to look takes far longer than to decode a short one."""
_MODEL_NAME = re.compile(r"[A-Za-z0-9@][A-Za-z0-9._:/@+-]{0,79}", re.ASCII)

type _Draft = tuple[Role, tuple[Part, ...], tuple[Attachment, ...]]


@dataclass(slots=True)
class _OpenTurn:
    role: Role
    prefix: Path
    parts: list[Part] = field(default_factory=list[Part])
    attachments: list[Attachment] = field(default_factory=list[Attachment])


class Page:
    """One document being read. Formats open turns in reading order and claim what they know of each."""

    def __init__(self, document: object, files: tuple[Attachment, ...] = (), budget: Budget | None = None) -> None:
        self.files = files
        self._document = document
        self._nested = NestedDocuments(budget)
        self._tools = ToolNames(self._value)
        self._turns: list[_Draft] = []
        self._open: _OpenTurn | None = None
        self._claimed: set[Path] = set()
        self._said: set[Path] = set()
        self._unread: list[str] = []
        self._files = 0
        self._opened = 0
        self._is_full = False

    @classmethod
    def of(cls, parsed: Parsed) -> "Page":
        """The page of a body."""
        return cls(parsed.value, parsed.files, parsed.budget)

    @property
    def is_full(self) -> bool:
        """Whether nothing is claimed any more, because there were as many turns as there may be: no use in reading on."""
        return self._is_full

    def open(self, role: Role, prefix: Path) -> None:
        """Begin the next turn. It owns everything at and below `prefix`.

        After the last one that there may be, nothing is claimed any more: all that is left is read as what nobody knows.
        """
        self._close()
        self._opened += 1
        if self._opened <= MAX_TURNS:
            self._open = _OpenTurn(role, prefix)
        elif not self._is_full:
            self._is_full = True
            self.could_not_read("who said what in so many turns")

    def text(self, path: Path, kind: PartKind = PartKind.TEXT, *, name: str = "") -> None:
        """The string at `path`, if there is one; `name` is the tool's it belongs to, if it is not said beside it."""
        value = self._value(path)
        if isinstance(value, str) and path not in self._claimed and not self._is_said(path):
            self._claimed.add(path)
            self._said.add(path)
            if value:
                self._add(Part(text=value, path=path, kind=kind, name=name or self._tool(path, kind)))

    def typed(self, path: Path) -> None:
        """The string at `path`, of which a client may have written a part when the turn is the user's."""
        value = self._value(path)
        if self._open is None or self._open.role is not Role.USER or not isinstance(value, str):
            self.text(path)
        elif path not in self._claimed and not self._is_said(path):
            self._claimed.add(path)
            self._said.add(path)
            for part in _said_by(Role.USER, value, path):
                self._add(part)

    def piece(self, path: Path, start: int, end: int, kind: PartKind = PartKind.TEXT) -> None:
        """Code points `start` to `end` of the string at `path`, without the white space around them. Claim the string first."""
        value = self._value(path)
        text = value[start:end] if isinstance(value, str) else ""
        if text.strip():
            start += len(text) - len(text.lstrip())
            text = text.strip()
            self._add(Part(text=text, path=(*path, slice_step(start, start + len(text))), kind=kind))

    def whole_turn(self, role: Role, prefix: Path, said: Sequence[tuple[Path, str]]) -> None:
        """A turn of which nothing but these strings says anything: as `open` and `typed`, without a search for more."""
        if self._opened >= MAX_TURNS:
            self.open(role, prefix)
            return
        self._close()
        self._opened += 1
        self._claimed.add(prefix)
        parts = (
            _said_by(role, said[0][1], said[0][0])
            if len(said) == 1
            else tuple([part for path, text in said for part in _said_by(role, text, path)])
        )
        if parts:
            self._turns.append((role, parts, ()))

    def tree(self, path: Path, kind: PartKind, *, name: str = "") -> None:
        """Every string at and below `path`, reading on inside strings that hold a document themselves."""
        value = self._value(path)
        if value is None:
            return
        name = name or self._tool(path, kind)
        for at, text in deep_leaves(value, path, self._claimed, nested=self._nested):
            if text:
                self._add(Part(text=text, path=at, kind=kind, name=name))
        self._claimed.add(path)

    def rest(self, path: Path) -> None:
        """Every string at and below `path` that is not claimed yet and says something, as machine text."""
        if not self._is_full:
            for part in self._leftovers(self._value(path), path):
                self._add(part)
            self._claimed.add(path)

    def data(self, path: Path, *, name: str = "", media_type: str = "", bare: bool = True) -> bool:
        """A data URI (or, if `bare`, base64) at `path`, as an attachment, or as text if it is text. Whether there was one."""
        value = self._value(path)
        found = inline_data(value, media_type, bare=bare) if isinstance(value, str) else None
        if found is None or path in self._claimed or self._open is None:
            return False
        self._claimed.add(path)
        text = found.text
        if text is not None:
            self._add(Part(text=text, path=(*path, "base64"), kind=PartKind.FILE))
        self.file(found.content, path, name=name, media_type=found.media_type, is_text=text is not None)
        return True

    def file(self, content: bytes, path: Path, *, name: str = "", media_type: str = "", is_text: bool = False) -> None:
        """The bytes of a file, in the turn that is open. One that `is_text` stands among its parts."""
        if self._open is None:
            return
        self._files += 1
        look = self._files <= _MOST_LOOKED_INTO
        self._open.attachments.append(
            attached(content, name=name, media_type=media_type, path=path, is_text=is_text, look=look)
        )

    def reference(self, reference: object, path: Path, *, name: str = "", media_type: str = "") -> None:
        """Something that is only named here: a URL, a file id. The name itself stays in the text that is examined.

        Its content does not leave with this request (an uploaded file had its own), so the look is not partial for it.
        """
        if not isinstance(reference, str) or not reference or self._open is None:
            return
        self._open.attachments.append(Attachment(name=name, media_type=media_type, reference=reference, path=path))

    def names(self, name: str, path: Path, *, media_type: str = "") -> None:
        """A file whose text is among the turn's parts already: what is left to say is that there was a file."""
        if self._open is not None:
            self._open.attachments.append(Attachment(name=name, media_type=media_type, path=path))

    def attach(self, file: Attachment) -> None:
        """A file that lies beside the document. As text it can be read in the document, so its bytes are not kept then."""
        if self._open is not None:
            self._open.attachments.append(file)

    def could_not_read(self, what: str) -> None:
        """Say that the look was partial: `what` was there and could not be read."""
        if what not in self._unread:
            self._unread.append(what)

    def model(self, path: Path = ("model",)) -> str:
        """The model's name at `path`, which is not kept as text when it looks like a name."""
        value = value_at(self._document, path, self._nested.parse)
        if not isinstance(value, str):
            return ""
        if _MODEL_NAME.fullmatch(value):
            self._claimed.add(path)
        return value

    def claim(self, path: Path) -> None:
        """Leave the string at `path` out: it is a token of the protocol and its shape was checked."""
        if not self._is_full:
            self._claimed.add(path)

    def conversation(
        self,
        *,
        conversation_id: str | None = None,
        model: str | None = None,
        wants_stream: bool = False,
        background: bool = False,
        call_ids: tuple[str | int, ...] = (),
    ) -> Conversation:
        """What was read, with every unclaimed text in a turn before the others."""
        self._close()
        aside = [turn for drafts in self._aside() for turn in chain(drafts)]
        if self._nested.budget.used_up:
            self.could_not_read(LEFT_OUT)
        return Conversation(
            turns=(*aside, *chain(self._turns)), id=conversation_id or None, model=model or None, wants_stream=wants_stream,
            unread=tuple(self._unread), background=background, call_ids=call_ids,
        )  # fmt: skip

    def parse(self, text: str) -> object:
        """The document written in a string of this one, or `Unreadable`; each is parsed once, however often it is asked for."""
        return self._nested.parse(text)

    def _value(self, path: Path) -> object:
        """What lies at `path`, following `json` steps into strings; None where nothing does, or nothing is claimed any more."""
        return None if self._is_full else value_at(self._document, path, self._nested.parse)

    def _is_said(self, path: Path) -> bool:
        """Whether `path` lies in a string that is a part as it stands: of two replacements, one would undo the other."""
        return "json" in path and any(step == "json" and path[:at] in self._said for at, step in enumerate(path))

    def _tool(self, path: Path, kind: PartKind) -> str:
        match kind:
            case PartKind.TOOL_CALL:
                return self._tools.of_call(path)
            case PartKind.TOOL_RESULT:
                return self._tools.of_result(path)
            case _:
                return ""

    def _add(self, part: Part) -> None:
        if self._open is None:
            self._open = _OpenTurn(Role.SYSTEM, part.path)
        self._open.parts.append(part)

    def _close(self) -> None:
        turn = self._open
        if turn is None:
            return
        turn.parts.extend(self._leftovers(self._value(turn.prefix), turn.prefix))
        self._claimed.add(turn.prefix)
        if turn.parts or turn.attachments:
            self._turns.append((turn.role, tuple(turn.parts), tuple(turn.attachments)))
        self._open = None

    def _leftovers(self, value: object, prefix: Path) -> list[Part]:
        return [
            Part(text=text, path=path, kind=PartKind.MACHINE)
            for path, text in deep_leaves(value, prefix, self._claimed, nested=self._nested, least=LEFTOVER_LENGTH)
            if not says_nothing(text)
        ]

    def _aside(self) -> list[list[_Draft]]:
        rest = self._leftovers(self._document, ())
        tools = tuple(part for part in rest if "tools" in part.path[:2])
        settings = tuple(part for part in rest if "tools" not in part.path[:2])
        return [[(Role.SYSTEM, parts, ())] for parts in (tools, settings) if parts]


def _said_by(role: Role, text: str, path: Path) -> tuple[Part, ...]:
    """The string at `path` in parts: what a client wrote into a user's is kept apart."""
    if role is not Role.USER or is_bare(text):
        return (Part(text=text, path=path),) if text else ()
    return tuple(
        Part(
            text=text[piece.start : piece.end],
            path=path if piece.start == 0 and piece.end == len(text) else (*path, slice_step(piece.start, piece.end)),
            kind=piece.kind,
        )
        for piece in split_typed(text)
    )
