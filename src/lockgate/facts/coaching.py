"""What a rule asks of a person before it lets them pass, and about what it asked.

Separate because a policy writes it, the gate notices it, the proxy's pages ask it, and the store keeps what came of it.
"""

from dataclasses import dataclass
from enum import StrEnum

DAY_SECONDS = 86_400
MOST_SECONDS = 90 * DAY_SECONDS
USUAL_SECONDS = 8 * 3600
USUAL_CHARACTERS = 20

_UNITS = ((DAY_SECONDS, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


class Ask(StrEnum):
    """What the person has to do: say that they have read it, or say why they go on."""

    ACKNOWLEDGE = "acknowledge"
    JUSTIFY = "justify"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coaching:
    """What a rule asks, and for how long it then lets pass. `at_least` is characters, `choices` are reasons to pick one from.

    `as_answer` is whether a client is told by an answer of its model; None leaves that to what sort of client it is.
    """

    ask: Ask = Ask.ACKNOWLEDGE
    seconds: int = USUAL_SECONDS
    choices: tuple[str, ...] = ()
    at_least: int = 0
    as_answer: bool | None = None

    @property
    def canonical(self) -> str:
        """The same text for the same meaning."""
        return f"{self.ask.value}|{self.seconds}|{self.choices}|{self.at_least}|{self.as_answer}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One time somebody was asked: who, by which rule, about which app (or host, outside the library).

    `terms` is a digest of all that the rule means and says: who said yes to it said yes to nothing else.
    """

    subject: str
    rule: str
    app: str
    terms: str
    coaching: Coaching


def spoken(seconds: float) -> str:
    """A time in its largest whole unit, rounded up: `8 hours`."""
    whole = max(1, int(-(-seconds // 1)))
    size, unit = next((size, unit) for size, unit in _UNITS if whole >= size)
    if unit != "day" and whole % size and whole < 3 * size:
        size, unit = next((smaller, name) for smaller, name in _UNITS if smaller < size)
    count = -(-whole // size)
    return f"{count} {unit}{'' if count == 1 else 's'}"
