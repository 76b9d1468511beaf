"""Whether a host or an address lies in a set of them, in time that does not grow with the set.

Separate because lists in files have a hundred thousand entries, and every request asks.
"""

from collections import defaultdict
from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address

from lockgate.policy.operand import HostsWithin, Network

_FEW = 8


def host_test(hosts: HostsWithin) -> Callable[[str], bool]:
    """Whether a host is one of `names` or lies below one of `suffixes`."""
    names, few, many = hosts.names, hosts.suffixes, hosts.suffix_set
    if len(few) <= _FEW:
        return lambda host: host in names or host.endswith(few)

    def holds(host: str) -> bool:
        if host in names:
            return True
        dot = host.find(".")
        while dot >= 0:
            if host[dot:] in many:
                return True
            dot = host.find(".", dot + 1)
        return False

    return holds


@lru_cache(maxsize=64)
def network_test(networks: tuple[Network, ...]) -> Callable[[IPv4Address | IPv6Address], bool]:
    """Whether an address lies in one of the networks: one look-up for each length of prefix there is."""
    prefixes: dict[int, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    for network in networks:
        shift = network.max_prefixlen - network.prefixlen
        prefixes[network.version][shift].add(int(network.network_address) >> shift)
    known = {version: tuple((shift, frozenset(each)) for shift, each in found.items()) for version, found in prefixes.items()}

    def holds(address: IPv4Address | IPv6Address) -> bool:
        number = int(address)
        return any(number >> shift in each for shift, each in known.get(address.version, ()))

    return holds
