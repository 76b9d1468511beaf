"""Replacing pieces of one string that may overlap, so that nothing which any of them took out stays.

Separate because it answers a question of its own: two readings of the same characters were masked, each for itself, and what is
sent must be free of what either of them masked.
"""

from collections.abc import Iterable
from typing import NamedTuple


class Change(NamedTuple):
    """What stood at `at` and what shall stand there."""

    at: int
    was: str
    new: str


def with_changes(text: str, changes: Iterable[Change]) -> str:
    """`text` with every change made. Where the parts that really differ overlap, the first one's replacement stands for all."""
    spans = sorted(_narrowed(change) for change in changes if change.was != change.new)
    pieces: list[str] = []
    done = 0
    for start, end, new in spans:
        if start >= done:
            pieces += (text[done:start], new)
        done = max(done, end)
    return "".join((*pieces, text[done:]))


def _narrowed(change: Change) -> tuple[int, int, str]:
    """Where a change begins and ends once what stays the same at both its ends is left out, and what it puts there."""
    was, new = change.was, change.new
    most = min(len(was), len(new))
    head = next((index for index in range(most) if was[index] != new[index]), most)
    tail = next((index for index in range(most - head) if was[-1 - index] != new[-1 - index]), most - head)
    return change.at + head, change.at + len(was) - tail, new[head : len(new) - tail]
