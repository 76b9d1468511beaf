"""Where the gateway may connect to, and where it really connects.

Names are resolved once, here: the addresses that were checked are the addresses that are used, so a name that changes
its answer between check and connection (DNS rebinding) gains nothing. Must never let a client reach the gateway's own
ports or, unless allowed, loopback, link-local, private or otherwise non-public addresses.
"""

import asyncio
import socket
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from lockgate.facts.decision import Reason
from lockgate.home.settings import parse_address

_REMEMBERED = 4096
_REMEMBER_SECONDS = 30.0

type Network = IPv4Network | IPv6Network
type Address = IPv4Address | IPv6Address
type AddressInfo = tuple[
    socket.AddressFamily, socket.SocketKind, int, str, tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]
]
"""What `getaddrinfo` gives; the last field begins with the address."""


class DestinationRefusedError(OSError):
    """The gateway does not connect there."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.explanation)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationRules:
    """What may be reached.

    `own_ports` are the gateway's own (any local address); `connect_to` maps a host, or `*`, to host:port.
    """

    own_ports: frozenset[int] = frozenset()
    allow_private: tuple[Network, ...] = ()
    connect_to: Mapping[str, tuple[str, int]] = field(default_factory=dict[str, tuple[str, int]])


def destination_rules(
    own_ports: frozenset[int], allow_private: tuple[str, ...], connect_to: Mapping[str, str]
) -> DestinationRules:
    """Rules from checked settings."""
    return DestinationRules(
        own_ports=own_ports,
        allow_private=tuple(ip_network(network, strict=False) for network in allow_private),
        connect_to={host.lower(): parse_address(target) for host, target in connect_to.items()},
    )


class Destinations:
    """Resolves and judges destinations; install `getaddrinfo` as the event loop's resolver so that nothing else resolves."""

    def __init__(self, rules: DestinationRules) -> None:
        self._rules = rules
        self._system_resolver = asyncio.get_running_loop().getaddrinfo
        self._resolved: OrderedDict[tuple[str, int], tuple[float, list[AddressInfo]]] = OrderedDict()

    async def check(self, host: str, port: int) -> Reason | None:
        """Why `host`:`port` is refused, or None. A name that does not resolve is not refused here; connecting fails later."""
        try:
            await self.resolve(host, port)
        except DestinationRefusedError as refused:
            return refused.reason
        except OSError:
            return None
        return None

    async def getaddrinfo(  # noqa: PLR0913 - asyncio's signature, by which it is called
        self,
        host: str | bytes | None,
        port: str | int | None,
        *,
        family: int = 0,
        type: int = 0,  # noqa: A002 - asyncio's name
        proto: int = 0,
        flags: int = 0,
    ) -> list[AddressInfo]:
        """The event loop's resolver (same signature as asyncio's)."""
        if flags & socket.AI_PASSIVE or host is None or port is None:
            return await self._system_resolver(host, port, family=family, type=type, proto=proto, flags=flags)
        return await self.resolve(host.decode() if isinstance(host, bytes) else host, int(port))

    async def resolve(self, host: str, port: int) -> list[AddressInfo]:
        """Addresses to connect to. Raises DestinationRefusedError, or OSError when the name does not resolve."""
        host = host.lower().rstrip(".").removeprefix("[").removesuffix("]")
        target = self._rules.connect_to.get(host) or self._rules.connect_to.get("*")
        if target is not None:
            # The operator said where this goes; that answer needs no further permission.
            return await self._system_resolver(target[0], target[1], type=socket.SOCK_STREAM)
        now = asyncio.get_running_loop().time()
        known = self._resolved.get((host, port))
        if known is not None and known[0] > now:
            return known[1]
        addresses = await self._system_resolver(host, port, type=socket.SOCK_STREAM)
        for info in addresses:
            self._judge(ip_address(str(info[4][0]).partition("%")[0]), port)
        self._resolved[(host, port)] = (now + _REMEMBER_SECONDS, addresses)
        while len(self._resolved) > _REMEMBERED:
            self._resolved.popitem(last=False)
        return addresses

    def _judge(self, address: Address, port: int) -> None:
        """Raise DestinationRefusedError unless `address` may be reached. One bad address refuses the whole name."""
        if isinstance(address, IPv6Address):
            address = address.ipv4_mapped or _embedded_ipv4(address) or address
        if port in self._rules.own_ports and (address.is_loopback or address.is_unspecified or _is_local(address)):
            raise DestinationRefusedError(Reason.GATEWAY_OWN_ADDRESS)
        if any(address in network for network in self._rules.allow_private if network.version == address.version):
            return
        if not address.is_global or address.is_multicast:
            raise DestinationRefusedError(Reason.PRIVATE_DESTINATION)


def _embedded_ipv4(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address inside a 6to4, Teredo or NAT64 (64:ff9b::/96, RFC 6052) address, which reaches that IPv4 host."""
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in IPv6Network("64:ff9b::/96"):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def is_own_address(host: str) -> bool:
    """Whether `host` is a literal address of this machine."""
    try:
        return _is_local(ip_address(host))
    except ValueError:
        return False


def _is_local(address: Address) -> bool:
    """Whether `address` is one of this machine's own: only those can be bound."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((str(address), 0))
        except OSError:
            return False
        return True
