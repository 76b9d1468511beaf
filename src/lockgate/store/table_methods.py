"""How files that speak for a table of their own reach the one connection to the database.

Separate because the store speaks for records alone.
"""

import sqlite3
from collections.abc import Callable

from lockgate.store.transaction import transaction
from lockgate.store.usage_methods import UsageMethods


class TableMethods(UsageMethods):
    """Lets functions read or change tables. Safe to call from several threads; both may raise `StoreUnavailable`."""

    def ask[T](self, question: Callable[[sqlite3.Connection], T]) -> T:
        """What a function of one of the tables says that this file does not speak for."""
        with self._exclusively() as database:
            return question(database)

    def change[T](self, change: Callable[[sqlite3.Connection], T]) -> T:
        """As `ask`, for what changes one of them: all of it happens or nothing."""
        with self._exclusively() as database, transaction(database):
            return change(database)
