r"""Whether a value stands anywhere in bytes that are about to leave, however they are written.

Separate because it asks no format: a value may stand a second time in a field that nobody reads, with other escapes (`\u0040`
for `@`), inside a document inside a string, in a member's name. It is the last look at what was rewritten, and must not rest on
anything that rewriting rests on.
"""

import html
import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote_plus

_SHORT = 8
"""Characters. What is shorter counts only where it is not part of a longer word or number."""
_LEAST = 4
"""Characters. Shorter than that, anything is somewhere."""
_LEVELS = 4
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_PLAIN = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_MARKS = ((b"\xff\xfe\x00\x00", "utf-32"), (b"\x00\x00\xfe\xff", "utf-32"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def stands_in(value: str, text: str) -> bool:
    """Whether `value` is in `text`."""
    return next(places(value, text), None) is not None


def places(value: str, text: str) -> Iterator[int]:
    """Where in `text` the value begins: each place for a long one, each place where it stands alone for a short one."""
    if len(value) < _LEAST:
        return
    start = text.find(value)
    while start >= 0:
        if len(value) >= _SHORT or _stands_alone(value, text, start):
            yield start
        start = text.find(value, start + 1)


def _stands_alone(value: str, text: str, start: int) -> bool:
    end = start + len(value)
    before = start > 0 and text[start - 1].isalnum() and value[0].isalnum()
    after = end < len(text) and text[end].isalnum() and value[-1].isalnum()
    return not before and not after


def still_there(values: Iterable[str], content: bytes) -> bool:
    """Whether one of the values is in `content`, as it is or behind the escapes of JSON, forms and HTML."""
    wanted = [value for value in values if len(value) >= _LEAST]
    return bool(wanted) and any(stands_in(value, text) for text in _readings(content) for value in wanted)


def _readings(content: bytes) -> Iterator[str]:
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8")
    text = content.decode(encoding, "surrogateescape" if encoding == "utf-8" else "replace")
    read = [text, *_without_escapes(text)]
    if "%" in text:  # a form may hold JSON, which may hold an address
        read += (bare := unquote_plus(text), *_without_escapes(bare))
    yield from read
    for each in {text, read[-1]}:
        if "%" in each or "+" in each:
            yield unquote_plus(each)
        if "&" in each:
            yield html.unescape(each)


def _without_escapes(text: str) -> Iterator[str]:
    """What JSON in it says, and JSON in the strings of that."""
    for _ in range(_LEVELS):
        if "\\" not in text:
            return
        text = _unescaped(text)
        yield text


def _unescaped(text: str) -> str:
    found = _ESCAPE.sub(_character, text)
    if "\\u" not in text:
        return found
    # Two escapes may be the halves of one character.
    return found.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def _character(match: re.Match[str]) -> str:
    if match[1] is not None:
        return chr(int(match[1], 16))
    return _PLAIN.get(match[2], match[2])
