"""The layer of a request, driven by hand: what the client is told when, what leaves, and what is kept meanwhile."""

from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.settings
import pytest
from mitmproxy import http
from mitmproxy.addons import proxyserver
from mitmproxy.connection import ConnectionState
from mitmproxy.proxy import commands, context, events
from mitmproxy.proxy.layers import http as http_layers
from mitmproxy.proxy.layers.http import HTTPMode
from mitmproxy.test import taddons, tflow

from lockgate.facts.traffic import Completeness
from lockgate.proxy.body_terms import BodyCutHook, HoldTerms, answer_at_once, hold
from lockgate.proxy.held import HeldBytes
from lockgate.proxy.replaced import replace_response
from lockgate.proxy.stream_layer import AnsweringStream, install_early_answers

HEAD = b"POST http://app.example/ask HTTP/1.1\r\nHost: app.example\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
TERMS = HoldTerms(10, 60.0, 120.0)
MIB = 1 << 20


@pytest.fixture(autouse=True)
def installed(monkeypatch):
    for name in ("HttpStream", "Http2Server"):
        monkeypatch.setattr(http_layers, name, getattr(http_layers, name))
    held = HeldBytes()
    held.allow(1000)
    monkeypatch.setattr(AnsweringStream, "held", held, raising=False)
    monkeypatch.setattr(AnsweringStream, "forgets", True, raising=False)
    install_early_answers(held, forgets=True)
    return held


def chunk(content):
    return b"%x\r\n%s\r\n" % (len(content), content)


@dataclass
class Line:
    """A client at one end of the layers, and a server that takes everything at the other.

    `at_head`, `at_cut` and `at_end` say what the gate does then: a function of the flow, None to leave the hook waiting.
    """

    at_head: object
    at_cut: object = None
    at_end: object = lambda _flow: None
    at_response: object = lambda _flow: None
    http2: bool = False
    connects: bool = True
    said: bytes = b""
    left: bytes = b""
    hooks: list[str] = field(default_factory=list)
    cuts: list[Completeness] = field(default_factory=list)
    alarms: list[commands.RequestWakeup] = field(default_factory=list)
    waiting: list[commands.StartHook] = field(default_factory=list)
    closed: bool = False

    def __post_init__(self):
        with taddons.context(proxyserver.Proxyserver()) as made:
            chosen = made.options
        self.context = context.Context(tflow.tclient_conn(), chosen)
        self.context.client.alpn = b"h2" if self.http2 else b"http/1.1"
        self.layer = http_layers.HttpLayer(self.context, HTTPMode.regular)
        self.client = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self.client.initiate_connection()
        self.seen = []
        self.take(events.Start())

    def take(self, event):
        todo = [event]
        while todo:
            for command in self.layer.handle_event(todo.pop(0)):
                match command:
                    case commands.OpenConnection() if not self.connects:
                        pass
                    case commands.OpenConnection(connection=to):
                        to.state, self.server = ConnectionState.OPEN, to
                        todo.append(events.OpenConnectionCompleted(command, None))
                    case commands.StartHook():
                        self.hooks.append(command.name)
                        if self.gate(command):
                            todo.append(events.HookCompleted(command))
                    case _:
                        self.does(command)

    def does(self, command):
        match command:
            case commands.SendData(connection=to, data=data) if to is self.context.client:
                self.said += data
                if self.http2:
                    self.seen += self.client.receive_data(data)
            case commands.SendData(data=data):
                self.left += data
            case commands.CloseConnection(connection=to) if to is self.context.client:
                self.closed = True
            case commands.CloseConnection(connection=to):
                to.state = ConnectionState.CLOSED
            case commands.RequestWakeup():
                self.alarms.append(command)

    def gate(self, hook):
        """What the gate does at this hook; whether the layer may go on."""
        act = {
            "requestheaders": self.at_head, "body_cut": self.at_cut, "request": self.at_end,
            "responseheaders": self.at_response,
        }.get(hook.name, _nothing)  # fmt: skip
        if isinstance(hook, BodyCutHook):
            self.cuts.append(hook.cut.why)
            self.begun = hook.cut.begun
        if act is None:
            self.waiting.append(hook)
            return False
        act(hook.cut.flow if isinstance(hook, BodyCutHook) else hook.args()[0])
        return True

    def go_on(self):
        hook = self.waiting.pop()
        self.take(events.HookCompleted(hook))

    def sends(self, data):
        self.take(events.DataReceived(self.context.client, data))

    def server_says(self, data):
        self.take(events.DataReceived(self.server, data))

    def server_leaves(self):
        self.server.state = ConnectionState.CLOSED
        self.take(events.ConnectionClosed(self.server))

    def leaves(self):
        self.context.client.state = ConnectionState.CLOSED
        self.take(events.ConnectionClosed(self.context.client))

    def wake(self):
        self.take(events.Wakeup(self.alarms.pop(0)))

    def h2_sends(self):
        self.sends(self.client.data_to_send())

    def h2_asks(self, *, end=False, **fields):
        pseudo = [(":method", "POST"), (":scheme", "http"), (":authority", "app.example"), (":path", "/ask")]
        self.client.send_headers(1, [*pseudo, *fields.items()], end_stream=end)
        self.h2_sends()


