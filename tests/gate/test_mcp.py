"""MCP through the gate: on any host, by head or body, judged call by call, in the record by names only."""

import json

import pytest

from lockgate.facts.decision import Capture, Reason, Verdict
from lockgate.facts.traffic import Completeness
from lockgate.gate.context import DecryptScope
from lockgate.gate.effects import Examine, Forward, Hold, Note, PassResponse, Refuse
from lockgate.gate.events import Closed
from lockgate.testing.builders import body, chat, examined, head

BOTH = "application/json, text/event-stream"
UNKNOWN = "https://tools.example/mcp"
DENY = """
default: allow
rules:
  - {id: no-delete, when: {mcp.tool: ["delete_*"]}, then: block}
  - {id: keys, when: {mcp.server: {known: true}, dlp.profiles: credentials}, then: block}
"""


def call(name, request_id=1, **arguments):
    return {"jsonrpc": "2.0", "id": request_id, "method": "tools/call", "params": {"name": name, "arguments": arguments}}


def sent(document):
    return body(json.dumps(document).encode())


def record_of(playing):
    playing >> Closed(duration_ms=1.0) << Note
    return playing.last.record


@pytest.fixture
def anywhere(play):
    return lambda policy=DENY: play(policy, decrypt=DecryptScope.ALL)


class TestOnAnyHost:
    def test_a_denied_tool_is_refused_in_the_protocols_own_way(self, anywhere):
        with anywhere() as playing:
            playing >> head("POST", UNKNOWN, accept=BOTH) << Hold() >> sent(call("delete_page", page="x")) << Refuse
            refuse = playing.last
            assert refuse.format.id == "mcp"
            assert refuse.conversation.mcp.ids == (1,)
            record = record_of(playing)
        assert (record.verdict, record.rule, record.app, record.format) == (Verdict.BLOCK, "no-delete", "", "mcp")
        assert (record.mcp_server, record.mcp_methods) == ("tools.example/mcp", ("tools/call",))
        assert (record.mcp_tools, record.tool_calls) == (("delete_page",), ("delete_page",))

    def test_one_denied_call_stops_its_batch(self, anywhere):
        with anywhere() as playing:
            playing >> head("POST", UNKNOWN) << Hold() >> sent([call("search"), call("delete_page", 2)]) << Refuse
            assert playing.last.conversation.mcp.ids == (1, 2)

    def test_arguments_are_examined_like_any_text(self, anywhere):
        with anywhere() as playing:
            playing >> head("POST", UNKNOWN) << Hold() >> sent(call("search", q="a secret")) << Examine
            assert "a secret" in [part.text for turn in playing.last.conversation.turns for part in turn.parts]
            playing >> examined("credentials", found=("credentials",)) << Refuse
            assert playing.last.decision.rule == "keys"

    def test_what_is_not_mcp_is_not_examined_for_a_rule_on_mcp(self, anywhere):
        with anywhere() as playing:
            (
                playing
                >> head("POST", "https://shop.example/api")
                << Hold()
                >> body(b'{"cart": [1, 2]}')
                << Forward(streamed=False)
            )
            record = record_of(playing)
        assert (record.mcp_server, record.mcp_tools, record.format) == ("", (), "")

    def test_uploads_and_pages_are_not_held_for_it(self, anywhere):
        for event in (
            head("PUT", "https://shop.example/x"),
            head("POST", "https://shop.example/x", content_type="multipart/form-data; boundary=b"),
            head("GET", "https://shop.example/", has_body=False),
        ):
            with anywhere("default: allow\nrules: [{id: a, when: {mcp.tool: x}, then: block}]") as playing:
                playing >> event << Forward
                assert playing.last.streamed == event.has_body

    def test_a_stream_of_the_server_is_part_of_it(self, anywhere):
        with anywhere("default: allow\nrules: [{id: a, when: {mcp.server: tools.example/mcp}, then: block}]") as playing:
            event = head("GET", UNKNOWN, has_body=False, accept="text/event-stream", mcp_session_id="s")
            playing >> event << Refuse
            assert playing.last.decision.rule == "a"

    def test_what_looks_like_mcp_is_read_even_when_no_rule_asks(self, anywhere):
        with anywhere("default: allow") as playing:
            playing >> head("POST", UNKNOWN, accept=BOTH, content_length="90") << Hold() >> sent(call("search", q="x"))
            playing << Forward(streamed=False)
            record = record_of(playing)
        assert (record.mcp_server, record.mcp_tools) == ("tools.example/mcp", ("search",))
        assert record.capture is Capture.NONE

    @pytest.mark.parametrize("headers", [{}, {"content_length": "99999999"}, {"content_length": "x"}])
    def test_but_nothing_is_held_that_is_long_or_of_unknown_length(self, headers, anywhere):
        with anywhere("default: allow") as playing:
            playing >> head("POST", UNKNOWN, accept=BOTH, **headers) << Forward(streamed=True, tap=True)


