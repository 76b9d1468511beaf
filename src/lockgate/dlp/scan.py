"""A scanner: the detectors of a set, compiled, answering for whole profiles.

Separate because it is what the processes that examine hold. Its compiled form travels as bytes, since nothing here touches
a disk. It must never be shared between threads.
"""

from dataclasses import replace

from lockgate.dlp.cascade import Cascade, Wanted
from lockgate.dlp.detector import ready
from lockgate.dlp.detectors import DetectorSet, automaton_of
from lockgate.dlp.hit import Hit, ScanResult
from lockgate.dlp.together import only_together
from lockgate.facts.finding import DetectionConfidence

__all__ = ["Hit", "ScanResult", "Scanner"]


class Scanner:
    """Detectors ready to run, in the process that opened them."""

    def __init__(self, detectors: DetectorSet, cascade: Cascade) -> None:
        self._detectors = detectors
        self._cascade = cascade
        self._wanted: dict[frozenset[str], Wanted] = {}

    @classmethod
    def open(cls, detectors: DetectorSet, compiled: bytes | None = None, *, key: bytes = b"") -> "Scanner":
        """A scanner for `detectors`. `compiled` is what `dump` gave for the same version; anything else is compiled anew.

        Scanners with the same `key` mark equal values alike.
        """
        prepared = [ready(file) for file in detectors.detectors.values()]
        version = detectors.version
        automaton = automaton_of(version, compiled) or automaton_of(version, detectors.compiled)
        return cls(detectors, Cascade(prepared, automaton or Cascade.automaton_for(prepared), key, detectors.names))

    def dump(self) -> bytes:
        """The compiled patterns, for `open` in another process on the same kind of machine."""
        return self._detectors.version.encode() + b"\n" + self._cascade.automaton.dump()

    def scan(self, text: str, profiles: frozenset[str]) -> ScanResult:
        """The hits in `text` that a profile of `profiles` asks for. Raises KeyError for a profile the set does not have."""
        wanted = self._wanted.get(profiles)
        if wanted is None:
            wanted = self._wanted[profiles] = _wanted(self._detectors, profiles)
        result = self._cascade.scan(text, wanted)
        beside = {name: rule for name in profiles if (rule := self._detectors.profiles[name].together) is not None}
        return replace(result, hits=only_together(result.hits, beside)) if beside and result.hits else result


def _wanted(detectors: DetectorSet, profiles: frozenset[str]) -> Wanted:
    wanted: dict[str, list[tuple[str, DetectionConfidence]]] = {}
    for name in sorted(profiles):
        for detector, least in detectors.profiles[name].least.items():
            wanted.setdefault(detector, []).append((name, least))
    return wanted
