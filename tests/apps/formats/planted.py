"""Text planted anywhere in a document: how the contracts look for words that a format does not see.

Separate because bodies, described bodies and messages of a WebSocket keep the same promise. What is planted, and where, is
invented once and put before every format: inventing takes longer than reading, and no format's code knows of another's.
"""

from collections.abc import Iterator

from hypothesis import strategies as st

from lockgate.facts.prompt import Conversation

_MARKER = "@"

type Document = dict[str, object] | list[object] | object

SPOTS = st.integers(0, 10_000)
"""Which of the places in a document, see `planted_at`."""


def documents(names: tuple[str, ...], words: tuple[object, ...], *, most: int = 12) -> st.SearchStrategy[object]:
    """JSON of these names and words, in which `numbered` makes markers."""
    return st.recursive(
        st.just(_MARKER) | st.just(_MARKER) | st.sampled_from(words) | st.none() | st.booleans() | st.integers(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(names), inner, max_size=5),
        max_leaves=most,
    )


def numbered(value: object, markers: list[str]) -> object:
    """Every marker made unique, with characters that no base64 has."""
    if value == _MARKER:
        markers.append(f"marker no. {len(markers)}!")
        return markers[-1]
    if isinstance(value, list):
        return [numbered(item, markers) for item in value]
    if isinstance(value, dict):
        return {name: numbered(item, markers) for name, item in value.items()}
    return value


def planted_at(document: Document, spot: int, value: object) -> Document:
    """The document with `value` at one of its places, the document as a whole being one of them."""
    paths = list(places(document))
    return replaced(document, paths[spot % len(paths)], value)


def out_of_sight(markers: list[str], conversation: Conversation) -> list[str]:
    """The markers that stand in no part of the conversation, each part of which has a path of its own."""
    parts = [part for turn in conversation.turns for part in turn.parts]
    assert len({part.path for part in parts}) == len(parts)
    seen = "\n".join(part.text for part in parts)
    return [marker for marker in markers if marker not in seen]


def places(value: object, path: tuple[object, ...] = ()) -> Iterator[tuple[object, ...]]:
    """The path of every value in a document, the document as a whole first."""
    yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in children:
        yield from places(child, (*path, step))


def replaced(document: Document, path: tuple[object, ...], value: object) -> Document:
    """The document with `value` at a path."""
    if not path:
        return value
    copy = dict(document) if isinstance(document, dict) else list(document)
    copy[path[0]] = replaced(copy[path[0]], path[1:], value)
    return copy
