"""What an examination found, and how far it looked. A finding carries a mask, never the match."""

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum


class DetectionConfidence(IntEnum):
    """How sure a detector is of one finding (not to be confused with the confidence scores of an app)."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3


class TextKind(StrEnum):
    """What a text is in its conversation, as far as its client and its format say.

    `HISTORY` is what was answered before; `OTHER` is text in fields of which nobody knows what they are (declared tools,
    settings, new fields).
    """

    HUMAN_TEXT = "human_text"
    FILE = "file"
    TOOL_RESULT = "tool_result"
    TOOL_CALL = "tool_call"
    SYSTEM_PROMPT = "system_prompt"
    REMINDER = "reminder"
    MODEL_TEXT = "model_text"
    HISTORY = "history"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Where a finding is: code points `start` (inclusive) to `end` (exclusive) of part `part` in turn `turn`."""

    turn: int
    part: int
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One hit of a detector. `contributions` says what made up the detection confidence, in order.

    `found_in` is the kind of the text it lies in. `value_mark` is the same for the same value, within one process of the
    gateway and never outside of it: a digest under a key nobody keeps. It is not for records or logs.
    """

    detector: str
    profiles: tuple[str, ...]
    detection_confidence: DetectionConfidence
    span: Span
    mask: str
    contributions: tuple[str, ...] = ()
    value_mark: bytes = field(default=b"", repr=False, compare=False)
    found_in: TextKind = TextKind.HUMAN_TEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicScore:
    """Calibrated probability (0.0-1.0) that a prompt is about `topic`."""

    topic: str
    probability: float
    detection_confidence: DetectionConfidence


class ExaminationState(StrEnum):
    """How an examination ended. Only `COMPLETE` can prove that something is absent.

    `OPAQUE` is an operation of which nobody on the way can read what leaves (sound, WebRTC, a stream with its own encryption).
    """

    COMPLETE = "complete"
    TRUNCATED = "truncated"
    UNDECODABLE = "undecodable"
    ENCRYPTED = "encrypted"
    STREAMED = "streamed"
    OPAQUE = "opaque"
    TIMED_OUT = "timed_out"
    CRASHED = "crashed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """The result of looking at a conversation for `profiles` and `topics`; findings are in reading order.

    `examined` and `already_seen` count turns; `spent_us` is the worker's time in microseconds.
    """

    state: ExaminationState
    profiles: frozenset[str] = frozenset()
    topics: frozenset[str] = frozenset()
    findings: tuple[Finding, ...] = ()
    topic_scores: tuple[TopicScore, ...] = ()
    examined: int = 0
    already_seen: int = 0
    spent_us: int = 0
