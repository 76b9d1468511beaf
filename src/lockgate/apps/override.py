"""A home file on top of a shipped one with the same id.

Separate because it happens before anything is typed: field by field at the top level, so that an operator writes only what
differs. It must never merge deeper, or nobody could tell from the two files what is in force.
"""

from dataclasses import dataclass
from typing import cast

from lockgate.apps.moved_samples import moved_samples
from lockgate.facts.problem import Document, LatePlaces, Path, Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """The document in force, and the top-level fields that the home file replaced or added."""

    document: Document
    fields: tuple[str, ...]


def override(shipped: Document, home: Document) -> Override:
    """`home`'s fields in place of `shipped`'s, each still knowing the file it stands in.

    A home file that is not a mapping wins as it is, so that the reader refuses it.
    """
    base, ours = _mapping(shipped), _mapping(home)
    if base is None or ours is None:
        return Override(document=home, fields=())
    changed = tuple(name for name in ours if name != "id" and base.get(name) != ours[name])
    data = {**base, **ours}
    if "hosts" in changed and "samples" not in ours:
        data["samples"] = moved_samples(base.get("samples"), ours["hosts"])

    def places() -> dict[Path, Place]:
        kept = {path: place for path, place in shipped.places.items() if path[:1] == () or path[0] not in ours}
        return {**kept, **home.places}

    def key_places() -> dict[Path, Place]:
        return {**shipped.key_places, **home.key_places}

    document = Document(file=home.file, data=data, places=LatePlaces(places), key_places=LatePlaces(key_places))
    return Override(document=document, fields=changed)


def _mapping(document: Document) -> dict[str, object] | None:
    data = document.data
    return cast("dict[str, object]", data) if isinstance(data, dict) else None
