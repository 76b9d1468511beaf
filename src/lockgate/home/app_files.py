"""The app files of a home, read with the help of what is remembered of them.

Separate from the other loaders because there are hundreds: one that did not change is neither parsed nor checked again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lockgate.apps.check import AppSource
from lockgate.apps.override import override
from lockgate.apps.schema import AppFile
from lockgate.facts.problem import Document, Problem, UsageError
from lockgate.home.home import Home
from lockgate.home.proven_apps import ProvenApps, digest
from lockgate.home.reading import as_text, read_bytes, shown
from lockgate.home.schema import read_as
from lockgate.home.tenant_controls import TENANT_CONTROL_FILE
from lockgate.home.yaml_document import located, parse_yaml

RUBRIC_FILE = "rubric.yaml"
CLIENTS_FILE = "clients.yaml"
_NOT_APPS = frozenset({RUBRIC_FILE, CLIENTS_FILE, TENANT_CONTROL_FILE})


@dataclass(frozen=True, slots=True, kw_only=True)
class AppFiles:
    """Every app of a home, and what to remember once all have passed; `settled` when they did, together and as they are."""

    sources: tuple[AppSource, ...]
    settled: bool
    remembered: ProvenApps


@dataclass(slots=True)
class KnownFiles:
    """Reads files with the help of their remembered data, and notes in `data` what to remember of those it read."""

    known: Mapping[str, object]
    data: dict[str, object] = field(default_factory=dict[str, object])

    def document(self, file: Path) -> Document:
        """One YAML file. Raises UsageError when it cannot be read or is not valid YAML."""
        return self.read(file).document

    def read(self, file: Path) -> "ReadFile":
        """The same, with the name of its bytes."""
        content = read_bytes(file)
        mark = digest(content)
        text, name = as_text(content, file), shown(file)
        data = self.known.get(mark)
        document = parse_yaml(text, name) if data is None else located(data, text, name)
        self.data[mark] = document.data
        return ReadFile(document=document, digest=mark)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFile:
    """One file: what it says, and a name for its bytes."""

    document: Document
    digest: str


def client_files(home: Home) -> tuple[Path, ...]:
    """The files about programs that talk to apps: the shipped one, then the home's own."""
    folders = home.data_folders("apps")
    return tuple(file for folder in folders if (file := folder / CLIENTS_FILE).is_file())


def read_apps(home: Home, files: KnownFiles, known: ProvenApps) -> AppFiles:
    """The app files as they are now. Raises UsageError with every problem of their shape."""
    shipped = _by_id(home.shipped_files("apps"), files)
    own = _by_id(home.own_files("apps"), files)
    problems: list[Problem] = []
    sources: list[AppSource] = []
    marks: list[str] = []
    for app_id in sorted({*shipped, *own}):
        found = [read for read in (shipped.get(app_id), own.get(app_id)) if read is not None]
        mark = digest(*(read.digest.encode() for read in found))
        marks.append(mark)
        try:
            sources.append(_source(mark in known.apps, *found))
        except UsageError as error:
            problems += error.problems
    if problems:
        raise UsageError(*problems)
    whole = digest(*(mark.encode() for mark in marks))
    return AppFiles(
        sources=tuple(sources),
        settled=known.whole == whole,
        remembered=ProvenApps(head=known.head, data=files.data, apps=frozenset(marks), whole=whole),
    )


def _source(is_proven: bool, base: ReadFile, over: ReadFile | None = None) -> AppSource:
    if over is None:
        return AppSource(document=base.document, file=read_as(base.document, AppFile), proven=is_proven)
    merged = override(base.document, over.document)
    file = read_as(merged.document, AppFile)
    return AppSource(document=merged.document, file=file, overridden=merged.fields, proven=is_proven)


def _by_id(files: Iterable[Path], known: KnownFiles) -> dict[str, ReadFile]:
    """Files by the id they give themselves; one without an id goes by its file's name and is told about later."""
    found: dict[str, ReadFile] = {}
    for file in files:
        if file.name in _NOT_APPS:
            continue
        read = known.read(file)
        data = read.document.data
        given = data.get("id") if isinstance(data, dict) else None  # type: ignore[reportUnknownMemberType]
        app_id = given if isinstance(given, str) else file.stem
        if app_id in found:
            place = read.document.place(("id",))
            raise UsageError(Problem(place=place, problem=f"app `{app_id}` is already in {found[app_id].document.file}"))
        found[app_id] = read
    return found
