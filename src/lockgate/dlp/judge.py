"""From a candidate to a detection confidence, or to nothing: validator, context, veto, each leaving its contribution.

Separate because it is the one place where the detection confidence of a hit is made up, for patterns and the secrets engine
alike. It must never put any of the text into a contribution.
"""

from dataclasses import dataclass

from lockgate.dlp.detector import ReadyDetector
from lockgate.facts.finding import DetectionConfidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A place in a view that matched something. `basis` says what, for the contributions."""

    start: int
    end: int
    basis: str
    detection_confidence: DetectionConfidence
    needs_context: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A candidate that held."""

    detection_confidence: DetectionConfidence
    contributions: tuple[str, ...]


def judge(detector: ReadyDetector, text: str, candidate: Candidate) -> Judgement | None:
    """What becomes of `candidate`; None when a validator, missing or opposing context, or a veto speaks against it."""
    start, end = candidate.start, candidate.end
    value = text[start:end]
    word, opposed = detector.context.look(text, start, end)
    if word is None and (candidate.needs_context or opposed):
        return None  # asked first because it is the cheapest; it is told last because it counts last
    detection_confidence = candidate.detection_confidence
    contributions = [f"{candidate.basis}: {_word(detection_confidence)}"]
    for name, holds in detector.validators:
        if not holds(value):
            return None
        detection_confidence = max(detection_confidence, detector.valid_confidence)
        contributions.append(f"validator {name}: {_word(detection_confidence)}")
    if any(veto(text, start, end) for _, veto in detector.vetoes):
        return None
    if word is not None:
        detection_confidence = max(detection_confidence, detector.context_confidence)
        contributions.append(f"context `{word}`: {_word(detection_confidence)}")
    return Judgement(detection_confidence=detection_confidence, contributions=tuple(contributions))


def _word(detection_confidence: DetectionConfidence) -> str:
    return detection_confidence.name.lower()
