"""How words, texts, hosts, networks and sets become operands.

Separate from the table of operators, which names them, and from numbers, which are compared otherwise.
"""

from collections.abc import Iterable
from dataclasses import replace
from ipaddress import ip_network
from typing import cast

from lockgate.policy.named_list import ListKind
from lockgate.policy.operand import (
    Among,
    Contains,
    Has,
    HostsWithin,
    InNetworks,
    IsTrue,
    Like,
    Matches,
    Network,
    OneOf,
    Operand,
    Present,
    Quantifier,
    StartsWith,
)
from lockgate.policy.pattern import LONGEST_PATTERN, BadPatternError, compile_pattern, fits_everything, looks_like_a_glob
from lockgate.policy.written import Parse, Written, word_of, words_of

_NOT_IN_HOSTS = frozenset("*/:@? ")


def one_of(written: Written) -> Operand | None:
    """Equal to one of these words."""
    words = words_of(written)
    if words and written.is_named:
        named = written.named(ListKind.WORDS)
        return named.has if named is not None else None  # the very list, whose meaning is written out once for all rules
    return OneOf(words) if words else None


def starts_with(written: Written) -> Operand | None:
    """Text that begins with one of these."""
    words = words_of(written)
    return StartsWith(tuple(sorted(words))) if words else None


def like(written: Written) -> Operand | None:
    """Text that fits one of these patterns."""
    words = words_of(written)
    return Like(tuple(sorted(words))) if words else None


def contains(written: Written) -> Operand | None:
    """Text that has one of these in it."""
    words = words_of(written)
    return Contains(tuple(sorted(words))) if words else None


def matches(written: Written) -> Operand | None:
    """Text in which one of these regular expressions fits."""
    return _regular_expressions(written, any_case=False)


def matches_host(written: Written) -> Operand | None:
    """The same of a host name, in which capitals mean nothing."""
    return _regular_expressions(written, any_case=True)


def in_lower_case(parse: Parse) -> Parse:
    """The same of a host name, which is always read in lower case."""

    def parsed(written: Written) -> Operand | None:
        return parse(replace(written, value=_lowered(written.value)))

    return parsed


def _lowered(value: object) -> object:
    match value:
        case str():
            return value.lower()
        case list():
            return [_lowered(entry) for entry in cast("list[object]", value)]
        case _:
            return value


def _regular_expressions(written: Written, *, any_case: bool) -> Operand | None:
    patterns = [_regular_expression(item, any_case=any_case) for item in written.entries]
    found = tuple(sorted({pattern for pattern in patterns if pattern is not None}))
    return Matches(found, any_case) if found and None not in patterns else None


def _regular_expression(written: Written, *, any_case: bool) -> str | None:
    text = word_of(written)
    if text is None:
        return None
    if len(text) > LONGEST_PATTERN:
        written.wrong(f"the pattern is longer than {LONGEST_PATTERN} characters", "write several, as a list")
        return None
    glob = f'write `like: "{text}"` if `*` stands for any characters' if looks_like_a_glob(text) else ""
    try:
        pattern = compile_pattern(text, any_case=any_case)
    except BadPatternError as error:
        smaller = "fewer repetitions, or several patterns as a list" if "too large" in str(error) else ""
        help_text = glob or smaller or "the syntax is that of RE2, without look-around and back-references"
        written.wrong(f"`{text}` is not a regular expression: {error}", help_text)
        return None
    if glob:
        written.report.note(written.path, f"`*` in `{text}` repeats the character before it", glob, code="odd-pattern")
    elif fits_everything(pattern):
        help_text = "`^` and `$` stand for the beginning and the end of it"
        written.report.note(written.path, f"`{text}` fits every text", help_text, code="odd-pattern")
    return text


def hosts(written: Written) -> Operand | None:
    """Exactly one of these hosts."""
    names = _host_names(written)
    if names and any(name.startswith("*.") for name in names):
        written.wrong("a pattern is not a single host", "write `within` for sub-domains")
        return None
    return OneOf(names) if names else None


def hosts_within(written: Written) -> HostsWithin | None:
    """Hosts and their sub-domains, in which a named list stands for its own."""
    if written.is_named:
        alone = written.named(ListKind.HOSTS)
        return alone.has if alone is not None and isinstance(alone.has, HostsWithin) else None
    names = [host_name(item) for item in written.entries if not item.is_named]
    lists = [item.named(ListKind.HOSTS) for item in written.entries if item.is_named]
    found = below(name for name in names if name is not None)
    named = [each.has for each in lists if each is not None and isinstance(each.has, HostsWithin)]
    suffixes = found.suffix_set.union(*(each.suffix_set for each in named))
    if not suffixes:
        return None
    return HostsWithin(names=found.names.union(*(each.names for each in named)), suffixes=tuple(sorted(suffixes)))


def below(names: Iterable[str]) -> HostsWithin:
    """Hosts and their sub-domains; `*.` in front leaves out the host itself."""
    written_names = frozenset(names)
    return HostsWithin(
        names=frozenset(name for name in written_names if not name.startswith("*.")),
        suffixes=tuple(sorted({"." + name.removeprefix("*.").lstrip(".") for name in written_names})),
    )


def _host_names(written: Written) -> frozenset[str] | None:
    names = [host_name(item) for item in written.entries]
    return frozenset(name for name in names if name is not None) if names and None not in names else None


def host_name(written: Written) -> str | None:
    """One host, perhaps with `*.` in front."""
    if written.is_named:
        written.named(ListKind.WORDS)
        return None
    word = word_of(written)
    name = host_of(word)
    if word is not None and name is None:
        shown = word.lower().rstrip(".")
        written.wrong(f"`{shown}` is not a host name", "write `example.com`, without scheme, port or path")
    return name


def host_of(value: object) -> str | None:
    """The host as it is compared, None for what is none."""
    if not isinstance(value, str):
        return None
    name = value.lower().rstrip(".")
    bare = name.removeprefix("*.")
    return name if bare.strip(".") and _NOT_IN_HOSTS.isdisjoint(bare) else None


def networks(written: Written) -> InNetworks | None:
    """An address inside one of these networks, or of a named list of them."""
    if written.is_named:
        alone = written.named(ListKind.NETWORKS)
        return alone.has if alone is not None and isinstance(alone.has, InNetworks) else None
    found: list[Network] = []
    for item in written.entries:
        if item.is_named:
            named = item.named(ListKind.NETWORKS)
            found += named.has.networks if named is not None and isinstance(named.has, InNetworks) else ()
        elif (network := network_of(item)) is not None:
            found.append(network)
    return InNetworks(tuple(found)) if found else None


def network_of(written: Written) -> Network | None:
    """One network; an address is the smallest one."""
    network = network_from(written.value)
    if network is None:
        help_text = "write an address or a network such as 10.0.0.0/8, without host bits"
        written.wrong(f"`{written.shown}` is not a network", help_text)
    return network


def network_from(value: object) -> Network | None:
    """The network that a value is, None for what is none."""
    try:
        return ip_network(str(value))
    except ValueError:
        return None


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
