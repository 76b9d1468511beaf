"""MCP: what is MCP and what is not, what a request asks, what a server says, how a refusal looks."""

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lockgate.apps.formats.base import Refusal, Unreadable
from lockgate.apps.formats.mcp_messages import cannot_be_mcp, head_call, may_be_mcp
from lockgate.apps.formats.registry import FORMATS, sniff
from lockgate.facts.prompt import Conversation, PartKind, Role
from lockgate.facts.traffic import Body, Headers, Request, Response

MCP = FORMATS["mcp"]
BOTH = "application/json, text/event-stream"
REFUSAL = Refusal(message="Not allowed here. Reference abc123", code="rule", reference="abc123")
VERSION = "io.modelcontextprotocol/protocolVersion"


def request(url: str = "https://tools.example/mcp", method: str = "POST", **headers: str) -> Request:
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    name, _, port = host.partition(":")
    pairs = tuple((key.replace("_", "-"), value) for key, value in headers.items())
    return Request(
        method=method, scheme=scheme, host=name, port=int(port or (443 if scheme == "https" else 80)), path=slash + path,
        headers=Headers(pairs),
    )  # fmt: skip


def rpc(method: str, params: object = None, **more: object) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": 1, "method": method, **({} if params is None else {"params": params}), **more}


def call(name: str, **arguments: object) -> dict[str, object]:
    return rpc("tools/call", {"name": name, "arguments": arguments})


def body(document: object) -> Body:
    return Body(content=json.dumps(document).encode())


def read(document: object, to: Request | None = None) -> Conversation:
    found = MCP.read_request(to or request(), body(document))
    assert isinstance(found, Conversation), found
    return found


def texts(conversation: Conversation, kind: PartKind) -> list[str]:
    return [part.text for turn in conversation.turns for part in turn.parts if part.kind is kind]


def heard(*messages: object, media_type: str = "application/json") -> object:
    content = json.dumps(messages[0] if len(messages) == 1 else list(messages)).encode()
    return MCP.read_response(Response(status=200, headers=Headers((("content-type", media_type),))), Body(content=content))


MODERN = rpc("tools/call", {"name": "search", "arguments": {}, "_meta": {VERSION: "2026-07-28"}})


