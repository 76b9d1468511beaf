"""The cascade: normalise, automaton, exact pattern, validator, context, veto, mask, overlap, in this order for everybody.

Separate from `scan`, because the loader proves a detector's examples with the very same steps before there is a set to scan
with. It must never keep anything of a text it has looked at, and never work longer than its budget.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lockgate.dlp.automaton import Automaton, Sighting
from lockgate.dlp.detector import ReadyDetector, ReadyPattern, rule_entry
from lockgate.dlp.hit import Hit, ScanResult
from lockgate.dlp.judge import Candidate, Judgement, judge
from lockgate.dlp.mask import mask_of
from lockgate.dlp.normalise import View, read
from lockgate.dlp.overlap import resolve
from lockgate.dlp.person_names import NameEngine, NameLists
from lockgate.dlp.schema import Engine, confidence_of
from lockgate.dlp.secrets_engine import SecretsEngine
from lockgate.dlp.value_mark import value_mark
from lockgate.facts.finding import DetectionConfidence

type Wanted = Mapping[str, Sequence[tuple[str, DetectionConfidence]]]
"""Per detector, the profiles that ask for it and from which detection confidence on."""

_CANDIDATES_AT_LEAST = 20_000
_CANDIDATES_PER_CHARACTER = 2
_BLOCK_LIMIT = 20_000
_SHORTER_TRIES = 24


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """A candidate that held, what its mask calls it, and what other programs do."""

    candidate: Candidate
    judgement: Judgement
    label: str
    entity: str


class Cascade:
    """Detectors with their automaton. Used by one thread at a time."""

    def __init__(
        self, detectors: Sequence[ReadyDetector], automaton: Automaton, key: bytes = b"", names: NameLists | None = None
    ) -> None:
        self._key = key
        self._automaton = automaton
        self._patterns = [(detector, pattern) for detector in detectors for pattern in detector.patterns]
        self._detectors_of_word = _detectors_of_words(detectors)
        self._mapped = [detector for detector in detectors if detector.file.engine is Engine.SECRETS_ENGINE]
        self._engine = SecretsEngine() if self._mapped else None
        self._naming = [detector for detector in detectors if detector.file.engine is Engine.NAMES]
        self._names = NameEngine(names or NameLists())

    @staticmethod
    def automaton_for(detectors: Sequence[ReadyDetector]) -> Automaton:
        """The automaton of `detectors`, compiled now. Raises ValueError when a pattern is refused."""
        patterns = [pattern for detector in detectors for pattern in detector.patterns]
        return Automaton.compile(patterns, [word for word, _ in _detectors_of_words(detectors)])

    @property
    def automaton(self) -> Automaton:
        """The compiled patterns."""
        return self._automaton

    def scan(self, text: str, wanted: Wanted) -> ScanResult:
        """Every hit of a wanted detector that is sure enough for a profile that asks for it."""
        reading = read(text)
        budget = _Budget(left=max(_CANDIDATES_AT_LEAST, len(text) * _CANDIDATES_PER_CHARACTER))
        complete = reading.complete
        hits: list[Hit] = []
        names: list[Hit] = []
        for view in reading.views:
            sightings, seen_all = self._sightings(view.text, wanted)
            complete = complete and seen_all
            hits += self._by_pattern(view, sightings, wanted, budget)
            hits += self._by_engine(view, wanted, budget)
            names += self._by_names(view, wanted, budget)
        # Words that are part of an address or of a key are rather that than somebody's name.
        return ScanResult(hits=resolve(hits, names), complete=complete and not budget.exceeded)

    def _sightings(self, text: str, wanted: Wanted) -> tuple[list[Sighting], bool]:
        """What may match, and whether all of the text was looked at; patterns that need a context word, where one stands."""
        seen, complete = self._automaton.look(text)
        count = len(self._patterns)
        sightings = [sighting for sighting in seen if sighting.pattern < count]
        spoken_of: set[str] = set()
        for sighting in seen[len(sightings) :]:
            spoken_of |= self._detectors_of_word[sighting.pattern - count][1]
        if spoken_of.isdisjoint(wanted):
            return sightings, complete
        beside, all_of_it = self._automaton.look_beside_words(text)
        sightings += [sighting for sighting in beside if self._patterns[sighting.pattern][0].id in spoken_of]
        return sightings, complete and all_of_it

    def _by_pattern(self, view: View, sightings: Sequence[Sighting], wanted: Wanted, budget: _Budget) -> Iterator[Hit]:
        for sighting in sightings:
            detector, pattern = self._patterns[sighting.pattern]
            asked_by = wanted.get(detector.id)
            if asked_by is None:
                continue
            for held in _judged(detector, pattern, view.text, sighting.ends, budget):
                yield from _hit(detector, view, held, asked_by, self._key)

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
                    start=find.start,
                    end=find.end,
                    basis=f"rule {find.rule}",
                    detection_confidence=confidence_of(entry.detection_confidence),
                )
                judgement = judge(detector, view.text, candidate)
                if judgement is not None:
                    held = _Held(
                        candidate=candidate,
                        judgement=judgement,
                        label=entry.label or detector.file.label,
                        entity=entry.entity or detector.entity,
                    )
                    yield from _hit(detector, view, held, wanted[detector.id], self._key)

    def _by_names(self, view: View, wanted: Wanted, budget: _Budget) -> Iterator[Hit]:
        naming = [detector for detector in self._naming if detector.id in wanted]
        for find in self._names.find(view.text) if naming else ():
            for detector in naming:
                if not budget.take():
                    return
                candidate = Candidate(
                    start=find.start, end=find.end, basis=find.basis, detection_confidence=find.detection_confidence
                )
                judgement = judge(detector, view.text, candidate)
                if judgement is not None:
                    held = _Held(candidate=candidate, judgement=judgement, label=detector.file.label, entity=detector.entity)
                    yield from _hit(detector, view, held, wanted[detector.id], self._key)


def _detectors_of_words(detectors: Sequence[ReadyDetector]) -> list[tuple[bytes, set[str]]]:
    """Context words of patterns that count only beside one, each with the detectors that know it."""
    found: dict[bytes, set[str]] = {}
    for detector in detectors:
        if any(pattern.needs_context for pattern in detector.patterns):
            for word in detector.context.words.coarse():
                found.setdefault(word, set()).add(detector.id)
    return sorted(found.items())


def _judged(detector: ReadyDetector, pattern: ReadyPattern, text: str, ends: Sequence[int], budget: _Budget) -> Iterator[_Held]:
    """The exact matches near `ends` that hold."""
    for low, high in _windows(ends, pattern.width, pattern.reach_after):
        position = low
        while (match := pattern.exact.search(text, position, high)) is not None:
            start, end = match.span("value") if pattern.has_value else match.span()
            position = max(end, match.start() + 1)
            shorter = _shorter_ends(pattern, text, start, end, ends) if pattern.may_be_shorter else ()
            for last in (end, *shorter):
                if not budget.take():
                    return
                candidate = Candidate(
                    start=start,
                    end=_block_end(text, last, detector.file.block_end),
                    basis=f"pattern {pattern.name}",
                    detection_confidence=pattern.detection_confidence,
                    needs_context=pattern.needs_context,
                )
                judgement = judge(detector, text, candidate)
                if judgement is not None:
                    yield _Held(candidate=candidate, judgement=judgement, label=detector.file.label, entity=detector.entity)
                    position = max(candidate.end, match.start() + 1)
                    break


def _windows(ends: Sequence[int], width: int, reach_after: int) -> Iterator[tuple[int, int]]:
    """The stretches of a text that matches with these ends can lie in; overlapping ones are joined."""
    low, high = max(0, ends[0] - width), ends[0] + reach_after
    for end in ends[1:]:
        if end - width > high:
            yield low, high
            low = end - width
        high = end + reach_after
    yield low, high


def _shorter_ends(pattern: ReadyPattern, text: str, start: int, end: int, ends: Sequence[int]) -> Iterator[int]:
    """Shorter ends of a match, longest first: the word behind an IBAN can look like its next group."""
    position = bisect_left(ends, end)
    for last in reversed(ends[max(0, position - _SHORTER_TRIES) : position]):
        if last <= start:
            return
        if pattern.edge_after.match(text, last) and pattern.body.fullmatch(text, start, last):
            yield last


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


def _hit(
    detector: ReadyDetector, view: View, held: _Held, asked_by: Sequence[tuple[str, DetectionConfidence]], key: bytes
) -> Iterator[Hit]:
    """The hit a judgement makes, when it is sure enough for a profile."""
    profiles = tuple(sorted(profile for profile, least in asked_by if held.judgement.detection_confidence >= least))
    if not profiles:
        return
    start, end = view.original(held.candidate.start, held.candidate.end)
    decoded = (f"decoded from {view.how}",) if view.how else ()
    value = view.text[held.candidate.start : held.candidate.end]
    yield Hit(
        detector=detector.id,
        entity=held.entity,
        profiles=profiles,
        detection_confidence=held.judgement.detection_confidence,
        start=start,
        end=end,
        mask=mask_of(held.label, detector.file.mask, value),
        value_mark=value_mark(value, key),
        contributions=(*decoded, *held.judgement.contributions),
    )