def _nothing(_flow):
    """The gate has nothing to say."""


def refuse(flow):
    flow.response = http.Response.make(400, b"no")
    answer_at_once(flow)


def hold_it(flow, terms=TERMS):
    flow.response = http.Response.make(502, b"undecided")
    hold(flow, terms)


def allow(flow):
    flow.response = None


def pass_on(flow):
    flow.response.stream = True


def replace(flow):
    replace_response(flow.response, http.Response.make(400, b"no"))


def allow_unread(flow):
    flow.response = None
    flow.request.stream = True


def test_a_refusal_does_not_wait_for_the_end():
    line = Line(refuse)
    line.sends(CHUNKED + chunk(b"begun"))
    assert line.said.startswith(b"HTTP/1.1 400")
    assert line.said.endswith(b"\r\nconnection: close\r\n\r\nno")
    assert not line.closed
    line.sends(chunk(b"more") + b"0\r\n\r\n")
    assert line.closed
    assert line.left == b""
    assert line.hooks == ["requestheaders", "responseheaders", "response"]


@pytest.mark.parametrize("act", [refuse, lambda flow: setattr(flow, "response", http.Response.make(407, b"log in"))])
def test_an_answer_of_ours_to_head_has_no_body(act):
    line = Line(act)
    line.sends(b"HEAD http://app.example/ask HTTP/1.1\r\nHost: app.example\r\n\r\n" * 2)
    heads = line.said.split(b"\r\n\r\n")
    assert [head[:9] for head in heads] == [b"HTTP/1.1 ", b"HTTP/1.1 ", b""]


def test_an_armed_answer_is_not_a_refusal():
    line = Line(hold_it)
    line.sends(CHUNKED + chunk(b"begun"))
    assert line.said == b""


def test_a_held_body_leaves_when_it_may_and_is_then_forgotten(installed):
    line = Line(hold_it, at_end=None)
    line.sends(CHUNKED + chunk(b"begun"))
    line.sends(chunk(b"end") + b"0\r\n\r\n")
    assert installed.sum == 8
    assert line.left == b""
    allow(line.waiting[0].flow)
    line.go_on()
    assert line.left.endswith(chunk(b"beginend".replace(b"begin", b"begun")) + b"0\r\n\r\n")
    assert installed.sum == 0
    assert line.hooks == ["requestheaders", "request"]


def test_what_waits_for_a_decision_counts_too(installed):
    line = Line(None)
    line.sends(CHUNKED + chunk(b"begun"))
    assert installed.sum == 5
    refuse(line.waiting[0].flow)
    line.go_on()
    assert installed.sum == 0
    assert line.said.startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize("after", [refuse, allow_unread], ids=["refused", "let through"])
