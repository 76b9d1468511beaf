"""Places in protobuf messages, as app files write them: `pb 1.2.1` is field 1, in it field 2, in it field 1, of any repetition.

`pb 1 >hex> 2` steps into a message that field 1 has in hexadecimal digits. Separate from `where.py`, which finds things at
places of any document, because a place of this kind says something more: that what lies there is a text, and what lies above
it messages. That is how `protobuf_text.py` knows a schema it was never given.
"""

import re
from collections.abc import Iterable

from lockgate.apps.description import AnswerDescription, Description, FilesDescription, MessagesDescription, listed
from lockgate.apps.formats.protobuf_text import Hex, Known, Leaf

_PLACE = re.compile(r"pb (?P<way>[1-9][0-9]{0,8}(?:(?:\.| >hex> )[1-9][0-9]{0,8})*)(?=$| (?:if|on) )")
_HEX = "hex"

type _Growing = dict[int, Known | Leaf | Hex]
type _Given = tuple[tuple[str, ...], str, Leaf | None]
"""Places that lead to a place, the place itself, and what is there."""


def is_protobuf_place(text: str) -> bool:
    """Whether `text` is meant to be a place in a protobuf message."""
    return text.startswith("pb ")


def as_json_path(text: str) -> str:
    """A place of field numbers as a place in the document that `protobuf_text` makes; any other place as it is.

    Raises ValueError with a lower-case clause for field numbers that are none.
    """
    if not is_protobuf_place(text):
        return text
    place = _PLACE.match(text)
    if place is None:
        raise ValueError(f"`{text}` is not a place in a protobuf message: write field numbers, as in `pb 1.2.1`")
    return "$" + "".join(f".f{step}[*]" for step in _steps(place["way"]) if step != _HEX) + text[place.end() :]


def known_request(described: Description) -> Known:
    """What the places of a description say of a request's messages. Raises ValueError where they contradict each other."""
    texts = (*listed(described.prompt), *listed(described.system), *listed(described.model), *listed(described.conversation))
    texts += listed(described.tokens)
    given: list[_Given] = [((), place, Leaf.TEXT) for place in texts]
    given += [((), place, None) for place in listed(described.context)]  # anything may lie below these
    given += (entry for files in described.files for entry in _of_files((), files))
    if described.messages is not None:
        given += _of_messages(described.messages)
    return _known(given)


def known_answer(described: AnswerDescription) -> Known:
    """What the places of a description say of an answer's messages. Raises ValueError where they contradict each other."""
    above = (described.each,) if described.each else ()
    said = (described.text, described.reasoning, described.whole, described.error, described.model, described.conversation,
            described.section)  # fmt: skip
    return _known([(above, place, Leaf.TEXT) for places in said for place in listed(places)])


def _of_messages(messages: MessagesDescription) -> Iterable[_Given]:
    above = (messages.each,)
    yield from ((above, place, Leaf.TEXT) for place in listed(messages.text))
    for files in messages.files:
        yield from _of_files(above, files)


def _of_files(above: tuple[str, ...], files: FilesDescription) -> Iterable[_Given]:
    inner = (*above, *((files.each,) if is_protobuf_place(files.each) else ()))
    yield from ((inner, place, Leaf.TEXT) for place in (files.name, files.media_type, files.reference) if place)
    yield from ((inner, place, Leaf.FILE) for place in (files.content, files.text) if place)


def _known(given: Iterable[_Given]) -> Known:
    known: _Growing = {}
    for above, place, leaf in given:
        steps: list[int | str] = []
        for text in (*above, place):
            found = _PLACE.match(text)
            if found is None:
                break
            steps += _steps(found["way"])
        else:
            _grow(known, steps, leaf, place)
    return known


def _grow(known: _Growing, steps: list[int | str], leaf: Leaf | None, place: str) -> None:
    step, *below = steps
    number = int(step)
    there = known.get(number)
    if not below:
        if there is None and leaf is not None:
            known[number] = leaf
        elif leaf is not None and there not in (Leaf.TEXT, Leaf.FILE):
            raise ValueError(f"`{place}` is a text, and another place says that it is a message")
        return
    if isinstance(there, Leaf) or (there is not None and isinstance(there, Hex) != (below[0] == _HEX)):
        raise ValueError(f"`{place}` goes into what another place says is no such message")
    if below[0] == _HEX:
        inner: _Growing = dict(there.known) if isinstance(there, Hex) else {}
        known[number] = Hex(inner)
        _grow(inner, below[1:], leaf, place)
        return
    message: _Growing = there if isinstance(there, dict) else {}
    known[number] = message
    _grow(message, below, leaf, place)


def _steps(way: str) -> list[int | str]:
    steps: list[int | str] = []
    for leg in way.split(" >hex> "):
        steps += [*([_HEX] if steps else []), *map(int, leg.split("."))]
    return steps
