"""Whatever breaks inside the gateway while it decides: the upstream sees no byte of the body, and the record says why."""

from collections.abc import Iterator

import httpx
import pytest
from harness import names
from harness.clients import CHAT_URL, chat_body, http_client, new_body, whole_again
from harness.gateway import Gateway, StartGateway, free_port
from harness.policies import ALLOW_ALL, DETECTOR_FILES, GUARDED, SECRET
from harness.upstream import Since
from harness.waiting import until

EXAMINATION_FAILED = {"crash": "crashed", "hang": "timed_out"}


@pytest.fixture(scope="module")
def figures() -> str:
    """Where the gateway's metrics are."""
    return f"127.0.0.1:{free_port()}"


@pytest.fixture(scope="module")
def breakable(start_gateway: StartGateway, figures: str) -> Gateway:
    """One that can be broken. Its deadline is short, so that a hang is told soon."""
    impatient = {"deadline_ms": 500}
    return start_gateway(GUARDED, files=DETECTOR_FILES, breakable=True, examination=impatient, metrics={"listen": figures})


@pytest.fixture
def broken(request: pytest.FixtureRequest, breakable: Gateway) -> Iterator[tuple[str, str, Gateway]]:
    stage, kind = request.param
    with breakable.broken(f"{stage}:{kind}"):
        yield stage, kind, breakable
    whole_again(breakable.device)


@pytest.fixture(scope="module")
def narrow(start_gateway: StartGateway) -> Gateway:
    """One that examines no more than a mebibyte."""
    return start_gateway(GUARDED, files=DETECTOR_FILES, examination={"max_body_mib": 1, "deadline_ms": 10_000})


@pytest.mark.parametrize(
    "broken",
    [("requestheaders", "crash"), ("requestheaders", "hang"), ("request", "crash"), ("request", "hang"), ("decode", "crash"),
     ("settle", "crash"), ("apply", "crash")],
    indirect=True, ids=":".join,
)  # fmt: skip
def test_a_failure_while_deciding_lets_nothing_out(broken: tuple[str, str, Gateway], reached: Since) -> None:
    _stage, _kind, gateway = broken
    watch = gateway.watch()
    with http_client(gateway.device) as client:
        answer = client.post(CHAT_URL, json=new_body())
    assert answer.status_code in (400, 502)
    assert answer.headers[names.REASON_HEADER] == "gate_failed"
    assert reached.body_bytes() == 0
    assert reached.arrivals() == []
    record = watch.record(kind="request")
    assert (record["verdict"], record["reason"]) == ("block", "gate_failed")
    assert not record["upstream_contacted"]
    assert record["error"]


@pytest.mark.parametrize("broken", [("examine", "crash"), ("examine", "hang")], indirect=True, ids=":".join)
def test_a_look_that_failed_is_a_fact_that_the_policy_judges(broken: tuple[str, str, Gateway], reached: Since) -> None:
    _stage, kind, gateway = broken
    watch = gateway.watch()
    with http_client(gateway.device) as client:
        answer = client.post(CHAT_URL, json=new_body())
    assert answer.status_code == 400
    assert reached.arrivals() == []
    record = watch.record(kind="request")
    assert (record["verdict"], record["reason"], record["examination"]) == ("block", "uninspectable", EXAMINATION_FAILED[kind])


@pytest.mark.parametrize("broken", [("decode", "hang"), ("settle", "hang"), ("apply", "hang")], indirect=True, ids=":".join)
def test_a_worker_that_is_stuck_says_so_and_is_replaced(broken: tuple[str, str, Gateway], reached: Since) -> None:
    """A hang that no deadline can interrupt: the worker's last words are the record of what it was doing."""
    _stage, _kind, gateway = broken
    watch = gateway.watch()
    (stuck,) = gateway.workers()
    with http_client(gateway.device) as client, pytest.raises(httpx.TransportError):
        client.post(CHAT_URL, json=new_body(), timeout=60)
    assert reached.arrivals() == []
    record = watch.record(kind="request")
    assert (record["verdict"], record["reason"], record["host"]) == ("block", "gate_failed", "api.openai.com")
    assert "stuck" in record["error"]
    assert not record["upstream_contacted"]
    until(lambda: [pid for pid in gateway.workers() if pid != stuck], seconds=30, what="a new worker")


@pytest.mark.parametrize("broken", [("connect", "hang")], indirect=True, ids=":".join)
def test_a_worker_that_is_stuck_at_connect_says_so(broken: tuple[str, str, Gateway], reached: Since) -> None:
    _stage, _kind, gateway = broken
    watch = gateway.watch()
    with http_client(gateway.device) as client, pytest.raises(httpx.TransportError):
        client.get("https://www.example.org/", timeout=60)
    assert reached.arrivals() == []
    record = watch.record(kind="tunnel")
    assert (record["verdict"], record["reason"], record["host"]) == ("block", "gate_failed", "www.example.org")


