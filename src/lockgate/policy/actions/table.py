"""THE table of actions: everything a rule can do. Documentation, checks and errors come from it."""

from lockgate.policy.actions.coaching import COACHING
from lockgate.policy.actions.ending import ENDING
from lockgate.policy.actions.headers import HEADERS
from lockgate.policy.actions.isolating import ISOLATING
from lockgate.policy.actions.keeping import KEEPING
from lockgate.policy.actions.limiting import LIMITING
from lockgate.policy.actions.notifying import NOTIFYING
from lockgate.policy.actions.redacting import REDACTING
from lockgate.policy.actions.redirecting import REDIRECTING
from lockgate.policy.actions.row import ActionRow

_ROWS = (*ENDING, *REDIRECTING, *COACHING, *ISOLATING, *LIMITING, *KEEPING, *REDACTING, *HEADERS, *NOTIFYING)
ACTIONS: dict[str, ActionRow] = {row.name: row for row in _ROWS}

__all__ = ["ACTIONS", "ActionRow"]
