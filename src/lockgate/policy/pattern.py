"""Regular expressions of policies: RE2, which takes time in proportion to the text whatever the pattern is.

Separate because only this file knows the library. A pattern is bounded in length and in memory, so that no policy can be
made slow by what strangers send. Look-around and back-references do not exist, for that reason.
"""

import re
from functools import lru_cache
from typing import Protocol

import re2

LONGEST_PATTERN = 1000
"""Characters."""
_MEMORY = 1 << 18
"""Bytes for one pattern and all that is remembered of the texts it met; beyond, RE2 goes on more slowly, still linear."""
_MEANS_ANY = re.compile(r"(?:\A|[^.\])\\}])\*")
_ONLY_A_REGULAR_EXPRESSION = frozenset("\\[](){}|^$+?")
_SOME_TEXT = "\x01"


class Pattern(Protocol):
    """A compiled one."""

    def search(self, text: bytes) -> object | None:
        """Something where it fits anywhere in UTF-8 text, else None."""
        ...


class BadPatternError(ValueError):
    """Not a regular expression; the message says why."""


@lru_cache(maxsize=1024)
def compile_pattern(text: str, *, any_case: bool) -> Pattern:
    """The pattern, ready to search. Raises BadPatternError."""
    options = re2.Options()
    options.max_mem = _MEMORY
    options.log_errors = False
    options.never_capture = True
    options.case_sensitive = not any_case
    try:
        # Bytes on both sides: with text, the library counts characters up to each match, which nobody asks for.
        return re2.compile(utf8(text), options)
    except re2.error as error:
        why = error.args[0]
        raise BadPatternError(why.decode(errors="replace") if isinstance(why, bytes) else str(why)) from None


def utf8(text: str) -> bytes:
    """The text as RE2 reads it; half an emoji, which has no bytes in UTF-8, is a question mark."""
    return text.encode("utf-8", "replace")


def fits_everything(pattern: Pattern) -> bool:
    """Whether it most likely fits every text, as `[a-z]*` does, because it fits nothing at all as well."""
    return pattern.search(b"") is not None and pattern.search(utf8(_SOME_TEXT)) is not None


def looks_like_a_glob(text: str) -> bool:
    """Whether a `*` most likely stands for any characters, as in `gpt-*`, and not for repetition."""
    return bool(_MEANS_ANY.search(text)) and _ONLY_A_REGULAR_EXPRESSION.isdisjoint(text)