class TestRecognition:
    @pytest.mark.parametrize(
        "document",
        [
            rpc("initialize", {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "x"}}),
            call("search", query="x"),
            [rpc("tools/list"), call("search")],
            rpc("server/discover", {"_meta": {VERSION: "2026-07-28"}}),
            {"jsonrpc": "2.0", "method": "notifications/initialized"},
            rpc("vendor/special", {"_meta": {VERSION: "2026-07-28"}}),
            {"jsonrpc": "2.0", "id": 3, "result": {"action": "decline"}},
            {"jsonrpc": "2.0", "id": 3, "result": {"role": "assistant", "content": {"type": "text"}, "model": "m"}},
        ],
        ids=lambda document: json.dumps(document)[17:50],
    )
    def test_a_message_that_only_mcp_has_is_mcp_on_any_host(self, document):
        assert sniff(request("https://anything.example/x"), body(document)) is MCP

    @pytest.mark.parametrize(
        "document",
        [
            rpc("initialize", {"processId": 1, "rootUri": "file:///home", "capabilities": {}}),  # a language server
            rpc("textDocument/didOpen", {"textDocument": {}}),
            rpc("eth_call", [{"to": "0x0"}, "latest"]),  # a wallet
            rpc("message/send", {"message": {"parts": [{"text": "hi"}]}}),  # A2A
            rpc("tasks/get", {"id": "t"}),
            rpc("ping"),
            rpc("roots/list"),
            {"jsonrpc": "2.0", "id": 1, "result": "0x10"},
            {"jsonrpc": "1.0", "method": "tools/call", "params": {}},
            {"method": "tools/call", "params": {}},
        ],
        ids=lambda document: json.dumps(document)[:60],
    )
    def test_other_protocols_over_json_rpc_are_not(self, document):
        assert sniff(request("https://anything.example/x"), body(document)) is not MCP

    @pytest.mark.parametrize("header", ["mcp_session_id", "mcp_protocol_version", "mcp_method"])
    def test_under_a_head_that_says_mcp_any_json_rpc_is(self, header):
        to = request(**{header: "x"})
        for document in (rpc("ping"), rpc("tasks/get", {"taskId": "t"}), {"jsonrpc": "2.0", "id": 1, "result": {}}):
            assert sniff(to, body(document)) is MCP
        assert sniff(to, body({"model": "gpt-5", "messages": [{"role": "user", "content": "hi"}]})).id == "openai-chat"

    def test_what_is_held_to_be_looked_at_takes_both_kinds_of_answers_or_says_so(self):
        assert may_be_mcp(request(accept=BOTH))
        assert may_be_mcp(request(mcp_session_id="s"))
        assert not may_be_mcp(request(accept="application/json"))
        assert not may_be_mcp(request(accept="*/*"))
        assert not may_be_mcp(request(method="GET", accept=BOTH))

    def test_what_is_not_posted_or_declared_no_text_is_ruled_out_by_its_head(self):
        assert cannot_be_mcp(request(method="GET", accept=BOTH))
        assert cannot_be_mcp(request(content_type="multipart/form-data; boundary=x"))
        assert not cannot_be_mcp(request(content_type="text/plain"))
        assert not cannot_be_mcp(request(content_type="multipart/form-data; boundary=x", mcp_session_id="s"))

    def test_a_stream_of_the_server_and_the_end_of_a_session_are_told_by_the_head(self):
        listening = head_call(request(method="GET", accept="text/event-stream", mcp_session_id="s"))
        assert listening is not None
        assert (listening.server, listening.methods, listening.housekeeping) == ("tools.example/mcp", (), True)
        assert head_call(request(method="DELETE", mcp_session_id="s")) is not None
        # What a client asks before it logs in carries the version, too, and is no call of a server.
        well_known = request("https://tools.example/.well-known/oauth-protected-resource", "GET", mcp_protocol_version="x")
        assert head_call(well_known) is None
        assert head_call(request(method="GET", accept="text/event-stream")) is None


class TestServer:
    @pytest.mark.parametrize(
        ("url", "server"),
        [
            ("https://Tools.Example./mcp/", "tools.example/mcp"),
            ("https://tools.example:8443/mcp", "tools.example:8443/mcp"),
            ("http://tools.example/", "tools.example/"),
            ("http://tools.example:443/a/../mcp", "tools.example:443/mcp"),
            ("https://tools.example/%6Dcp", "tools.example/mcp"),
        ],
    )
    def test_a_server_has_one_spelling(self, url, server):
        assert read(call("x"), request(url)).mcp.server == server


