"""Under which keys what ends the walk is filed, and which are asked: a word, a domain, a prefix, a number that both must name.

Separate because it decides only how fast a proof is found, never what is proven. What implies a literal asks at least one of
the keys that the literal is filed under.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from lockgate.policy.analysis.literal import Literal
from lockgate.policy.analysis.region import Globs, Intervals, Members, Networks, Words
from lockgate.policy.glob import Glob
from lockgate.policy.operand import Network

type Key = tuple[str, object]
"""A subject, with what it is filed under; None for whatever cannot be told apart."""

MOST_SPLITS = 16
"""A subject that may be no more words than these is also looked up by each of them."""

_MOST_KEYS = 64
_LONGEST_PREFIX = 80


@dataclass(slots=True)
class Shapes:
    """Which kinds of keys something of one subject is filed under: lengths of prefixes, domains, widths of networks."""

    prefixes: set[int] = field(default_factory=set[int])
    domains: bool = False
    networks: set[int] = field(default_factory=set[int])

    def add(self, filed: object) -> None:
        """Something was filed under this, as the second half of a key."""
        match filed:
            case ("", str()):
                self.domains = True
            case (str(prefix),):
                self.prefixes.add(len(prefix))
            case (int(), int(width), int()):
                self.networks.add(width)
            case _:
                return


def keys_of(literal: Literal) -> tuple[Key, ...]:
    """What to file a literal under."""
    subject, region = literal.subject, literal.region
    if not literal.holds:
        return ((f"not {subject}", None),)
    match region:
        case Words(words=words) if len(words) <= _MOST_KEYS:
            return tuple((subject, word) for word in words)
        case Globs(globs=globs) | Members(globs=globs) if len(globs) <= _MOST_KEYS:
            return tuple((subject, _filed(glob)) for glob in globs)
        case Intervals(intervals=parts) if len(parts) <= _MOST_KEYS and all(low == high for low, high in parts):
            return tuple((subject, low) for low, _ in parts)
        case Networks(networks=networks) if len(networks) <= _MOST_KEYS:
            return tuple((subject, _prefix(network, network.prefixlen)) for network in networks)
        case _:
            return ((subject, None),)


def keys_asked(literal: Literal, shapes: Shapes) -> Iterator[Key]:
    """Where to look for what a literal implies, among what is filed in these shapes.

    Of several values one is enough: all of them are accepted, or it is none.
    """
    subject, region = literal.subject, literal.region
    yield f"not {subject}", None
    if not literal.holds:
        return
    yield subject, None
    match region:
        case Words(words=words) if words:
            for word in sorted(words) if len(words) <= MOST_SPLITS else (min(words),):
                yield subject, word
            yield from ((subject, key) for key in _asked((min(words),), shapes))
        case Globs(globs=globs) | Members(globs=globs) if globs:
            yield from ((subject, key) for key in _asked(globs[0], shapes))
        case Intervals(intervals=parts) if parts:
            yield subject, parts[0][0]
        case Networks(networks=networks) if networks:
            widths = (width for width in shapes.networks if width <= networks[0].prefixlen)
            yield from ((subject, _prefix(networks[0], width)) for width in widths)
        case _:
            return


def _filed(glob: Glob) -> object:
    first, last = glob[0], glob[-1]
    if len(glob) == 1:
        return first
    if last.startswith("."):
        return ("", last)
    return (first,) if first and len(first) <= _LONGEST_PREFIX else None


def _asked(glob: Glob, shapes: Shapes) -> Iterator[object]:
    first, last = glob[0], glob[-1]
    if len(glob) == 1:
        yield first
    for length in shapes.prefixes:
        if length <= len(first):
            yield (first[:length],)
    at = last.find(".") if shapes.domains else -1
    while at >= 0:
        yield ("", last[at:])
        at = last.find(".", at + 1)


def _prefix(network: Network, length: int) -> tuple[int, int, int]:
    return network.version, length, int(network.network_address) >> (network.max_prefixlen - length)
