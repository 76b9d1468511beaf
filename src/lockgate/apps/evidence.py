"""What is known about an app tier, answer by answer, each with where it was read.

Separate from the app's requests because it changes at another pace and for other reasons. It must never hold points: those
belong to the rubric.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from lockgate.apps.vocabulary import BreachState, CheckState, EvidenceState, SourceKind

_CONFIG = {"extra": "forbid"}

ALL_TIERS = "all"
"""The key under which a file keeps evidence that holds for each of its tiers."""

UNDISCLOSED = "undisclosed"
"""The answer to a question nobody answered in public; worth nothing by rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialCheck:
    """One of several things an answer consists of, and how far it has been read."""

    __pydantic_config__ = _CONFIG
    state: CheckState
    source: str = ""
    note: str = ""
    quote: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One answer to a rubric question. A confirmed one has a `source`; `quote` has at most 15 words.

    `read_in` names the list or index in which an entry was read when the vendor's page behind `source` itself was not opened.
    `window` says what a retention period starts from. `checks` are the parts of an answer that consists of several.
    """

    __pydantic_config__ = _CONFIG
    answer: str = UNDISCLOSED
    state: EvidenceState
    source: str = ""
    kind: SourceKind | None = None
    date: str = ""
    read_in: str = ""
    window: Literal["", "auto_expiry", "after_deletion", "zdr_option", "admin_configurable"] = ""
    quote: str = ""
    note: str = ""
    needs_review: bool = False
    checks: dict[str, PartialCheck] = field(default_factory=dict[str, PartialCheck])


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """What is known about a material breach within the rubric's window."""

    __pydantic_config__ = _CONFIG
    state: BreachState = BreachState.NOT_CHECKED
    date: str = ""
    source: str = ""
    note: str = ""


def named_tiers(key: str) -> tuple[str, ...]:
    """The tiers a key of a file's evidence names: one, or several with commas between."""
    return tuple(name.strip() for name in key.split(","))


def of_tier(evidence: Mapping[str, Mapping[str, Evidence]], tier: str) -> dict[str, Evidence]:
    """What holds for `tier`: what the file says for all tiers, replaced by what it says for this one."""
    held = dict(evidence.get(ALL_TIERS, {}))
    for key, answers in evidence.items():
        if tier in named_tiers(key):
            held |= answers
    return held
