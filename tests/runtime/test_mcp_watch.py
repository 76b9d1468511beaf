"""A worker's view of MCP servers: at once what it saw itself, soon what the store has, and no more telling than needed."""

import pytest

from lockgate.facts.mcp import McpSeen, McpSighting, McpTool
from lockgate.gate.effects import Sighted
from lockgate.runtime import mcp_watch
from lockgate.runtime.mcp_watch import McpWatch
from lockgate.store.sqlite import SqliteStore

SERVER = "tools.example/mcp"


def sighted(*tools, server=SERVER, complete=True, **more):
    listed = tuple(McpTool(name=name, digest=digest, definition=f"text of {digest}") for name, digest in tools)
    return Sighted(server=server, seen=(McpSeen(tools=listed or None, complete=complete, **more),))


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(mcp_watch.time, "time", lambda: now[0])
    return now


@pytest.fixture
def store(tmp_path):
    opened = SqliteStore.for_writing(tmp_path / "records.db")
    yield opened
    opened.close()


@pytest.fixture
def told():
    return []


@pytest.fixture
def watch(tmp_path, told):
    made = McpWatch(tmp_path / "records.db", told.append)
    yield made
    made.close()


def test_what_was_seen_is_known_at_once(watch, clock):
    watch.sighted(sighted(("a", "x")))
    clock[0] += 1
    watch.sighted(sighted(("a", "z")))
    assert watch.current.changed(SERVER, ["a"], {}) == ("a",)


def test_the_same_is_told_once_a_minute_and_anything_new_at_once(watch, told, clock):
    for _ in range(5):
        watch.sighted(sighted(name="pages"))
        watch.sighted(sighted(("a", "x")))
    assert len(told) == 2
    watch.sighted(sighted(("a", "z")))
    watch.sighted(sighted(("a", "x")))
    assert len(told) == 4
    clock[0] += 61
    watch.sighted(sighted(("a", "x")))
    assert len(told) == 5


def test_pages_of_a_list_are_told_of_one_by_one(watch, told):
    for _ in range(3):
        watch.sighted(sighted(("a", "x"), complete=False))
        watch.sighted(sighted(("b", "y"), complete=False))
    assert len(told) == 2


async def test_definitions_are_told_until_the_store_has_them(watch, told, store, clock):
    watch.sighted(sighted(("a", "x")))
    clock[0] += 61
    watch.sighted(sighted(("a", "x")))
    store.note_sightings(told)
    await watch.look()
    clock[0] += 61
    watch.sighted(sighted(("a", "x"), ("b", "y")))
    assert [[tool.definition for tool in each.seen.tools] for each in told] == [["text of x"], ["text of x"], ["", "text of y"]]


async def test_what_others_saw_comes_from_the_store_and_what_it_has_not_yet_stays(watch, store):
    await watch.look()
    store.note_sightings(_as_sightings(sighted(("a", "x")), 10.0))
    await watch.look()
    watch.sighted(sighted(("b", "y")))
    store.note_sightings(_as_sightings(sighted(("a", "z")), 20.0))
    await watch.look()
    assert watch.current.changed(SERVER, ["a", "b"], {}) == ("a",)
    assert watch.current.knows(SERVER, "b", "y")


async def test_a_store_that_cannot_be_read_leaves_what_is_known(watch, tmp_path):
    watch.sighted(sighted(("a", "x")))
    await watch.look()
    (tmp_path / "records.db").write_text("this is no database, and long enough to be taken for a damaged one" * 20)
    await watch.look()
    assert watch.current.knows(SERVER, "a", "x")


def test_a_path_of_undecodable_bytes_can_be_told(watch, told):
    watch.sighted(sighted(("a", "x"), server="tools.example/\udcff"))
    assert told[0].server == "tools.example/\\udcff"


def _as_sightings(effect, at):
    return [McpSighting(server=effect.server, at=at, seen=seen) for seen in effect.seen]
