"""Messages of nothing but words, in a string or in plain blocks: nearly every message of a history that is sent again.

Separate because the formats of model APIs share it. What is seen here at a glance goes onto the page without a search for more,
so there must be nothing more: a message with any other member, block or kind of block goes the long way.
"""

from lockgate.apps.formats.json_view import is_array, is_object, string
from lockgate.facts.problem import Path

_TALKING = ("user", "assistant", "model", "system", "developer")  # no sets: what is looked for may be a list
_KINDS = ("text", "input_text", "output_text")
_BLOCK, _TYPED_BLOCK = {"text"}, {"type", "text"}


def words_of(message: object, place: str, path: Path) -> list[tuple[Path, str]] | None:
    """The texts of the message at `path` with where they are; None when it says more than words, or not in `place`."""
    if not is_object(message) or string(message.get("role")) not in _TALKING or place not in message:
        return None
    if len(message) != 2 and not (len(message) == 3 and message.get("type") == "message"):
        return None
    content = message[place]
    if isinstance(content, str):
        return [((*path, place), content)]
    if not is_array(content):
        return None
    found: list[tuple[Path, str]] = []
    for index, block in enumerate(content):
        if not is_object(block):
            return None
        text, names = block.get("text"), block.keys()
        if not isinstance(text, str) or not (names == _BLOCK or (names == _TYPED_BLOCK and string(block["type"]) in _KINDS)):
            return None
        found.append(((*path, place, index, "text"), text))
    return found
