"""The layer of a WebSocket, driven by hand: what leaves, in which frames, and what never does."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mitmproxy import options
from mitmproxy.proxy import commands, context, events
from mitmproxy.test import tflow
from wsproto import events as ws
from wsproto.connection import Connection, ConnectionType

from lockgate.facts.traffic import SocketMessage
from lockgate.proxy.socket_hooks import SocketEndedHook, SocketHeardHook, SocketOpenedHook, SocketSaidHook, Trial
from lockgate.proxy.socket_layer import JudgedSocket

LONGEST = 1000
MOST_WAITING = 4


@dataclass
class Line:
    """A client and a server at the two ends of the layer, with everything that reaches them."""

    longest: int = LONGEST
    open: bool = True
    trials: list[SocketSaidHook] = field(default_factory=list)
    heard: list[SocketMessage] = field(default_factory=list)
    ends: list[tuple[bool, str]] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    wakeups: list[commands.RequestWakeup] = field(default_factory=list)
    at_client: list[ws.Event] = field(default_factory=list)
    at_server: list[ws.Event] = field(default_factory=list)

    def __post_init__(self):
        flow = tflow.twebsocketflow()
        self.context = context.Context(tflow.tclient_conn(), options.Options())
        self.context.server = tflow.tserver_conn()
        self.client = Connection(ConnectionType.CLIENT)
        self.server = Connection(ConnectionType.SERVER)
        self.layer = JudgedSocket(self.context, flow)
        self._feed(events.Start())

    def _feed(self, event):
        for command in self.layer.handle_event(event):
            match command:
                case commands.SendData(connection=to):
                    end, seen = (self.client, self.at_client) if to is self.context.client else (self.server, self.at_server)
                    end.receive_data(command.data)
                    seen.extend(end.events())
                case SocketOpenedHook(terms=terms):
                    terms.open, terms.longest, terms.most_waiting = self.open, self.longest, MOST_WAITING
                    self._feed(events.HookCompleted(command))
                case SocketSaidHook():
                    self.trials.append(command)
                case SocketHeardHook(heard=heard):
                    self.heard += heard.messages
                case SocketEndedHook(end=end):
                    self.ends.append((end.by_client, end.why))
                case commands.CloseConnection(connection=to):
                    self.closed.append("client" if to is self.context.client else "server")
                case commands.RequestWakeup():
                    self.wakeups.append(command)

    def client_says(self, *said):
        for event in said:
            self._feed(events.DataReceived(self.context.client, self.client.send(event)))

    def server_says(self, *said):
        for event in said:
            self._feed(events.DataReceived(self.context.server, self.server.send(event)))

    def client_sends(self, data):
        self._feed(events.DataReceived(self.context.client, data))

    def gone(self, which):
        self._feed(events.ConnectionClosed(getattr(self.context, which)))

    def wake(self):
        self._feed(events.Wakeup(self.wakeups.pop()))

    @property
    def trial(self) -> Trial:
        return self.trials[-1].trial

    def judge(self, *, passes=True, replies=(), close=None):
        hook = self.trials[-1]
        hook.trial.passes, hook.trial.replies, hook.trial.close = passes, replies, close
        self._feed(events.HookCompleted(hook))


def text(data, **how):
    return ws.TextMessage(data=data, **how)


def of_messages(seen):
    return [(event.data, event.message_finished) for event in seen if isinstance(event, ws.TextMessage | ws.BytesMessage)]


def test_a_message_leaves_when_it_was_judged_and_not_before():
    line = Line()
    line.client_says(text("hello"))
    assert line.at_server == []
    assert line.trial.message == SocketMessage(content=b"hello")
    line.judge()
    assert of_messages(line.at_server) == [("hello", True)]


def test_a_judge_who_says_nothing_lets_nothing_pass():
    line = Line()
    line.client_says(text("hello"))
    line.judge(passes=None)
    line.client_says(text("again"))
    line.judge(passes=False)
    assert line.at_server == []


def test_messages_are_judged_one_after_the_other():
    line = Line()
    line.client_says(text("one"), text("two"), text("three"))
    assert [hook.trial.message.content for hook in line.trials] == [b"one"]
    line.judge()
    line.judge(passes=False)
    line.judge()
    assert of_messages(line.at_server) == [("one", True), ("three", True)]


def test_messages_of_the_server_pass_while_one_of_the_client_waits():
    line = Line()
    line.client_says(text("hello"))
    line.server_says(text("meanwhile"), ws.BytesMessage(data=b"\x00\x01"))
    assert of_messages(line.at_client) == [("meanwhile", True), (b"\x00\x01", True)]
    assert line.heard == [SocketMessage(content=b"meanwhile"), SocketMessage(content=b"\x00\x01", is_text=False)]


def test_a_refused_message_is_answered_as_if_by_the_server_and_the_socket_goes_on():
    line = Line()
    line.client_says(text("secret"))
    replies = (SocketMessage(content="nö".encode()), SocketMessage(content=b"\x01", is_text=False))
    line.judge(passes=False, replies=replies)
    assert of_messages(line.at_client) == [("nö", True), (b"\x01", True)]
    line.client_says(text("fine"))
    line.judge()
    assert of_messages(line.at_server) == [("fine", True)]


def test_a_refusal_can_end_the_socket():
    line = Line()
    line.client_says(text("secret"), text("and more"))
    line.judge(passes=False, close="Not allowed.")
    (closed,) = line.at_client
    assert (closed.code, closed.reason) == (1008, "Not allowed.")
    (told,) = line.at_server
    assert (told.code, told.reason or "") == (1008, "")
    assert (line.closed, line.ends) == (["server"], [(False, "")])
    assert len(line.trials) == 1


def test_a_client_that_was_told_to_close_is_waited_for_a_while():
    line = Line()
    line.client_says(text("secret"))
    line.judge(passes=False, close="Not allowed.")
    line.client_says(ws.CloseConnection(code=1008))
    assert line.closed == ["server", "client"]
    line = Line()
    line.client_says(text("secret"))
    line.judge(passes=False, close="Not allowed.")
    line.client_sends(b"\x00" * 100)
    line.wake()
    assert line.closed == ["server", "client"]


def test_frames_stay_the_frames_they_were():
    line = Line()
    line.client_says(text("one ", message_finished=False), text("zwei", message_finished=False), text(" 三"))
    line.judge()
    assert of_messages(line.at_server) == [("one ", False), ("zwei", False), (" 三", True)]


def test_a_frame_that_comes_in_pieces_is_one_frame():
    line = Line()
    data = line.client.send(text("ü" * 400))
    for start in range(0, len(data), 7):
        line.client_sends(data[start : start + 7])
    line.judge()
    assert of_messages(line.at_server) == [("ü" * 400, True)]


def test_what_waits_is_bounded_in_number():
    line = Line()
    line.client_says(*(text(f"{number}") for number in range(MOST_WAITING + 1)))
    assert line.ends == []
    line.client_says(text("one too many"))
    assert line.at_client[0].code == 1008
    assert line.ends[0][1]
    assert line.at_server[0].code == 1008
    line.judge()
    assert of_messages(line.at_server) == []


def test_what_waits_is_bounded_in_bytes():
    line = Line()
    line.client_says(text("x" * 900), text("x" * 900))
    assert line.ends == []
    line.client_says(text("x" * 900))
    assert line.at_client[0].code == 1009
    assert of_messages(line.at_server) == []


def test_a_message_in_a_thousand_empty_frames_is_bounded():
    line = Line()
    empty = line.client.send(ws.BytesMessage(data=b"", message_finished=False))
    line.client_sends(empty)
    for _ in range(11_000):
        if line.ends:
            break
        line.client_sends(line.client.send(ws.BytesMessage(data=b"", message_finished=False)))
    assert line.ends
    assert of_messages(line.at_server) == []


def test_a_message_that_is_too_long_is_judged_without_its_content():
    line = Line()
    line.client_says(text("x" * (LONGEST + 1), message_finished=False))
    assert line.trial.is_too_long
    assert line.trial.message.content == b""
    line.judge(passes=False)
    line.client_says(text("and the rest of it"), text("short"))
    assert line.trial.message.content == b"short"
    line.judge()
    assert of_messages(line.at_server) == [("short", True)]


def test_a_message_that_is_too_long_streams_when_it_may_pass():
    line = Line()
    line.client_says(text("x" * (LONGEST + 1), message_finished=False))
    line.judge()
    line.client_says(text("y" * (5 * LONGEST), message_finished=False), text("z"), text("short"))
    line.judge()
    passed = of_messages(line.at_server)
    assert "".join(data for data, _ in passed) == "x" * (LONGEST + 1) + "y" * 5 * LONGEST + "z" + "short"
    assert [finished for _, finished in passed][-2:] == [True, True]
    assert line.ends == []


def test_a_long_message_of_the_server_is_not_put_together():
    line = Line()
    for _ in range(9):
        line.server_says(ws.BytesMessage(data=b"x" * (1 << 20), message_finished=False))
    assert sum(len(data) for data, _ in of_messages(line.at_client)) == 9 << 20
    line.server_says(ws.BytesMessage(data=b"end"))
    assert of_messages(line.at_client)[-1] == (b"end", True)
    assert line.heard == [SocketMessage(content=b"", is_text=False)]


def test_an_endless_frame_of_the_server_streams():
    line = Line()
    head = b"\x82\x7f" + (64 << 20).to_bytes(8)
    line._feed(events.DataReceived(line.context.server, head))
    for _ in range(6):
        line._feed(events.DataReceived(line.context.server, b"x" * (1 << 20)))
    assert sum(len(data) for data, _ in of_messages(line.at_client)) >= 4 << 20


def test_pings_and_pongs_carry_no_words_to_the_server():
    line = Line()
    line.client_says(ws.Ping(payload=b"secret words"))
    assert line.at_server == [ws.Ping(payload=b"")]
    line.server_says(ws.Pong(payload=b""))
    assert line.at_client == [ws.Pong(payload=b"secret words")]
    line.server_says(ws.Ping(payload=b"are you there"))
    line.client_says(ws.Pong(payload=b"other secret words"))
    assert line.at_server[-1] == ws.Pong(payload=b"are you there")


def test_a_client_that_leaves_takes_no_words_along():
    line = Line()
    line.client_says(ws.CloseConnection(code=1000, reason="secret words"))
    (closed,) = line.at_server
    assert (closed.code, closed.reason or "") == (1000, "")
    assert (line.closed, line.ends) == (["server", "client"], [(True, "")])


def test_a_server_that_leaves_says_why():
    line = Line()
    line.server_says(ws.CloseConnection(code=4001, reason="quota"))
    assert (line.at_client[0].code, line.at_client[0].reason) == (4001, "quota")
    assert line.ends == [(False, "")]


def test_a_message_before_the_end_is_still_judged():
    line = Line()
    line.client_says(text("last words"), ws.CloseConnection(code=1000))
    assert line.at_server == []
    line.judge()
    assert of_messages(line.at_server) == [("last words", True)]
    assert line.at_server[-1].code == 1000
    assert line.ends == [(True, "")]


@pytest.mark.parametrize(("side", "code"), [("client", 1001), ("server", 1011)])
def test_a_side_that_breaks_off_ends_the_other(side, code):
    line = Line()
    line.client_says(text("half way"))
    line.gone(side)
    other = line.at_server if side == "client" else line.at_client
    assert other[-1].code == code
    assert line.ends == [(side == "client", "")]
    line.judge()
    assert of_messages(line.at_server) == []


def test_a_socket_that_nobody_allowed_ends_before_its_first_message():
    line = Line(open=False)
    assert line.ends
    assert line.closed == ["server"]
    line.client_sends(Connection(ConnectionType.CLIENT).send(text("hello")))
    assert line.trials == []
    assert of_messages(line.at_server) == []


@pytest.mark.parametrize(
    "data", [b"\xc1\x80\x00\x00\x00\x00", b"\x81\x05hello", b"\x83\x80\x00\x00\x00\x00", b"\x81\x82\x00\x00\x00\x00\xff\xff"]
)
def test_what_is_no_frame_ends_the_socket(data):
    """Compressed without having asked, unmasked, of an unknown kind, no UTF-8."""
    line = Line()
    line.client_sends(data)
    assert line.at_client[-1].code in (1002, 1007)
    assert line.trials == []
    assert len(line.ends) == 1


@settings(max_examples=200, deadline=None)
@given(data=st.lists(st.binary(min_size=1, max_size=60), max_size=8), verdicts=st.lists(st.sampled_from([True, False, None])))
def test_bytes_of_any_kind_never_raise_and_nothing_leaves_unjudged(data, verdicts):
    line = Line(longest=40)
    for piece in data:
        line.client_sends(piece)
    assert of_messages(line.at_server) == []
    for verdict in verdicts[: len(line.trials)]:
        line.judge(passes=verdict)
    line.gone("client")
    line.gone("server")
    assert len(line.ends) <= 1
