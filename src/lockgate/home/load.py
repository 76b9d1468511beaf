"""Reading a home's files into the typed objects that the packages below work on.

Separate so that there is one answer to "which file counts": the shipped data, with the home's own files over it.
"""

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

from lockgate.apps.check import AppSource
from lockgate.apps.client_software import ClientCatalogue, compile_mark, sample_failures
from lockgate.apps.clients_file import ClientsFile, check_clients, with_own
from lockgate.apps.formats.registry import FORMATS, SOCKET_FORMATS
from lockgate.apps.library import AppLibrary
from lockgate.apps.override import override
from lockgate.apps.rubric import Rubric, check_rubric
from lockgate.apps.schema import AppFile
from lockgate.dlp.detectors import DetectorSet
from lockgate.dlp.schema import DetectorFile, ProfileFile
from lockgate.facts.problem import Document, Problem, UsageError
from lockgate.home.home import Home
from lockgate.home.schema import read_as
from lockgate.home.settings import Settings, check_settings
from lockgate.home.yaml_document import parse_yaml

RUBRIC_FILE = "rubric.yaml"
CLIENTS_FILE = "clients.yaml"
_NOT_APPS = frozenset({RUBRIC_FILE, CLIENTS_FILE})
_LARGEST_FILE_BYTES = 8 << 20


def read_document(file: Path) -> Document:
    """One YAML file. Raises UsageError when it cannot be read or is not valid YAML."""
    try:
        if file.stat().st_size > _LARGEST_FILE_BYTES:
            raise UsageError(Problem(problem=f"`{file}` is too large", help=f"at most {_LARGEST_FILE_BYTES >> 20} MiB"))
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(Problem(problem=f"cannot read `{file}`: {(error.strerror or str(error)).lower()}")) from None
    except UnicodeDecodeError:
        raise UsageError(Problem(problem=f"`{file}` is not UTF-8 text")) from None
    return parse_yaml(text, _shown(file))


def load_settings(home: Home) -> Settings:
    """The settings of a home; an empty file means the defaults."""
    document = read_document(home.settings_file)
    if document.data is None:
        document = Document(file=document.file, data={}, places=document.places)
    settings = read_as(document, Settings)
    check_settings(document, settings)
    return settings


def load_library(home: Home) -> AppLibrary:
    """The app library: shipped apps, the home's own over them, field by field."""
    rubric_files = [file for file, _ in home.data_files("apps") if file.name == RUBRIC_FILE]
    if not rubric_files:
        raise UsageError(Problem(problem=f"apps/{RUBRIC_FILE} is missing", help="it ships with the package; install it anew"))
    rubric_document = read_document(rubric_files[-1])
    rubric = read_as(rubric_document, Rubric)
    check_rubric(rubric_document, rubric)
    shipped = _by_id(_apps(home.shipped_files("apps")))
    own = _by_id(_apps(home.own_files("apps")))
    problems: list[Problem] = []
    sources: list[AppSource] = []
    for app_id in sorted({*shipped, *own}):
        try:
            sources.append(_app_source(shipped.get(app_id), own.get(app_id)))
        except UsageError as error:
            problems += error.problems
    if problems:
        raise UsageError(*problems)
    return AppLibrary.build(sources, rubric, FORMATS, SOCKET_FORMATS, load_clients(home))


def load_clients(home: Home) -> ClientsFile:
    """Programs that talk to AI apps: the shipped ones, the home's own before them."""
    clients = ClientsFile()
    for files in (home.shipped_files("apps"), home.own_files("apps")):
        for file in (file for file in files if file.name == CLIENTS_FILE):
            document = read_document(file)
            given = read_as(document, ClientsFile)
            check_clients(document, given, compile_mark)
            clients = with_own(clients, given)
            problems = sample_failures(document, given, ClientCatalogue(clients))
            if problems:
                raise UsageError(*problems)
    return clients


def load_detectors(home: Home, *, prove: bool = False) -> DetectorSet:
    """Detectors and DLP profiles; a home file replaces the shipped one of the same name.

    Files that are as they were when they last passed are taken as proven, unless `prove` asks for it again.
    """
    detectors = _typed((file for file, _ in home.data_files("dlp/detectors")), DetectorFile)
    profiles = _typed((file for file, _ in home.data_files("dlp/profiles")), ProfileFile)
    compiled_file = home.compiled_detectors
    _engine_cache(home)
    compiled = None
    with contextlib.suppress(OSError):
        compiled = compiled_file.read_bytes()
    built = DetectorSet.build(detectors, profiles, compiled, prove=prove)
    if built.compiled != compiled:
        _keep(compiled_file, built.compiled)
    return built


def _engine_cache(home: Home) -> None:
    """The secrets engine keeps its compiled rules where this says; in the home, it is ours alone and survives a restart."""
    folder = home.state / "compiled" / "engine"
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.environ.setdefault("KF_RULE_CACHE_DIR", str(folder))


def _keep(file: Path, content: bytes) -> None:
    """Write a cache file whole or not at all; without it the next start only takes longer."""
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = file.with_name(f".{file.name}.{os.getpid()}")
        partial.write_bytes(content)
        partial.replace(file)


def _app_source(shipped: Document | None, own: Document | None) -> AppSource:
    if shipped is not None and own is not None:
        merged = override(shipped, own)
        return AppSource(document=merged.document, file=read_as(merged.document, AppFile), overridden=merged.fields)
    document = shipped or own
    if document is None:
        raise ValueError("an app comes from at least one file")
    return AppSource(document=document, file=read_as(document, AppFile))


def _apps(files: Iterable[Path]) -> Iterable[Path]:
    return (file for file in files if file.name not in _NOT_APPS)


def _by_id(files: Iterable[Path]) -> dict[str, Document]:
    """Documents by the id they give themselves; one without an id goes by its file's name and is told about later."""
    documents: dict[str, Document] = {}
    for file in files:
        document = read_document(file)
        data = document.data
        given = data.get("id") if isinstance(data, dict) else None  # type: ignore[reportUnknownMemberType]
        app_id = given if isinstance(given, str) else file.stem
        if app_id in documents:
            place = document.place(("id",))
            raise UsageError(Problem(place=place, problem=f"app `{app_id}` is already in {documents[app_id].file}"))
        documents[app_id] = document
    return documents


def _typed[T](files: Iterable[Path], kind: type[T]) -> list[tuple[Document, T]]:
    read: list[tuple[Document, T]] = []
    problems: list[Problem] = []
    for file in files:
        try:
            document = read_document(file)
            read.append((document, read_as(document, kind)))
        except UsageError as error:
            problems += error.problems
    if problems:
        raise UsageError(*problems)
    return read


def _shown(file: Path) -> str:
    """The file as people name it: relative to where they stand when it is below there."""
    try:
        return str(file.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(file)
