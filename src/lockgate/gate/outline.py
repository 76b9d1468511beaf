"""What was said, without a word of it: who wrote how much of which kind, with which tools, and what sort of files came along.

Separate from the rest of what is kept of an exchange because this is where words are left out. Law: whatever a policy can ask
about a conversation, but for its words and the names of files, reads the same off the outline as off the conversation.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from lockgate.facts.authorship import first_new
from lockgate.facts.prompt import Attachment, Conversation, Part, PartKind, Role, Turn

type PartOutline = tuple[PartKind, str, int, bool]
"""The kind of texts, the name of their tool, their characters, and whether there is more than white space in them."""

type TurnOutline = tuple[Role, tuple[PartOutline, ...], tuple[tuple[Attachment, int], ...]]
"""Who wrote a turn, its texts by kind and tool, and its files: each sort once, with how many there are."""


def outline_of(conversation: Conversation) -> tuple[TurnOutline, ...]:
    """The turns of a conversation. What lies before the last answered turn is all alike to a policy, so it is one turn."""
    turns = conversation.turns
    answered = max(first_new(conversation) - 1, 0)
    past, since = turns[:answered], turns[answered:]
    return (
        *_together(Role.SYSTEM, [turn for turn in past if turn.role is Role.SYSTEM]),
        *_together(Role.USER, [turn for turn in past if turn.role is not Role.SYSTEM]),
        *(_turn(turn.role, (turn,)) for turn in since),
    )


def bare(conversation: Conversation) -> Conversation:
    """A conversation without its turns, and without the ids that only a refusal needs."""
    call = conversation.mcp
    return replace(
        conversation, turns=(), is_outline=True, call_ids=(), mcp=replace(call, ids=()) if call is not None else None
    )


def with_outline(conversation: Conversation, outline: tuple[TurnOutline, ...]) -> Conversation:
    """A bare conversation with turns of that outline; their texts are fillers of the same lengths."""
    return replace(conversation, turns=tuple(_filled(turn) for turn in outline))


def _together(role: Role, turns: list[Turn]) -> Iterator[TurnOutline]:
    if turns:
        yield _turn(role, turns)


def _turn(role: Role, turns: Iterable[Turn]) -> TurnOutline:
    lengths: dict[tuple[PartKind, str], tuple[int, bool]] = {}
    files: Counter[Attachment] = Counter()
    for turn in turns:
        for part in turn.parts:
            text, sort = part.text, (part.kind, part.name)
            length, says = lengths.get(sort, (0, False))
            lengths[sort] = (length + len(text), says or not (not text or text.isspace()))
        for file in turn.attachments:
            files[_sort_of(file)] += 1
    return role, tuple((*sort, *length) for sort, length in lengths.items()), tuple(files.items())


def _sort_of(file: Attachment) -> Attachment:
    return Attachment(media_type=file.media_type, detected=file.detected, size=file.size)


def _filled(outline: TurnOutline) -> Turn:
    role, parts, files = outline
    return Turn(
        role=role,
        parts=tuple(
            Part(text=("x" if says else " ") * length, path=(), kind=kind, name=name) for kind, name, length, says in parts
        ),
        attachments=tuple(file for file, count in files for _ in range(count)),
    )
