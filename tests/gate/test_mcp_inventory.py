"""What is seen of MCP servers, and how it changes what is decided next."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.facts.mcp import AcceptedTool, McpSeen, McpSighting, McpTool, ToolVariant, is_changed
from lockgate.facts.traffic import Headers, Response
from lockgate.gate.context import DecryptScope
from lockgate.gate.effects import Forward, Hold, Note, PassResponse, Refuse, Sighted
from lockgate.gate.events import Closed, ResponseChunkSeen, ResponseHeadersSeen
from lockgate.gate.exchange import Exchange
from lockgate.gate.mcp_inventory import NOTHING_KNOWN, without_known_text
from lockgate.testing.builders import body, head
from lockgate.testing.playbook import Playbook

BOTH = "application/json, text/event-stream"
SERVER = "tools.example/mcp"
URL = f"https://{SERVER}"
POLICY = "default: allow\nrules: [{id: changed, when: {mcp.tool_changed: true}, then: block}]"


def tool(name, digest):
    return McpTool(name=name, digest=digest, definition=f"text of {digest}")


def listed(at, *tools, server=SERVER, complete=True):
    return McpSighting(server=server, at=at, seen=McpSeen(tools=tuple(tool(*each) for each in tools), complete=complete))


def after(*sightings):
    known = NOTHING_KNOWN
    for sighting in sightings:
        known = known.after(sighting)
    return known


class TestWhatIsChanged:
    def test_the_first_definition_is_trusted_until_another_comes(self):
        known = after(listed(1, ("a", "x"), ("b", "y")))
        assert known.changed(SERVER, ["a", "b"], {}) == ()
        assert known.after(listed(2, ("a", "z"), ("b", "y"))).changed(SERVER, ["a", "b"], {}) == ("a",)

    def test_a_change_stands_though_the_first_definition_comes_back(self):
        """Or else a server that shows one client another definition would be covered up by the next client."""
        assert after(listed(1, ("a", "x")), listed(2, ("a", "z")), listed(3, ("a", "x"))).changed(SERVER, ["a"], {}) == ("a",)

    def test_what_was_accepted_is_not_changed_and_what_was_seen_before_is_past(self):
        known = after(listed(1, ("a", "x")), listed(2, ("a", "z")), listed(3, ("a", "w")))
        accepted = {SERVER: {"a": AcceptedTool(digests=frozenset({"w"}), at=4.0)}}
        assert known.changed(SERVER, ["a"], accepted) == ()
        assert known.after(listed(5, ("a", "w"))).changed(SERVER, ["a"], accepted) == ()
        assert known.after(listed(5, ("a", "z"))).changed(SERVER, ["a"], accepted) == ("a",)

    def test_a_tool_with_two_definitions_in_one_list_is_changed(self):
        assert after(listed(1, ("a", "x")), listed(2, ("a", "x"), ("a", "z"))).changed(SERVER, ["a"], {}) == ("a",)

    def test_a_tool_that_was_never_listed_is_not_and_servers_are_apart(self):
        known = after(listed(1, ("a", "x")), listed(2, ("a", "z"), server="other.example/"))
        assert known.changed(SERVER, ["a", "never"], {}) == ()

    @settings(max_examples=200)
    @given(st.lists(st.sampled_from("xyz"), min_size=1, max_size=8), st.integers(0, 9), st.sets(st.sampled_from("xyz")))
    def test_changed_is_a_definition_beyond_the_accepted_ones_seen_after_they_were(self, digests, at, good):
        known = after(*(listed(number, ("a", digest)) for number, digest in enumerate(digests, 1)))
        accepted = {SERVER: {"a": AcceptedTool(digests=frozenset(good), at=float(at))}}
        expected = any(digest not in good and number > at for number, digest in enumerate(digests, 1))
        assert bool(known.changed(SERVER, ["a"], accepted)) is expected
        assert bool(known.changed(SERVER, ["a"], {})) is (len(set(digests)) > 1)

    def test_nothing_is_changed_of_which_nothing_is_known(self):
        assert not is_changed((), None)
        assert is_changed((ToolVariant(digest="x", first_seen=5, last_seen=5),), AcceptedTool(digests=frozenset({"y"}), at=1.0))


class TestBounds:
    def test_what_a_server_says_is_bounded(self):
        known = after(*(listed(number, ("a", f"d{number}")) for number in range(100)))
        variants = known.servers[SERVER]["a"]
        assert len(variants) <= 16
        assert (variants[0].digest, variants[-1].digest) == ("d0", "d99")
        flooded = after(listed(1, *((f"t{number}", "x") for number in range(3000))))
        assert len(flooded.servers[SERVER]) == 2000
        assert flooded.after(listed(2, ("t1", "y"))).changed(SERVER, ["t1"], {}) == ("t1",)

    def test_so_are_servers_and_endpoints(self):
        known = NOTHING_KNOWN
        for number in range(5100):
            known = replace(known, servers={**known.servers, f"s{number}": {}}) if number < 5000 else known
        assert known.after(listed(1, ("a", "x"), server="one more")).servers.keys() == known.servers.keys()

    def test_a_definition_is_told_once(self):
        known = after(listed(1, ("a", "x")))
        seen = listed(2, ("a", "x"), ("b", "y")).seen
        assert [each.definition for each in without_known_text(seen, known, SERVER).tools] == ["", "text of y"]


def asked(method, **params):
    return body(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode())


def answered(**headers):
    pairs = {"content-type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return ResponseHeadersSeen(response=Response(status=int(pairs.pop(":status", 200)), headers=Headers(tuple(pairs.items()))))


def listing(*names, **more):
    tools = [{"name": name, "description": f"what {name} does", "inputSchema": {"type": "object"}} for name in names]
    return json.dumps({"jsonrpc": "2.0", "id": 1, "result": {"tools": tools, **more}}).encode()


@pytest.fixture
def anywhere(context_of):
    def start(policy=POLICY, inventory=NOTHING_KNOWN):
        return Playbook(Exchange("e", context_of(policy, decrypt=DecryptScope.ALL), inventory=inventory))

    return start


class TestListening:
    def ask(self, playing, method="tools/list", **params):
        return (
            playing
            >> head("POST", URL, accept=BOTH)
            << Hold()
            >> asked(method, **params)
            << Forward(streamed=False, listens=True)
        )

    def test_a_list_of_tools_is_told_at_its_end(self, anywhere):
        with anywhere() as playing:
            self.ask(playing) >> answered() << PassResponse(tap=True)
            playing >> ResponseChunkSeen(chunk=listing("a", "b")) >> Closed(duration_ms=1.0) << Note
        sighted = playing.last.sighted
        assert sighted.server == SERVER
        assert [each.name for each in sighted.seen[0].tools] == ["a", "b"]
        assert sighted.seen[0].complete

    def test_on_a_stream_it_is_told_at_once(self, anywhere):
        with anywhere() as playing:
            self.ask(playing) >> answered(content_type="text/event-stream") << PassResponse(tap=True)
            playing >> ResponseChunkSeen(chunk=b"data: " + listing("a") + b"\n\n") << Sighted
            assert [each.name for each in playing.last.seen[0].tools] == ["a"]
            playing >> Closed(duration_ms=1.0) << Note
        assert playing.last.sighted is None

    def test_a_page_of_a_list_does_not_say_that_the_others_are_gone(self, anywhere):
        for params, more in (({"cursor": "2"}, {}), ({}, {"nextCursor": "2"})):
            with anywhere() as playing:
                self.ask(playing, **params) >> answered() << PassResponse(tap=True)
                playing >> ResponseChunkSeen(chunk=listing("a", **more)) >> Closed(duration_ms=1.0) << Note
            assert not playing.last.sighted.seen[0].complete

    def test_a_server_introduces_itself(self, anywhere):
        result = {"protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": {"name": "pages", "version": "3"}}
        with anywhere() as playing:
            self.ask(playing, "initialize", protocolVersion="2025-11-25") >> answered() << PassResponse(tap=True)
            chunk = json.dumps({"jsonrpc": "2.0", "id": 1, "result": result}).encode()
            playing >> ResponseChunkSeen(chunk=chunk) >> Closed(duration_ms=1.0) << Note
        assert (playing.last.sighted.seen[0].name, playing.last.sighted.seen[0].version) == ("pages", "3")

    def test_other_answers_pass_unread(self, anywhere):
        with anywhere() as playing:
            playing >> head("POST", URL, accept=BOTH) << Hold() >> asked("tools/call", name="a") << Forward(streamed=False)
            playing >> answered() << PassResponse(tap=False)

    @pytest.mark.parametrize("answer", [{":status": "404"}, {"content_encoding": "gzip"}, {"content_type": "text/html"}])
    def test_so_do_failures_and_what_cannot_be_read_on_the_way(self, answer, anywhere):
        with anywhere() as playing:
            self.ask(playing) >> answered(**answer) << PassResponse(tap=False)

    def test_hostile_answers_break_nothing(self, anywhere):
        for chunk in (b"\xff\xfe{", b"[" * 100_000, b'{"jsonrpc": "2.0", "result": {"tools": [1]}}', b""):
            with anywhere() as playing:
                self.ask(playing) >> answered() << PassResponse(tap=True)
                playing >> ResponseChunkSeen(chunk=chunk) >> Closed(duration_ms=1.0) << Note
            assert playing.last.sighted is None


class TestOldTransport:
    def open(self, playing, path="/sse"):
        url = f"https://old.example{path}"
        return playing >> head("GET", url, has_body=False, accept="text/event-stream")

    def test_the_stream_of_an_old_server_says_where_it_takes_messages_and_what_it_has(self, anywhere):
        with anywhere("default: allow") as playing:
            self.open(playing) << Forward(streamed=False, listens=True) >> answered(content_type="text/event-stream")
            playing << PassResponse(tap=True)
            (
                playing
                >> ResponseChunkSeen(chunk=b"event: endpoint\r\ndata: /messages/?session_id=1")
                >> ResponseChunkSeen(chunk=b"\r\n\r\n")
                << Sighted(server="old.example/sse", seen=(McpSeen(endpoint="old.example/messages"),))
            )
            playing >> ResponseChunkSeen(chunk=b": ping\n\nevent: message\ndata: " + listing("a") + b"\n\n") << Sighted
            assert playing.last.server == "old.example/sse"
            assert not playing.last.seen[0].complete

    def test_a_stream_of_anything_else_is_let_be(self, anywhere):
        for chunk in (b"data: {}\n\n", b"event: update\ndata: {}\n\n", b": hi\n\nid: 1\ndata: endpoint\n\n", b"x" * 9000):
            with anywhere("default: allow") as playing:
                self.open(playing, "/events") << Forward(streamed=False) >> answered(content_type="text/event-stream")
                playing << PassResponse(tap=True) >> ResponseChunkSeen(chunk=chunk)
                playing >> ResponseChunkSeen(chunk=b"event: endpoint\ndata: /m\n\n") >> Closed(duration_ms=1.0) << Note
            assert playing.last.sighted is None

    def test_an_endpoint_elsewhere_is_not_believed(self, anywhere):
        for endpoint in (b"https://other.example/m", b"http://old.example/m", b"//old.example:99999/m", b"https://[x/m"):
            with anywhere("default: allow") as playing:
                self.open(playing) << Forward >> answered(content_type="text/event-stream") << PassResponse(tap=True)
                playing >> ResponseChunkSeen(chunk=b"event: endpoint\ndata: " + endpoint + b"\n\n")

    def test_what_is_sent_to_an_endpoint_is_sent_to_its_server(self, anywhere):
        known = after(McpSighting(server="old.example/sse", at=1.0, seen=McpSeen(endpoint="old.example/messages")))
        with anywhere("default: allow\nrules: [{id: a, when: {mcp.server: old.example/sse}, then: block}]", known) as playing:
            playing >> head("POST", "https://old.example/messages/?session_id=1") << Hold() >> asked("tools/call", name="a")
            playing << Refuse


class TestDeciding:
    def test_a_changed_tool_is_not_called(self, anywhere):
        known = after(listed(1, ("a", "x"), ("b", "y")), listed(2, ("a", "z"), ("b", "y")))
        with anywhere(inventory=known) as playing:
            playing >> head("POST", URL, accept=BOTH) << Hold() >> asked("tools/call", name="b") << Forward(streamed=False)
        with anywhere(inventory=known) as playing:
            playing >> head("POST", URL, accept=BOTH) << Hold() >> asked("tools/call", name="a") << Refuse
            assert playing.last.decision.rule == "changed"
            playing >> Closed(duration_ms=1.0) << Note
        assert playing.last.record.mcp_changed == ("a",)
