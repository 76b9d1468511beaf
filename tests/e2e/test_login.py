"""Proxy login: without it nothing passes, with it the record names the person, and the password goes no further than
the gateway.
"""

import httpx
import pytest
from harness import names
from harness.clients import CHAT_URL, chat_body, http_client, openai_chat
from harness.device import Device
from harness.gateway import Gateway, Person, StartGateway
from harness.policies import ALLOW_ALL
from harness.upstream import Since

ALICE = Person(name="alice@example.com", password="correct horse battery", groups=("engineering", "contractors"))
BOB = Person(name="bob", password="pässword: with a colon", groups=("sales",))

BY_GROUP = """
version: 1
default: allow
rules:
  - id: not-sales
    message: Sales uses another one.
    when: {user.groups: {any: [sales]}, app.id: openai-api}
    then: block
"""


@pytest.fixture(scope="module")
def gateway(start_gateway: StartGateway) -> Gateway:
    return start_gateway(BY_GROUP, people=(ALICE, BOB), clients={"login": True})


def device(gateway: Gateway, login: str) -> Device:
    return Device(address=gateway.device.address, ca=gateway.device.ca, login=login)


def as_person(gateway: Gateway, person: Person) -> httpx.Client:
    proxy = httpx.Proxy(f"http://{gateway.device.address}", auth=(person.name, person.password))
    return httpx.Client(proxy=proxy, verify=gateway.device.tls, trust_env=False, timeout=20)


def test_without_login_nothing_passes(gateway: Gateway, reached: Since) -> None:
    watch = gateway.watch()
    with http_client(gateway.device) as client, pytest.raises(httpx.ProxyError, match="407"):
        client.get("https://api.openai.com/v1/models")
    record = watch.record()
    assert (record["verdict"], record["reason"], record["status"]) == ("block", "login_required", 407)
    assert record["user"] == ""
    assert reached.arrivals() == []


def test_plain_http_without_login_is_asked_for_it(gateway: Gateway, reached: Since) -> None:
    with http_client(gateway.device) as client:
        answer = client.get("http://plain.example.com/")
    assert answer.status_code == 407
    assert answer.headers["proxy-authenticate"].startswith("Basic ")
    assert reached.arrivals() == []


@pytest.mark.parametrize("login", ["alice%40example.com:wrong", "nobody:correct horse battery", ":", "alice%40example.com:"])
def test_a_wrong_login_is_no_login(login: str, gateway: Gateway, reached: Since) -> None:
    with http_client(device(gateway, login)) as client, pytest.raises(httpx.ProxyError, match="407"):
        client.get("https://api.openai.com/v1/models")
    assert reached.arrivals() == []


def test_with_login_the_record_names_the_person(gateway: Gateway, reached: Since) -> None:
    watch = gateway.watch()
    with as_person(gateway, ALICE) as client:
        assert client.post(CHAT_URL, json=chat_body("hello")).status_code == 200
    record = watch.record(kind="request")
    assert (record["user"], record["identified_by"]) == (ALICE.name, "proxy_login")
    assert set(record["groups"]) == set(ALICE.groups)
    (arrival,) = reached.arrivals()
    assert "proxy-authorization" not in arrival.headers
    assert ALICE.password not in str(arrival.headers)


def test_the_password_is_kept_nowhere(gateway: Gateway) -> None:
    with as_person(gateway, ALICE) as client:
        client.get("http://plain.example.com/")
    for file in gateway.home.rglob("*"):
        if file.is_file():
            assert ALICE.password.encode() not in file.read_bytes(), file
    assert ALICE.password not in gateway.process.output


def test_the_plain_http_destination_never_sees_the_login(gateway: Gateway, reached: Since) -> None:
    with as_person(gateway, ALICE) as client:
        assert client.get("http://plain.example.com/").status_code == 200
    (arrival,) = reached.arrivals()
    assert "proxy-authorization" not in arrival.headers


def test_policies_know_the_persons_groups(gateway: Gateway, reached: Since) -> None:
    watch = gateway.watch()
    with as_person(gateway, BOB) as client:
        answer = client.post(CHAT_URL, json=chat_body("hello"))
    assert answer.status_code == 400
    assert "Sales uses another one." in answer.text
    assert reached.arrivals() == []
    assert watch.record(kind="request")["user"] == BOB.name


def test_an_sdk_logs_in_through_its_environment(gateway: Gateway) -> None:
    """As a person would write it: `https_proxy=http://name:password@gateway`, with what is special percent-encoded."""
    watch = gateway.watch()
    login = "alice%40example.com:correct%20horse%20battery"
    assert "You said: hello" in openai_chat(device(gateway, login), "hello", "gpt-5")
    assert watch.record(kind="request")["user"] == ALICE.name


def test_a_person_who_is_taken_out_of_the_file_is_out(start_gateway: StartGateway) -> None:
    from harness.waiting import until

    gateway = start_gateway(ALLOW_ALL, people=(ALICE,), clients={"login": True})
    with as_person(gateway, ALICE) as client:
        assert client.get("http://plain.example.com/").status_code == 200
    gateway.write("users.yaml", "users: []\n")

    def is_out() -> bool:
        with as_person(gateway, ALICE) as client:
            return client.get("http://plain.example.com/").status_code == 407

    until(is_out, seconds=5, what="the login is no longer taken")


def test_the_portal_needs_no_login(gateway: Gateway) -> None:
    """A device has to be enrolled before anybody can log in with it."""
    with http_client(gateway.device) as client:
        assert client.get(f"{names.PORTAL}/").status_code == 200
