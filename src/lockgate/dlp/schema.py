"""The shape of a detector file and of a profile file.

Separate because the reader of files, the loader and the reference page share it. It must never decide anything: what a file
means is in `detector.py`, whether it is sound in `check.py`.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from lockgate.facts.finding import DetectionConfidence

_CONFIG = {"extra": "forbid"}

type Level = Literal["low", "medium", "high"]
"""A detection confidence as files write it."""


class Engine(StrEnum):
    """How a detector looks: its own patterns, a list of words, the rules of the bundled secrets engine, or lists of names."""

    PATTERN = "pattern"
    KEYWORDS = "keywords"
    SECRETS_ENGINE = "secrets-engine"
    NAMES = "names"


class Edges(StrEnum):
    """What may not touch a match: word characters, or also what would make a number part of a longer one (`.5`, `-12`)."""

    WORD = "word"
    NUMBER = "number"
    FREE = "free"


class MaskStyle(StrEnum):
    """How much of a value its mask shows: nothing, its first or last characters (a quarter at most), or an e-mail's shape."""

    BARE = "bare"
    HEAD = "head"
    TAIL = "tail"
    EMAIL = "email"


def confidence_of(level: Level) -> DetectionConfidence:
    """The detection confidence a file calls `level`."""
    return DetectionConfidence[level.upper()]


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternEntry:
    """One pattern. A group named `value` is the span of the hit; without it, the whole match is.

    `detection_confidence` is that of a match before validator and context. With
    `needs_context` it counts only when a context word is in reach.
    """

    __pydantic_config__ = _CONFIG
    name: str
    regex: str
    detection_confidence: Level = "low"
    needs_context: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Whole words beside a match and what they do. `before` and `after` are the reach in characters.

    A space in a word also stands for `_`, `-` or nothing, so `account number` is found in `account_number` and `accountNumber`.
    `against` are words that speak against the match: it is dropped when one is in reach and no word of `words` is.
    """

    __pydantic_config__ = _CONFIG
    words: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    before: int = 60
    after: int = 20
    detection_confidence: Level = "high"


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineRules:
    """Rules of the secrets engine by id (`*` stands for any characters); the first entry that fits a rule says what it is.

    `skip` leaves them out: identifiers, addresses and names that are not secret by themselves.
    """

    __pydantic_config__ = _CONFIG
    rules: tuple[str, ...]
    label: str = ""
    entity: str = ""
    family: str = ""
    detection_confidence: Level = "high"
    skip: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """The proof of a detector: texts run through the whole cascade. `{name:count}` stands for seeded random characters."""

    __pydantic_config__ = _CONFIG
    match: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorFile:
    """One detector. `family` groups detectors for profiles, `label` is what a mask calls the value.

    `entity` is what other programs call that kind of value, such as EMAIL or API_KEY; without it, the family in capitals.

    With `block_end`, a match is the head of a block and the hit runs to the dashes that follow that text.
    """

    __pydantic_config__ = _CONFIG
    id: str
    description: str
    family: str
    label: str
    source: str
    entity: str = ""
    engine: Engine = Engine.PATTERN
    patterns: tuple[PatternEntry, ...] = ()
    keywords: tuple[str, ...] = ()
    keywords_confidence: Level = "medium"
    rules: tuple[EngineRules, ...] = ()
    ignore_case: bool = True
    edges: Edges = Edges.WORD
    validators: tuple[str, ...] = ()
    valid_confidence: Level | None = None
    context: Context = field(default_factory=Context)
    veto: tuple[str, ...] = ()
    mask: MaskStyle = MaskStyle.BARE
    block_end: str = ""
    examples: Examples = field(default_factory=Examples)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileMember:
    """A detector by id, or every detector of a family, from a detection confidence on."""

    __pydantic_config__ = _CONFIG
    detector: str = ""
    family: str = ""
    at_least: Level = "low"


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """That hits count only beside others: so many different entities within so many characters."""

    __pydantic_config__ = _CONFIG
    entities: int
    within: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileFile:
    """A DLP profile: what a policy asks for by `id`."""

    __pydantic_config__ = _CONFIG
    id: str
    name: str
    description: str
    detectors: tuple[ProfileMember, ...]
    together: Together | None = None