def test_a_body_longer_than_may_be_held_is_not_waited_for(installed, after):
    line = Line(hold_it, at_cut=after)
    line.sends(CHUNKED + chunk(b"0123456789"))
    assert line.cuts == []
    line.sends(chunk(b"x"))
    assert (line.cuts, line.begun) == ([Completeness.TRUNCATED], b"0123456789x")
    assert installed.sum == 0
    line.sends(chunk(b"rest"))
    if after is refuse:
        assert line.said.startswith(b"HTTP/1.1 400")
        assert line.left == b""
    else:
        assert line.said == b""
        assert line.left.endswith(chunk(b"0123456789x") + chunk(b"rest"))


def test_what_comes_while_a_cut_is_decided_is_neither_lost_nor_sent_twice():
    line = Line(hold_it, at_cut=None)
    line.sends(CHUNKED + chunk(b"0123456789x"))
    line.sends(chunk(b"rest") + b"0\r\n\r\n")
    allow_unread(line.waiting[0].cut.flow)
    line.go_on()
    assert line.left.endswith(b"\r\n\r\n" + chunk(b"0123456789x") + chunk(b"rest") + b"0\r\n\r\n")


def test_bodies_that_come_to_too_much_together_are_not_waited_for(installed):
    installed.keep("another", 1, 997)
    line = Line(hold_it, at_cut=refuse)
    line.sends(CHUNKED + chunk(b"012"))
    assert line.cuts == []
    line.sends(chunk(b"3"))
    assert (line.cuts, line.begun) == ([Completeness.TRUNCATED], b"")
    assert installed.sum == 997


@pytest.mark.parametrize("terms", [HoldTerms(10, 0.0, 60.0), HoldTerms(10, 60.0, 0.0)], ids=["pauses", "takes long"])
def test_a_body_that_is_too_slow_is_not_waited_for(terms):
    line = Line(lambda flow: hold_it(flow, terms), at_cut=refuse)
    line.sends(CHUNKED + chunk(b"begun"))
    line.wake()
    assert line.cuts == [Completeness.STREAMED]
    assert line.said.startswith(b"HTTP/1.1 400")


def test_a_body_that_goes_on_is_waited_for():
    line = Line(hold_it, at_cut=refuse)
    line.sends(CHUNKED + chunk(b"begun"))
    line.wake()
    assert line.cuts == []
    assert len(line.alarms) == 1


def test_an_alarm_that_is_late_means_nothing():
    line = Line(lambda flow: hold_it(flow, HoldTerms(10, 0.0, 0.0)), at_end=allow)
    line.sends(CHUNKED + chunk(b"begun"))
    line.sends(b"0\r\n\r\n")
    before = line.left
    line.wake()
    assert (line.left, line.cuts, line.closed) == (before, [], False)


def test_a_client_that_leaves_keeps_nothing(installed):
    line = Line(hold_it)
    line.sends(CHUNKED + chunk(b"begun"))
    line.leaves()
    assert installed.sum == 0
    assert line.hooks == ["requestheaders", "error"]


def test_a_client_that_leaves_after_its_refusal_is_told_of_once():
    line = Line(refuse)
    line.sends(CHUNKED + chunk(b"begun"))
    line.leaves()
    assert line.hooks == ["requestheaders", "responseheaders", "response"]


def test_whoever_does_not_stop_is_cut_off_after_a_while():
    line = Line(refuse)
    line.sends(CHUNKED)
    line.wake()
    assert line.closed


def test_whoever_sends_without_an_end_is_cut_off():
    line = Line(refuse)
    line.sends(CHUNKED)
    for _ in range(33):
        assert not line.closed
        line.sends(chunk(b"x" * MIB))
    assert line.closed


def test_whoever_floods_a_decision_is_cut_off():
    line = Line(None)
    line.sends(CHUNKED)
    for _ in range(33):
        assert not line.closed
        line.sends(chunk(b"x" * MIB))
    assert line.closed


