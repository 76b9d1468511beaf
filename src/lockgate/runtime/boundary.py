"""What stands before any policy: who may use the gateway, where it may go, what it answers itself.

Separate from the proxy because whoever explains a decision has to ask the same questions. It must never ask a name server:
resolving is the proxy's, and what comes of it is judged here.
"""

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from lockgate.facts.decision import Reason
from lockgate.home.settings import Settings, parse_address
from lockgate.runtime.prepare import own_ports

_THIS_MACHINE = "localhost"

type Network = IPv4Network | IPv6Network
type Address = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationRules:
    """What may be reached.

    `own_ports` are the gateway's own (any local address); `connect_to` maps a host, or `*`, to host:port.
    """

    own_ports: frozenset[int] = frozenset()
    allow_private: tuple[Network, ...] = ()
    connect_to: Mapping[str, tuple[str, int]] = field(default_factory=dict[str, tuple[str, int]])

    def elsewhere(self, host: str) -> tuple[str, int] | None:
        """Where the operator sends `host` instead; that answer needs no further permission."""
        return self.connect_to.get(host) or self.connect_to.get("*")

    def refusal(self, address: Address, port: int) -> Reason | None:
        """Why `address` may not be reached at `port`, or None."""
        if isinstance(address, IPv6Address):
            address = address.ipv4_mapped or _embedded_ipv4(address) or address
        if port in self.own_ports and (address.is_loopback or address.is_unspecified or _is_local(address)):
            return Reason.GATEWAY_OWN_ADDRESS
        if any(address in network for network in self.allow_private if network.version == address.version):
            return None
        return Reason.PRIVATE_DESTINATION if not address.is_global or address.is_multicast else None


def destination_rules(
    own_ports: frozenset[int], allow_private: tuple[str, ...], connect_to: Mapping[str, str]
) -> DestinationRules:
    """Rules from checked settings."""
    return DestinationRules(
        own_ports=own_ports,
        allow_private=networks(allow_private),
        connect_to={host.lower(): parse_address(target) for host, target in connect_to.items()},
    )


def rules_of(settings: Settings) -> DestinationRules:
    """The rules of a gateway."""
    return destination_rules(own_ports(settings), settings.destinations.allow_private, settings.upstream.connect_to)


@lru_cache(maxsize=16)
def networks(written: tuple[str, ...]) -> tuple[Network, ...]:
    """Networks from checked settings; bits beyond the prefix are ignored."""
    return tuple(ip_network(network, strict=False) for network in written)


def plain_host(host: str) -> str:
    """A host in the one spelling that is compared and resolved."""
    return host.lower().rstrip(".").removeprefix("[").removesuffix("]")


def named_host(authority: str) -> str:
    """The host in `host`, `host:port` or `[address]:port`, in the spelling that `Request.host` has."""
    host, colon, port = authority.lower().rpartition(":")
    return plain_host(host if colon and port.isdecimal() else authority)


def client_address(written: str) -> str:
    """A client's address in the one spelling that policies and the address table see. Raises ValueError for nonsense."""
    address = ip_address(written.partition("%")[0])
    return str(getattr(address, "ipv4_mapped", None) or address)


def is_admitted(address: str, allowed: tuple[Network, ...]) -> bool:
    """Whether a client at this address may use the gateway at all. Loopback always may."""
    client = ip_address(address)
    return client.is_loopback or any(client in network for network in allowed if network.version == client.version)


def written_addresses(host: str) -> tuple[Address, ...]:
    """What `host` means without asking anybody: an address as the system's resolver reads it (`127.1` is one), or this machine.

    Nothing for any other name.
    """
    if host == _THIS_MACHINE:
        return (IPv4Address("127.0.0.1"),)
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (OSError, ValueError):  # a name; or, as a ValueError, one that no resolver could be asked for
        return ()
    return tuple(ip_address(str(info[4][0]).partition("%")[0]) for info in found)


def is_proxy_itself(host: str, port: int, *, names: frozenset[str], listens_on: int) -> bool:
    """Whether a plain request for `host`:`port` means the proxy, which then answers with its portal."""
    return port == listens_on and (host in names or _is_own_address(host))


def own_names(settings: Settings) -> frozenset[str]:
    """The names by which devices address the proxy itself."""
    return frozenset({parse_address(settings.listen)[0], proxy_address(settings)[0], _THIS_MACHINE})


def proxy_address(settings: Settings) -> tuple[str, int]:
    """Where devices reach the proxy."""
    return parse_address(settings.public_address or settings.listen)


def _is_own_address(host: str) -> bool:
    try:
        return _is_local(ip_address(host))
    except ValueError:
        return False


def _embedded_ipv4(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address inside a 6to4, Teredo or NAT64 (64:ff9b::/96, RFC 6052) address, which reaches that IPv4 host."""
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in IPv6Network("64:ff9b::/96"):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def _is_local(address: Address) -> bool:
    """Whether `address` is one of this machine's own: only those can be bound."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((str(address), 0))
        except OSError:
            return False
        return True
