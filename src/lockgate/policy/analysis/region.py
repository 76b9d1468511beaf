"""The values a test accepts, as something to compute with: what two have in common, which lies inside which.

Separate from operands, which say how a policy asks. Everything here errs to one side: `common` may be too large, `inside` and
`apart` say yes only when it is certain. Closed union: `Region`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import inf
from typing import assert_never

from lockgate.facts.decision import Truth
from lockgate.policy.glob import Glob, are_apart, fits, lies_inside
from lockgate.policy.judge import Judge
from lockgate.policy.operand import Network

type Interval = tuple[float, float]

_MOST_PARTS = 512
"""What takes more parts than this to compare is not compared."""


@dataclass(frozen=True, slots=True)
class Everything:
    """Any value at all, as long as there is one."""


@dataclass(frozen=True, slots=True)
class Words:
    """One of these texts."""

    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class Globs:
    """A text that fits one of these."""

    globs: tuple[Glob, ...]


@dataclass(frozen=True, slots=True)
class Intervals:
    """A whole number in one of these inclusive ranges: in order, and with a number missing between any two."""

    intervals: tuple[Interval, ...]

    @property
    def highest(self) -> float:
        """The highest number in it."""
        return max((high for _, high in self.intervals), default=-inf)

    @property
    def tail(self) -> float:
        """The lowest number from which on every number is in it."""
        return next((low for low, high in self.intervals if high == inf), inf)


@dataclass(frozen=True, slots=True)
class Networks:
    """An address inside one of these."""

    networks: tuple[Network, ...]


@dataclass(frozen=True, slots=True)
class Members:
    """A set with at least one member that fits one of these. Two of them may hold through different members."""

    globs: tuple[Glob, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Opaque:
    """Whatever fits something that is only known by what it is (`key`) and by whether a text fits it."""

    key: object
    judge: Judge | None = None


type Region = Everything | Words | Globs | Intervals | Networks | Members | Opaque


def intervals(ranges: Iterable[Interval]) -> Intervals:
    """Ranges in order, joined where they touch."""
    joined: list[Interval] = []
    for low, high in sorted(ranges):
        if joined and low <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(high, joined[-1][1]))
        else:
            joined.append((low, high))
    return Intervals(tuple(joined))


def outside(region: Intervals) -> Intervals:
    """Every other number."""
    gaps: list[Interval] = []
    start = -inf
    for low, high in region.intervals:
        if start < low:
            gaps.append((start, low - 1))
        start = high + 1
    if start < inf:
        gaps.append((start, inf))
    return Intervals(tuple(gaps))


def common(one: Region, other: Region) -> Region:
    """What both accept, or something larger."""
    match one, other:
        case (Everything(), _):
            return other
        case (_, Everything()):
            return one
        case (Words(words=words), Words(words=others)):
            return Words(words & others)
        case (Words(words=words), (Globs() | Opaque()) as region) | ((Globs() | Opaque()) as region, Words(words=words)):
            return Words(frozenset(word for word in words if not _is_out(word, region)))
        case (Globs(globs=globs), Globs(globs=others)):
            return Globs(_meet(globs, others, lies_inside, are_apart))
        case (Intervals(), Intervals()):
            both = ((max(a, c), min(b, d)) for a, b in one.intervals for c, d in other.intervals)
            return intervals((low, high) for low, high in both if low <= high)
        case (Networks(networks=networks), Networks(networks=others)):
            return Networks(_meet(networks, others, _within, _disjoint))
        case _:
            return other if isinstance(one, Opaque) else one


def is_empty(region: Region) -> bool:
    """Whether it certainly accepts nothing."""
    match region:
        case Words(words=parts):
            return not parts
        case Globs(globs=parts) | Intervals(intervals=parts) | Networks(networks=parts) | Members(globs=parts):
            return not parts
        case Everything() | Opaque():
            return False
        case _:
            assert_never(region)


def without(region: Region, refused: Region) -> Region:
    """`region` less what is certainly refused by `refused`; or something larger."""
    match region, refused:
        case (Words(words=words), _):
            return Words(frozenset(word for word in words if not _is_in(word, refused)))
        case (Globs(globs=globs), _):
            return Globs(tuple(glob for glob in globs if not inside(Globs((glob,)), refused)))
        case (Intervals(), Intervals()):
            return common(region, outside(refused))
        case (Networks(networks=networks), _):
            return Networks(tuple(network for network in networks if not inside(Networks((network,)), refused)))
        case (Members(globs=globs), _):
            return Members(tuple(glob for glob in globs if not inside(Members((glob,)), refused)))
        case _:
            return Words(frozenset()) if inside(region, refused) else region


def inside(inner: Region, outer: Region) -> bool:
    """Whether everything `inner` accepts is certainly accepted by `outer`."""
    match inner, outer:
        case (_, Everything()):
            return True
        case (Words(words=words), Words(words=others)):
            return words <= others
        case (Words(words=words), (Globs() | Opaque())):
            return all(_is_in(word, outer) for word in words)
        case (Globs(globs=globs), Globs(globs=others)) | (Members(globs=globs), Members(globs=others)):
            return _all_inside(globs, others, lies_inside)
        case (Globs(globs=globs), Words(words=words)):
            return all(len(glob) == 1 and glob[0] in words for glob in globs)
        case (Intervals(), Intervals()):
            return all(any(a <= c and d <= b for a, b in outer.intervals) for c, d in inner.intervals)
        case (Networks(networks=networks), Networks(networks=others)):
            return _all_inside(networks, others, _within)
        case (Opaque(key=key), Opaque(key=other)):
            return key == other
        case _:
            return False


def apart(one: Region, other: Region) -> bool:
    """Whether certainly no value is accepted by both. Never of members: different ones may be meant."""
    if isinstance(one, Members | Everything) or isinstance(other, Members | Everything):
        return False
    return is_empty(common(one, other))


def _is_in(word: str, region: Region) -> bool:
    match region:
        case Words(words=words):
            return word in words
        case Globs(globs=globs):
            return any(fits(word, glob) for glob in globs)
        case Opaque(judge=judge):
            return judge is not None and judge(word) is Truth.YES
        case _:
            return isinstance(region, Everything)


def _is_out(word: str, region: Globs | Opaque) -> bool:
    if isinstance(region, Globs):
        return not any(fits(word, glob) for glob in region.globs)
    return region.judge is not None and region.judge(word) is Truth.NO


def _meet[T](
    parts: tuple[T, ...], others: tuple[T, ...], lie_inside: Callable[[T, T], bool], lie_apart: Callable[[T, T], bool]
) -> tuple[T, ...]:
    """Pairs that may have something in common, by the smaller of the two."""
    if len(parts) * len(others) > _MOST_PARTS:
        return min(parts, others, key=len)
    met = [
        one if lie_inside(one, other) or not lie_inside(other, one) else other
        for one in parts
        for other in others
        if not lie_apart(one, other)
    ]
    return tuple(dict.fromkeys(met))


def _all_inside[T](parts: tuple[T, ...], others: tuple[T, ...], lies: Callable[[T, T], bool]) -> bool:
    known = frozenset(others)
    if len(parts) * len(others) > _MOST_PARTS:
        return all(part in known for part in parts)
    return all(part in known or any(lies(part, other) for other in others) for part in parts)


def _within(inner: Network, outer: Network) -> bool:
    return inner.version == outer.version and inner.subnet_of(outer)  # type: ignore[arg-type]  # the same version, as asked


def _disjoint(one: Network, other: Network) -> bool:
    return one.version != other.version or not one.overlaps(other)  # type: ignore[arg-type]  # likewise