class TestDoubt:
    @pytest.mark.parametrize(
        ("headers", "content", "completeness"),
        [
            ({"accept": BOTH}, b"", Completeness.TRUNCATED),
            ({"content_type": "application/json"}, b"", Completeness.UNDECODABLE),
            ({}, b"", Completeness.TRUNCATED),
            (
                {"content_type": "text/plain"},
                b'{"jsonrpc": "2.0", "jsonrpc": "2.0", "method": "tools/call"}',
                Completeness.COMPLETE,
            ),
            ({"mcp_session_id": "s"}, b"\xff\xfe\xff", Completeness.COMPLETE),
        ],
    )
    def test_what_may_be_mcp_and_cannot_be_read_is_uninspectable_for_its_rules(self, headers, content, completeness, anywhere):
        with anywhere("default: allow\nrules: [{id: a, when: {mcp.tool: x}, then: block}]") as playing:
            playing >> head("POST", UNKNOWN, **headers) << Hold() >> body(content, completeness) << Refuse
            assert playing.last.decision.reason is Reason.UNINSPECTABLE

    @pytest.mark.parametrize(
        ("headers", "content", "completeness"),
        [
            ({"content_type": "application/octet-stream"}, b"\x89PNG\r\n\x1a\n\0\0", Completeness.COMPLETE),
            ({"content_type": "application/octet-stream"}, b"", Completeness.TRUNCATED),
            ({"content_type": "application/json"}, b'{"a": 1, "a": 2}', Completeness.COMPLETE),
        ],
    )
    def test_what_can_be_none_is_none(self, headers, content, completeness, anywhere):
        with anywhere("default: allow\nrules: [{id: a, when: {mcp.tool: x}, then: block}]") as playing:
            playing >> head("POST", UNKNOWN, **headers) << Hold() >> body(content, completeness) << Forward(streamed=False)


class TestHeaders:
    def test_headers_that_say_something_else_are_refused_whatever_the_policy(self, anywhere):
        with anywhere("default: allow") as playing:
            event = head("POST", UNKNOWN, accept=BOTH, content_length="90", mcp_method="tools/call", mcp_name="search")
            playing >> event << Hold() >> sent(call("delete_page")) << Refuse
            assert playing.last.decision.reason is Reason.MCP_HEADER_MISMATCH
            assert playing.last.format.id == "mcp"


