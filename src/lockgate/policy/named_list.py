"""Named lists of a policy as typed data: hosts, networks or words that conditions name.

Separate from reading them, because the values that conditions are compared with are read with these at hand.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from lockgate.facts.problem import Document, Place
from lockgate.policy.fields import is_mapping
from lockgate.policy.operand import HostsWithin, InNetworks, OneOf


class ListKind(StrEnum):
    """What a list has; `hosts` unless it says otherwise."""

    HOSTS = "hosts"
    NETWORKS = "networks"
    WORDS = "words"


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedList:
    """One list. `has` is what it says, whichever kind it is of; `place_of` is where a word of it stands."""

    kind: ListKind
    has: HostsWithin | InNetworks | OneOf
    place_of: Callable[[str], Place | None] = field(repr=False, compare=False)


class Lists:
    """The lists of one policy, and which of them something has asked for."""

    __slots__ = ("_lists", "used")

    def __init__(self, lists: Mapping[str, NamedList] | None = None) -> None:
        self._lists = dict(lists or {})
        self.used: set[str] = set()

    @property
    def names(self) -> tuple[str, ...]:
        """Every list, in the order of the file."""
        return tuple(self._lists)

    @property
    def kinds(self) -> dict[str, ListKind]:
        """What each list has, in the order of the file."""
        return {name: each.kind for name, each in self._lists.items()}

    def find(self, name: str) -> NamedList | None:
        """The list of that name, which is in use from now on."""
        self.used.add(name)
        return self._lists.get(name)

    @property
    def hosts(self) -> dict[str, HostsWithin]:
        """The lists of hosts."""
        return {name: each.has for name, each in self._lists.items() if isinstance(each.has, HostsWithin)}

    @property
    def canonical(self) -> list[tuple[str, str]]:
        """Names with the same texts for the same lists."""
        return sorted((name, each.has.canonical) for name, each in self._lists.items())


def list_files(document: Document) -> tuple[str, ...]:
    """The files that the lists of a policy name, as they are written there, of those that lie below its folder.

    Others are not read: a policy is kept and put back with all its files.
    """
    lists = document.data.get("lists") if is_mapping(document.data) else None
    written = (each.get("file") for each in (lists.values() if is_mapping(lists) else ()) if is_mapping(each))
    return tuple(dict.fromkeys(file.strip() for file in written if isinstance(file, str) and _is_below(file.strip())))


def _is_below(name: str) -> bool:
    parts = name.split("/")
    return bool(name) and not name.startswith("/") and ".." not in parts and "\\" not in name and "\0" not in name
