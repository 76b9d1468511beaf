"""Telling somebody that a rule matched: what a policy says, and what a record carries to whoever sends it.

Separate because rules, records and the sender speak of it, and only the sender knows addresses.
"""

from dataclasses import dataclass

from lockgate.facts.decision import Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify:
    """An addition: tell these webhooks, of this rule at most so many times in a minute; the rest is told in one summary."""

    webhooks: tuple[str, ...]
    per_minute: int
    label: str = "notify"
    protects: bool = False

    @property
    def canonical(self) -> str:
        """For example `notify [security] 30`."""
        return f"notify [{', '.join(sorted(self.webhooks))}] {self.per_minute}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What a record asks of the sender: to tell one webhook of one rule."""

    webhook: str
    rule: str
    per_minute: int


def notified(decision: Decision) -> tuple[str, ...]:
    """The webhooks that a decision tells, each once."""
    return tuple(dict.fromkeys(name for _, notify in decision.additions(Notify) for name in notify.webhooks))
