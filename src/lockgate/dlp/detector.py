"""A detector as the cascade runs it: what its file says, made ready.

Separate from the file's shape, so that the cascade never sees pydantic, and from the loader, so that a scanner in another
process can be made from the same frozen values. It must never judge.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from lockgate.dlp.context import ContextRule, WordFinder
from lockgate.dlp.pattern_shape import widest_match
from lockgate.dlp.schema import DetectorFile, Edges, Engine, EngineRules, PatternEntry, Together, confidence_of
from lockgate.dlp.validators import Validator, validator
from lockgate.dlp.veto import VETOES, Veto
from lockgate.facts.finding import DetectionConfidence

_EDGES = {
    Edges.WORD: (r"(?<![A-Za-z0-9_])", r"(?![A-Za-z0-9_])"),
    Edges.NUMBER: (r"(?<![A-Za-z0-9_])(?<![0-9][./:-])(?<![A-Za-z]-)", r"(?![A-Za-z0-9_])(?![./:-][0-9])"),
    Edges.FREE: ("", ""),
}
_EDGE_WIDTH = 2
_NAMED_GROUP = re.compile(r"\(\?P<\w+>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A DLP profile: from which detection confidence on each of its detectors counts, and beside what."""

    id: str
    name: str
    description: str
    least: Mapping[str, DetectionConfidence]
    together: Together | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyPattern:
    """One pattern: `coarse` for the automaton, `exact` for the window around where the automaton stopped.

    `body` is `exact` without the edge after it, which is `edge_after`, for trying a shorter match.
    """

    name: str
    coarse: bytes
    caseless: bool
    exact: re.Pattern[str]
    body: re.Pattern[str]
    edge_after: re.Pattern[str]
    width: int
    reach_after: int
    has_value: bool
    may_be_shorter: bool
    needs_context: bool
    detection_confidence: DetectionConfidence


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyDetector:
    """A detector with everything compiled."""

    file: DetectorFile
    patterns: tuple[ReadyPattern, ...]
    context: ContextRule
    validators: tuple[tuple[str, Validator], ...]
    valid_confidence: DetectionConfidence
    context_confidence: DetectionConfidence
    vetoes: tuple[tuple[str, Veto], ...]

    @property
    def id(self) -> str:
        """The detector's id."""
        return self.file.id

    @property
    def entity(self) -> str:
        """What other programs call what it finds."""
        return self.file.entity or self.file.family.upper().replace("-", "_")


def ready(file: DetectorFile) -> ReadyDetector:
    """`file`, which has been checked, made ready to run."""
    context = file.context
    return ReadyDetector(
        file=file,
        patterns=tuple(_ready_pattern(file, entry) for entry in entries(file)),
        context=ContextRule(
            words=WordFinder(context.words), against=WordFinder(context.against), before=context.before, after=context.after
        ),
        validators=tuple((name, validator(name)) for name in file.validators),
        valid_confidence=confidence_of(file.valid_confidence) if file.valid_confidence else DetectionConfidence.LOW,
        context_confidence=confidence_of(context.detection_confidence),
        vetoes=tuple((name, VETOES[name]) for name in file.veto),
    )


def entries(file: DetectorFile) -> tuple[PatternEntry, ...]:
    """The patterns of a detector; its words, for a detector that is a list of words."""
    if file.engine is not Engine.KEYWORDS:
        return file.patterns
    return tuple(
        PatternEntry(
            name=word, regex=r"\s{1,3}".join(map(re.escape, word.split())), detection_confidence=file.keywords_confidence
        )
        for word in file.keywords
    )


def rule_entry(file: DetectorFile, rule: str) -> EngineRules | None:
    """What a secrets-engine detector says of the engine's `rule`, or None when it leaves it out."""
    entry = next((entry for entry in file.rules if any(fnmatchcase(rule, glob) for glob in entry.rules)), None)
    return None if entry is None or entry.skip else entry


def _ready_pattern(file: DetectorFile, entry: PatternEntry) -> ReadyPattern:
    before, after = _EDGES[file.edges]
    # Letters outside ASCII need Unicode case rules; where there are none, ASCII ones agree with the automaton.
    flags = (re.ASCII if entry.regex.isascii() else re.UNICODE) | (re.IGNORECASE if file.ignore_case else 0)
    return ReadyPattern(
        name=entry.name,
        coarse=_coarse(entry.regex),
        caseless=file.ignore_case,
        exact=re.compile(f"{before}(?:{entry.regex}){after}", flags),
        body=re.compile(f"{before}(?:{entry.regex})", flags),
        edge_after=re.compile(after),
        width=widest_match(entry.regex),
        reach_after=_EDGE_WIDTH,
        has_value="(?P<value>" in entry.regex,
        may_be_shorter=bool(file.validators) and "(?P<value>" not in entry.regex,
        needs_context=entry.needs_context,
        detection_confidence=confidence_of(entry.detection_confidence),
    )


def _coarse(regex: str) -> bytes:
    """The pattern for the automaton, which knows no named groups and is shown every character outside ASCII as `?`."""
    unnamed = _NAMED_GROUP.sub("(?:", regex)
    return "".join(character if character.isascii() else r"\?" for character in unnamed).encode("ascii")
