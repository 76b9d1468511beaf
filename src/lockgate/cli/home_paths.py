"""What the commands on records, the CA and users need to know of a home: where its files are."""

from pathlib import Path
from typing import Protocol


class HomePaths(Protocol):
    """Where things are. Looking one up raises UsageError when there is no home."""

    @property
    def certs(self) -> Path:
        """The CA and the reviewer key."""
        ...

    @property
    def state(self) -> Path:
        """What the gateway writes."""
        ...

    @property
    def records_db(self) -> Path:
        """The embedded record store."""
        ...

    @property
    def users_file(self) -> Path:
        """People and networks."""
        ...