class TestCalls:
    def test_a_call_is_its_tools_arguments(self):
        said = read(call("create_issue", title="Broken hinge", count=2, nested={"body": '{"deep": "it squeaks a lot"}'}))
        assert said.mcp.methods == ("tools/call",)
        assert said.mcp.tools == ("create_issue",)
        assert not said.mcp.housekeeping
        assert not said.background
        (turn,) = said.turns
        assert turn.role is Role.ASSISTANT
        assert {part.name for part in turn.parts} == {"create_issue"}
        assert texts(said, PartKind.TOOL_CALL) == ["create_issue", "Broken hinge", "it squeaks a lot"]
        assert said.tools == {"create_issue"}
        assert said.prompt is None

    def test_each_call_of_a_batch_is_read(self):
        said = read([call("one", a="first words"), rpc("tools/list"), call("two", a="second words"), call("one", a="third")])
        assert said.mcp.tools == ("one", "two")
        assert said.mcp.methods == ("tools/call", "tools/list")
        assert said.mcp.ids == (1, 1, 1, 1)
        assert said.tools == {"one", "two"}
        assert texts(said, PartKind.TOOL_CALL) == ["one", "first words", "two", "second words", "one", "third"]

    @pytest.mark.parametrize(
        ("document", "typed"),
        [
            (rpc("prompts/get", {"name": "review", "arguments": {"code": "the words I typed"}}), "the words I typed"),
            (
                rpc(
                    "completion/complete",
                    {"ref": {"type": "ref/prompt", "name": "p"}, "argument": {"name": "a", "value": "pyt"}},
                ),
                "pyt",
            ),
            ({"jsonrpc": "2.0", "id": 1, "result": {"action": "accept", "content": {"name": "octopus"}}}, "octopus"),
        ],
    )
    def test_what_a_person_fills_in_is_typed(self, document, typed):
        said = read(document, request(mcp_session_id="s"))
        assert said.prompt is not None
        assert said.prompt.typed_text == typed
        assert not said.mcp.housekeeping

    def test_what_a_clients_model_answers_its_server_is_a_models_text(self):
        content = {"type": "text", "text": "the model's words"}
        said = read({"jsonrpc": "2.0", "id": 4, "result": {"role": "assistant", "content": content, "model": "m-1"}})
        assert [(turn.role, turn.typed_text) for turn in said.turns] == [(Role.ASSISTANT, "the model's words")]
        assert said.mcp.methods == ("sampling/createMessage",)
        assert said.mcp.ids == ()

    def test_answers_that_come_with_a_repeated_call_are_read_as_answers(self):
        answers = {"q": {"action": "accept", "content": {"pin": "four words or so"}}}
        said = read(
            rpc("tools/call", {"name": "pay", "arguments": {}, "inputResponses": answers, "requestState": "opaque-state"})
        )
        assert said.prompt.typed_text == "four words or so"
        assert texts(said, PartKind.MACHINE) == ["opaque-state"]

    def test_a_resource_is_its_address(self):
        said = read(rpc("resources/read", {"uri": "file:///srv/plan.txt"}))
        assert texts(said, PartKind.TOOL_CALL) == ["file:///srv/plan.txt"]
        assert said.tools == frozenset()

    def test_upkeep_is_told_from_what_carries_content(self):
        info = {"protocolVersion": "2025-11-25", "capabilities": {"roots": {}}, "clientInfo": {"name": "agent", "version": "1"}}
        assert read(rpc("initialize", info)).mcp.housekeeping
        assert read(rpc("tools/list", {"cursor": "page two"})).mcp.later_page
        assert not read(rpc("tools/list", {"q": "anything else"})).mcp.housekeeping
        assert not read([rpc("tools/list"), call("x")]).mcp.housekeeping
        assert not read(rpc("ping", {"_meta": {"x": "a" * 5000}}), request(mcp_session_id="s")).mcp.housekeeping
        assert not read(rpc("vendor/upload", {}), request(mcp_session_id="s")).mcp.housekeeping

    def test_the_version_is_the_bodys_or_else_the_heads(self):
        assert read(rpc("initialize", {"protocolVersion": "2024-11-05"})).mcp.version == "2024-11-05"
        assert read(call("x"), request(mcp_protocol_version="2025-06-18")).mcp.version == "2025-06-18"
        assert read(MODERN).mcp.version == "2026-07-28"

    def test_what_is_no_json_rpc_is_unreadable(self):
        for content in (b"{}", b"[]", b"null", b'[{"jsonrpc": "2.0"}]', b'{"jsonrpc": "2.0", "jsonrpc": "2.0", "method": "x"}'):
            assert isinstance(MCP.read_request(request(), Body(content=content)), Unreadable)


