"""The shape of `apps/clients.yaml`: programs that talk to AI apps, what they run inside of, and what credentials look like.

Separate from reading requests with it, as an app's schema is from its matching. It must never decide anything.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from lockgate.apps.vocabulary import Basis
from lockgate.facts.app import CredentialKind
from lockgate.facts.client_software import ClientKind
from lockgate.facts.problem import Document, Path, Problem, UsageError

_CONFIG = {"extra": "forbid"}
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")
_HEADER = re.compile(r"[A-Za-z0-9-]+\Z")
_PREFIX = re.compile(r"[A-Za-z0-9_=-]{2,20}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What one header shows. Exactly one of the others is given.

    `token` is a piece of the value that begins a word, such as `curl/`; what follows is the version. `words` are whole values.
    `pattern` is a pattern of the safe subset, whose first group is the version.
    """

    __pydantic_config__ = _CONFIG
    header: str
    token: str = ""
    words: tuple[str, ...] = ()
    pattern: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSample:
    """Headers and what they must be taken for; what is absent does not matter."""

    __pydantic_config__ = _CONFIG
    headers: dict[str, str]
    version: str | None = None
    via: str | None = None
    session: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientEntry:
    """One program. Any of its `marks` is enough; the version is the first that `version`, then `marks` show.

    `session` are headers in which it names the conversation it is in.
    """

    __pydantic_config__ = _CONFIG
    id: str
    name: str
    kind: ClientKind
    vendor: str = ""
    marks: tuple[Mark, ...]
    version: tuple[Mark, ...] = ()
    session: tuple[str, ...] = ()
    basis: Basis = Basis.LOW
    sources: tuple[str, ...] = ()
    samples: tuple[ClientSample, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What a program runs inside of: an editor, a build service."""

    __pydantic_config__ = _CONFIG
    id: str
    name: str
    marks: tuple[Mark, ...]
    basis: Basis = Basis.LOW
    samples: tuple[ClientSample, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialMark:
    """What a credential that begins with `prefix`, or a token (JWT) issued by `issuer`, is."""

    __pydantic_config__ = _CONFIG
    prefix: str = ""
    issuer: str = ""
    kind: CredentialKind
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientsFile:
    """The whole file. Clients and environments are tried in their order."""

    __pydantic_config__ = _CONFIG
    clients: tuple[ClientEntry, ...] = ()
    environments: tuple[Environment, ...] = ()
    credentials: tuple[CredentialMark, ...] = field(default=())


def with_own(shipped: ClientsFile, own: ClientsFile) -> ClientsFile:
    """The shipped file with the home's own entries before it; an entry with the same id takes the shipped one's place."""
    clients, environments = {one.id for one in own.clients}, {one.id for one in own.environments}
    credentials = {(one.prefix, one.issuer) for one in own.credentials}
    return replace(
        shipped,
        clients=(*own.clients, *(one for one in shipped.clients if one.id not in clients)),
        environments=(*own.environments, *(one for one in shipped.environments if one.id not in environments)),
        credentials=(
            *own.credentials,
            *(one for one in shipped.credentials if (one.prefix, one.issuer) not in credentials),
        ),
    )


def check_clients(document: Document, file: ClientsFile, compiles: Callable[[Mark], object]) -> None:
    """What types alone cannot say; `compiles` raises ValueError for a wrong mark. Raises UsageError with all problems."""
    found = (*_entries(file), *_marks(file, compiles), *_credentials(file))
    problems = [Problem(place=document.place(path), problem=what, help=step) for path, what, step in found]
    if problems:
        raise UsageError(*problems)


type _Found = tuple[Path, str, str]


def _entries(file: ClientsFile) -> Iterator[_Found]:
    for kind, entries in (("clients", file.clients), ("environments", file.environments)):
        seen: set[str] = set()
        for index, entry in enumerate(entries):
            if not _ID.match(entry.id):
                yield (kind, index, "id"), f"`{entry.id}` is not an id", "lower-case letters, digits and single hyphens"
            if entry.id in seen:
                yield (kind, index, "id"), f"`{entry.id}` is given twice", "give each a name of its own"
            seen.add(entry.id)
            if not entry.marks:
                yield (kind, index), f"`{entry.id}` has no marks", "say which header shows it"
            if not entry.samples:
                yield (kind, index), f"no sample shows that `{entry.id}` works", "add headers that it sends"


def _marks(file: ClientsFile, compiles: Callable[[Mark], object]) -> Iterator[_Found]:
    places: list[tuple[Path, Mark]] = []
    for index, client in enumerate(file.clients):
        for field_name, marks in (("marks", client.marks), ("version", client.version)):
            places += [(("clients", index, field_name, number), mark) for number, mark in enumerate(marks)]
    for index, environment in enumerate(file.environments):
        places += [(("environments", index, "marks", number), mark) for number, mark in enumerate(environment.marks)]
    for place, mark in places:
        if not _HEADER.match(mark.header):
            yield (*place, "header"), f"`{mark.header}` is not the name of a header", "for example User-Agent"
        try:
            compiles(mark)
        except ValueError as error:
            yield place, str(error), ""


def _credentials(file: ClientsFile) -> Iterator[_Found]:
    for index, mark in enumerate(file.credentials):
        place = ("credentials", index)
        if bool(mark.prefix) == bool(mark.issuer):
            yield place, "a credential is told by its prefix or by its issuer", "give exactly one of the two"
        if mark.prefix and not _PREFIX.match(mark.prefix):
            yield (*place, "prefix"), f"`{mark.prefix}` is not a prefix", "2 to 20 letters, digits, `-`, `_`, `=`; no secret"
