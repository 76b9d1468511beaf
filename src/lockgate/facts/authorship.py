"""Who wrote what in a conversation, and which of it is new: human words, files, tool results, reminders, history.

Separate from the nouns because it is a judgement over a whole conversation: what a piece of text is depends on what was
answered before. It rests on what the client says of itself, so it sorts and names, and must never spare a text from a look.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from enum import StrEnum

from lockgate.facts.finding import Examination, TextKind
from lockgate.facts.prompt import Conversation, Part, PartKind, Role, Turn


class Author(StrEnum):
    """Who wrote a turn."""

    PERSON = "person"
    MODEL = "model"
    TOOL = "tool"
    APP = "app"


_KINDS = {
    PartKind.TEXT: TextKind.HUMAN_TEXT,
    PartKind.FILE: TextKind.FILE,
    PartKind.REMINDER: TextKind.REMINDER,
    PartKind.MACHINE: TextKind.OTHER,
    PartKind.REASONING: TextKind.MODEL_TEXT,
    PartKind.TOOL_CALL: TextKind.TOOL_CALL,
    PartKind.TOOL_RESULT: TextKind.TOOL_RESULT,
}
_BY_ROLE = {Role.SYSTEM: TextKind.SYSTEM_PROMPT, Role.ASSISTANT: TextKind.MODEL_TEXT, Role.TOOL: TextKind.TOOL_RESULT}
_FROM_TOOLS = frozenset({PartKind.TOOL_RESULT, PartKind.TOOL_CALL})


def author_of(turn: Turn) -> Author:
    """Who wrote a turn. One of the user's with nothing but what tools gave, or what the client added, is theirs."""
    match turn.role:
        case Role.ASSISTANT:
            return Author.MODEL
        case Role.TOOL:
            return Author.TOOL
        case Role.SYSTEM:
            return Author.APP
        case Role.USER:
            kinds = {part.kind for part in turn.parts}
            if turn.typed_text.strip() or PartKind.FILE in kinds or turn.attachments:
                return Author.PERSON
            return Author.TOOL if kinds & _FROM_TOOLS else Author.APP if kinds else Author.PERSON


def first_new(conversation: Conversation) -> int:
    """The index of the first turn that nobody has answered yet: all before it is history.

    What a model is given to go on with (a last turn in its name) answers nothing.
    """
    turns = conversation.turns
    end = len(turns)
    while end and turns[end - 1].role is Role.ASSISTANT:
        end -= 1
    return next((index + 1 for index in range(end - 1, -1, -1) if turns[index].role is Role.ASSISTANT), 0)


def text_kind(conversation: Conversation, index: int, part: Part, *, new_from: int) -> TextKind:
    """What the text of a part of turn `index` is; `new_from` is `first_new` of the conversation."""
    role = conversation.turns[index].role
    if index < new_from and role is not Role.SYSTEM:
        return TextKind.HISTORY
    return _BY_ROLE.get(role, TextKind.HUMAN_TEXT) if part.kind is PartKind.TEXT else _KINDS[part.kind]


def texts(conversation: Conversation) -> Iterator[tuple[TextKind, Part]]:
    """Every part with the kind of its text, in reading order."""
    new_from = first_new(conversation)
    for index, turn in enumerate(conversation.turns):
        for part in turn.parts:
            yield text_kind(conversation, index, part, new_from=new_from), part


def kinds(conversation: Conversation) -> frozenset[TextKind]:
    """The kinds of text that are present."""
    return frozenset(kind for kind, part in texts(conversation) if part.text.strip())


def authors(conversation: Conversation) -> frozenset[Author]:
    """Who wrote what is new."""
    return frozenset(author_of(turn) for turn in conversation.turns[first_new(conversation) :])


def characters(conversation: Conversation) -> Mapping[TextKind, int]:
    """How many characters of each kind there are."""
    counted: Counter[TextKind] = Counter()
    for kind, part in texts(conversation):
        counted[kind] += len(part.text)
    return counted


def located(examination: Examination, conversation: Conversation) -> Examination:
    """`examination` of `conversation` with the kind of text in which each finding lies."""
    if not examination.findings:
        return examination
    new_from = first_new(conversation)
    found: list[TextKind] = []
    for finding in examination.findings:
        index, number = finding.span.turn, finding.span.part
        parts = conversation.turns[index].parts if index < len(conversation.turns) else ()
        known = number < len(parts)
        found.append(text_kind(conversation, index, parts[number], new_from=new_from) if known else finding.found_in)
    findings = zip(examination.findings, found, strict=True)
    return replace(examination, findings=tuple(replace(finding, found_in=kind) for finding, kind in findings))