class TestHeaders:
    def test_headers_that_repeat_the_body_agree_with_it(self):
        to = request(mcp_method="tools/call", mcp_name="search", mcp_protocol_version="2026-07-28")
        assert read(MODERN, to).mcp.mismatch == ""

    @pytest.mark.parametrize(
        ("headers", "named"),
        [
            ({"mcp_method": "tools/list"}, "Mcp-Method"),
            ({"mcp_method": "Tools/Call"}, "Mcp-Method"),
            ({"mcp_name": "delete"}, "Mcp-Name"),
            ({"mcp_name": "=?base64?ZGVsZXRl?="}, "Mcp-Name"),
            ({"mcp_name": "=?base64?c2VhcmNo=?="}, "Mcp-Name"),
            ({"mcp_protocol_version": "2025-11-25"}, "MCP-Protocol-Version"),
        ],
    )
    def test_headers_that_say_something_else_are_told(self, headers, named):
        assert read(MODERN, request(**headers)).mcp.mismatch == named

    def test_an_encoded_name_is_decoded_before_it_is_compared(self):
        assert read(MODERN, request(mcp_name="=?base64?c2VhcmNo?=")).mcp.mismatch == ""
        assert read(rpc("resources/read", {"uri": "käse"}), request(mcp_name="=?base64?a8Okc2U=?=")).mcp.mismatch == ""

    def test_of_a_header_that_comes_twice_each_has_to_agree(self):
        twice = Headers((("mcp-name", "search"), ("mcp-name", "delete")))
        to = Request(method="POST", scheme="https", host="a.example", port=443, headers=twice)
        assert read(MODERN, to).mcp.mismatch == "Mcp-Name"

    def test_a_parameter_in_a_header_is_examined_unless_it_is_the_bodys(self):
        to = request(
            mcp_param_region="north", mcp_param_note="=?base64?c8O8ZCB0aGUgb3RoZXIgd29yZHM=?=", mcp_param_bad="=?base64?*?="
        )
        said = read(call("x", region="north"), to)
        assert [part.text for part in said.turns[-1].parts] == ["süd the other words", "=?base64?*?="]
        with pytest.raises(ValueError, match="no text"):
            MCP.rewrite_request(to, body(call("x", region="north")), {("headers", "mcp-param-note"): "masked"})


class TestAnswers:
    def test_a_tools_result_is_its_text_and_what_came_along(self):
        content = [
            {"type": "text", "text": "two pages"},
            {"type": "image", "data": "AAAA", "mimeType": "image/png"},
            {"type": "resource", "resource": {"uri": "file:///a.txt", "text": "inside of it"}},
            {"type": "resource_link", "uri": "https://x.example/b"},
        ]
        answer = heard({"jsonrpc": "2.0", "id": 1, "result": {"content": content, "structuredContent": {"a": 1}}})
        assert (answer.text, answer.finished) == ("two pages\ninside of it", True)
        assert answer.references == ("image image/png", "file:///a.txt", "https://x.example/b")

    def test_structured_content_without_text_is_read(self):
        assert heard({"jsonrpc": "2.0", "id": 1, "result": {"structuredContent": {"total": 3}}}).text == '{"total":3}'

    def test_questions_of_a_server_are_read_whether_sent_or_embedded(self):
        sample = {"messages": [{"role": "user", "content": {"type": "text", "text": "say hello"}}], "systemPrompt": "be kind"}
        assert heard(rpc("sampling/createMessage", sample)).text == "be kind\nsay hello"
        embedded = {"resultType": "input_required", "inputRequests": {
            "a": {"method": "elicitation/create", "params": {"message": "which colour?"}},
            "b": {"method": "sampling/createMessage", "params": sample},
        }}  # fmt: skip
        assert heard({"jsonrpc": "2.0", "id": 1, "result": embedded}).text == "which colour?\nbe kind\nsay hello"

    def test_an_error_is_an_error(self):
        answer = heard({"jsonrpc": "2.0", "id": 1, "error": {"code": -32602, "message": "no such tool"}})
        assert (answer.error, answer.finished) == ("no such tool", False)

    def test_a_stream_without_its_response_is_not_finished(self):
        reader = MCP.stream_reader(Response(status=200, headers=Headers((("content-type", "text/event-stream"),))))
        reader.feed(b'data: {"jsonrpc":"2.0","method":"notifications/message","params":{"data":"half done"}}\n\n')
        assert (reader.finish().text, reader.finish().finished) == ("half done", False)


