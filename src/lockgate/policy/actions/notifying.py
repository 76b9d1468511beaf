"""The action that tells somebody: notify."""

from lockgate.facts.notice import Notify
from lockgate.facts.problem import Path
from lockgate.policy.actions.row import ActionRow, ThenReading
from lockgate.policy.fields import is_list, is_mapping

_NOTIFY = "write `notify: a-webhook` or `notify: {to: [a-webhook], at_most_per_minute: 10}`"
_KEYS = frozenset({"to", "at_most_per_minute"})
_USUAL = 30
_MOST = 600


def _notify(reading: ThenReading, argument: object, path: Path) -> None:
    entries = argument if is_mapping(argument) else {"to": argument}
    named = entries.get("to")
    names = named if is_list(named) else [named]
    if not set(entries) <= _KEYS or not names or not all(isinstance(name, str) for name in names):
        reading.refuse(path, "`notify` takes the names of webhooks", _NOTIFY)
        return
    known = reading.surroundings.vocabulary.webhooks
    webhooks = tuple(dict.fromkeys(str(name) for name in names))
    for name in webhooks:
        if name not in known:
            reading.unknown(path, "webhook of gateway.yaml", name, sorted(known))
    per_minute = entries.get("at_most_per_minute", _USUAL)
    if isinstance(per_minute, bool) or not isinstance(per_minute, int) or not 1 <= per_minute <= _MOST:
        reading.refuse((*path, "at_most_per_minute"), f"expected a number from 1 to {_MOST}", "the rest is told in one summary")
        return
    if any(isinstance(addition, Notify) for addition in reading.adds):
        reading.refuse(path, "`notify` is given twice", "name several webhooks in one")
        return
    reading.adds.append(Notify(webhooks=webhooks, per_minute=per_minute))


NOTIFYING = (
    ActionRow(
        name="notify", read=_notify, example=_NOTIFY,
        doc="tell webhooks of gateway.yaml, without content; `{to: [...], at_most_per_minute: n}` sums up the rest "
        f"(at most {_USUAL} a minute unless it says so)",
    ),
)  # fmt: skip
