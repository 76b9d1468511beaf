"""Which of several hits on the same characters stays.

Separate because it is a rule of its own: the surest, then the longest, then the first. A hit that gives way hands its
profiles to the one that covers it, so that no profile loses sight of the value. It must never return two hits that share a
character.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace

from lockgate.dlp.hit import Hit


def resolve(hits: Sequence[Hit], yielding: Sequence[Hit] = ()) -> tuple[Hit, ...]:
    """`hits` without overlaps, in reading order; those of `yielding` give way to any other, however sure they are."""
    ranked = (*_ranked(hits), *_ranked(yielding))
    kept: list[Hit] = []
    covered = _Covered()
    for hit in ranked:
        place = covered.covering(hit.start, hit.end)
        if place is None:
            covered.add(hit.start, hit.end, len(kept))
            kept.append(hit)
        else:
            winner = kept[place]
            if not set(hit.profiles) <= set(winner.profiles):
                kept[place] = replace(winner, profiles=tuple(sorted({*winner.profiles, *hit.profiles})))
    return tuple(sorted(kept, key=lambda hit: hit.start))


def _ranked(hits: Sequence[Hit]) -> list[Hit]:
    return sorted(hits, key=lambda hit: (-hit.detection_confidence, hit.start - hit.end, hit.start, hit.detector))


class _Covered:
    """Disjoint spans in order, each with the position of its hit."""

    def __init__(self) -> None:
        self._spans: list[tuple[int, int, int]] = []

    def covering(self, start: int, end: int) -> int | None:
        """The position of the hit that shares most of `start` to `end`, or None when nothing does."""
        at = bisect_left(self._spans, (start, 0, 0))
        best, most = None, 0
        for first, last, position in self._spans[max(0, at - 1) :]:
            if first >= end:
                break
            shared = min(last, end) - max(first, start)
            if shared > most:
                best, most = position, shared
        return best

    def add(self, start: int, end: int, position: int) -> None:
        """Cover `start` to `end`, which nothing covers yet."""
        span = (start, end, position)
        self._spans.insert(bisect_left(self._spans, span), span)
