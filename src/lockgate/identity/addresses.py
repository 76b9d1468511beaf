"""A table from networks to people; the most specific network wins.

Separate from login because it needs no state. A look-up costs one dictionary access per distinct prefix length.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from lockgate.identity.users_file import AddressEntry


class AddressTable:
    """Immutable. Raises ValueError for an entry whose network is not one (`check_users` reports it with its place)."""

    def __init__(self, entries: Sequence[AddressEntry]) -> None:
        self._by_prefix: dict[int, dict[int, dict[int, AddressEntry]]] = {4: {}, 6: {}}
        for entry in entries:
            network = ip_network(entry.network)
            prefixes = self._by_prefix[network.version]
            prefixes.setdefault(network.max_prefixlen - network.prefixlen, {})[int(network.network_address)] = entry

    def find(self, address: str) -> AddressEntry | None:
        """The entry of the smallest network that holds `address`; None for an address in none, or for nonsense."""
        try:
            parsed = _plain(ip_address(address.partition("%")[0]))
        except ValueError:
            return None
        number = int(parsed)
        prefixes = self._by_prefix[parsed.version]
        for host_bits in sorted(prefixes):
            entry = prefixes[host_bits].get(number >> host_bits << host_bits)
            if entry is not None:
                return entry
        return None


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """A dual-stack socket shows an IPv4 client as `::ffff:192.0.2.1`; the operator wrote `192.0.2.0/24`."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
