"""What is the same for the same value: a keyed digest of it, in the spelling all its spellings share.

Separate because it is all that may leave a scan of what was found, beside the mask. The key lives as long as the process that
made it, so a mark can be compared and cannot be looked up; without a key there is none.
"""

from hashlib import blake2b

_BYTES = 8
_SEPARATORS = str.maketrans("", "", " \t\r\n\u00a0-./()")
_BLANKS = str.maketrans("", "", " \t\r\n\u00a0")


def value_mark(value: str, key: bytes) -> bytes:
    """The mark of a match. Numbers are compared by their digits, anything else without blanks and capitals."""
    if not key:
        return b""
    digits = value.translate(_SEPARATORS)
    plain = digits if digits.isdecimal() else value.translate(_BLANKS).casefold()
    return blake2b(plain.encode("utf-8", "replace"), key=key, digest_size=_BYTES).digest()
