"""What a test compares with: typed, normalised values, whatever way the policy file spelled them. Closed union: `Operand`.

Separate because the checker reasons about operands (can this ever match?) and the compiler turns them into code;
neither may see how they were written. `canonical` is the same text for the same meaning: policy versions are hashes of
it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b
from ipaddress import IPv4Network, IPv6Network
from math import inf

type Network = IPv4Network | IPv6Network


_MOST_WRITTEN_OUT = 64
_DIGEST_BYTES = 16


def _written_out(word: str, parts: Callable[[], Iterable[str]], memo: list[str]) -> str:
    """The same text for the same parts: themselves, or a digest of many. A list is named by many rules, and this made once."""
    if not memo:
        texts = sorted(parts())
        if len(texts) <= _MOST_WRITTEN_OUT:
            memo.append(f"{word} [{', '.join(texts)}]")
        else:
            joined = "\0".join(texts).encode("utf-8", "surrogatepass")
            memo.append(f"{word} [{len(texts)}: {blake2b(joined, digest_size=_DIGEST_BYTES).hexdigest()}]")
    return memo[0]


@dataclass(frozen=True, slots=True)
class OneOf:
    """Equal to one of these words."""

    words: frozenset[str]
    _memo: list[str] = field(default_factory=list[str], init=False, repr=False, compare=False)

    @property
    def canonical(self) -> str:
        """For example `in [a, b]`."""
        return _written_out("in", lambda: self.words, self._memo)


@dataclass(frozen=True, slots=True)
class HostsWithin:
    """A host that is one of `names`, or ends with one of `suffixes` (each begins with a dot)."""

    names: frozenset[str]
    suffixes: tuple[str, ...]
    suffix_set: frozenset[str] = field(init=False, repr=False, compare=False)
    _memo: list[str] = field(default_factory=list[str], init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """A list of many hosts is looked up by every rule that names it: one set for all of them."""
        object.__setattr__(self, "suffix_set", frozenset(self.suffixes))

    @property
    def canonical(self) -> str:
        """For example `within [*.b.example, a.example]`."""
        return _written_out("within", lambda: self.names.union("*" + suffix for suffix in self.suffixes), self._memo)


@dataclass(frozen=True, slots=True)
class InNetworks:
    """An address inside one of these networks."""

    networks: tuple[Network, ...]
    _memo: list[str] = field(default_factory=list[str], init=False, repr=False, compare=False)

    @property
    def canonical(self) -> str:
        """For example `within [10.0.0.0/8]`."""
        return _written_out("within", lambda: frozenset(map(str, self.networks)), self._memo)


@dataclass(frozen=True, slots=True)
class StartsWith:
    """Text that begins with one of these."""

    prefixes: tuple[str, ...]

    @property
    def canonical(self) -> str:
        """For example `starts_with ['/a']`."""
        return f"starts_with {sorted(self.prefixes)}"


@dataclass(frozen=True, slots=True)
class Like:
    """Text that fits one of these patterns, in which `*` stands for any characters."""

    patterns: tuple[str, ...]

    @property
    def canonical(self) -> str:
        """For example `like ['/a/*']`."""
        return f"like {sorted(self.patterns)}"


@dataclass(frozen=True, slots=True)
class Contains:
    """Text that has one of these somewhere in it."""

    texts: tuple[str, ...]

    @property
    def canonical(self) -> str:
        """For example `contains ['mini']`."""
        return f"contains {sorted(self.texts)}"


@dataclass(frozen=True, slots=True)
class Matches:
    """Text in which one of these regular expressions fits somewhere; in `any_case`, capitals or not."""

    patterns: tuple[str, ...]
    any_case: bool = False

    @property
    def canonical(self) -> str:
        """For example `matches ['^gpt-[45]']`."""
        return f"matches {sorted(self.patterns)}"


@dataclass(frozen=True, slots=True)
class InRanges:
    """A number in one of these inclusive ranges; an end may be infinite."""

    ranges: tuple[tuple[float, float], ...]

    @property
    def canonical(self) -> str:
        """For example `in [3..inf]`."""
        return f"in [{', '.join(f'{low}..{high}' for low, high in sorted(self.ranges))}]"


@dataclass(frozen=True, slots=True)
class Present:
    """Whether there is a value at all."""

    wanted: bool

    @property
    def canonical(self) -> str:
        """`present` or `absent`."""
        return "present" if self.wanted else "absent"


@dataclass(frozen=True, slots=True)
class IsTrue:
    """Whether a yes-or-no selector has this value."""

    wanted: bool

    @property
    def canonical(self) -> str:
        """`is true` or `is false`."""
        return f"is {str(self.wanted).lower()}"


class Quantifier(StrEnum):
    """How many of the named members a set must have; `outside` is at least one that is not named."""

    ANY = "any"
    ALL = "all"
    NONE = "none"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class Has:
    """A set that has any, all or none of these names."""

    quantifier: Quantifier
    names: tuple[str, ...]

    @property
    def canonical(self) -> str:
        """For example `any [a, b]`."""
        return f"{self.quantifier} [{', '.join(sorted(self.names))}]"


@dataclass(frozen=True, slots=True)
class Among:
    """A set of which any, all, none or some others fit these patterns, in which `*` stands for any characters."""

    quantifier: Quantifier
    patterns: tuple[str, ...]

    @property
    def canonical(self) -> str:
        """For example `outside [a, b_*]`."""
        return f"{self.quantifier} [{', '.join(sorted(self.patterns))}]"


type Operand = (
    OneOf | HostsWithin | InNetworks | StartsWith | Like | Contains | Matches | InRanges | Present | IsTrue | Has | Among
)

UNBOUNDED = inf