def seen(*chunks: bytes, media_type: str = "text/event-stream") -> list[object]:
    reader = MCP.stream_reader(Response(status=200, headers=Headers((("content-type", media_type),))))
    found = []
    for chunk in chunks:
        reader.feed(chunk)
        found += reader.take_seen()
    reader.finish()
    return [*found, *reader.take_seen()]


def tool(name: str, description: str, **more: object) -> dict[str, object]:
    return {"name": name, "description": description, "inputSchema": {"type": "object", "properties": {}}, **more}


def listing(*tools: object, **more: object) -> bytes:
    return b"data: " + json.dumps({"jsonrpc": "2.0", "id": 2, "result": {"tools": tools, **more}}).encode() + b"\n\n"


class TestWhatIsSeenOfAServer:
    def test_an_introduction_names_the_server(self):
        result = {
            "protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": {"name": "pages", "version": "1.2"},
            "instructions": "use it well",
        }  # fmt: skip
        (found,) = seen(json.dumps({"jsonrpc": "2.0", "id": 0, "result": result}).encode(), media_type="application/json")
        assert (found.name, found.version, found.protocol, found.instructions) == ("pages", "1.2", "2025-11-25", "use it well")
        assert found.tools is None

    def test_a_discovery_does_so_in_its_own_way(self):
        info = {"io.modelcontextprotocol/serverInfo": {"name": "pages", "version": "2"}}
        result = {"supportedVersions": ["2025-11-25", "2026-07-28"], "capabilities": {}, "_meta": info}
        (found,) = seen(json.dumps({"jsonrpc": "2.0", "id": 0, "result": result}).encode(), media_type="application/json")
        assert (found.name, found.version, found.protocol) == ("pages", "2", "2026-07-28")

    def test_a_list_of_tools_is_noted_as_soon_as_it_has_passed(self):
        reader = MCP.stream_reader(Response(status=200, headers=Headers((("content-type", "text/event-stream"),))))
        reader.feed(listing(tool("search", "finds pages"), tool("read", "reads one"), nextCursor="more"))
        (found,) = reader.take_seen()
        assert [each.name for each in found.tools] == ["search", "read"]
        assert not found.complete
        assert json.loads(found.tools[0].definition)["description"] == "finds pages"
        assert reader.take_seen() == ()

    def test_a_digest_covers_all_that_a_model_is_told_and_nothing_else(self):
        first = tool("a", "d", annotations={"readOnlyHint": True}, title="t")
        shuffled = dict(reversed(first.items()))
        others = [
            {**first, "description": "d "},
            {**first, "title": "u"},
            {**first, "inputSchema": {"type": "object"}},
            {**first, "outputSchema": {"type": "object"}},
            {**first, "annotations": {"readOnlyHint": False}},
        ]
        same = [shuffled, {**first, "name": "b"}, {**first, "_meta": {"x": 1}}, {**first, "icons": []}]
        (found,) = seen(listing(first, *same, *others))
        digests = [each.digest for each in found.tools]
        assert len(set(digests[: 1 + len(same)])) == 1
        assert len(set(digests)) == 1 + len(others)

    def test_an_old_server_announces_where_to_send(self):
        (found,) = seen(b"event: endpoint\r\ndata: /messages/?session_id=a\r\n\r\n")
        assert found.endpoint == "/messages/?session_id=a"

    def test_a_result_that_only_looks_like_a_list_of_tools_is_none(self):
        for tools in ([{"name": "x"}], ["x"], "x", [{"name": 1, "inputSchema": {}}]):
            assert (
                seen(b"data: " + json.dumps({"jsonrpc": "2.0", "id": 1, "result": {"tools": tools}}).encode() + b"\n\n") == []
            )