def test_whoever_floods_a_connection_that_is_being_made_is_cut_off_when_there_is_no_room(installed):
    installed.allow(40 * MIB)
    line = Line(allow_unread, connects=False)
    line.sends(CHUNKED)
    for _ in range(40):
        line.sends(chunk(b"x" * MIB))
        assert not line.closed
    line.sends(chunk(b"x"))
    line.sends(chunk(b"x"))
    assert line.closed


@pytest.mark.parametrize("answer", [pass_on, replace], ids=["passed on", "refused"])
def test_a_server_that_leaves_after_its_answer_is_no_error_of_the_next_request(answer):
    line = Line(allow_unread, at_end=None, at_response=answer)
    line.sends(CHUNKED + chunk(b"begun") + b"0\r\n\r\n")
    line.server_says(OK + b"0\r\n\r\n")
    line.server_leaves()
    line.go_on()
    assert line.said.endswith(chunk(b"ok") + b"0\r\n\r\n" if answer is pass_on else b"\r\n\r\nno")
    line.sends(HEAD + b"Content-Length: 0\r\n\r\n")
    assert line.hooks.count("requestheaders") == 2
    assert not line.closed


def ended(line):
    """What the client heard of its request, in order, and with which code it was stopped."""
    of_stream = [event for event in line.seen if getattr(event, "stream_id", None) == 1]
    codes = [event.error_code for event in of_stream if isinstance(event, h2.events.StreamReset)]
    told = [event for event in of_stream if getattr(event, "data", True) and not isinstance(event, h2.events.WindowUpdated)]
    return [type(event).__name__ for event in told], codes


def test_over_http2_nothing_is_decided_about_a_held_request_that_was_reset(installed):
    line = Line(lambda flow: hold_it(flow, HoldTerms(10, 0.0, 0.0)), at_cut=allow_unread, http2=True)
    line.h2_asks()
    line.client.send_data(1, b"begun")
    line.client.reset_stream(1)
    line.h2_sends()
    line.wake()
    assert line.hooks == ["requestheaders", "error"]
    assert (line.left, installed.sum) == (b"", 0)


def test_over_http2_whoever_takes_requests_back_faster_than_they_are_decided_is_cut_off():
    line = Line(None, http2=True)
    for number in range(1, 1201, 2):
        if line.closed:
            break
        fields = [(":method", "POST"), (":scheme", "http"), (":authority", "app.example"), (":path", "/ask")]
        line.client.send_headers(number, fields)
        line.client.send_data(number, b"begun")
        line.client.reset_stream(number)
        line.h2_sends()
    assert line.closed
    assert len(line.waiting) == 501
    assert line.left == b""


def test_over_http2_the_request_is_stopped_after_its_answer():
    line = Line(refuse, http2=True)
    line.h2_asks()
    assert ended(line) == (["ResponseReceived", "DataReceived", "StreamEnded", "StreamReset"], [0])
    assert not line.closed


def test_over_http2_an_answer_that_waits_for_the_window_comes_first():
    line = Line(refuse, http2=True)
    line.client.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 1})
    line.h2_asks()
    assert ended(line)[1] == []
    line.client.increment_flow_control_window(10, 1)
    line.h2_sends()
    assert ended(line)[0][-2:] == ["StreamEnded", "StreamReset"]
    assert b"".join(event.data for event in line.seen if isinstance(event, h2.events.DataReceived)) == b"no"


def test_over_http2_a_body_that_came_with_its_head_is_not_stopped():
    line = Line(refuse, http2=True)
    line.h2_asks(end=True)
    assert ended(line)[1] == []


def test_over_http2_a_short_body_is_awaited_and_then_stopped():
    line = Line(refuse, http2=True)
    line.h2_asks(**{"content-length": "3"})
    assert ended(line) == (["ResponseReceived", "DataReceived", "StreamEnded"], [])
    line.wake()
    assert ended(line)[1] == [0]


