"""Replacing what was found before it leaves: what a rule asks for, and what is kept of it.

Separate from `addition` because policies, the gate and records all have to know this one kind. Never what was replaced.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from lockgate.facts.decision import Decision
from lockgate.facts.finding import DetectionConfidence, Finding


class Stand(StrEnum):
    """What stands where a finding stood: its mask, or a word by which the same value is known again."""

    MASK = "mask"
    PLACEHOLDER = "placeholder"


@dataclass(frozen=True, slots=True, kw_only=True)
class Redact:
    """Findings of `profiles` are replaced in what leaves, if a detector of `detectors` (any, if none is named) made them.

    `reinsert` asks for the original to be put back where the answer has its placeholder.
    """

    profiles: frozenset[str]
    detectors: frozenset[str] = frozenset()
    stands: Stand = Stand.MASK
    reinsert: bool = False
    at_least: DetectionConfidence = DetectionConfidence.LOW

    @property
    def label(self) -> str:
        """The word a policy writes for it."""
        return "redact"

    @property
    def canonical(self) -> str:
        """The same text for the same meaning."""
        names = f"{','.join(sorted(self.profiles))}/{','.join(sorted(self.detectors))}"
        return f"redact {names} {self.stands} {self.reinsert} {self.at_least.name}"

    @property
    def protects(self) -> bool:
        """An exchange must not go on without it."""
        return True

    def covers(self, finding: Finding) -> bool:
        """Whether it asks for this finding to be replaced."""
        return (
            not self.profiles.isdisjoint(finding.profiles)
            and finding.detection_confidence >= self.at_least
            and (not self.detectors or finding.detector in self.detectors)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Redaction:
    """How many values of one detector were replaced because of one rule."""

    rule: str
    detector: str
    count: int


def to_redact(decision: Decision, findings: tuple[Finding, ...]) -> Iterator[tuple[Finding, str, Redact]]:
    """The findings that a decision wants replaced, each with the first rule that says so and how."""
    wanted = decision.additions(Redact)
    for finding in findings if wanted else ():
        for rule, redact in wanted:
            if redact.covers(finding):
                yield finding, rule, redact
                break
