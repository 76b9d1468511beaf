"""How words, texts, hosts, networks and sets become operands.

Separate from the table of operators, which names them, and from numbers, which are compared otherwise.
"""

from ipaddress import ip_network

from lockgate.policy.operand import (
    Among,
    Has,
    HostsWithin,
    InNetworks,
    IsTrue,
    Like,
    Network,
    OneOf,
    Operand,
    Present,
    Quantifier,
    StartsWith,
)
from lockgate.policy.written import Parse, Written, words_of

_NOT_IN_HOSTS = frozenset("*/:@? ")


def one_of(written: Written) -> Operand | None:
    """Equal to one of these words."""
    words = words_of(written)
    return OneOf(words) if words else None


def starts_with(written: Written) -> Operand | None:
    """Text that begins with one of these."""
    words = words_of(written)
    return StartsWith(tuple(sorted(words))) if words else None


def like(written: Written) -> Operand | None:
    """Text that fits one of these patterns."""
    words = words_of(written)
    return Like(tuple(sorted(words))) if words else None


def hosts(written: Written) -> Operand | None:
    """Exactly one of these hosts."""
    names = _host_names(written)
    if names and any(name.startswith("*.") for name in names):
        written.wrong("a pattern is not a single host", "write `within` for sub-domains")
        return None
    return OneOf(names) if names else None


def hosts_within(written: Written) -> HostsWithin | None:
    """Hosts and their sub-domains; `*.` in front leaves out the host itself."""
    written_names = _host_names(written)
    if not written_names:
        return None
    return HostsWithin(
        names=frozenset(name for name in written_names if not name.startswith("*.")),
        suffixes=tuple(sorted({"." + name.removeprefix("*.").lstrip(".") for name in written_names})),
    )


def _host_names(written: Written) -> frozenset[str] | None:
    words = words_of(written)
    if not words:
        return None
    names = frozenset(word.lower().rstrip(".") for word in words)
    bad = sorted(
        name for name in names if not name.removeprefix("*.").strip(".") or _NOT_IN_HOSTS & set(name.removeprefix("*."))
    )
    for name in bad:
        written.wrong(f"`{name}` is not a host name", "write `example.com`, without scheme, port or path")
    return None if bad else names


def networks(written: Written) -> InNetworks | None:
    """An address inside one of these networks."""
    found: list[Network] = []
    for item in written.entries:
        try:
            found.append(ip_network(str(item.value)))
        except ValueError:
            item.wrong(
                f"`{item.shown}` is not a network", "write an address or a network such as 10.0.0.0/8, without host bits"
            )
    return InNetworks(tuple(found)) if found else None


def present(written: Written) -> Operand | None:
    """Whether there is a value at all."""
    return Present(written.value) if isinstance(written.value, bool) else _not_yes_or_no(written)


def is_true(written: Written) -> Operand | None:
    """Whether it is so."""
    return IsTrue(written.value) if isinstance(written.value, bool) else _not_yes_or_no(written)


def _not_yes_or_no(written: Written) -> None:
    written.wrong(f"expected true or false, found `{written.shown}`", "write `true` or `false`, without quotes")


def has(quantifier: Quantifier) -> Parse:
    """A set that has any, all or none of these names."""

    def parse(written: Written) -> Operand | None:
        words = words_of(written)
        return Has(quantifier, tuple(sorted(words))) if words else None

    return parse


def among(quantifier: Quantifier) -> Parse:
    """A set of which any, all, none or some others fit these patterns."""

    def parse(written: Written) -> Operand | None:
        words = words_of(written)
        return Among(quantifier, tuple(sorted(words))) if words else None

    return parse
