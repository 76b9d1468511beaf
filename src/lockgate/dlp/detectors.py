"""The set of detectors and profiles that is live: every file checked, every example proven, one version for all of it.

Separate because a set is built once, in the process that reads the files, and travels from there to the processes that scan.
It must never come to be with a detector whose examples fail.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

from lockgate import __version__
from lockgate.dlp.automaton import PLATFORM, Automaton
from lockgate.dlp.cascade import Cascade
from lockgate.dlp.check import detector_problems, profile_problems
from lockgate.dlp.detector import Profile, ready
from lockgate.dlp.person_names import NameLists
from lockgate.dlp.proof import example_problems
from lockgate.dlp.schema import DetectorFile, Engine, ProfileFile, confidence_of
from lockgate.dlp.secrets_engine import engine_version
from lockgate.facts.finding import DetectionConfidence
from lockgate.facts.problem import Document, Problem, UsageError

_DIGEST_BYTES = 12
_CASCADE_VERSION = "2"
"""Raised when the cascade itself comes to answer differently for the same files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorSet:
    """Detectors and profiles by id.

    `version` changes with any file, library or cascade they depend on; `compiled` is the automaton as `Scanner.dump` gives it.
    `names` are what detectors of names look up.
    """

    detectors: Mapping[str, DetectorFile]
    profiles: Mapping[str, Profile]
    version: str
    compiled: bytes = field(repr=False)
    names: NameLists = field(default_factory=NameLists)

    @classmethod
    def build(
        cls,
        detectors: Sequence[tuple[Document, DetectorFile]],
        profiles: Sequence[tuple[Document, ProfileFile]],
        compiled: bytes | None = None,
        *,
        names: NameLists | None = None,
        prove: bool = True,
    ) -> "DetectorSet":
        """Check every file and run every example. Raises UsageError with every problem found.

        `compiled` is the automaton of an earlier set; it is used when it is of this very version. That set was proven when
        it was made, so without `prove` nothing is proven a second time.
        """
        files = {file.id: file for _, file in detectors}
        names = names or NameLists()
        version = _version([file for _, file in detectors], [file for _, file in profiles], names)
        if compiled is not None and not prove and compiled.startswith(_head(version)):
            return cls(detectors=files, profiles=_profiles(profiles, files), version=version, compiled=compiled, names=names)
        problems: list[Problem] = [*detector_problems(detectors), *profile_problems(profiles, files)]
        if problems:
            raise UsageError(*problems)
        prepared = [ready(file) for file in files.values()]
        cascade = Cascade(prepared, automaton_of(version, compiled) or Cascade.automaton_for(prepared), names=names)
        problems = [problem for document, file in detectors for problem in example_problems(cascade, document, file)]
        if problems:
            raise UsageError(*problems)
        return cls(
            detectors=files,
            profiles=_profiles(profiles, files),
            version=version,
            compiled=_head(version) + cascade.automaton.dump(),
            names=names,
        )


def automaton_of(version: str, compiled: bytes | None) -> Automaton | None:
    """The automaton in `compiled`, when it was made for `version` on this kind of machine."""
    head = _head(version)
    if compiled is None or not compiled.startswith(head):
        return None
    try:
        return Automaton.load(compiled[len(head) :])
    except ValueError:
        return None  # made on another kind of machine: compiling anew costs time only


def _head(version: str) -> bytes:
    return version.encode() + b"\n"


def _profiles(profiles: Sequence[tuple[Document, ProfileFile]], detectors: Mapping[str, DetectorFile]) -> dict[str, Profile]:
    return {file.id: _profile(file, detectors) for _, file in profiles}


def _profile(file: ProfileFile, detectors: Mapping[str, DetectorFile]) -> Profile:
    """A member naming a detector outranks one naming its family; among equals the lower detection confidence counts."""
    least: dict[str, DetectionConfidence] = {}
    for member in sorted(file.detectors, key=lambda member: (bool(member.detector), -confidence_of(member.at_least))):
        for detector in detectors.values():
            if member.detector == detector.id or member.family == detector.family:
                least[detector.id] = confidence_of(member.at_least)
    return Profile(id=file.id, name=file.name, description=file.description, least=least, together=file.together)


def _version(detectors: Sequence[DetectorFile], profiles: Sequence[ProfileFile], names: NameLists) -> str:
    digest = blake2b(f"{__version__} {_CASCADE_VERSION} {PLATFORM}".encode(), digest_size=_DIGEST_BYTES)
    if any(file.engine is Engine.SECRETS_ENGINE for file in detectors):
        digest.update(engine_version().encode())
    for names_of_a_kind in (names.given, names.family, names.ordinary):
        digest.update(names_of_a_kind.encode() + b"\0")
    for file in (*detectors, *profiles):
        digest.update(repr(file).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
