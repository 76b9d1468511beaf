"""Examples of secrets without secrets: `{alnum:36}` in an example stands for 36 seeded random characters.

Separate because a literal that looks live trips every other scanner, and one that is random at each run cannot be
reproduced. The same example always expands to the same text. It must never draw from the machine's randomness.
"""

import re
from hashlib import blake2b
from string import ascii_lowercase, ascii_uppercase, digits

_ALPHABETS = {
    "alnum": ascii_lowercase + ascii_uppercase + digits,
    "lower": ascii_lowercase,
    "upper": ascii_uppercase,
    "lowernum": ascii_lowercase + digits,
    "uppernum": ascii_uppercase + digits,
    "digits": digits,
    "hex": "0123456789abcdef",
    "base32": ascii_uppercase + "234567",
    "base64": ascii_lowercase + ascii_uppercase + digits + "+/",
    "base64url": ascii_lowercase + ascii_uppercase + digits + "-_",
}
_PLACE = re.compile(rf"\{{({'|'.join(_ALPHABETS)}):([0-9]{{1,4}})\}}")
_DIGEST_BYTES = 64


def expand(template: str) -> str:
    """`template` with each `{alphabet:count}` replaced. Braces that name no alphabet stay as they are."""
    position = 0

    def replace(place: re.Match[str]) -> str:
        nonlocal position
        position += 1
        return _draw(_ALPHABETS[place[1]], int(place[2]), f"{position}:{template}")

    return _PLACE.sub(replace, template)


def _draw(alphabet: str, count: int, seed: str) -> str:
    drawn: list[str] = []
    block = 0
    while len(drawn) < count:
        digest = blake2b(f"{block}:{seed}".encode(), digest_size=_DIGEST_BYTES).digest()
        drawn.extend(alphabet[byte % len(alphabet)] for byte in digest)
        block += 1
    return "".join(drawn[:count])
