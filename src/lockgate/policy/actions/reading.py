"""From the `then` of a rule to its actions. What is wrong is reported, with the place and how it is written."""

from lockgate.facts.problem import Path
from lockgate.policy.actions.base import Actions
from lockgate.policy.actions.row import ThenReading
from lockgate.policy.actions.table import ACTIONS
from lockgate.policy.fields import is_list, is_mapping
from lockgate.policy.report import Report
from lockgate.policy.selector import Surroundings


def read_actions(report: Report, surroundings: Surroundings, value: object, path: Path) -> Actions | None:
    """The actions at `path`, or None when something is wrong with them (reported)."""
    reading = ThenReading(report, surroundings)
    items = value if is_list(value) else [value]
    if not items:
        reading.refuse(path, "`then` does nothing", f"name an action: {', '.join(ACTIONS)}")
    for index, item in enumerate(items):
        here = (*path, index) if isinstance(value, list) else path
        if reading.ends is not None:
            word = reading.word or reading.ends.value
            stands = "needs a rule of its own" if reading.ends_if is not None else "would never be taken"
            reading.refuse(here, f"an action after `{word}` {stands}", "put the action that ends the walk last")
            break
        _read_action(reading, item, here)
    if reading.wrong:
        return None
    return Actions(
        ends=reading.ends,
        word=reading.word,
        reason=reading.reason,
        ends_if=reading.ends_if,
        redirect_to=reading.redirect_to,
        as_answer=reading.as_answer,
        coaching=reading.coaching,
        capture=reading.capture,
        capture_days=reading.capture_days,
        tags=tuple(dict.fromkeys(reading.tags)),
        adds=tuple(reading.adds),
    )


def _read_action(reading: ThenReading, item: object, path: Path) -> None:
    match item:
        case str():
            _read_named(reading, item, None, path)
        case _ if is_mapping(item):
            if len(item) != 1:
                reading.refuse(path, "an action is a word or a mapping with one key", "write several actions as a list")
                return
            ((name, argument),) = item.items()
            _read_named(reading, name, argument, (*path, name))
        case _:
            reading.refuse(path, "expected an action", f"one of: {', '.join(ACTIONS)}")


def _read_named(reading: ThenReading, name: str, argument: object, path: Path) -> None:
    row = ACTIONS.get(name)
    if row is None:
        reading.unknown(path, "action", name, list(ACTIONS))
    elif argument is None and not row.alone:
        reading.refuse(path, f"`{name}` needs to say more", row.example)
    else:
        row.read(reading, argument, path)