@pytest.mark.parametrize("broken", [("response", "crash")], indirect=True, ids=":".join)
def test_a_failure_at_the_response_lets_nothing_of_it_in(broken: tuple[str, str, Gateway], reached: Since) -> None:
    _stage, _kind, gateway = broken
    watch = gateway.watch()
    with http_client(gateway.device) as client:
        answer = client.post(CHAT_URL, json=new_body())
    assert (answer.status_code, answer.headers[names.REASON_HEADER]) == (502, "gate_failed")
    assert "could not decide" in answer.text
    assert len(reached.arrivals()) == 1
    record = watch.record(kind="request")
    assert (record["verdict"], record["reason"], record["status"]) == ("block", "gate_failed", 502)
    assert record["upstream_contacted"]


@pytest.mark.parametrize("broken", [("note", "crash")], indirect=True, ids=":".join)
def test_an_exchange_whose_record_cannot_be_made_is_counted(broken: tuple[str, str, Gateway], figures: str) -> None:
    _stage, _kind, gateway = broken

    def counted() -> float:
        lines = httpx.get(f"http://{figures}/metrics").text.splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith("lockgate_exchanges_without_record{"))

    before = counted()
    with http_client(gateway.device) as client:
        assert client.post(CHAT_URL, json=new_body()).status_code == 200
    until(lambda: counted() > before, what="the exchange is counted", every=0.2)


@pytest.mark.parametrize("broken", [("connect", "crash")], indirect=True, ids=":".join)
def test_a_failure_at_connect_opens_no_tunnel(broken: tuple[str, str, Gateway], reached: Since) -> None:
    _stage, _kind, gateway = broken
    watch = gateway.watch()
    with http_client(gateway.device) as client, pytest.raises(httpx.ProxyError):
        client.get("https://www.example.org/")
    assert reached.arrivals() == []
    record = watch.record(kind="tunnel")
    assert (record["verdict"], record["reason"]) == ("block", "gate_failed")


@pytest.mark.parametrize("broken", [("decode", "crash")], indirect=True, ids=":".join)
def test_after_a_failure_the_gateway_goes_on_and_stays_shut(broken: tuple[str, str, Gateway], reached: Since) -> None:
    _stage, _kind, gateway = broken
    with http_client(gateway.device) as client:
        for _ in range(3):
            assert client.post(CHAT_URL, json=new_body()).headers[names.REASON_HEADER] == "gate_failed"
        assert client.get("https://api.openai.com/v1/models").status_code == 200
    assert [arrival.path for arrival in reached.arrivals()] == ["/v1/models"]


def test_a_body_beyond_the_limit_is_not_waited_for_and_not_sent(narrow: Gateway, reached: Since) -> None:
    watch = narrow.watch()
    with http_client(narrow.device) as client:
        answer = client.post(CHAT_URL, json=chat_body("x" * (3 << 20)))
    assert answer.status_code == 400
    assert reached.body_bytes() == 0
    record = watch.record(kind="request")
    assert (record["verdict"], record["reason"], record["examination"]) == ("block", "uninspectable", "truncated")


def test_a_body_beyond_the_limit_without_a_length_is_not_sent_either(narrow: Gateway, reached: Since) -> None:
    def parts() -> Iterator[bytes]:
        for _ in range(48):
            yield b"x" * 65536

    watch = narrow.watch()
    with http_client(narrow.device) as client:
        answer = client.post(CHAT_URL, content=parts(), headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert reached.body_bytes() == 0
    record = watch.record(kind="request")
    assert (record["verdict"], record["reason"], record["examination"]) == ("block", "uninspectable", "truncated")


def test_a_partial_look_can_still_find(narrow: Gateway, reached: Since) -> None:
    """Presence needs no complete look, and the rule that found it is named instead of the missing part."""
    watch = narrow.watch()
    body = {"model": "gpt-5", "messages": [{"role": "user", "content": [
        {"type": "text", "text": f"see {SECRET}"}, {"type": "image_url", "image_url": {"url": "https://www.example.org/a.png"}},
    ]}]}  # fmt: skip
    with http_client(narrow.device) as client:
        assert client.post(CHAT_URL, json=body).status_code == 400
    assert reached.arrivals() == []
    assert watch.record(kind="request")["rule"] == "no-codenames"


@pytest.mark.parametrize("policy", [GUARDED, ALLOW_ALL], ids=["held", "streamed"])
def test_a_client_that_leaves_while_sending_leaves_one_record(
    policy: str, narrow: Gateway, start_own_gateway: StartGateway, reached: Since
) -> None:
    gateway = narrow if policy == GUARDED else start_own_gateway(policy, files=DETECTOR_FILES)
    watch = gateway.watch()

    class GivesUpError(Exception):
        pass

    def parts() -> Iterator[bytes]:
        yield b'{"model": "gpt-5", "messages": ['
        raise GivesUpError

    with http_client(gateway.device) as client, pytest.raises(GivesUpError):
        client.post(CHAT_URL, content=parts(), headers={"content-type": "application/json"})
    record = watch.record(kind="request")
    assert record["error"]
    assert reached.body_bytes() == 0 or policy == ALLOW_ALL
