"""What a person or an agent says to a model, whatever wire format carried it.

A `Conversation` is what `apps.formats` reads from a request. Its turns are content-addressed: the digest of a turn covers its
content and what was said before it. What was examined is remembered by the digests of texts (`Turn.contents`), so a history
that is sent again is recognised as already seen.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b, sha256

from lockgate.facts.mcp import McpCall
from lockgate.facts.problem import Path


class Role(StrEnum):
    """Who wrote a turn."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


class PartKind(StrEnum):
    """What a piece of text is.

    `FILE` is the text of a file, a page or a selection that came along with the words. `REMINDER` is text a client put around
    the typed words (reminders, environment, session context). `MACHINE` is the text of fields that no format knows the meaning
    of, and of declared tools and settings.
    """

    TEXT = "text"
    FILE = "file"
    REMINDER = "reminder"
    MACHINE = "machine"
    REASONING = "reasoning"
    TOOL_CALL = "tool_call"
    TOOL_RESULT = "tool_result"


_OF_TOOLS = frozenset({PartKind.TOOL_CALL, PartKind.TOOL_RESULT})
_ADDED = frozenset({PartKind.REMINDER, PartKind.MACHINE})
"""What clients write around what was said."""
_MARKS = {kind: f"\0{kind}:".encode() for kind in PartKind}
_TURN_MARKS = {role: f"\0\0{role}:".encode() for role in Role}
_ADDED_MARK = b"\0added:"
_ATTACHMENT_MARK = b"\0file:"
_DIGEST_BYTES = 16
_LONG = 1024
"""Code points from which SHA-256 is the faster of the two: it costs more to begin with, and less for each byte."""
_BLANK = blake2b(digest_size=_DIGEST_BYTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One piece of text. `path` is where its format found it, so that it can be rewritten there.

    `name` is the tool's, for a tool call or result whose format shows it.
    """

    text: str = field(repr=False)
    path: Path
    kind: PartKind = PartKind.TEXT
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file or image beside the text. `content` is absent when only a reference (URL, file id) went over the wire.

    `media_type` is what it is declared to be, `detected` what it is by its content. `size` (bytes), `sha256` (hex) and
    `detected` are of all of the file that is in this request, also when its text stands among the parts; they are absent for
    one that is only named.
    """

    name: str = ""
    media_type: str = ""
    content: bytes | None = field(default=None, repr=False)
    reference: str = ""
    path: Path = ()
    size: int | None = None
    sha256: str = ""
    detected: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One message.

    `contents` are the digests of the parts' texts alone, one for each part. `history` is what it was said in, as the turn
    number `place`.
    """

    role: Role
    parts: tuple[Part, ...]
    attachments: tuple[Attachment, ...] = ()
    contents: tuple[bytes, ...] = ()
    history: "History | None" = field(default=None, repr=False, compare=False)
    place: int = field(default=0, repr=False, compare=False)

    @property
    def digest(self) -> str:
        """The digest (hex) of role, parts, attachments and what was said before them; worked out when it is asked for."""
        return (self.history or History([(self.role, self.parts, self.attachments)], [self.contents])).digest(self.place)

    @property
    def typed_text(self) -> str:
        """The words a person typed or a model wrote: text parts only, joined by line breaks."""
        return "\n".join(part.text for part in self.parts if part.kind is PartKind.TEXT)


ONLY_BYTES_UNREAD = "bytes of a file"
"""What is unread of a request that its format has read in full, down to files that are no text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """Everything one request says to a model, oldest turn first.

    `wants_stream` is whether the client asked for a streamed answer. `unread` names what the format could not read
    (a file that does not decode, a prompt as token numbers); a non-empty tuple means the look was partial. `background` says
    that a client sends this by itself around a prompt (a title, a token count, a summary), so it is no prompt of its own.
    `mcp` is what it asks of an MCP server, when that is who it is addressed to. `call_ids` are those of calls in the request
    (JSON-RPC) under which a refusal has to answer. `is_outline` says that of the words and of the names of files only kinds and
    sizes are left.
    """

    turns: tuple[Turn, ...]
    id: str | None = None
    model: str | None = None
    wants_stream: bool = False
    unread: tuple[str, ...] = ()
    background: bool = False
    mcp: McpCall | None = None
    call_ids: tuple[str | int, ...] = ()
    is_outline: bool = False

    @property
    def prompt(self) -> Turn | None:
        """The last turn in which a person typed something, or None."""
        return next((t for t in reversed(self.turns) if t.role is Role.USER and t.typed_text.strip()), None)

    @property
    def new_turns(self) -> tuple[Turn, ...]:
        """What is new in a history that is sent again each time: the model's last turn and what answers it."""
        spoke = (index for index in range(len(self.turns) - 1, -1, -1) if self.turns[index].role is Role.ASSISTANT)
        return self.turns[next(spoke, 0) :]

    @property
    def tools(self) -> frozenset[str]:
        """The names of the tools that are called, or whose results are sent, in what is new."""
        new = self.turns if self.mcp is not None else self.new_turns
        return frozenset(part.name for turn in new for part in turn.parts if part.kind in _OF_TOOLS and part.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAnswer:
    """What the model said, from a whole or streamed response. `finished` is False when the stream ended early.

    `conversation` is the id the server gave the conversation, `references` the ids or addresses it gave to what was uploaded
    (or is about to be), by which a later prompt names it. `tasks` are the ids under which the server works on what was asked (a
    turn, a run, a prediction), by which an answer that comes elsewhere is asked for.
    """

    text: str = field(default="", repr=False)
    reasoning: str = field(default="", repr=False)
    tool_calls: tuple[str, ...] = field(default=(), repr=False)
    model: str | None = None
    finished: bool = True
    error: str = ""
    conversation: str | None = None
    references: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()


type Said = tuple[Role, tuple[Part, ...], tuple[Attachment, ...]]
"""A turn that is not linked to any other yet."""


class History:
    """What a chain of turns says, in order, for the digests of its turns: of most of them nobody ever asks for one."""

    __slots__ = ("_contents", "_turns")

    def __init__(self, turns: list[Said], contents: list[tuple[bytes, ...]]) -> None:
        self._turns = turns
        self._contents = contents

    def digest(self, place: int) -> str:
        """The digest of the turn at `place`.

        What was said before it is what people, models and tools wrote: clients change the system prompt, reminders and
        settings of old turns with every request, and that must not make all that follows look new. Such text counts in the
        digest of its own turn.
        """
        covered: list[bytes] = []
        for (role, parts, attachments), contents in zip(self._turns[:place], self._contents, strict=False):
            if role is not Role.SYSTEM:
                covered += _covered(role, parts, attachments, contents, added=False)
        covered += _covered(*self._turns[place], self._contents[place], added=False)
        covered.append(_ADDED_MARK)
        covered += _covered(*self._turns[place], self._contents[place], added=True)
        return blake2b(b"".join(covered), digest_size=_DIGEST_BYTES).hexdigest()


def chain(turns: list[Said]) -> tuple[Turn, ...]:
    """Turns with the digests of their contents, each linked to what was said before it."""
    contents = [tuple([content_digest(part.text) for part in parts]) for _, parts, _ in turns]
    history = History(turns, contents)
    return tuple(
        [
            Turn(role=role, parts=parts, attachments=attachments, contents=contents[place], history=history, place=place)
            for place, (role, parts, attachments) in enumerate(turns)
        ]
    )


def content_digest(text: str) -> bytes:
    """The digest of a text, by which it is known again: 16 bytes of BLAKE2b, or of SHA-256 for a long one."""
    content = text.encode("utf-8", "surrogatepass")
    if len(text) > _LONG:
        return sha256(content).digest()[:_DIGEST_BYTES]
    blank = _BLANK.copy()
    blank.update(content)
    return blank.digest()


def _covered(
    role: Role, parts: tuple[Part, ...], attachments: tuple[Attachment, ...], contents: tuple[bytes, ...], *, added: bool
) -> list[bytes]:
    """What a digest covers of a turn: what was said, or what a client added to it. Digests and marks cannot be mistaken."""
    covered = [] if added else [_TURN_MARKS[role]]
    for part, content in zip(parts, contents, strict=True):
        if (part.kind in _ADDED) is added:
            covered += (_MARKS[part.kind], content)
    if attachments and not added:
        for attachment in attachments:
            covered += (_ATTACHMENT_MARK, _known_by(attachment))
    return covered


def _known_by(attachment: Attachment) -> bytes:
    known_by = attachment.sha256 or (sha256(attachment.content).hexdigest() if attachment.content else "")
    told = (attachment.name, attachment.media_type, attachment.reference, known_by)
    return content_digest("".join(f"{len(each)}:{each}" for each in told))
