"""A gateway that others can reach, reached as they would: from an address that is not loopback."""

import os
import socket
from collections.abc import Callable

import httpx
import pytest
from harness.gateway import Person, StartGateway, free_port
from harness.policies import ALLOW_ALL
from harness.upstream import Since

type Reach = Callable[..., httpx.Client]

ADA = Person(name="ada", password="correct horse battery")


@pytest.fixture(scope="module")
def own_address() -> str:
    """This machine's address in its network. Nothing is sent: a datagram socket only asks for the way."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            if os.environ.get("CI"):
                pytest.fail("CI needs a network")
            pytest.skip("needs an address that is not loopback")
        return probe.getsockname()[0]


@pytest.fixture
def reachable(start_own_gateway: StartGateway, own_address: str) -> Callable[..., Reach]:
    """Start a gateway with these `clients` that listens on every address; how to reach it, with a login or without."""

    def start(**clients: object) -> Reach:
        address = f"{own_address}:{(port := free_port())}"
        start_own_gateway(ALLOW_ALL, people=(ADA,), listen=f"0.0.0.0:{port}", public_address=address, clients=clients)

        def through(login: tuple[str, str] | None = None) -> httpx.Client:
            return httpx.Client(proxy=httpx.Proxy(f"http://{address}", auth=login), trust_env=False, timeout=20)

        return through

    return start


def test_with_a_login_and_no_networks_anybody_may_log_in(reachable: Callable[..., Reach], reached: Since) -> None:
    through = reachable(login=True)
    with through() as client:
        assert client.get("http://plain.example.com/").status_code == 407
    assert reached.arrivals() == []
    with through((ADA.name, ADA.password)) as client:
        assert client.get("http://plain.example.com/").status_code == 200


def test_networks_bound_who_may_log_in(reachable: Callable[..., Reach], reached: Since) -> None:
    through = reachable(login=True, allowed_networks=["203.0.113.0/24"])
    with through((ADA.name, ADA.password)) as client, pytest.raises(httpx.TransportError):
        client.get("http://plain.example.com/")
    assert reached.arrivals() == []