def test_over_http2_whoever_goes_on_after_the_stop_is_cut_off():
    line = Line(refuse, http2=True)
    line.h2_asks()
    frame = (16384).to_bytes(3, "big") + b"\x00\x00" + (1).to_bytes(4, "big") + b"x" * 16384
    for _ in range(2100):
        if line.closed:
            break
        line.sends(frame)
    assert line.closed


OK = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(b"ok")


def test_a_server_that_has_answered_before_the_end_is_heard_and_goes_on_hearing():
    line = Line(allow_unread, at_response=pass_on)
    line.sends(CHUNKED + chunk(b"begun"))
    line.server_says(OK + b"0\r\n\r\n")
    assert line.said.endswith(chunk(b"ok") + b"0\r\n\r\n")
    before = line.said
    line.sends(chunk(b"end") + b"0\r\n\r\n")
    assert line.left.endswith(chunk(b"begun") + chunk(b"end") + b"0\r\n\r\n")
    assert (line.said, line.closed) == (before, False)
    line.sends(HEAD + b"Content-Length: 0\r\n\r\n")
    assert line.hooks.count("requestheaders") == 2


def test_a_server_that_has_answered_learns_that_its_client_left():
    line = Line(allow_unread, at_response=pass_on)
    line.sends(CHUNKED + chunk(b"begun"))
    line.server_says(OK + b"0\r\n\r\n")
    line.leaves()
    assert line.server.state is ConnectionState.CLOSED
    assert "error" not in line.hooks


def test_over_http2_a_server_that_has_answered_and_leaves_stops_the_request_without_an_error():
    line = Line(allow_unread, at_response=pass_on, http2=True)
    line.h2_asks()
    line.server_says(OK + b"0\r\n\r\n")
    assert ended(line) == (["ResponseReceived", "DataReceived", "StreamEnded"], [])
    line.server_leaves()
    assert ended(line)[1] == [0]
    assert line.hooks.count("response") == 1
    assert "error" not in line.hooks


def test_a_server_that_leaves_in_the_midst_of_its_answer_is_an_error():
    line = Line(allow_unread, at_response=pass_on, http2=True)
    line.h2_asks()
    line.server_says(OK)
    line.server_leaves()
    assert ended(line)[1] == [h2.errors.ErrorCodes.INTERNAL_ERROR]
    assert line.hooks[-1] == "error"


@pytest.mark.parametrize("http2", [False, True], ids=["HTTP/1.1", "HTTP/2"])
@pytest.mark.parametrize("goes_on", [False, True], ids=["a request that ended", "a request that goes on"])
def test_a_refused_response_is_not_read_to_its_end(http2, goes_on):
    line = Line(allow_unread, at_response=replace, http2=http2)
    if http2:
        line.h2_asks()
    else:
        line.sends(CHUNKED + chunk(b"begun"))
    if not goes_on and http2:
        line.client.end_stream(1)
        line.h2_sends()
    elif not goes_on:
        line.sends(b"0\r\n\r\n")
    line.server_says(OK)
    assert line.server.state is ConnectionState.CLOSED
    line.server_leaves()
    if http2:
        assert ended(line) == (
            ["ResponseReceived", "DataReceived", "StreamEnded", *(["StreamReset"] if goes_on else [])], [0] if goes_on else []
        )  # fmt: skip
    else:
        assert line.said.startswith(b"HTTP/1.1 400")
        assert line.said.endswith(b"\r\n\r\nno")
    assert not line.closed
    assert line.hooks[-2:] == ["responseheaders", "response"]


def test_the_next_request_after_a_refused_response_has_a_connection_of_its_own():
    line = Line(allow_unread, at_response=replace)
    line.sends(HEAD + b"Content-Length: 0\r\n\r\n")
    first = line.server
    line.sends(HEAD + b"Content-Length: 0\r\n\r\n")
    line.server_says(OK)
    assert line.server is not first
    assert line.left.count(b"POST /ask") == 2
