"""A value as it is written beside an operator, and what all operators ask of one: its entries, its words, what is wrong.

Separate from the operators because those of words, numbers and times are read in files of their own. Nothing here is
lenient: a misread value is a hole in the policy.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from lockgate.facts.problem import Path
from lockgate.policy.fields import is_list
from lockgate.policy.operand import Operand
from lockgate.policy.problem_codes import INVALID_VALUE
from lockgate.policy.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A value as written beside an operator. `known` limits words and names; None means any word."""

    value: object
    path: Path
    report: Report
    what: str
    known: frozenset[str] | None

    def wrong(self, problem: str, help_text: str = "", *, code: str = INVALID_VALUE) -> None:
        """Something is wrong with it."""
        self.report.wrong(self.path, problem, help_text, code=code)

    @property
    def entries(self) -> list["Written"]:
        """The entries of a list, or the value itself as the only one."""
        if not is_list(self.value):
            return [self]
        if not self.value:
            self.wrong("the list is empty, so this could never match", "name at least one", code="empty-list")
        return [replace(self, value=entry, path=(*self.path, index)) for index, entry in enumerate(self.value)]

    @property
    def shown(self) -> str:
        """The value as a message tells of it."""
        match self.value:
            case bool():
                return str(self.value).lower()
            case None:
                return "nothing"
            case dict():
                return "a mapping"
            case list():
                return "a list"
            case _:
                return str(self.value)


type Parse = Callable[[Written], Operand | None]


def word_of(written: Written) -> str | None:
    """One word, of those that are known."""
    if not isinstance(written.value, str) or not written.value:
        written.wrong(f"expected a word, found `{written.shown}`", "put it in quotes if it is meant as text")
        return None
    if written.known is not None and written.value not in written.known:
        written.report.unknown(written.path, written.what, written.value, written.known)
        return None
    return written.value


def words_of(written: Written) -> frozenset[str] | None:
    """One word or a list of them."""
    words = [word_of(item) for item in written.entries]
    return frozenset(word for word in words if word is not None) if words and None not in words else None


def single[T](parse: Callable[[Written], T | None]) -> Callable[[Written], T | None]:
    """`is` takes one value; a list is `in`."""

    def parsed(written: Written) -> T | None:
        if isinstance(written.value, list):
            written.wrong("`is` takes one value", "write `in` for a list")
            return None
        return parse(written)

    return parsed
