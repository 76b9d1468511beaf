"""Reading a home's files into the typed objects that the packages below work on.

Separate so that there is one answer to "which file counts": the shipped data, with the home's own files over it.
"""

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

from lockgate.apps.client_software import ClientCatalogue, compile_mark, sample_failures
from lockgate.apps.clients_file import ClientsFile, check_clients, with_own
from lockgate.apps.formats.registry import FORMATS, SOCKET_FORMATS
from lockgate.apps.library import AppLibrary
from lockgate.apps.rubric import Rubric, check_rubric
from lockgate.dlp.detectors import DetectorSet
from lockgate.dlp.person_names import NameLists
from lockgate.dlp.schema import DetectorFile, ProfileFile
from lockgate.facts.problem import Document, Problem, UsageError
from lockgate.home.app_files import RUBRIC_FILE, KnownFiles, client_files, read_apps
from lockgate.home.home import Home
from lockgate.home.proven_apps import ProvenApps, code_mark, digest
from lockgate.home.reading import as_text, read_bytes, read_document
from lockgate.home.schema import read_as

__all__ = ["load_clients", "load_detectors", "load_library", "load_names", "name_files"]

_NAME_LISTS = ("given", "family", "ordinary")


def load_library(home: Home, *, prove: bool = False) -> AppLibrary:
    """The app library: shipped apps, the home's own over them, field by field.

    Files that are as they were when they last passed are taken as proven, unless `prove` asks for it again.
    """
    rubric_files = [file for file, _ in home.data_files("apps") if file.name == RUBRIC_FILE]
    if not rubric_files:
        raise UsageError(Problem(problem=f"apps/{RUBRIC_FILE} is missing", help="it ships with the package; install it anew"))
    around = [rubric_files[-1], *client_files(home)]
    head = digest(code_mark().encode(), *map(read_bytes, around))
    content = None
    with contextlib.suppress(OSError):
        content = home.proven_apps.read_bytes()
    kept = ProvenApps.load(content, head)
    known = ProvenApps(head=head) if prove else kept
    files = KnownFiles(known.data)
    rubric = _rubric(files.document(rubric_files[-1]), prove=not known.whole)
    clients = _clients(map(files.document, client_files(home)), prove=not known.whole)
    read = read_apps(home, files, known)
    if read.settled:
        library = AppLibrary.trusted(read.sources, rubric, FORMATS, SOCKET_FORMATS, clients)
    else:
        library = AppLibrary.build(read.sources, rubric, FORMATS, SOCKET_FORMATS, clients)
    if read.remembered != kept and (made := read.remembered.dump()) is not None:
        _keep(home.proven_apps, made)
    return library


def load_clients(home: Home) -> ClientsFile:
    """Programs that talk to AI apps: the shipped ones, the home's own before them."""
    return _clients(map(read_document, client_files(home)), prove=True)


def _rubric(document: Document, *, prove: bool) -> Rubric:
    rubric = read_as(document, Rubric)
    if prove:
        check_rubric(document, rubric)
    return rubric


def _clients(documents: Iterable[Document], *, prove: bool) -> ClientsFile:
    clients = ClientsFile()
    for document in documents:
        given = read_as(document, ClientsFile)
        if prove:
            check_clients(document, given, compile_mark)
        clients = with_own(clients, given)
        if prove and (problems := sample_failures(document, given, ClientCatalogue(clients))):
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
    built = DetectorSet.build(detectors, profiles, compiled, names=load_names(home), prove=prove)
    if built.compiled != compiled:
        _keep(compiled_file, built.compiled)
    return built


def name_files(home: Home) -> dict[str, tuple[Path, ...]]:
    """Where the lists of names are, or would be: one name on each line."""
    folders = home.data_folders("dlp/names")
    return {kind: tuple(folder / f"{kind}.txt" for folder in folders) for kind in _NAME_LISTS}


def load_names(home: Home) -> NameLists:
    """The lists of names: the shipped ones, and what the home adds."""
    return NameLists(**{
        kind: "\n".join(as_text(read_bytes(file), file) for file in files if file.exists())
        for kind, files in name_files(home).items()
    })  # fmt: skip


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
