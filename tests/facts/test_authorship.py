"""Who wrote what, what is new, and that what clients change around old words makes nothing look new that is not."""

from dataclasses import replace

import pytest

from lockgate.facts.authorship import Author, author_of, authors, characters, first_new, kinds, located, texts
from lockgate.facts.finding import DetectionConfidence, Examination, ExaminationState, Finding, Span, TextKind
from lockgate.facts.prompt import Attachment, Conversation, Part, PartKind, Role, chain


def conversation(*turns: tuple[Role, str, PartKind]) -> Conversation:
    return Conversation(turns=chain([(role, (Part(text=text, path=(), kind=kind),), ()) for role, text, kind in turns]))


SYSTEM = (Role.SYSTEM, "be brief", PartKind.TEXT)
ASKED = (Role.USER, "question", PartKind.TEXT)
ANSWERED = (Role.ASSISTANT, "answer", PartKind.TEXT)
CALLED = (Role.ASSISTANT, "ls", PartKind.TOOL_CALL)
GAVE = (Role.USER, "a.py", PartKind.TOOL_RESULT)
REMINDED = (Role.USER, "remember", PartKind.REMINDER)


@pytest.mark.parametrize(
    ("turn", "author"),
    [
        (ASKED, Author.PERSON),
        ((Role.USER, "words of a file", PartKind.FILE), Author.PERSON),
        (GAVE, Author.TOOL),
        ((Role.TOOL, "a.py", PartKind.TEXT), Author.TOOL),
        (REMINDED, Author.APP),
        (SYSTEM, Author.APP),
        (ANSWERED, Author.MODEL),
    ],
)
def test_who_wrote_a_turn(turn, author):
    assert author_of(conversation(turn).turns[0]) is author


def test_a_file_alone_is_the_persons():
    (turn,) = chain([(Role.USER, (), (Attachment(name="a.png"),))])
    assert author_of(turn) is Author.PERSON


@pytest.mark.parametrize(
    ("turns", "new"),
    [
        ([ASKED], 0),
        ([SYSTEM, ASKED], 0),
        ([ASKED, ANSWERED, ASKED], 2),
        ([ASKED, CALLED, GAVE], 2),
        # What the model is given to go on with answers nothing.
        ([ASKED, ANSWERED], 0),
        ([ASKED, ANSWERED, ASKED, ANSWERED], 2),
        ([], 0),
    ],
)
def test_what_nobody_has_answered_is_new(turns, new):
    assert first_new(conversation(*turns)) == new


def test_the_kind_of_each_text():
    said = conversation(SYSTEM, ASKED, CALLED, GAVE, REMINDED, (Role.USER, "and this", PartKind.TEXT))
    assert [kind for kind, _ in texts(said)] == [
        TextKind.SYSTEM_PROMPT, TextKind.HISTORY, TextKind.HISTORY, TextKind.TOOL_RESULT, TextKind.REMINDER,
        TextKind.HUMAN_TEXT,
    ]  # fmt: skip
    assert authors(said) == {Author.TOOL, Author.APP, Author.PERSON}
    assert characters(said)[TextKind.HISTORY] == len("question" + "ls")


def test_declared_tools_and_unknown_fields_are_no_system_prompt():
    assert kinds(conversation((Role.SYSTEM, "Runs a command.", PartKind.MACHINE), ASKED)) == {
        TextKind.OTHER,
        TextKind.HUMAN_TEXT,
    }


def test_a_finding_is_told_where_it_lies_and_one_that_lies_nowhere_counts_as_typed():
    def finding(turn: int) -> Finding:
        span = Span(turn=turn, part=0, start=0, end=1)
        return Finding(detector="d", profiles=("p",), detection_confidence=DetectionConfidence.HIGH, span=span, mask="m")

    examination = Examination(state=ExaminationState.COMPLETE, findings=(finding(0), finding(2), finding(7)))
    found = located(examination, conversation(ASKED, CALLED, GAVE)).findings
    assert [one.found_in for one in found] == [TextKind.HISTORY, TextKind.TOOL_RESULT, TextKind.HUMAN_TEXT]


def test_a_reminder_or_system_prompt_that_changes_is_new_by_itself_and_makes_nothing_after_it_new():
    reminded = (Part(text="monday", path=(), kind=PartKind.REMINDER), Part(text="question", path=()))
    before = chain([(Role.SYSTEM, (Part(text="a", path=()),), ()), (Role.USER, reminded, ()), (Role.ASSISTANT, (), ())])
    changed = (replace(reminded[0], text="tuesday"), reminded[1])
    after = chain([(Role.SYSTEM, (Part(text="b", path=()),), ()), (Role.USER, changed, ()), (Role.ASSISTANT, (), ())])
    assert [one.digest == other.digest for one, other in zip(before, after, strict=True)] == [False, False, True]
    assert [one == other for one, other in zip(before[1].contents, after[1].contents, strict=True)] == [False, True]


def test_other_words_make_everything_after_them_new():
    before = conversation(ASKED, ANSWERED).turns
    after = conversation((Role.USER, "another question", PartKind.TEXT), ANSWERED).turns
    assert [one.digest == other.digest for one, other in zip(before, after, strict=True)] == [False, False]
    assert before[1].contents == after[1].contents
