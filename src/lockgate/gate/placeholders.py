"""Words that stand in for values: the same for a value wherever and whenever one person says it to one app.

Separate because of what they promise. A word is made of the value and a key that lives as long as the gateway runs, so any
worker makes the same one, a history that is sent again reads the same again, and nobody has to remember a value. It cannot be
guessed, so that what others write (a page, a file, a model) names nobody's values, and what one person redacted is never told
to another.
"""

import re
from hashlib import blake2b

KEY_BYTES = 32
_LETTERS = "0123456789BCDFGHJKLMNPQRSTVWXZ"
"""Without vowels, so that no words come about, and without a letter that detectors could take for a part of something."""
_CODE, _LONG_CODE = 6, 12
_LONGEST_KIND = 32
_NO_LETTER = re.compile(r"[^A-Z0-9]+")


class Placeholders:
    """The words of one exchange, for values of one person (`user`, or the address) sent to one `app` (or host)."""

    def __init__(self, key: bytes, user: str, app: str) -> None:
        self._key = key
        self._scope = f"{len(user)}:{user}{app}"
        self._words: dict[str, str] = {}
        self._taken: dict[str, str] = {}

    def word(self, detector: str, value: str) -> str:
        """The word for `value`, which names what kind of value it is: `[EMAIL_ADDRESS_7K2QXD]`."""
        known = self._words.get(value)
        if known is not None:
            return known
        kind = _NO_LETTER.sub("_", detector.upper()).strip("_")[:_LONGEST_KIND] or "VALUE"
        digest = blake2b(f"{self._scope}\0{value}".encode("utf-8", "surrogatepass"), key=self._key, digest_size=16).digest()
        number = int.from_bytes(digest)
        letters = [_LETTERS[number // len(_LETTERS) ** place % len(_LETTERS)] for place in range(_LONG_CODE)]
        word = f"[{kind}_{''.join(letters[:_CODE])}]"
        if self._taken.get(word, value) != value:
            word = f"[{kind}_{''.join(letters)}]"
        self._words[value] = self._taken[word] = word
        self._taken[word] = value
        return word
