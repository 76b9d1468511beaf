"""Texts that fit a pattern, compared with each other: which pattern lies inside another, and which have nothing in common.

A glob is its fixed pieces in order, with anything between them: `("a",)` is exactly `a`, `("/a", "")` begins with `/a`,
`("", ".b")` ends with `.b`. Separate because words, prefixes, host suffixes and patterns are all of this one kind.
"""

type Glob = tuple[str, ...]

_ANYTHING = "\U0010ffff"
"""Stands for what lies between two pieces; no text of a policy has it, and one that does is not reasoned about."""


def fits(text: str, glob: Glob) -> bool:
    """Whether `text` is the pieces in order with anything between them. Linear: the leftmost place of each is enough."""
    first, last = glob[0], glob[-1]
    if len(glob) == 1:
        return text == first
    if not text.startswith(first) or not text.endswith(last) or len(text) < len(first) + len(last):
        return False
    at, end = len(first), len(text) - len(last)
    for piece in glob[1:-1]:
        found = text.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def lies_inside(inner: Glob, outer: Glob) -> bool:
    """Whether everything that fits `inner` certainly fits `outer`: what is between pieces can only be taken up by a gap."""
    text = _ANYTHING.join(inner)
    return text.count(_ANYTHING) == len(inner) - 1 and not any(_ANYTHING in piece for piece in outer) and fits(text, outer)


def are_apart(one: Glob, other: Glob) -> bool:
    """Whether certainly nothing fits both."""
    if len(one) == 1:
        return not fits(one[0], other)
    if len(other) == 1:
        return not fits(other[0], one)
    begins = one[0].startswith(other[0]) or other[0].startswith(one[0])
    ends = one[-1].endswith(other[-1]) or other[-1].endswith(one[-1])
    return not (begins and ends)
