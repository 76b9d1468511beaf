"""Typed access to one mapping of a document: what is missing, misspelt or of the wrong type goes to the report, with its place.

Separate because policies and their cases are both made of such mappings. It must never guess: a wrong value is
reported, and what is returned in its place only lets the reading go on.
"""

from collections.abc import Collection
from typing import TypeGuard, cast

from lockgate.facts.problem import Path
from lockgate.policy.report import Report


def is_mapping(value: object) -> TypeGuard[dict[str, object]]:
    """Whether it is a mapping; the keys of a document's mappings are always text."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[object]]:
    """Whether it is a list."""
    return isinstance(value, list)


class Fields:
    """One mapping at `path`. `keys` are the known ones; any other is reported at once."""

    def __init__(self, report: Report, value: object, path: Path, keys: Collection[str], *, what: str) -> None:
        self.report = report
        self.path = path
        self._data: dict[str, object] = {}
        if not is_mapping(value):
            report.wrong(path, f"expected {what}", f"its keys are: {', '.join(keys)}")
            return
        self._data = value
        for key in value:
            if key not in keys:
                report.unknown((*path, key), "key", key, keys)

    def __contains__(self, key: str) -> bool:
        return key in self._data

    def at(self, key: str) -> Path:
        """Where the value of `key` stands."""
        return (*self.path, key)

    def value(self, key: str, absent: object = None) -> object:
        """The value as it is."""
        return self._data.get(key, absent)

    def wrong(self, key: str, problem: str, help_text: str = "") -> None:
        """Something is wrong with `key`."""
        if key in self._data:
            self.report.wrong(self.at(key), problem, help_text)
        else:
            self.report.wrong(self.path, problem, help_text, code="missing-key")

    def text(self, key: str, absent: str = "") -> str:
        """Text without surrounding blanks."""
        value = self._data.get(key, absent)
        if isinstance(value, str):
            return value.strip()
        self.wrong(key, f"`{key}` is not text", "put it in quotes")
        return absent

    def choice(self, key: str, what: str, words: Collection[str], absent: str) -> str:
        """One of a few words."""
        value = self._data.get(key, absent)
        if isinstance(value, str) and (value in words or key not in self._data):
            return value
        self.report.unknown(self.at(key), what, str(value), words)
        return absent

    def number(self, key: str, absent: int) -> int:
        """A whole number, not negative."""
        value = self._data.get(key, absent)
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        self.wrong(key, f"`{key}` is not a whole number")
        return absent

    def flag(self, key: str, *, absent: bool) -> bool:
        """`true` or `false`."""
        value = self._data.get(key, absent)
        if isinstance(value, bool):
            return value
        self.wrong(key, f"`{key}` is not true or false")
        return absent

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; empty when absent."""
        value = self._data.get(key, [])
        if is_list(value) and all(isinstance(item, str) for item in value):
            return tuple(cast("list[str]", value))
        self.wrong(key, f"`{key}` is not a list of words", f"write `{key}: [word, ...]`")
        return ()

    def mapping(self, key: str) -> dict[str, object]:
        """A mapping with any keys; empty when absent."""
        value = self._data.get(key, {})
        if is_mapping(value):
            return value
        self.wrong(key, f"`{key}` is not a mapping", f"write `{key}: {{name: value}}`")
        return {}

    def entries(self, key: str, keys: Collection[str], *, what: str) -> tuple["Fields", ...]:
        """A list of mappings; empty when absent."""
        value = self._data.get(key, [])
        if not is_list(value):
            self.wrong(key, f"`{key}` is not a list", "begin each entry with `-`")
            return ()
        return tuple(Fields(self.report, item, (*self.at(key), index), keys, what=what) for index, item in enumerate(value))
