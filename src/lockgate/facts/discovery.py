"""What makes a request to a host outside the library look like a chat with a model, and how a known app has drifted."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """Signs of an AI app that nobody has described yet. `signs` say what was seen, never content; `weight` adds them up."""

    signs: tuple[str, ...] = ()
    weight: int = 0

    @property
    def is_ai(self) -> bool:
        """Whether the signs are enough."""
        return self.weight >= ENOUGH


ENOUGH = 3
"""The weight from which a request counts as one to an AI app. A body in the shape of a model API alone has it."""


class Drift(StrEnum):
    """How a known app does something its file does not describe."""

    UNKNOWN_PATH = "unknown_path"
    UNREADABLE_BODY = "unreadable_body"
    NOTHING_SAID = "nothing_said"


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
    """What was noticed of one exchange beside what was decided about it.

    `discovery` is of a host outside the library, `drift` of an app inside. `shape` is that of a body in no known format:
    member names and types, no values.
    """

    discovery: Discovery = Discovery()
    drift: Drift | None = None
    shape: str = ""
