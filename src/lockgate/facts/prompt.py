"""What a person or an agent says to a model, whatever wire format carried it.

A `Conversation` is what `apps.formats` reads from a request. Its turns are content-addressed: the digest of a turn covers its
content and its parent's digest, so a history that is sent again is recognised as already seen.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b

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

    `digest` covers role, parts, attachments and `parent` (what was said before it, empty for the first). `contents` are the
    digests of the parts' texts alone, one for each part.
    """

    role: Role
    parts: tuple[Part, ...]
    attachments: tuple[Attachment, ...] = ()
    parent: str = ""
    digest: str = ""
    contents: tuple[bytes, ...] = ()

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
    (JSON-RPC) under which a refusal has to answer.
    """

    turns: tuple[Turn, ...]
    id: str | None = None
    model: str | None = None
    wants_stream: bool = False
    unread: tuple[str, ...] = ()
    background: bool = False
    mcp: McpCall | None = None
    call_ids: tuple[str | int, ...] = ()

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


def chain(turns: list[tuple[Role, tuple[Part, ...], tuple[Attachment, ...]]]) -> tuple[Turn, ...]:
    """Turns with their digests (BLAKE2b, 16 bytes, hex), each linked to what was said before it.

    What was said is what people, models and tools wrote: clients change the system prompt, reminders and settings of old turns
    with every request, and that must not make all that follows look new. Such text counts in the digest of its own turn.
    """
    chained: list[Turn] = []
    parent = ""
    for role, parts, attachments in turns:
        contents = tuple([_digest_of(part.text) for part in parts])
        said, added = [f"{parent}\0{role}".encode()], list[bytes]()
        for part, content in zip(parts, contents, strict=True):
            (added if part.kind in _ADDED else said).append(_MARKS[part.kind] + content)
        said += map(_known_by, attachments)
        spoken = digest = blake2b(b"".join(said), digest_size=16).hexdigest()
        if added:
            digest = blake2b(spoken.encode() + b"".join(added), digest_size=16).hexdigest()
        turn = Turn(role=role, parts=parts, attachments=attachments, parent=parent, digest=digest, contents=contents)
        chained.append(turn)
        parent = parent if role is Role.SYSTEM else spoken
    return tuple(chained)


def _known_by(attachment: Attachment) -> bytes:
    content = attachment.content or b""
    known_by = attachment.sha256 or (_digest_of_bytes(content).hex() if content else "")
    head = f"\0a:{attachment.name}:{attachment.media_type}:{attachment.reference}:{known_by}:"
    return head.encode("utf-8", "surrogatepass")


def _digest_of(text: str) -> bytes:
    return _digest_of_bytes(text.encode("utf-8", "surrogatepass"))


def _digest_of_bytes(content: bytes) -> bytes:
    return blake2b(content, digest_size=16).digest()
