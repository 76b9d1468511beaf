"""Where clients may go: never to the gateway itself, nor to non-public addresses unless allowed."""

import asyncio
import socket
import threading

import pytest

from lockgate.facts.decision import Reason
from lockgate.proxy.destinations import Destinations
from lockgate.runtime.boundary import destination_rules

OWN = 8080


class Names:
    """A resolver whose answers a test sets; counts how often it was asked."""

    def __init__(self, **answers):
        self.answers = answers
        self.asked = 0

    def getaddrinfo(self, host, port, flags=0, **how):
        if flags & socket.AI_NUMERICHOST:
            return socket.getaddrinfo(host, port, flags=flags, **how)
        self.asked += 1
        addresses = self.answers.get(host.replace(".", "_"), [host])
        family = socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]


@pytest.fixture
def make():
    def build(names=None, allow=(), connect_to=None):
        return Destinations(destination_rules(frozenset({OWN}), allow, connect_to or {}), (names or Names()).getaddrinfo)

    return build


REFUSED = [
    "127.0.0.1", "127.8.9.1",
    "::1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "fe80::1", "fd00::1", "0.0.0.0",
    "::", "100.64.0.1", "224.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:0a00:0001::1", "192.0.2.1", "255.255.255.255",
]  # fmt: skip


@pytest.mark.parametrize("address", REFUSED)
async def test_non_public_addresses_are_refused(make, address):
    assert await make().check(address, 443) is Reason.PRIVATE_DESTINATION


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700::1111", "64:ff9b::101:101"])
async def test_public_addresses_are_not(make, address):
    assert await make().check(address, 443) is None


async def test_a_name_that_resolves_to_a_private_address_is_refused(make):
    destinations = make(Names(intranet_example=["10.0.0.7"]))
    assert await destinations.check("intranet.example", 443) is Reason.PRIVATE_DESTINATION


async def test_one_bad_address_among_good_ones_refuses_the_name(make):
    destinations = make(Names(mixed_example=["1.1.1.1", "127.0.0.1"]))
    assert await destinations.check("mixed.example", 443) is Reason.PRIVATE_DESTINATION


async def test_the_gateways_own_ports_are_refused_even_where_private_is_allowed(make):
    assert await make(allow=("127.0.0.0/8",)).check("127.0.0.1", OWN) is Reason.GATEWAY_OWN_ADDRESS


async def test_an_allowed_private_network_is_reachable(make):
    destinations = make(allow=("10.0.0.0/8",))
    assert await destinations.check("10.3.4.5", 443) is None
    assert await destinations.check("192.168.0.1", 443) is Reason.PRIVATE_DESTINATION


async def test_the_address_that_was_checked_is_the_address_that_is_used(make):
    """DNS rebinding: the second answer of the name server never counts."""
    names = Names(rebind_example=["1.1.1.1"])
    destinations = make(names)
    assert await destinations.check("rebind.example", 443) is None
    names.answers["rebind_example"] = ["127.0.0.1"]
    (info,) = await destinations.getaddrinfo("rebind.example", 443, type=socket.SOCK_STREAM)
    assert info[4][0] == "1.1.1.1"


async def test_connecting_resolves_through_the_same_judgement(make):
    destinations = make(Names(sneaky_example=["127.0.0.1"]))
    with pytest.raises(OSError, match="not allowed"):
        await destinations.getaddrinfo("sneaky.example", 443)


async def test_the_operator_may_send_a_host_elsewhere(make):
    destinations = make(connect_to={"api.example": "127.0.0.1:9443", "*": "127.0.0.1:9000"})
    assert await destinations.check("api.example", 443) is None
    assert (await destinations.resolve("api.example", 443))[0][4] == ("127.0.0.1", 9443)
    assert (await destinations.resolve("other.example", 443))[0][4] == ("127.0.0.1", 9000)


async def test_slow_names_do_not_hold_up_others():
    """As many as asyncio's own executor has threads, and more."""
    asked, answer = threading.Barrier(33), threading.Event()

    def ask(host, port, flags=0, **_how):
        if flags & socket.AI_NUMERICHOST:
            raise socket.gaierror("a name")
        if host.startswith("slow"):
            asked.wait(10)
            answer.wait(10)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("1.1.1.1", port))]

    destinations = Destinations(destination_rules(frozenset(), (), {}), ask)
    slow = [asyncio.ensure_future(destinations.check(f"slow{number}.example", 443)) for number in range(32)]
    await asyncio.to_thread(asked.wait, 10)
    assert await destinations.check("fast.example", 443) is None
    assert not any(task.done() for task in slow)
    answer.set()
    assert await asyncio.gather(*slow) == [None] * 32


async def test_a_name_that_does_not_resolve_is_left_to_connecting():
    def fail(*_args, **_kwargs):
        raise socket.gaierror("unknown")

    destinations = Destinations(destination_rules(frozenset(), (), {}), fail)
    assert await destinations.check("nowhere.example", 443) is None


async def test_new_rules_hold_at_once_also_for_what_was_resolved_before():
    destinations = Destinations(destination_rules(frozenset(), ("127.0.0.0/8",), {}))
    assert await destinations.check("127.0.0.1", 443) is None
    destinations.use(destination_rules(frozenset(), (), {}))
    assert await destinations.check("127.0.0.1", 443) is Reason.PRIVATE_DESTINATION
