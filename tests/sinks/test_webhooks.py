"""Webhooks get what happened, signed and in order; one that is slow, wrong or gone holds up nobody and nothing."""

import hmac
import json
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from lockgate.facts.notice import Notice
from lockgate.facts.record import Record
from lockgate.sinks.webhooks import DeliveryLimits, Webhook, Webhooks

SECRET = b"a secret that is shared by both"
QUICK = DeliveryLimits(first_pause=0.01, longest_pause=0.02, tries=4, seconds=5.0)


class Receiver:
    """A server that answers with the next of `answers`, then 204. `gate` holds every answer back while it is clear."""

    def __init__(self):
        self.answers, self.got = [], []
        self.gate = threading.Event()
        self.gate.set()
        self.arrived = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with receiver.arrived:
                    receiver.got.append((self.headers, body))
                    receiver.arrived.notify_all()
                receiver.gate.wait(20)
                self.send_response(receiver.answers.pop(0) if receiver.answers else 204)
                self.send_header("Location", "http://127.0.0.1:9/")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait(self, number):
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.got) >= number, 20), self.got
        return [json.loads(body) for _, body in self.got]

    def close(self):
        self.gate.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver():
    running = Receiver()
    yield running
    running.close()


class Counts:
    def __init__(self):
        self.seen = Counter()
        self.changed = threading.Condition()

    def __call__(self, webhook, outcome):
        with self.changed:
            self.seen[f"{webhook}:{outcome}"] += 1
            self.changed.notify_all()

    def wait(self, **wanted):
        wanted = {f"security:{name}": number for name, number in wanted.items()}
        with self.changed:
            assert self.changed.wait_for(lambda: all(self.seen[name] >= number for name, number in wanted.items()), 20), (
                self.seen
            )


@pytest.fixture
def counts():
    return Counts()


@pytest.fixture
def start(counts):
    """Webhooks of these addresses, which end with the test."""
    running = []

    def begin(limits=QUICK, **urls):
        webhooks = Webhooks("Lockgate", count=counts, limits=limits)
        webhooks.use({name: Webhook(url=url, secret=SECRET) for name, url in urls.items()})
        running.append(webhooks)
        return webhooks

    yield begin
    for webhooks in running:
        webhooks.close(0.0)


def record(number=1, *, to=("security",), rule="a", per_minute=100):
    notices = tuple(Notice(webhook=webhook, rule=rule, per_minute=per_minute) for webhook in to)
    return Record(
        id=f"r-{number}",
        started_at=1.0,
        duration_ms=1.0,
        kind="request",
        client_address="10.0.0.7",
        user="ada",
        notices=notices,
    )


def test_a_record_that_asks_for_it_is_told_signed(start, receiver, counts):
    start(security=receiver.url).write(record())
    (told,) = receiver.wait(1)
    assert (told["id"], told["user"], told["rule"]) == ("r-1", "ada", "a")
    headers, body = receiver.got[0]
    proof = hmac.digest(SECRET, f"{headers['X-Lockgate-Timestamp']}.".encode() + body, "sha256").hex()
    assert headers["X-Lockgate-Signature"] == f"v1={proof}"
    counts.wait(sent=1)


def test_a_record_that_asks_for_nothing_is_not_told(start, receiver):
    webhooks = start(security=receiver.url)
    webhooks.write(record(to=()))
    webhooks.write(record(2))
    assert [told["id"] for told in receiver.wait(1)] == ["r-2"]


def test_each_webhook_is_told_and_an_unknown_one_is_counted(start, receiver, counts):
    start(security=receiver.url, chat=receiver.url).write(record(to=("security", "chat", "gone")))
    assert len(receiver.wait(2)) == 2
    assert counts.seen["gone:unknown"] == 1


def test_a_failure_is_tried_again_with_the_same_delivery_id(start, receiver, counts):
    receiver.answers = [500, 503, 429]
    start(security=receiver.url).write(record())
    receiver.wait(4)
    counts.wait(sent=1, again=3)
    assert len({headers["X-Lockgate-Delivery"] for headers, _ in receiver.got}) == 1


@pytest.mark.parametrize("case", [([400], "refused"), ([302], "refused"), ([500] * 4, "failed")], ids=range(3))
def test_what_is_not_taken_is_counted_and_the_next_is_told(case, start, receiver, counts):
    receiver.answers, outcome, tries = list(case[0]), case[1], len(case[0])
    webhooks = start(security=receiver.url)
    webhooks.write(record(1))
    webhooks.write(record(2))
    assert [told["id"] for told in receiver.wait(tries + 1)] == ["r-1"] * tries + ["r-2"]
    counts.wait(**{outcome: 1, "sent": 1})


def test_one_that_hangs_holds_up_neither_the_writer_nor_another(start, receiver):
    other = Receiver()
    try:
        receiver.gate.clear()
        webhooks = start(security=receiver.url, chat=other.url)
        for number in range(50):
            webhooks.write(record(number, to=("security", "chat")))
        assert len(other.wait(50)) == 50
        assert webhooks.waiting >= 49
        assert len(receiver.got) == 1
    finally:
        other.close()


def test_what_waits_is_bounded_and_what_finds_no_room_is_counted(start, receiver, counts):
    receiver.gate.clear()
    webhooks = start(DeliveryLimits(waiting=3), security=receiver.url)
    for number in range(10):
        webhooks.write(record(number))
    assert counts.seen["security:full"] == 7
    assert webhooks.waiting == 3


def test_nobody_listening_is_no_error_of_the_recorder(start, counts):
    webhooks = start(security="http://127.0.0.1:9/hook")
    webhooks.write(record())
    counts.wait(failed=1)


def test_a_rule_that_matches_all_the_time_is_summed_up(start, receiver, counts):
    webhooks = start(security=receiver.url)
    for number in range(5):
        webhooks.write(record(number, per_minute=2))
    counts.wait(summed_up=3)
    webhooks.close(20.0)
    told = receiver.wait(3)
    assert [each["event"] for each in told] == ["notice", "notice", "summary"]
    assert told[2]["count"] == 3


def test_closing_tells_what_waits_and_counts_what_it_cannot(start, receiver, counts):
    webhooks = start(security=receiver.url)
    for number in range(20):
        webhooks.write(record(number))
    webhooks.close(20.0)
    assert len(receiver.got) == 20
    receiver.gate.clear()
    stuck = start(security=receiver.url)
    for number in range(3):
        stuck.write(record(number))
    receiver.wait(21)
    stuck.close(0.0)
    assert counts.seen["security:closed"] == 3


def test_a_changed_configuration_is_taken_over_and_what_stays_goes_on(start, receiver, counts):
    webhooks = start(security=receiver.url)
    webhooks.use({"chat": Webhook(url=receiver.url, secret=SECRET), "security": Webhook(url=receiver.url, secret=SECRET)})
    webhooks.write(record(1, to=("security", "chat")))
    receiver.wait(2)
    webhooks.use({})
    webhooks.write(record(2))
    assert counts.seen["security:unknown"] == 1


def test_the_secret_is_in_no_repr():
    assert "secret that" not in repr(Webhook(url="https://a.example/", secret=SECRET))
