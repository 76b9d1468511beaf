"""THE table of selectors: everything a policy can ask about, with type, phase, meaning and how it is read.

One row per selector; documentation, checks, errors and evaluation all come from it. The rows are in `subjects/`, one file
per subject. A name that ends with a placeholder such as `<profile>` stands for one selector per name of that family, so
that a count or a confidence always says of what.
"""

from dataclasses import dataclass

from lockgate.policy.selector import Selector
from lockgate.policy.subjects.agent import AGENT
from lockgate.policy.subjects.app import APP
from lockgate.policy.subjects.connection import CONNECTION
from lockgate.policy.subjects.dlp import DLP
from lockgate.policy.subjects.history import HISTORY
from lockgate.policy.subjects.prompt import PROMPT
from lockgate.policy.subjects.request import REQUEST
from lockgate.policy.subjects.response import RESPONSE
from lockgate.policy.subjects.time import TIME
from lockgate.policy.subjects.whereabouts import WHEREABOUTS
from lockgate.policy.vocabulary import Vocabulary

SELECTORS: tuple[Selector, ...] = (
    *CONNECTION, *WHEREABOUTS, *TIME, *APP, *REQUEST, *PROMPT, *AGENT, *HISTORY, *DLP, *RESPONSE,
)  # fmt: skip

_PLAIN = {row.name: row for row in SELECTORS if row.family is None}
_FAMILIES = tuple(row for row in SELECTORS if row.family is not None)


def find_selector(name: str) -> tuple[Selector, str] | None:
    """The row for a name as written, with the member of a family's row (else empty), or None."""
    row = _PLAIN.get(name)
    if row is not None:
        return row, ""
    return next(
        ((row, name.removeprefix(row.prefix)) for row in _FAMILIES if name.startswith(row.prefix) and name != row.prefix), None
    )


def selector_names(vocabulary: Vocabulary) -> tuple[str, ...]:
    """Every name a policy may write, with the rows of families spelled out."""
    members = (
        row.prefix + member for row in _FAMILIES if row.family is not None for member in sorted(row.family.members(vocabulary))
    )
    return (*_PLAIN, *members)


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectorRow:
    """One line of the selector reference."""

    name: str
    type: str
    phase: str
    operators: tuple[str, ...]
    doc: str


def selector_reference() -> tuple[SelectorRow, ...]:
    """The selector table for people, in table order."""
    return tuple(
        SelectorRow(name=row.name, type=row.type.value, phase=row.phase.name.lower(), operators=row.operators, doc=row.doc)
        for row in SELECTORS
    )
