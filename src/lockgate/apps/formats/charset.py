"""In which letters a body is written, as far as its headers say so.

Separate because a body that its reader and its receiver decode differently says two different things. Everything here is read
as UTF-8; what declares something else is not read at all.
"""

import re

from lockgate.facts.traffic import Request

_DECLARED = re.compile(r"""charset\s*=\s*["']?([^"';,\s]{1,40})""", re.IGNORECASE)
_AS_UTF8 = frozenset({"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin1", "windows-1252"})
"""UTF-8 and what agrees with it wherever it can be read as UTF-8 at all; Latin letters beyond ASCII make that fail."""


def is_utf8(charset: str) -> bool:
    """Whether text in `charset` that reads as UTF-8 says the same to a receiver that goes by `charset`, in ASCII at least."""
    return charset.lower() in _AS_UTF8


def is_declared_otherwise(request: Request) -> bool:
    """Whether the request declares its body to be in other letters than are read here."""
    return any(not is_utf8(charset) for charset in _DECLARED.findall(request.headers.get("content-type")))
