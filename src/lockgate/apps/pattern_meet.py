"""Can two patterns of app files match the same text? Decided, not guessed: both are run side by side over all texts at once.

Separate from `pattern.py` because only the check of several files asks it, never a request. It must never say no when they can
meet: what is too large to decide counts as meeting, without an example.
"""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import product

_HOST_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789-_."
_PATH_CHARACTERS = "".join(map(chr, range(0x21, 0x7F))) + " \N{LATIN SMALL LETTER E WITH ACUTE}"
_MOST_STATES = 4_000
_MOST_PAIRS = 200_000
_COUNT = re.compile(r"\{(\d*)(,?)(\d*)\}")
_GROUP_OPENING = re.compile(r"\((?:\?(?::|P<\w+>))?")


UNDECIDED = ""
"""What is said instead of an example when the patterns are too large to tell."""


def common_host(one: str, other: str) -> str | None:
    """A host name that both host patterns match, `UNDECIDED`, or None when there is none."""
    return _common(one, other, _HOST_CHARACTERS)


def common_path(one: str, other: str) -> str | None:
    """A path that both path patterns match, likewise; what follows a match is free unless `$` ends it."""
    return _common(one, other, _PATH_CHARACTERS)


class _TooLargeError(Exception):
    """A pattern with more states than are worth looking at."""


@dataclass(slots=True)
class _Machine:
    """States by number, 0 first: where each goes with a character (of those in a mask), for free, or only at the end."""

    characters: str
    steps: list[list[tuple[int, int]]] = field(default_factory=list[list[tuple[int, int]]])
    free: list[list[int]] = field(default_factory=list[list[int]])
    at_end: list[list[int]] = field(default_factory=list[list[int]])
    last: int = 0

    def state(self) -> int:
        if len(self.steps) >= _MOST_STATES:
            raise _TooLargeError
        self.steps.append([])
        self.free.append([])
        self.at_end.append([])
        return len(self.steps) - 1

    def reach(self, state: int) -> "_Reached":
        """Every state that `state` leads to without a character, with whether the text must have ended by then."""
        found = {(state, False)}
        waiting = [(state, False)]
        while waiting:
            at, is_ended = waiting.pop()
            for following in [(to, is_ended) for to in self.free[at]] + [(to, True) for to in self.at_end[at]]:
                if following not in found:
                    found.add(following)
                    waiting.append(following)
        return frozenset(found)


def _common(one: str, other: str, characters: str) -> str | None:
    try:
        first, second = _machine(one, characters), _machine(other, characters)
    except _TooLargeError:
        return UNDECIDED
    seen = {(0, 0)}
    waiting = deque([((0, 0), "")])
    while waiting:
        (here, there), text = waiting.popleft()
        left, right = first.reach(here), second.reach(there)
        if any(state == first.last for state, _ in left) and any(state == second.last for state, _ in right):
            return text
        for pair, character in _following(first, second, left, right):
            if pair not in seen:
                seen.add(pair)
                waiting.append((pair, text + character))
        if len(seen) > _MOST_PAIRS:
            return UNDECIDED
    return None


type _Reached = frozenset[tuple[int, bool]]


def _following(first: _Machine, second: _Machine, left: _Reached, right: _Reached) -> Iterator[tuple[tuple[int, int], str]]:
    """The pairs of states that one more character leads to, and such a character."""
    for mine, theirs in product((state for state, ended in left if not ended), (state for state, ended in right if not ended)):
        for (mask, to), (other_mask, other_to) in product(first.steps[mine], second.steps[theirs]):
            if common := mask & other_mask:
                yield (to, other_to), first.characters[common.bit_length() - 1]


def _machine(text: str, characters: str) -> _Machine:
    machine = _Machine(characters)
    built = _Builder(text, machine)
    end = built.sequence(machine.state())
    if built.at != len(text):
        raise _TooLargeError  # not the subset that `pattern.py` lets pass
    machine.last = end
    machine.steps[end].append(((1 << len(characters)) - 1, end))  # `match` leaves what follows free
    return machine


@dataclass(slots=True)
class _Builder:
    """One pass over a checked pattern, from a state to the state that it leads to."""

    text: str
    machine: _Machine
    at: int = 1

    def sequence(self, state: int) -> int:
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            state = self._group(state) if self.text[self.at] == "(" else self._item(state)
        return state

    def _group(self, start: int) -> int:
        opening = _GROUP_OPENING.match(self.text, self.at)
        self.at = opening.end() if opening else self.at + 1
        end = self.machine.state()
        while True:
            self.machine.free[self.sequence(start)].append(end)
            if self.text[self.at] == ")":
                break
            self.at += 1
        self.at += 1
        if self._bounds()[0] == 0:
            self.machine.free[start].append(end)
        return end

    def _item(self, state: int) -> int:
        begin = self.at
        self.at = _end_of_item(self.text, begin)
        item = self.text[begin : self.at]
        if item == "$":
            end = self.machine.state()
            self.machine.at_end[state].append(end)
            return end
        mask = _mask(item, self.machine.characters)
        low, high = self._bounds()
        for _ in range(low):
            state = self._step(state, mask)
        if high is None:
            again = self.machine.state()  # a state of its own: other branches may begin at this one
            self.machine.free[state].append(again)
            self.machine.steps[again].append((mask, again))
            return again
        ways_out = [state]
        for _ in range(high - low):
            state = self._step(state, mask)
            ways_out.append(state)
        end = self.machine.state()
        for way in ways_out:
            self.machine.free[way].append(end)
        return end

    def _step(self, state: int, mask: int) -> int:
        to = self.machine.state()
        self.machine.steps[state].append((mask, to))
        return to

    def _bounds(self) -> tuple[int, int | None]:
        """How often what stands before may be repeated; None for any number of times."""
        sign = self.text[self.at : self.at + 1]
        counted = _COUNT.match(self.text, self.at)
        if sign in ("?", "*", "+") and sign:
            self.at += 1
            return {"?": (0, 1), "*": (0, None), "+": (1, None)}[sign]
        if counted is None:
            return 1, 1
        self.at = counted.end()
        low = int(counted[1] or 0)
        return low, int(counted[3]) if counted[3] else None if counted[2] else low


def _end_of_item(text: str, at: int) -> int:
    if text[at] == "\\":
        return at + 2
    if text[at] != "[":
        return at + 1
    at += 2 if text[at + 1] == "^" else 1
    at += 1  # a `]` that comes first is a character
    while text[at] != "]" or text[at - 1] == "\\":
        at += 1
    return at + 1


@cache
def _mask(item: str, characters: str) -> int:
    """Which of the characters one item of a pattern matches, one bit each."""
    pattern = re.compile(item, re.ASCII)
    return sum(1 << index for index, character in enumerate(characters) if pattern.fullmatch(character))
