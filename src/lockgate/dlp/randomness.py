"""How random a value looks: the difference between a key and a name for one.

Separate because it is judgement by measure, not arithmetic by rule. It must never look beyond the value.
"""

from collections import Counter
from itertools import pairwise
from math import log2


def mixed(value: str) -> bool:
    """Has letters and digits."""
    return any(map(str.isalpha, value)) and any(map(str.isdigit, value))


def random_looking(value: str) -> bool:
    """At least 3 bits per character by Shannon's measure, and neither a word nor words joined by separators."""
    return _entropy(value) >= 3.0 and not _wordy(value)


def password_like(value: str) -> bool:
    """Not a plain word: has a digit or a symbol among letters, or changes case inside."""
    letters = any(map(str.isalpha, value))
    others = any(not character.isalpha() and character not in "-_' ." for character in value)
    inner_capital = any(a.islower() and b.isupper() for a, b in pairwise(value))
    return letters and (others or inner_capital) and len(set(value)) >= 4


def strong_word(value: str) -> bool:
    """Has letters, and digits or symbols inside the word rather than as punctuation behind it."""
    core = value.strip(".,;:!?)('\"*")
    digits = any(map(str.isdigit, core))
    symbols = any(not character.isalnum() and character not in "-_'/." for character in core)
    return len(core) >= 5 and any(map(str.isalpha, core)) and (digits or symbols)


def _wordy(value: str) -> bool:
    """Words joined by separators or capitals, as identifiers are: hardly any digits, and those at the end of a word."""
    return sum(map(str.isdigit, value)) * 8 < len(value) and sum(
        a.islower() and b.isupper() for a, b in pairwise(value)
    ) * 5 < len(value)


def _entropy(value: str) -> float:
    return -sum(count / len(value) * log2(count / len(value)) for count in Counter(value).values())
