"""What a rule's `then` may say: at most one action that ends the walk, and any that add to the verdict.

Separate because an action has its own small grammar: one file per family, one table of them all. An action that this
release cannot carry out is not in the table, so that no policy can promise it.
"""

from lockgate.policy.actions.base import Actions, EndsIf
from lockgate.policy.actions.reading import read_actions
from lockgate.policy.actions.redirecting import is_web_address
from lockgate.policy.actions.table import ACTIONS, ActionRow

__all__ = ["ACTIONS", "ActionRow", "Actions", "EndsIf", "is_web_address", "read_actions"]
