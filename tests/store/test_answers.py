"""An answer that came elsewhere finds what it answers, and the other way round, in every store."""

from pathlib import Path

import pytest

from lockgate.store.memory import MemoryStore
from lockgate.store.relations import relations
from lockgate.store.sqlite import SqliteStore


@pytest.fixture(params=["memory", "sqlite"])
def store(request, tmp_path: Path):
    opened = MemoryStore() if request.param == "memory" else SqliteStore.for_writing(tmp_path / "records.db")
    yield opened
    opened.close()


@pytest.fixture
def asked(record):
    def build(name, at=1000.0, **fields):
        return record(name, started_at=at, app="desk", prompt_digest="d", **fields)

    return build


@pytest.fixture
def answer(record):
    def build(name, at=1000.0, **fields):
        return record(name, started_at=at, app="desk", **{"holds_answer": True, **fields})

    return build


def ids(records):
    return [one.id for one in records]


def joined(store, *records):
    """What each record is answered by, and what it answers."""
    store.append(records)
    found = {one.id: relations(store, one) for one in records}
    return {name: ids(one.answers) for name, one in found.items()}, {name: ids(one.asked) for name, one in found.items()}


def test_a_task_joins_the_polls_that_brought_its_answer(store, asked, answer):
    answers, questions = joined(
        store,
        asked("prompt", tasks=("run-1", "turn-1")),
        asked("other-prompt", tasks=("run-2",)),
        answer("still-running", 1001.0, tasks=("run-1",), holds_answer=False),
        answer("done", 1002.0, tasks=("run-1",)),
        answer("asked-for-again", 1003.0, tasks=("turn-1",)),
        answer("other", 1004.0, tasks=("run-2",)),
    )
    assert answers["prompt"] == ["asked-for-again", "done"]
    assert questions["done"] == questions["asked-for-again"] == ["prompt"]
    assert (answers["other-prompt"], questions["other"]) == (["other"], ["other-prompt"])
    assert answers["done"] == questions["prompt"] == []


def test_tasks_of_another_app_user_or_tenant_are_other_tasks(store, asked, answer, record):
    answers, questions = joined(
        store,
        asked("prompt", tasks=("1",), user="anna", tenant="t-1"),
        record("other-app", app="shop", tasks=("1",), holds_answer=True, user="anna"),
        answer("other-user", tasks=("1",), user="ben"),
        answer("other-tenant", tasks=("1",), user="anna", tenant="t-2"),
        answer("no-tenant-shown", tasks=("1",), user="anna"),
    )
    assert answers["prompt"] == ["no-tenant-shown"]
    assert [name for name, found in questions.items() if found] == ["no-tenant-shown"]


def test_in_a_conversation_an_answer_belongs_to_the_prompt_before_it(store, asked, answer):
    answers, questions = joined(
        store,
        answer("before", 999.0, conversation="c"),
        asked("first", 1000.0, conversation="c"),
        asked("title", 1000.5, conversation="c", background=True),
        answer("to-first", 1001.0, conversation="c"),
        asked("second", 1002.0, conversation="c"),
        answer("to-second", 1003.0, conversation="c"),
        answer("elsewhere", 1003.0, conversation="c-2"),
    )
    assert (answers["first"], answers["second"]) == (["to-first"], ["to-second"])
    assert (questions["to-first"], questions["to-second"]) == (["first"], ["second"])
    assert answers["title"] == questions["before"] == questions["elsewhere"] == []


def test_a_stream_that_was_open_before_its_prompts_answers_all_of_them(store, asked, answer):
    answers, questions = joined(
        store,
        answer("stream", 1000.0, conversation="c", duration_ms=60_000.0),
        asked("first", 1010.0, conversation="c"),
        asked("second", 1020.0, conversation="c"),
        asked("third", 1070.0, conversation="c"),
    )
    assert answers == {"stream": [], "first": ["stream"], "second": ["stream"], "third": []}
    assert questions["stream"] == ["second", "first"]


def test_an_answer_to_another_task_is_not_joined_by_the_conversation(store, asked, answer):
    answers, questions = joined(
        store,
        asked("first", 1000.0, conversation="c", tasks=("t-1",)),
        answer("to-something-else", 1001.0, conversation="c", tasks=("t-9",)),
        answer("to-first", 1002.0, conversation="c", tasks=("t-1", "t-7")),
    )
    assert answers["first"] == ["to-first"]
    assert questions["to-something-else"] == []


def test_records_without_tasks_and_conversations_are_not_joined(store, asked, answer):
    answers, questions = joined(store, asked("prompt"), answer("answer", 1001.0))
    assert not any(answers.values())
    assert not any(questions.values())
