"""Rules by the values they name: words, hosts and what is below them, beginnings of texts, networks.

Separate from the index because it is the look-up alone: a value has few names (itself, the domains above it, its beginnings),
so that however many rules name one, finding those of a value takes a few steps.
"""

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address

from lockgate.policy.operand import HostsWithin, InNetworks, OneOf, Operand, StartsWith


@dataclass(slots=True)
class NamedValues:
    """Sets of rules (a bit for each) by name. `lengths` are those of beginnings, `masks` the widths of networks."""

    equal: dict[Hashable, int] = field(default_factory=dict[Hashable, int])
    below: dict[str, int] = field(default_factory=dict[str, int])
    beginnings: dict[str, int] = field(default_factory=dict[str, int])
    networks: dict[tuple[int, int, int], int] = field(default_factory=dict[tuple[int, int, int], int])
    lengths: set[int] = field(default_factory=set[int])
    masks: set[tuple[int, int]] = field(default_factory=set[tuple[int, int]])

    def add(self, operand: Operand, bit: int) -> bool:
        """Let a rule be found by what its operand names; False when that is nothing one could look up."""
        match operand:
            case OneOf(words=words):
                _add(self.equal, words, bit)
            case HostsWithin(names=names, suffixes=suffixes):
                _add(self.equal, names, bit)
                _add(self.below, suffixes, bit)
            case StartsWith(prefixes=prefixes):
                _add(self.beginnings, prefixes, bit)
                self.lengths.update(map(len, prefixes))
            case InNetworks(networks=networks):
                keys = [(each.version, each.prefixlen, int(each.network_address)) for each in networks]
                _add(self.networks, keys, bit)
                self.masks.update((version, width) for version, width, _ in keys)
            case _:
                return False
        return True

    def rules(self, value: Hashable) -> int:
        """The rules that name this value, or something it belongs to."""
        found = self.equal.get(value, 0)
        if isinstance(value, str):
            for beginning in self._beginnings(value):
                found |= self.beginnings.get(beginning, 0)
            if self.below:
                for domain in _domains(value):
                    found |= self.below.get(domain, 0)
        elif isinstance(value, IPv4Address | IPv6Address):
            for version, width in self.masks:
                if version == value.version:
                    rest = value.max_prefixlen - width
                    found |= self.networks.get((version, width, int(value) >> rest << rest), 0)
        return found

    def _beginnings(self, value: str) -> Iterator[str]:
        return (value[:length] for length in self.lengths)


def _domains(host: str) -> Iterator[str]:
    """`.b.example` and `.example` of `a.b.example`."""
    at = host.find(".")
    while at >= 0:
        yield host[at:]
        at = host.find(".", at + 1)


def _add[Name: Hashable](rules: dict[Name, int], names: Iterable[Name], bit: int) -> None:
    for name in names:
        rules[name] = rules.get(name, 0) | bit
