"""The action that explains and asks, and then lets pass for a while: coach.

Separate because it ends the walk only for somebody who has not answered yet, and has a grammar of its own.
"""

import re
from dataclasses import dataclass

from lockgate.facts.coaching import DAY_SECONDS, MOST_SECONDS, USUAL_CHARACTERS, USUAL_SECONDS, Ask, Coaching
from lockgate.facts.decision import Reason, Verdict
from lockgate.facts.problem import Path
from lockgate.facts.sheet import FactSheet
from lockgate.policy.actions.row import ActionRow, ThenReading
from lockgate.policy.fields import is_list, is_mapping

_EXAMPLE = "write `coach` or `coach: {ask: justify, for: 8h, at_least: 20}`"
_KEYS = ("ask", "for", "choices", "at_least", "as")
_DURATION = re.compile(r"([1-9][0-9]{0,6})(s|m|h|d)\Z")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": DAY_SECONDS}
_MOST_CHARACTERS = 1000
_MOST_CHOICES = 12
_LONGEST_CHOICE = 120
_TOLD_AS = {"answer": True, "error": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAcknowledged:
    """Holds for whoever has not acknowledged the rule when the exchange begins."""

    coaching: Coaching

    def __call__(self, sheet: FactSheet, rule: str) -> bool:
        """Whether the rule with this id ends the walk for this exchange."""
        return rule not in sheet.acknowledged

    @property
    def canonical(self) -> str:
        """The same text for the same meaning."""
        return self.coaching.canonical


def _coach(reading: ThenReading, argument: object, path: Path) -> None:
    reading.ends = Verdict.COACH
    entries = argument if is_mapping(argument) else {}
    if argument is not None and not is_mapping(argument):
        reading.refuse(path, "`coach` stands alone or has a mapping", _EXAMPLE)
        return
    for key in entries:
        if key not in _KEYS:
            reading.unknown((*path, key), "key", key, list(_KEYS))
    ask = _ask(reading, entries.get("ask", Ask.ACKNOWLEDGE.value), (*path, "ask"))
    choices = _choices(reading, entries.get("choices", []), (*path, "choices"))
    usual = USUAL_CHARACTERS if ask is Ask.JUSTIFY and not choices else 0
    at_least = _characters(reading, entries.get("at_least", usual), (*path, "at_least"))
    if ask is Ask.ACKNOWLEDGE and (choices or at_least):
        key = "choices" if choices else "at_least"
        reading.refuse((*path, key), f"`{key}` is about a justification, and none is asked for", "write `ask: justify` too")
    coaching = Coaching(
        ask=ask,
        seconds=_seconds(reading, entries["for"], (*path, "for")) if "for" in entries else USUAL_SECONDS,
        choices=choices,
        at_least=at_least,
        as_answer=_told_as(reading, entries["as"], (*path, "as")) if "as" in entries else None,
    )
    reading.coaching = coaching
    reading.ends_if = NotAcknowledged(coaching=coaching)
    reading.reason = Reason.JUSTIFICATION_REQUIRED if ask is Ask.JUSTIFY else Reason.ACKNOWLEDGEMENT_REQUIRED


def _ask(reading: ThenReading, value: object, path: Path) -> Ask:
    if isinstance(value, str) and value in set(Ask):
        return Ask(value)
    reading.unknown(path, "thing to ask", str(value), [ask.value for ask in Ask])
    return Ask.ACKNOWLEDGE


def _seconds(reading: ThenReading, value: object, path: Path) -> int:
    found = _DURATION.match(value) if isinstance(value, str) else None
    seconds = int(found[1]) * _UNITS[found[2]] if found is not None else 0
    if not 0 < seconds <= MOST_SECONDS:
        reading.refuse(path, f"`{value}` is not a time to let pass for", "write 30m, 8h or 5d; at most 90d")
    return seconds


def _choices(reading: ThenReading, value: object, path: Path) -> tuple[str, ...]:
    texts = [item.strip() for item in value if isinstance(item, str)] if is_list(value) else []
    wrong = not is_list(value) or len(texts) != len(value) or len(set(texts)) != len(texts) or len(texts) > _MOST_CHOICES
    if wrong or any(not text or len(text) > _LONGEST_CHOICE or not text.isprintable() for text in texts):
        help_text = f"write up to {_MOST_CHOICES} different ones of at most {_LONGEST_CHOICE} characters"
        reading.refuse(path, "`choices` is a list of reasons to pick one from", help_text)
    return tuple(texts)


def _characters(reading: ThenReading, value: object, path: Path) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_CHARACTERS:
        return value
    reading.refuse(path, "`at_least` is not a number of characters", f"write a whole number up to {_MOST_CHARACTERS}")
    return 0


def _told_as(reading: ThenReading, value: object, path: Path) -> bool | None:
    if isinstance(value, str) and value in _TOLD_AS:
        return _TOLD_AS[value]
    reading.unknown(path, "way to tell", str(value), list(_TOLD_AS))
    return None


COACHING = (
    ActionRow(
        name="coach", alone=True, read=_coach, example=_EXAMPLE,
        doc="stop the exchange, tell the person why, and let them go on once they have acknowledged that (`ask: acknowledge`, "
        "the usual) or said why they need it (`ask: justify`, with `choices` to pick from, text of `at_least` so many "
        "characters, or both); for that person, rule and app it then lets pass `for` a time (8h) and the rules below count. "
        "`as: answer` or `as: error` says how a client is told that shows no pages",
    ),
)  # fmt: skip
