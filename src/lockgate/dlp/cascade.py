"""The cascade itself: normalise, automaton, exact pattern, validator, context, veto, overlap, mask, in this order for
everybody.

Separate from `scan`, because the loader proves a detector's examples with the very same steps before there is a set to scan
with. It must never keep anything of a text it has looked at, and never work longer than its budget.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lockgate.dlp.automaton import Automaton, Sighting
from lockgate.dlp.detector import ReadyDetector, ReadyPattern, rule_entry
from lockgate.dlp.hit import Hit, ScanResult
from lockgate.dlp.judge import Candidate, judge
from lockgate.dlp.mask import mask_of
from lockgate.dlp.normalise import View, read
from lockgate.dlp.overlap import resolve
from lockgate.dlp.schema import Engine, confidence_of
from lockgate.dlp.secrets_engine import SecretsEngine
from lockgate.facts.finding import DetectionConfidence

type Wanted = Mapping[str, Sequence[tuple[str, DetectionConfidence]]]
"""Per detector, the profiles that ask for it and from which detection confidence on."""

_CANDIDATES_AT_LEAST = 2_000
_CHARACTERS_PER_CANDIDATE = 5
_BLOCK_LIMIT = 20_000


@dataclass(slots=True)
class _Budget:
    """How many more candidates may be judged: ample for any real document, and a bound on one made to be slow."""

    left: int
    exceeded: bool = False

    def take(self) -> bool:
        """Whether one more may be judged."""
        self.left -= 1
        self.exceeded = self.exceeded or self.left < 0
        return not self.exceeded


class Cascade:
    """Detectors with their automaton. Used by one thread at a time."""

    def __init__(self, detectors: Sequence[ReadyDetector], automaton: Automaton) -> None:
        self._automaton = automaton
        self._patterns = [(detector, pattern) for detector in detectors for pattern in detector.patterns]
        self._mapped = [detector for detector in detectors if detector.file.engine is Engine.SECRETS_ENGINE]
        self._engine = SecretsEngine() if self._mapped else None

    @staticmethod
    def automaton_for(detectors: Sequence[ReadyDetector]) -> Automaton:
        """The automaton of `detectors`, compiled now. Raises ValueError when a pattern is refused."""
        return Automaton.compile([pattern for detector in detectors for pattern in detector.patterns])

    @property
    def automaton(self) -> Automaton:
        """The compiled patterns."""
        return self._automaton

    def scan(self, text: str, wanted: Wanted) -> ScanResult:
        """Every hit of a wanted detector that is sure enough for a profile that asks for it."""
        reading = read(text)
        budget = _Budget(left=max(_CANDIDATES_AT_LEAST, len(text) // _CHARACTERS_PER_CANDIDATE))
        complete = reading.complete
        hits: list[Hit] = []
        for view in reading.views:
            sightings, seen_all = self._automaton.look(view.text)
            complete = complete and seen_all
            hits += self._by_pattern(view, sightings, wanted, budget)
            hits += self._by_engine(view, wanted, budget)
        return ScanResult(hits=resolve(hits), complete=complete and not budget.exceeded)

    def _by_pattern(self, view: View, sightings: Sequence[Sighting], wanted: Wanted, budget: _Budget) -> Iterator[Hit]:
        for sighting in sightings:
            detector, pattern = self._patterns[sighting.pattern]
            if detector.id not in wanted:
                continue
            for start, end in _matches(pattern, view.text, sighting.ends):
                if not budget.take():
                    return
                candidate = Candidate(
                    start=start,
                    end=_block_end(view.text, end, detector.file.block_end),
                    basis=f"pattern {pattern.name}",
                    confidence=pattern.confidence,
                    needs_context=pattern.needs_context,
                )
                yield from _judged(detector, view, candidate, wanted[detector.id], detector.file.label)

    def _by_engine(self, view: View, wanted: Wanted, budget: _Budget) -> Iterator[Hit]:
        mapped = [detector for detector in self._mapped if detector.id in wanted]
        if self._engine is None or not mapped:
            return
        for find in self._engine.find(view.text):
            for detector in mapped:
                entry = rule_entry(detector.file, find.rule)
                if entry is None:
                    continue
                if not budget.take():
                    return
                candidate = Candidate(
                    start=find.start, end=find.end, basis=f"rule {find.rule}", confidence=confidence_of(entry.confidence)
                )
                yield from _judged(detector, view, candidate, wanted[detector.id], entry.label or detector.file.label)


def _matches(pattern: ReadyPattern, text: str, ends: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The exact matches that end where the automaton stopped; overlapping windows are searched once."""
    low = high = -1
    for end in (*ends, None):
        if end is not None and low >= 0 and end - pattern.width <= high:
            high = end + pattern.reach_after
            continue
        if low >= 0:
            for match in pattern.exact.finditer(text, low, high):
                yield match.span("value") if pattern.has_value else match.span()
        if end is not None:
            low, high = max(0, end - pattern.width), end + pattern.reach_after


def _block_end(text: str, end: int, mark: str) -> int:
    """Where a block that began with a match ends: after `mark`, or where the text or the longest block does."""
    if not mark:
        return end
    limit = min(len(text), end + _BLOCK_LIMIT)
    found = text.find(mark, end, limit)
    if found < 0:
        return limit
    line_end = text.find("-----", found + len(mark), limit)
    return line_end + len("-----") if line_end >= 0 else limit


def _judged(
    detector: ReadyDetector, view: View, candidate: Candidate, asked_by: Sequence[tuple[str, DetectionConfidence]], label: str
) -> Iterator[Hit]:
    judgement = judge(detector, view.text, candidate)
    if judgement is None:
        return
    profiles = tuple(sorted(profile for profile, least in asked_by if judgement.confidence >= least))
    if not profiles:
        return
    start, end = view.original(candidate.start, candidate.end)
    decoded = (f"decoded from {view.how}",) if view.how else ()
    yield Hit(
        detector=detector.id,
        profiles=profiles,
        detection_confidence=judgement.confidence,
        start=start,
        end=end,
        mask=mask_of(label, detector.file.mask, view.text[candidate.start : candidate.end]),
        contributions=(*decoded, *judgement.contributions),
    )
