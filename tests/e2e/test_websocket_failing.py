"""Whatever breaks while a message of a WebSocket is judged: it does not leave, and the record says why."""

from collections.abc import Iterator

import pytest
from harness.clients import whole_again
from harness.gateway import Gateway, StartGateway
from harness.policies import ALLOW_ALL, DETECTOR_FILES, GUARDED, MESSAGE, SECRET
from harness.sockets import ELSEWHERE, heard, messages_of, open_socket, prompt, told_or_closed
from harness.upstream import Since
from websockets.exceptions import ConnectionClosed


@pytest.fixture(scope="module")
def breakable(start_gateway: StartGateway) -> Gateway:
    """One that can be broken. Its deadline is short, so that a hang is told soon."""
    return start_gateway(GUARDED, files=DETECTOR_FILES, breakable=True, examination={"deadline_ms": 500})


@pytest.fixture
def broken(request: pytest.FixtureRequest, breakable: Gateway) -> Iterator[Gateway]:
    with breakable.broken(request.param):
        yield breakable
    whole_again(breakable.device)


@pytest.fixture(scope="module")
def narrow(start_gateway: StartGateway) -> Gateway:
    """One that examines no more than a mebibyte."""
    return start_gateway(GUARDED, files=DETECTOR_FILES, examination={"max_body_mib": 1})


BROKEN = ["socket-said:crash", "socket-read:crash", "socket-settle:crash", "socket-pass:crash", "socket-said:hang"]


@pytest.mark.parametrize("broken", BROKEN, indirect=True)
def test_a_failure_while_deciding_lets_no_message_out(broken: Gateway, reached: Since) -> None:
    watch = broken.watch()
    with open_socket(broken) as socket:
        socket.send(prompt("nothing wrong with this one"))
        assert "gateway" in told_or_closed(socket)
    assert messages_of(reached) == []
    record = watch.record(kind="message")
    assert (record["verdict"], record["reason"], record["host"]) == ("block", "gate_failed", "api.openai.com")
    assert not record["upstream_contacted"]
    assert record["error"]


@pytest.mark.parametrize("broken", ["socket-words:crash"], indirect=True)
def test_a_refusal_that_cannot_be_worded_closes_the_socket(broken: Gateway, reached: Since) -> None:
    with open_socket(broken) as socket:
        socket.send(prompt(f"about {SECRET}"))
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=20)
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, MESSAGE in closed.value.rcvd.reason) == (1008, True)
    assert messages_of(reached) == []


@pytest.mark.parametrize("broken", ["examine:crash", "examine:hang"], indirect=True)
def test_a_look_that_failed_refuses_the_message(broken: Gateway, reached: Since) -> None:
    watch = broken.watch()
    with open_socket(broken) as socket:
        socket.send(prompt("nobody has looked at this one before"))
        assert heard(socket).startswith("error: ")
    assert messages_of(reached) == []
    assert watch.record(kind="message")["reason"] == "uninspectable"


def test_what_waits_is_bounded(start_own_gateway: StartGateway, reached: Since) -> None:
    """While one message is examined without an end, a client that goes on is told and disconnected."""
    gateway = start_own_gateway(GUARDED, files=DETECTOR_FILES, breakable=True, examination={"deadline_ms": 20_000})
    watch = gateway.watch()
    with gateway.broken("examine:hang"), open_socket(gateway) as socket:
        socket.send(prompt("this one takes its time"))
        with pytest.raises(ConnectionClosed) as closed:
            for number in range(100_000):
                socket.send(prompt(f"impatient {number}"))
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008
    assert messages_of(reached) == []
    record = watch.record(kind="websocket")
    assert (record["reason"], "wait" in record["error"]) == ("uninspectable", True)
    assert watch.record(kind="message")["verdict"] == "block"


def test_a_message_that_is_too_long_is_refused(narrow: Gateway, reached: Since) -> None:
    watch = narrow.watch()
    with open_socket(narrow) as socket:
        socket.send(prompt("x" * (1 << 20)))
        assert heard(socket).startswith("error: ")
        socket.send(prompt("short again"))
        assert heard(socket).startswith("You said: short again")
    assert messages_of(reached) == [prompt("short again")]
    refused = watch.record(kind="message", verdict="block")
    assert (refused["reason"], refused["examination"]) == ("uninspectable", "truncated")


def test_a_message_that_is_too_long_passes_where_nobody_needs_to_read_it(
    start_own_gateway: StartGateway, reached: Since
) -> None:
    gateway = start_own_gateway(ALLOW_ALL, examination={"max_body_mib": 1})
    text = prompt("long " * (1 << 19))
    with open_socket(gateway, ELSEWHERE, max_size=None) as socket:
        socket.send(text)
        assert socket.recv(timeout=30) == text
        socket.send("short again")
        assert socket.recv(timeout=20) == "short again"
    assert [len(message) for message in messages_of(reached)] == [len(text), len("short again")]
