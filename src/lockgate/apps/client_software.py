"""Which program sent a request, read from its headers by the patterns of `apps/clients.yaml`.

Separate from the apps because one program talks to many apps and one app is used with many programs. Everything here is what
the client claims: it names, it never vouches, and nothing may be let through because of it. It must never raise on a request.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from lockgate.apps.clients_file import ClientEntry, ClientsFile, Environment, Mark
from lockgate.apps.pattern import header_pattern
from lockgate.facts.client_software import UNKNOWN_SOFTWARE, ClientKind, ClientSoftware
from lockgate.facts.problem import Document, Problem
from lockgate.facts.traffic import Headers

_LONGEST_VALUE = 400
_LONGEST_SESSION = 200
_MOST_HEADERS = 64
_REMEMBERED = 1024
_BORDER = re.compile(r"[A-Za-z0-9_-]")
_VERSION = re.compile(r"v?(\d{1,10}(?:\.\d{1,10}){0,5}(?:-(?:alpha|beta|dev|nightly|preview|rc)[.0-9]{0,20})?)", re.ASCII)

type _Fit = Callable[[str], str | None]
"""A version (perhaps empty) when the header's value fits, None when it does not."""
type _Shown = tuple[tuple[str, str], ...]
"""The headers that matter, as a request has them."""


@dataclass(frozen=True, slots=True)
class _Fits:
    header: str
    fit: _Fit


@dataclass(frozen=True, slots=True)
class _Known:
    id: str
    kind: ClientKind
    marks: tuple[_Fits, ...]
    version: tuple[_Fits, ...]
    session: tuple[str, ...]


class ClientCatalogue:
    """All known programs, in the order in which they are tried. Immutable."""

    def __init__(self, file: ClientsFile) -> None:
        """Raises ValueError for a pattern that is outside the safe subset."""
        self._clients = tuple(map(_client, file.clients))
        self._environments = tuple(map(_environment, file.environments))
        known = (*self._clients, *self._environments)
        marks = (mark for one in known for mark in (*one.marks, *one.version))
        names = {mark.header for mark in marks} | {name for one in self._clients for name in one.session}
        self._headers = frozenset(names)
        self.products = frozenset(one.id for one in self._clients)
        self.environments = frozenset(one.id for one in self._environments)
        # Clients repeat themselves: their headers are the same thousands of times.
        self._remembering = lru_cache(maxsize=_REMEMBERED)(self._look)

    def software(self, headers: Headers) -> ClientSoftware:
        """The program that says it sent these headers."""
        present = [(name, value[:_LONGEST_VALUE]) for name, value in headers.pairs if name in self._headers]
        return self._remembering(tuple(present[:_MOST_HEADERS]))

    def _look(self, shown: _Shown) -> ClientSoftware:
        values = dict(reversed(shown))  # of a header that is there twice the first counts, as everywhere
        client = next((one for one in self._clients if _fitting(one.marks, values) is not None), None)
        via = next((one.id for one in self._environments if _fitting(one.marks, values) is not None), "")
        if client is None:
            return ClientSoftware(via=via) if via else UNKNOWN_SOFTWARE
        return ClientSoftware(
            kind=client.kind,
            product=client.id,
            version=_fitting((*client.version, *client.marks), values, wants_version=True) or "",
            via=via,
            session=next((value for name in client.session if (value := _session(values.get(name, "")))), ""),
        )


def sample_failures(document: Document, file: ClientsFile, catalogue: ClientCatalogue) -> tuple[Problem, ...]:
    """The samples of `file` that `catalogue` judges otherwise."""
    return tuple(
        Problem(place=document.place((kind, index, "samples", number)), problem=failure, help="correct the sample or the marks")
        for kind, entries in (("clients", file.clients), ("environments", file.environments))
        for index, entry in enumerate(entries)
        for number in range(len(entry.samples))
        for failure in _failures(entry, number, catalogue)
    )


def _failures(entry: ClientEntry | Environment, number: int, catalogue: ClientCatalogue) -> Iterator[str]:
    sample = entry.samples[number]
    found = catalogue.software(Headers(tuple((name.lower(), value) for name, value in sample.headers.items())))
    is_client = isinstance(entry, ClientEntry)
    for name, expected, actual in (
        ("client", entry.id if is_client else found.product, found.product),
        ("environment", sample.via if is_client else entry.id, found.via),
        ("version", sample.version, found.version),
        ("session", sample.session, found.session),
    ):
        if expected is not None and expected != actual:
            yield f"the {name} of a sample of `{entry.id}` is `{actual or 'none'}`, not `{expected or 'none'}`"


def _client(entry: ClientEntry) -> _Known:
    return _Known(
        entry.id,
        entry.kind,
        tuple(map(_fits, entry.marks)),
        tuple(map(_fits, entry.version)),
        tuple(name.lower() for name in entry.session),
    )


def _environment(entry: Environment) -> _Known:
    return _Known(entry.id, ClientKind.UNKNOWN, tuple(map(_fits, entry.marks)), (), ())


def _fitting(marks: tuple[_Fits, ...], values: dict[str, str], *, wants_version: bool = False) -> str | None:
    """The version of the first mark that fits (of the first that has one, if `wants_version`), None when none does."""
    for mark in marks:
        version = mark.fit(values[mark.header]) if mark.header in values else None
        if version or (version is not None and not wants_version):
            return version
    return None


def _fits(mark: Mark) -> _Fits:
    return _Fits(mark.header.lower(), compile_mark(mark))


def compile_mark(mark: Mark) -> _Fit:
    """What tells whether a header's value fits. Raises ValueError with a lower-case clause for a mark that says nothing."""
    given = [bool(mark.token), bool(mark.words), bool(mark.pattern)]
    if sum(given) != 1:
        raise ValueError("a mark has exactly one of token, is, pattern")
    if mark.token:
        return lambda value: _after_token(value, mark.token)
    if mark.words:
        words = frozenset(mark.words)
        return lambda value: "" if value in words else None
    pattern = header_pattern(mark.pattern)

    def fit(value: str) -> str | None:
        match = pattern.match(value)
        return None if match is None else _version(match.group(1) or "") if pattern.groups else ""

    return fit


def _after_token(value: str, token: str) -> str | None:
    """The version behind the first `token` that does not continue another word."""
    at = value.find(token)
    while at > 0 and _BORDER.match(value, at - 1):
        at = value.find(token, at + len(token))
    return _version(value[at + len(token) :]) if at >= 0 else None


def _version(text: str) -> str:
    match = _VERSION.match(text)
    return match.group(1) if match else ""


def _session(value: str) -> str:
    return value if len(value) <= _LONGEST_SESSION and value.isprintable() else ""