class TestRefusals:
    def refused(self, document: object, to: Request) -> tuple[int, object]:
        answer = MCP.refuse(REFUSAL, to, read(document, to))
        return answer.status, json.loads(answer.content)

    def test_a_refused_call_is_an_error_with_its_id(self):
        status, error = self.refused(call("x") | {"id": "a-1"}, request(accept=BOTH))
        assert (status, error["id"], error["jsonrpc"]) == (200, "a-1", "2.0")
        assert error["error"]["message"] == REFUSAL.message
        assert error["error"]["data"] == {"reason": "rule", "reference": "abc123"}
        assert -32019 <= error["error"]["code"] <= -32002

    def test_a_refused_batch_answers_each_of_its_requests(self):
        batch = [call("x"), {"jsonrpc": "2.0", "method": "notifications/progress"}, rpc("tools/list") | {"id": "two"}]
        status, errors = self.refused(batch, request(accept=BOTH))
        assert (status, [each["id"] for each in errors]) == (200, [1, "two"])

    def test_a_client_that_only_takes_a_stream_gets_one(self):
        to = request(accept="text/event-stream")
        answer = MCP.refuse(REFUSAL, to, read([call("x"), call("y") | {"id": 2}], to))
        assert answer.headers.get("content-type").startswith("text/event-stream")
        events = [json.loads(event.partition(b"data: ")[2]) for event in answer.content.strip().split(b"\n\n")]
        assert (answer.status, [event["id"] for event in events]) == (200, [1, 2])

    def test_whoever_would_take_it_for_a_success_gets_an_error_status(self):
        assert self.refused({"jsonrpc": "2.0", "method": "notifications/cancelled"}, request(accept=BOTH))[0] == 400
        assert self.refused(call("x"), request(accept="*/*"))[0] == 400
        assert MCP.refuse(REFUSAL, request(method="GET", accept="text/event-stream"), None).status == 405

    def test_headers_that_disagree_are_refused_as_servers_refuse_them(self):
        refusal = Refusal(message="no", code="mcp_header_mismatch", reference="r")
        answer = MCP.refuse(refusal, request(accept=BOTH), read(MODERN, request(mcp_name="delete")))
        assert (answer.status, json.loads(answer.content)["error"]["code"]) == (400, -32020)

    def test_any_id_can_be_answered(self):
        content = b"[%s]" % b",".join(
            b'{"jsonrpc":"2.0","id":%s,"method":"tools/call"}' % each
            for each in (b"1" * 40, b'"\\ud800"', b"-1", b"null", b"1.5")
        )
        said = MCP.read_request(request(), Body(content=content))
        answer = MCP.refuse(REFUSAL, request(accept=BOTH), said)
        assert [each["id"] for each in json.loads(answer.content)] == [int("1" * 40), "\ud800", -1]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
    | st.sampled_from(["2.0", "tools/call", "tools/list", "initialize", "accept", "=?base64?QQ?="]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from([
            "jsonrpc", "id", "method", "params", "result", "error", "name", "arguments", "uri", "_meta", VERSION, "content",
            "role", "model", "action", "inputResponses", "cursor", "tools", "inputSchema", "serverInfo", "protocolVersion",
            "capabilities", "supportedVersions", "inputRequests", "messages", "contents", "resource", "message",
            "data", "text", "completion",
        ]),
        inner, max_size=6,
    ),
    max_leaves=20,
)  # fmt: skip


def message(parts: dict[str, object]) -> object:
    return {"jsonrpc": "2.0", **parts}


@settings(max_examples=200, deadline=None)
@given(
    document=st.one_of(
        JSON,
        st.lists(JSON, max_size=4),
        st.dictionaries(st.sampled_from(["method", "params", "result", "id"]), JSON).map(message),
    ),
    headers=st.dictionaries(st.sampled_from(["mcp_method", "mcp_name", "mcp_param_x", "accept"]), st.text(max_size=12)),
)
@example(document={"jsonrpc": "2.0", "method": []}, headers={})
def test_hostile_json_rpc_never_raises(document, headers):
    to = request(**headers)
    content = json.dumps(document).encode()
    said = MCP.read_request(to, Body(content=content))
    MCP.refuse(REFUSAL, to, said if isinstance(said, Conversation) else None)
    sniff(to, Body(content=content))
    heard(document)
    seen(b"data: " + content + b"\n\n")
