"""Patterns of app files: a subset of regular expressions that cannot be made slow by the text they are matched against.

Separate because hosts, paths and the tenant in a path are all attacker-controlled and all described by such patterns. The
subset is checked by structure, before anything is matched: it must never accept a pattern whose matching time could explode.

The rules, with `separator` being `/` in paths and `.` in hosts:

* a pattern starts with `^`, and a host pattern ends with `$`;
* `*`, `+` and `{m,n}` follow one character or class, never a group; a group takes `?` at most; no lazy or possessive forms;
* between two open-ended repeats there is a separator that has to be there, and at most one of them can match the separator
  itself;
* alternatives and optional parts multiply to a bounded number of ways;
* no look-around, back-references, inline flags or conditionals.

So after a separator there is one way to go on, and the work is bounded by the text's length times a constant of the pattern.
"""

import re
from dataclasses import dataclass

type SafePattern = re.Pattern[str]


class LatePattern:
    """A pattern that was checked before and is compiled when it is first asked: most of a library never is."""

    __slots__ = ("_compiled", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._compiled: SafePattern | None = None

    def match(self, text: str) -> re.Match[str] | None:
        """As `re.Pattern.match`."""
        if self._compiled is None:
            self._compiled = re.compile(self.text, re.ASCII)
        return self._compiled.match(text)


_LONGEST = 400
_MOST_WAYS = 512
_CLASS_LETTERS = "dDwWsS"
_GROUP_OPENING = re.compile(r"\?(?::|P<[A-Za-z_]\w*>)")
_COUNT = re.compile(r"\{(\d*)(,?)(\d*)\}")
_FIXED_DOMAIN = re.compile(r"\\\.((?:[a-z0-9-]+\\\.)+[a-z0-9-]+)\$\Z|\^([a-z0-9-]+\\\.[a-z0-9-]+)\$\Z")


def path_pattern(text: str) -> SafePattern:
    """A pattern for paths. Raises ValueError with a lower-case clause when it is outside the subset."""
    return _checked(text, "/")


def host_pattern(text: str) -> SafePattern:
    """A pattern for whole host names. Raises ValueError with a lower-case clause when it is outside the subset."""
    if not fixed_domain(text):
        raise ValueError(r"a host pattern must end with a fixed domain, such as `\.example\.com$`")
    return _checked(text, ".")


def header_pattern(text: str) -> SafePattern:
    """A pattern for values of headers, with `/` as separator. Raises ValueError as `path_pattern` does."""
    return _checked(text, "/")


def fixed_domain(text: str) -> str:
    """The last labels that every match of a host pattern has, at least two, e.g. `openai.azure.com`; empty when they vary."""
    match = _FIXED_DOMAIN.search(text)
    return (match.group(1) or match.group(2)).replace("\\", "") if match else ""


def _checked(text: str, separator: str) -> SafePattern:
    if len(text) > _LONGEST:
        raise ValueError(f"the pattern is longer than {_LONGEST} characters")
    if not text.startswith("^"):
        raise ValueError("the pattern must start with `^`")
    try:
        compiled = re.compile(text, re.ASCII)
    except re.error as error:
        raise ValueError(f"not a valid pattern: {error}") from None
    _Reader(text, separator).check()
    return compiled


@dataclass(frozen=True, slots=True)
class _State:
    """What lies behind: an open-ended repeat since the last sure separator, and a repeat that crosses separators."""

    open: bool = False
    wide: bool = False


@dataclass(slots=True)
class _Reader:
    """One pass over a pattern whose syntax `re` already accepted."""

    text: str
    separator: str
    at: int = 1
    ways: int = 1

    def check(self) -> None:
        self._sequence(_State())
        if self._peek() == "|":
            raise ValueError("`|` outside a group frees its other side from `^`; write `^(one|other)`")
        if self.ways > _MOST_WAYS:
            raise ValueError("too many alternatives and optional parts follow one another; split the pattern")

    def _sequence(self, state: _State) -> _State:
        while self.at < len(self.text) and self._peek() not in "|)":
            state = self._group(state) if self._peek() == "(" else self._character(state)
        return state

    def _group(self, before: _State) -> _State:
        self.at += 1
        if self._peek() == "?":
            opening = _GROUP_OPENING.match(self.text, self.at)
            if opening is None:
                raise ValueError("look-around, back-references and flags are not allowed in patterns")
            self.at = opening.end()
        branches = [self._sequence(before)]
        while self._peek() == "|":
            self.at += 1
            branches.append(self._sequence(before))
        self.at += 1  # the closing parenthesis: `re` made sure that it is there
        low, high = self._quantifier()
        if high != 1:
            raise ValueError("a repeated group can take exponential time; repeat one character or class instead")
        if low == 0:
            branches.append(before)
        self.ways *= len(branches)
        return _State(open=any(state.open for state in branches), wide=any(state.wide for state in branches))

    def _character(self, state: _State) -> _State:
        start = self.at
        self.at = self._end_of_item()
        item = self.text[start : self.at]
        low, high = self._quantifier()
        if low == high:
            is_separator = item == "/" if self.separator == "/" else item == r"\."
            return _State(wide=state.wide) if low and is_separator else state
        if high == 1:
            self.ways *= 2
            return state
        if state.open:
            raise ValueError(
                f"two open-ended repeats need a fixed `{self.separator}` between them, or matching can take very long"
            )
        crosses = re.fullmatch(item, self.separator, re.ASCII) is not None
        if crosses and state.wide:
            raise ValueError(f"only one repeat of a pattern may match `{self.separator}` itself; write `[^{self.separator}]+`")
        return _State(open=True, wide=state.wide or crosses)

    def _end_of_item(self) -> int:
        match self.text[self.at]:
            case "\\":
                letter = self.text[self.at + 1]
                if letter.isalnum() and letter not in _CLASS_LETTERS:
                    raise ValueError(rf"`\{letter}` is not allowed in patterns")
                return self.at + 2
            case "[":
                at = self.at + (2 if self.text[self.at + 1] == "^" else 1) + 1
                while self.text[at] != "]" or self.text[at - 1 : at] == "\\":
                    at += 1
                return at + 1
            case _:
                return self.at + 1

    def _quantifier(self) -> tuple[int, int | None]:
        """How often the item before may stand here; `None` for any number of times."""
        counted = _COUNT.match(self.text, self.at)
        match self._peek():
            case "?":
                bounds, end = (0, 1), self.at + 1
            case "*" | "+" as sign:
                bounds, end = (int(sign == "+"), None), self.at + 1
            case "{" if counted is not None:
                low = int(counted[1] or 0)
                bounds, end = (low, int(counted[3]) if counted[3] else None if counted[2] else low), counted.end()
            case _:
                return 1, 1
        self.at = end
        if self._peek() in ("?", "+"):
            raise ValueError("lazy and possessive repeats are not allowed in patterns")
        return bounds

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]
