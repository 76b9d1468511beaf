"""Several workers behind one port: the load is shared, one that dies is replaced, and nothing of a stop is lost."""

import os
import resource
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import pytest
from harness.clients import CHAT_URL, chat_body, http_client
from harness.gateway import Gateway, StartGateway, alive, children_of, command_line, descendants_of
from harness.policies import DETECTOR_FILES, GUARDED, SECRET
from harness.upstream import Since, Upstream
from harness.waiting import until

STRANGERS = {"h2.py": "raise SystemExit('what lies where the gateway is started was imported')\n"}
"""A module that workers import, in the folder where they are started: not theirs."""


@pytest.fixture(scope="module")
def lasting(start_gateway: StartGateway) -> Gateway:
    """One for the tests that it survives."""
    return start_gateway(GUARDED, files=DETECTOR_FILES | STRANGERS, workers=2)


@pytest.fixture
def gateway(start_own_gateway: StartGateway) -> Gateway:
    """One for a test that ends it, or that needs workers which are up for a while."""
    return start_own_gateway(GUARDED, files=DETECTOR_FILES, workers=2)


def status(gateway: Gateway, prompt: str = "hello") -> int:
    """Of one request over a new connection; 0 when there was none to be had."""
    try:
        with http_client(gateway.device) as client:
            return client.post(CHAT_URL, json=chat_body(prompt)).status_code
    except httpx.TransportError:
        return 0


def test_both_workers_serve_and_say_so_in_the_records(lasting: Gateway) -> None:
    """Whatever Python lies in the folder in which the gateway was started."""
    assert (lasting.home / "h2.py").exists()
    watch = lasting.watch()
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: status(lasting), range(32))) == {200}
    records = watch.several(32, kind="request")
    assert {record["worker"] for record in records} == {1, 2}
    assert len({record["id"] for record in records}) == 32


def test_a_killed_worker_is_replaced(lasting: Gateway) -> None:
    before = lasting.workers()
    assert len(before) == 2
    os.kill(before[0], signal.SIGKILL)
    after = until(lambda: [pid for pid in lasting.workers() if pid not in before], seconds=30, what="a new worker")
    lasting.process.said("a process is replaced")
    until(lambda: all(status(lasting) == 200 for _ in range(8)), seconds=30, what="every connection is served again")
    assert len(lasting.workers()) == 2
    assert after


def test_a_store_that_cannot_grow_keeps_nobody_from_deciding_and_loses_no_record(lasting: Gateway, reached: Since) -> None:
    """As on a full disk: what cannot be written waits, and is written once it can be."""
    watch = lasting.watch()
    (recorder,) = (pid for pid in children_of(lasting.process.pid) if b"lockgate.runtime.recorder" in command_line(pid))
    _, most = resource.prlimit(recorder, resource.RLIMIT_FSIZE)
    so_far = len(lasting.process.lines)
    resource.prlimit(recorder, resource.RLIMIT_FSIZE, (1, most))
    try:
        assert {status(lasting) for _ in range(6)} == {200}
        assert {status(lasting, f"about {SECRET}") for _ in range(6)} == {400}
        lasting.process.said("the record store is unavailable", since=so_far)
        assert watch.stored(kind="request") == []
        assert len(reached.arrivals()) == 6
    finally:
        resource.prlimit(recorder, resource.RLIMIT_FSIZE, (most, most))
    records = watch.several(12, kind="request")
    assert sorted(record["verdict"] for record in records) == ["allow"] * 6 + ["block"] * 6


def test_with_a_worker_down_nothing_slips_through(lasting: Gateway, reached: Since) -> None:
    os.kill(lasting.workers()[0], signal.SIGKILL)
    seen = {status(lasting, f"about {SECRET}") for _ in range(20)}
    assert seen <= {400, 0}
    assert reached.arrivals() == []


