"""What a scan found.

Separate because the cascade, the overlap rule and the mask speak of it. It must never hold the matched text.
"""

from dataclasses import dataclass, field

from lockgate.facts.finding import DetectionConfidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One find: code points `start` (inclusive) to `end` (exclusive) of the text that was scanned.

    `contributions` says what made up the detection confidence, in order. `value_mark` is the same for equal
    values where the same key was used, and is none itself; empty without a key.
    """

    detector: str
    entity: str
    profiles: tuple[str, ...]
    detection_confidence: DetectionConfidence
    start: int
    end: int
    mask: str
    contributions: tuple[str, ...] = ()
    value_mark: bytes = field(default=b"", repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanResult:
    """Hits in reading order, none overlapping another.

    `complete` is False when the work budget ran out: what was found counts, absence is not proven.
    """

    hits: tuple[Hit, ...]
    complete: bool
