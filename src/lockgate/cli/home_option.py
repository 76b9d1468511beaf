"""The home a command works on, looked for only when the command touches it (so that `--help` works anywhere)."""

from functools import cached_property
from pathlib import Path

from lockgate.home.home import Home, find_home


class HomeOption:
    """The `--home` option. Every access raises UsageError when there is no home there."""

    def __init__(self, given: str | None) -> None:
        self._given = given

    @cached_property
    def home(self) -> Home:
        """The home itself."""
        return find_home(self._given)

    @property
    def path(self) -> Path:
        """The home's directory."""
        return self.home.path

    @property
    def state(self) -> Path:
        """What the gateway writes."""
        return self.home.state

    @property
    def certs(self) -> Path:
        """The CA and the reviewer key."""
        return self.home.certs

    @property
    def records_db(self) -> Path:
        """The embedded record store."""
        return self.home.records_db

    @property
    def users_file(self) -> Path:
        """Users, groups, addresses."""
        return self.home.users_file