def test_a_stopped_worker_is_taken_for_hung_and_replaced(gateway: Gateway) -> None:
    """SIGSTOP is the nearest thing to a loop that never returns."""
    victim = gateway.workers()[0]
    os.kill(victim, signal.SIGSTOP)
    until(
        lambda: victim not in gateway.workers() and len(gateway.workers()) == 2,
        seconds=60,
        what="the silent worker is replaced",
        every=0.5,
    )


def test_a_killed_examination_process_fails_safe_and_comes_back(start_own_gateway: StartGateway, reached: Since) -> None:
    gateway = start_own_gateway(GUARDED, files=DETECTOR_FILES)
    (worker,) = gateway.workers()
    assert status(gateway) == 200
    for pid in descendants_of(worker):
        os.kill(pid, signal.SIGKILL)
    until(lambda: status(gateway) == 200, seconds=30, what="prompts are examined again")
    assert status(gateway, f"about {SECRET}") == 400
    assert all(SECRET.encode() not in arrival.body for arrival in reached.arrivals())


def test_stopping_writes_down_what_was_under_way(gateway: Gateway, upstream: Upstream) -> None:
    watch = gateway.watch()
    paced = upstream.paced()
    paced.grant()
    with (
        http_client(gateway.device) as client,
        client.stream("POST", CHAT_URL, json=chat_body("hi", model=paced.model, stream=True)) as answer,
    ):
        chunks = answer.iter_raw()
        assert next(chunks)
        gateway.stop()
    paced.finish()
    record = watch.record(kind="request")
    assert (record["verdict"], record["status"]) == ("allow", 200)
    assert record["error"]


def test_ctrl_c_ends_everything_cleanly(gateway: Gateway) -> None:
    assert status(gateway) == 200
    gateway.stop()
    assert gateway.process.exit_code == 0
    assert status(gateway) == 0


def listens(gateway: Gateway) -> bool:
    try:
        socket.create_connection(("127.0.0.1", gateway.port), timeout=5).close()
    except OSError:
        return False
    return True


@contextmanager
def killed_under_way(gateway: Gateway, upstream: Upstream) -> Iterator[None]:
    """While an answer streams, the supervisor gets SIGKILL, and then nobody listens any more."""
    paced = upstream.paced()
    paced.grant()
    with (
        http_client(gateway.device) as client,
        client.stream("POST", CHAT_URL, json=chat_body("hi", model=paced.model, stream=True)) as answer,
    ):
        chunks = answer.iter_raw()
        assert next(chunks)
        os.kill(gateway.process.pid, signal.SIGKILL)
        until(lambda: not listens(gateway), seconds=10, what="nobody listens any more")
        yield
    paced.finish()


def test_a_killed_supervisor_takes_everything_with_it_and_no_record(gateway: Gateway, upstream: Upstream) -> None:
    """SIGKILL gives it no chance to say anything; what the workers had taken on is written down all the same."""
    watch = gateway.watch()
    family = descendants_of(gateway.process.pid)
    assert len(family) >= 5  # a recorder, two workers and what examines for them
    assert status(gateway) == 200
    with killed_under_way(gateway, upstream):
        until(lambda: not any(map(alive, family)), seconds=40, what="every process ends", every=0.2)
    records = watch.records(kind="request")
    assert [(record["verdict"], record["status"], bool(record["error"])) for record in records] == [
        ("allow", 200, False), ("allow", 200, True),
    ]  # fmt: skip
    gateway.start_again()


def test_after_a_killed_supervisor_the_next_start_is_not_in_the_way_of_the_last(gateway: Gateway, upstream: Upstream) -> None:
    """It begins while the old workers still drain and the old recorder still waits for them."""
    watch = gateway.watch()
    before = descendants_of(gateway.process.pid)
    with killed_under_way(gateway, upstream):
        gateway.start_again()
        assert not any(map(alive, before))
    assert len(watch.records(kind="request")) == 1
    os.kill(gateway.workers()[0], signal.SIGKILL)  # the next one has to find the new recorder's socket
    until(lambda: all(status(gateway) == 200 for _ in range(8)), seconds=30, what="every connection is served again")
    watch.several(9, kind="request")