class TestApps:
    def test_an_app_stays_and_its_operation_is_what_is_asked(self, play):
        for document, operation in (
            (call("search"), "tool_call"),
            ({**call("x"), "method": "tools/list", "params": {}}, "status"),
        ):
            with play("default: allow") as playing:
                url = "https://mcp.linear.app/mcp"
                playing >> head("POST", url, accept=BOTH, content_length="90") << Hold() >> sent(document)
                playing << Forward
                record = record_of(playing)
            assert (record.app, record.operation, record.format) == ("mcp-generic", operation, "mcp")

    def test_a_server_behind_a_path_that_carries_nothing_is_seen(self, play):
        with play(DENY) as playing:
            playing >> head("POST", "https://chatgpt.com/backend-api/lat/r") << Hold() >> sent(call("delete_page")) << Refuse
            assert playing.last.decision.rule == "no-delete"

    @pytest.mark.parametrize(
        "document",
        [
            {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "message": {"text": "a secret"}},
            {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"reason": "a secret"}},
        ],
        ids=["beside the envelope", "in a parameter"],
    )
    def test_a_prompt_dressed_as_upkeep_is_still_a_prompt(self, document, play):
        """Servers of prompts skip members they do not know: the words of another protocol must not make it carry nothing."""
        policy = "default: allow\nrules: [{id: keys, when: {operation: send_prompt, dlp.profiles: credentials}, then: block}]"
        with play(policy) as playing:
            url = "https://graph.microsoft.com/v1.0/copilot/conversations/c/chat"
            playing >> head("POST", url) << Hold() >> sent(document) << Examine
            assert "a secret" in [part.text for turn in playing.last.conversation.turns for part in turn.parts]

    @pytest.mark.parametrize("method", ["ping", "notifications/cancelled", "notifications/progress", "tools/list"])
    def test_words_in_upkeep_are_examined_where_a_rule_must_look(self, method, play):
        """A path nobody described may be one of prompts, whatever its body looks like."""
        document = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {"reason": "a secret"}}
        for when in ("operation.carries_payload: true, dlp.profiles: credentials", "dlp.profiles: credentials"):
            with play(f"default: allow\nrules: [{{id: keys, when: {{{when}}}, then: block}}]") as playing:
                url = "https://api.openai.com/v1/brand-new"
                playing >> head("POST", url) << Hold() >> sent(document) << Examine
                assert "a secret" in [part.text for turn in playing.last.conversation.turns for part in turn.parts]

    def test_words_in_upkeep_are_examined_on_hosts_outside_the_library(self, anywhere):
        document = {"jsonrpc": "2.0", "id": 1, "method": "notifications/cancelled", "params": {"reason": "a secret"}}
        with anywhere("default: allow\nrules: [{id: keys, when: {dlp.profiles: credentials}, then: block}]") as playing:
            playing >> head("POST", UNKNOWN, accept=BOTH, content_length="90") << Hold() >> sent(document) << Examine
            assert "a secret" in [part.text for turn in playing.last.conversation.turns for part in turn.parts]

    def test_upkeep_with_words_beside_it_is_no_upkeep(self, play):
        with play("default: allow") as playing:
            document = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}, "messages": [{"content": "a secret"}]}
            playing >> head("POST", "https://mcp.linear.app/mcp", accept=BOTH, content_length="90") << Hold()
            playing >> sent(document) << Forward
            assert record_of(playing).operation == "tool_call"

    def test_calls_of_tools_in_a_conversation_with_a_model_are_named(self, play):
        asked = [
            {"role": "user", "content": "look"},
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": "t1", "name": "mcp__pages__search", "input": {"q": "x"}}],
            },
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "two pages"}]},
        ]
        with play("default: allow\nrules: [{id: a, when: {agent.tools: 'mcp__pages__*'}, then: block}]") as playing:
            content = json.dumps({"model": "claude", "messages": asked}).encode()
            playing >> head("POST", "https://api.anthropic.com/v1/messages") << Hold() >> body(content) << Refuse
            record = record_of(playing)
        assert record.tool_calls == ("mcp__pages__search",)
        assert record.mcp_server == ""


def test_a_conversation_with_a_model_is_no_call_of_a_server(anywhere):
    with anywhere() as playing:
        (
            playing
            >> head("POST", "https://api.openai.com/v1/chat/completions")
            << Hold()
            >> body(chat("hi"))
            << Forward(streamed=False)
        )
        playing >> Closed(duration_ms=1.0) << Note
    assert playing.last.record.mcp_server == ""


def test_an_answer_of_a_server_is_captured_on_an_unknown_host(anywhere):
    from lockgate.facts.traffic import Headers, Response
    from lockgate.gate.events import ResponseChunkSeen, ResponseHeadersSeen

    with anywhere("default: allow\nrules: [{id: a, when: {mcp.tool: search}, then: {capture: full}}]") as playing:
        playing >> head("POST", UNKNOWN) << Hold() >> sent(call("search", q="the blue one")) << Forward(streamed=False)
        response = Response(status=200, headers=Headers((("content-type", "application/json"),)))
        playing >> ResponseHeadersSeen(response=response) << PassResponse(tap=True)
        result = {"jsonrpc": "2.0", "id": 1, "result": {"content": [{"type": "text", "text": "two pages"}]}}
        playing >> ResponseChunkSeen(chunk=json.dumps(result).encode()) >> Closed(duration_ms=1.0) << Note
    captured = json.loads(playing.last.captured.text)
    assert captured["prompt"] == ["search", "the blue one"]
    assert captured["answer"] == "two pages"
