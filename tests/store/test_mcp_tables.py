"""The inventory of MCP servers as it is kept: what was seen when, what happened, who asked, and its bounds."""

from itertools import pairwise

import pytest

from lockgate.facts.decision import Verdict
from lockgate.facts.mcp import McpSeen, McpSighting, McpTool
from lockgate.store.mcp_tables import ToolEvent
from lockgate.store.retention import prune
from lockgate.store.sqlite import SqliteStore

SERVER = "tools.example/mcp"


def listed(at, *tools, server=SERVER, complete=True, **more):
    seen = tuple(McpTool(name=name, digest=digest, definition=f"text of {digest}") for name, digest in tools)
    return McpSighting(server=server, at=at, seen=McpSeen(tools=seen, complete=complete, **more))


def introduced(at, server=SERVER, **seen):
    return McpSighting(server=server, at=at, seen=McpSeen(**seen))


@pytest.fixture
def store(tmp_path):
    opened = SqliteStore.for_writing(tmp_path / "records.db")
    yield opened
    opened.close()


def history(store, server=SERVER):
    return [(each.what, each.tool, each.at) for each in reversed(store.mcp_happenings(server))]


def test_a_server_is_what_it_last_said_of_itself(store):
    store.note_sightings([introduced(1, name="pages", version="1", protocol="2025-11-25", instructions="use it")])
    store.note_sightings([listed(2, ("a", "x")), introduced(3, name="pages", version="2", protocol="2026-07-28")])
    (known,) = store.mcp_servers()
    assert (known.name, known.version, known.protocol, known.instructions) == ("pages", "2", "2026-07-28", "use it")
    assert (known.first_seen, known.last_seen) == (1, 3)


def test_what_happens_to_tools_is_kept_in_order(store):
    store.note_sightings([listed(1, ("a", "x"), ("b", "y"))])
    store.note_sightings([listed(2, ("a", "z"))])
    store.note_sightings([listed(3, ("a", "z"), ("b", "y"))])
    store.note_sightings([listed(4, ("a", "x"), ("b", "y"))])
    assert history(store) == [
        (ToolEvent.ADDED, "a", 1), (ToolEvent.ADDED, "b", 1), (ToolEvent.CHANGED, "a", 2), (ToolEvent.REMOVED, "b", 2),
        (ToolEvent.BACK, "b", 3), (ToolEvent.CHANGED, "a", 4),
    ]  # fmt: skip
    tools = {tool.name: tool for tool in store.mcp_server(SERVER).tools}
    assert [(each.digest, each.first_seen, each.last_seen) for each in tools["a"].variants] == [("x", 1, 4), ("z", 2, 3)]
    assert tools["a"].current == {"x"}
    assert tools["a"].definitions == {"x": "text of x", "z": "text of z"}


def test_a_page_of_a_list_removes_nothing(store):
    store.note_sightings([listed(1, ("a", "x"), ("b", "y")), listed(2, ("a", "x"), complete=False)])
    assert [what for what, _, _ in history(store)] == [ToolEvent.ADDED, ToolEvent.ADDED]
    assert all(tool.current for tool in store.mcp_server(SERVER).tools)


def test_a_definition_that_is_told_without_its_text_keeps_it(store):
    store.note_sightings([listed(1, ("a", "x"))])
    bare = McpSighting(server=SERVER, at=2, seen=McpSeen(tools=(McpTool(name="a", digest="x", definition=""),), complete=True))
    store.note_sightings([bare])
    assert store.mcp_server(SERVER).tools[0].definitions == {"x": "text of x"}


def test_the_revision_grows_with_what_workers_have_to_know(store):
    revisions = [store.mcp_revision()]
    for sighting in (
        listed(1, ("a", "x")),
        introduced(2, name="pages"),
        listed(3, ("a", "x")),
        listed(4, ("a", "z")),
        listed(5, ("a", "x")),
        introduced(6, endpoint="tools.example/messages"),
        introduced(7, endpoint="tools.example/messages"),
    ):
        store.note_sightings([sighting])
        revisions.append(store.mcp_revision())
    assert [after > before for before, after in pairwise(revisions)] == [
        True, False, False, True, True, True, False,
    ]  # fmt: skip


def test_workers_read_the_variants_oldest_first_and_the_endpoints(store):
    store.note_sightings([listed(5, ("a", "z")), listed(2, ("a", "x")), introduced(6, endpoint="tools.example/messages")])
    known = store.mcp_inventory()
    assert [each.digest for each in known.servers[SERVER]["a"]] == ["x", "z"]
    assert known.server_of("tools.example/messages") == SERVER
    assert known.changed(SERVER, ["a"], {}) == ("a",)


def test_requests_are_counted_from_records_by_tool_and_by_whom(store, record):
    asked = {"mcp_server": SERVER, "mcp_methods": ("tools/call",)}
    store.append([
        record("1", user="ada", mcp_tools=("a", "b"), **asked),
        record("2", user="ada", mcp_tools=("a",), verdict=Verdict.BLOCK, **asked),
        record("3", client_address="192.0.2.9", **asked),
        record("4"),
    ])  # fmt: skip
    store.append([record("1", user="ada", mcp_tools=("a", "b"), **asked)])  # arrived twice, counted once
    store.note_sightings([listed(1, ("a", "x"), ("b", "y"))])
    (known,) = store.mcp_servers()
    assert (known.calls, known.refused, known.callers) == (3, 1, 2)
    assert [(tool.name, tool.calls, tool.refused) for tool in known.tools] == [("a", 2, 1), ("b", 1, 0)]


def test_a_flood_is_bounded(store):
    store.note_sightings([listed(1, *((f"t{number}", "x") for number in range(2500)))])
    assert len(store.mcp_server(SERVER).tools) == 2000
    store.note_sightings([listed(number, ("t1", f"d{number}")) for number in range(2, 200)])
    variants = {tool.name: tool for tool in store.mcp_server(SERVER).tools}["t1"].variants
    assert (len(variants), variants[0].digest) == (64, "x")


def test_a_server_that_nobody_sees_any_more_is_forgotten_with_the_records(store, record):
    day = 86_400
    store.append([record("1", started_at=1.0, mcp_server="gone.example/mcp", mcp_tools=("a",))])
    store.note_sightings([listed(1, ("a", "x"), server="gone.example/mcp"), listed(40 * day, ("a", "x"))])
    before = store.mcp_revision()
    prune(store, now=50 * day, older_than_days=30)
    assert [known.server for known in store.mcp_servers()] == [SERVER]
    assert store.mcp_happenings("gone.example/mcp") == ()
    assert store.mcp_revision() > before


def test_one_wrong_sighting_leaves_nothing_half_done(store):
    with pytest.raises(Exception, match="type"):
        store.note_sightings([listed(1, ("a", "x")), McpSighting(server=object(), at=1, seen=McpSeen(tools=(), complete=True))])
    assert store.mcp_servers() == ()
