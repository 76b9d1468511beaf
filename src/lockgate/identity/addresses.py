"""Tables from networks to what the operator says of them; the most specific network comes first.

Separate from login because it needs no state. A look-up costs one dictionary access per distinct prefix length.
"""

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from lockgate.identity.users_file import AddressEntry, NetworkEntry


class NetworkTable[T]:
    """Immutable. Raises ValueError for a network that is none (`check_users` reports it with its place)."""

    def __init__(self, entries: Iterable[tuple[str, T]]) -> None:
        self._by_prefix: dict[int, dict[int, dict[int, list[T]]]] = {4: {}, 6: {}}
        for written, entry in entries:
            network = ip_network(written)
            prefixes = self._by_prefix[network.version]
            numbers = prefixes.setdefault(network.max_prefixlen - network.prefixlen, {})
            numbers.setdefault(int(network.network_address), []).append(entry)
        for version, prefixes in self._by_prefix.items():
            self._by_prefix[version] = dict(sorted(prefixes.items()))

    def holding(self, address: str) -> Iterator[T]:
        """Entries of the networks that hold `address`, of the smallest network first; none for nonsense."""
        try:
            parsed = _plain(ip_address(address.partition("%")[0]))
        except ValueError:
            return
        number = int(parsed)
        for host_bits, numbers in self._by_prefix[parsed.version].items():
            yield from numbers.get(number >> host_bits << host_bits, ())


class AddressTable:
    """From networks to people."""

    def __init__(self, entries: Sequence[AddressEntry]) -> None:
        self._table = NetworkTable((entry.network, entry) for entry in entries)

    def find(self, address: str) -> AddressEntry | None:
        """The entry of the smallest network that holds `address`; None for an address in none, or for nonsense."""
        return next(self._table.holding(address), None)


class OwnNetworks:
    """From networks to the names the organisation has for them, and the country they are in."""

    def __init__(self, entries: Sequence[NetworkEntry]) -> None:
        self._table = NetworkTable((entry.network, entry) for entry in entries)

    def find(self, address: str) -> tuple[tuple[str, ...], str | None]:
        """The names of every network that holds `address`, of the smallest first, and the country that the smallest says."""
        found = tuple(self._table.holding(address))
        country = next((entry.country for entry in found if entry.country), None)
        return tuple(dict.fromkeys(entry.name for entry in found)), country


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """A dual-stack socket shows an IPv4 client as `::ffff:192.0.2.1`; the operator wrote `192.0.2.0/24`."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
