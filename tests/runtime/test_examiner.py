"""Examinations run in processes of their own, within a deadline, and only on what is new."""

import asyncio
import contextlib
import os
import signal

import pytest

from lockgate.facts.finding import ExaminationState
from lockgate.facts.prompt import Conversation, Part, Role, chain
from lockgate.runtime.examiner import Examiner

CREDENTIALS = frozenset({"credentials"})
SECRET = "password = 'kx8Lq2-Vt91mWz'"  # assembled here, opens nothing


def conversation(*texts):
    return Conversation(turns=chain([(Role.USER, (Part(text=text, path=(i,)),), ()) for i, text in enumerate(texts)]))


@pytest.fixture
def start(loaded_detectors):
    @contextlib.asynccontextmanager
    async def build(*, processes=1, deadline=20.0):
        examiner = Examiner(loaded_detectors, processes=processes, deadline_seconds=deadline)
        await examiner.start()
        try:
            yield examiner
        finally:
            await examiner.close()

    return build


def processes_of(examiner):
    return [process._process.pid for process in examiner._all]


async def test_findings_say_where_they_are_and_never_what(start):
    async with start() as examiner:
        result = await examiner.examine(conversation("hello", SECRET), CREDENTIALS, frozenset())
    assert result.state is ExaminationState.COMPLETE
    (finding,) = result.findings
    assert (finding.span.turn, finding.span.part) == (1, 0)
    assert "kx8Lq2" not in repr(result)
    assert (result.examined, result.already_seen) == (2, 0)


async def test_a_history_that_was_seen_is_not_examined_again(start):
    async with start() as examiner:
        first = await examiner.examine(conversation("one", SECRET), CREDENTIALS, frozenset())
        second = await examiner.examine(conversation("one", SECRET, "three"), CREDENTIALS, frozenset())
    assert (second.examined, second.already_seen) == (1, 2)
    assert second.findings == first.findings


async def test_the_same_words_after_another_history_are_not_looked_at_again_and_found_again(start):
    async with start() as examiner:
        await examiner.examine(conversation("one", SECRET), CREDENTIALS, frozenset())
        other = await examiner.examine(conversation("other", "words between", SECRET, SECRET), CREDENTIALS, frozenset())
    assert (other.examined, other.already_seen) == (2, 2)
    assert [finding.span.turn for finding in other.findings] == [2, 3]


async def test_equal_values_are_told_by_whatever_process_finds_them(start):
    async with start(processes=2) as examiner:
        one, other = await asyncio.gather(
            examiner.examine(conversation(SECRET), CREDENTIALS, frozenset()),
            examiner.examine(conversation("again: " + SECRET), CREDENTIALS, frozenset()),
        )
    assert one.findings[0].value_mark == other.findings[0].value_mark != b""
    assert "value_mark" not in repr(one)


async def test_another_profile_is_another_look(start):
    async with start() as examiner:
        await examiner.examine(conversation("one"), CREDENTIALS, frozenset())
        other = await examiner.examine(conversation("one"), frozenset({"pii"}), frozenset())
    assert other.already_seen == 0
    assert other.profiles == {"pii"}


async def test_nothing_to_look_at_is_complete(start):
    async with start() as examiner:
        result = await examiner.examine(Conversation(turns=()), CREDENTIALS, frozenset())
    assert result.state is ExaminationState.COMPLETE


async def test_a_process_that_hangs_is_a_timeout_and_is_replaced(start):
    async with start(deadline=0.3) as examiner:
        (pid,) = processes_of(examiner)
        os.kill(pid, signal.SIGSTOP)
        stuck = await examiner.examine(conversation("one"), CREDENTIALS, frozenset())
        assert stuck.state is ExaminationState.TIMED_OUT
        examiner._deadline = 20.0
        again = await examiner.examine(conversation("one"), CREDENTIALS, frozenset())
        assert again.state is ExaminationState.COMPLETE
        assert processes_of(examiner) != [pid]


async def killed_while_it_looks(examiner, text):
    """The examination of `text` by a process that is killed before it has answered."""
    (pid,) = processes_of(examiner)
    os.kill(pid, signal.SIGSTOP)
    looking = asyncio.create_task(examiner.examine(conversation(text), CREDENTIALS, frozenset()))
    while not examiner._idle.empty():  # noqa: ASYNC110 - nobody says when a process is taken
        await asyncio.sleep(0)
    os.kill(pid, signal.SIGKILL)
    return await looking


async def test_a_process_that_dies_is_a_crash_and_is_replaced(start):
    async with start() as examiner:
        crashed = await killed_while_it_looks(examiner, "one")
        assert crashed.state is ExaminationState.CRASHED
        again = await examiner.examine(conversation("one"), CREDENTIALS, frozenset())
        assert again.state is ExaminationState.COMPLETE


async def test_a_process_that_died_with_nothing_to_do_is_replaced_unnoticed(start):
    async with start() as examiner:
        (process,) = examiner._all
        os.kill(process._process.pid, signal.SIGKILL)
        await process._process.wait()
        result = await examiner.examine(conversation(SECRET), CREDENTIALS, frozenset())
        assert result.state is ExaminationState.COMPLETE
        assert len(result.findings) == 1


async def test_what_was_not_looked_at_is_not_remembered_as_clean(start):
    async with start() as examiner:
        await killed_while_it_looks(examiner, SECRET)
        again = await examiner.examine(conversation(SECRET), CREDENTIALS, frozenset())
        assert len(again.findings) == 1


async def test_waiting_for_a_busy_process_counts_against_the_deadline(start):
    async with start(deadline=0.5) as examiner:
        (pid,) = processes_of(examiner)
        os.kill(pid, signal.SIGSTOP)
        results = await asyncio.gather(
            *(examiner.examine(conversation(f"text {i}"), CREDENTIALS, frozenset()) for i in range(3))
        )
        assert all(result.state is ExaminationState.TIMED_OUT for result in results)


async def test_a_profile_nobody_knows_is_a_crash_never_a_clean_look(start):
    async with start() as examiner:
        result = await examiner.examine(conversation("one"), frozenset({"no-such-profile"}), frozenset())
        assert result.state is ExaminationState.CRASHED
        again = await examiner.examine(conversation("one"), CREDENTIALS, frozenset())
        assert again.state is ExaminationState.COMPLETE


async def test_lone_surrogates_do_not_break_the_examiner(start):
    async with start() as examiner:
        plain = await examiner.examine(conversation("a?b " + SECRET), CREDENTIALS, frozenset())
        result = await examiner.examine(conversation("a\ud800b " + SECRET), CREDENTIALS, frozenset())
    assert result.state is ExaminationState.COMPLETE
    assert result.findings == plain.findings


async def test_closing_leaves_no_process_behind(start):
    async with start(processes=2) as examiner:
        pids = processes_of(examiner)
    assert len(pids) == 2
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
