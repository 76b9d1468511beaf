"""A value as it is written beside an operator, and what all operators ask of one: its entries, its words, what is wrong.

Separate from the operators because those of words, numbers and times are read in files of their own. Nothing here is
lenient: a misread value is a hole in the policy.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from lockgate.facts.problem import Path, Place
from lockgate.policy.fields import is_list, is_mapping
from lockgate.policy.named_list import ListKind, Lists, NamedList
from lockgate.policy.operand import OneOf, Operand
from lockgate.policy.problem_codes import INVALID_VALUE
from lockgate.policy.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A value as written beside an operator. `known` limits words and names; None means any word.

    `lists` are those it may name. `place` is where it stands when that is another file than the report's.
    """

    value: object
    path: Path
    report: Report
    what: str
    known: frozenset[str] | None
    lists: Lists = field(default_factory=Lists)
    place: Place | None = None

    @property
    def stands_at(self) -> Place:
        """Where it stands: at its path, unless it is of another file."""
        return self.place or self.report.document.place(self.path)

    def wrong(self, problem: str, help_text: str = "", *, code: str = INVALID_VALUE) -> None:
        """Something is wrong with it."""
        self.report.wrong_at(self.stands_at, problem, help_text, code=code)

    def named(self, kind: ListKind) -> NamedList | None:
        """The list that `{list: name}` names, when it is of that kind."""
        name = self.value["list"] if is_mapping(self.value) and len(self.value) == 1 else None
        if not isinstance(name, str):
            self.wrong("expected the name of a list", "write `{list: name}`")
            return None
        found = self.lists.find(name)
        if found is None:
            self.report.unknown((*self.path, "list"), "list", name, self.lists.names)
        elif found.kind is not kind:
            takes = "write `within: {list: ...}`" if found.kind is ListKind.HOSTS else f"name a list of `kind: {kind}`"
            self.wrong(f"`{name}` is a list of {found.kind}, not of {kind}", takes)
            return None
        return found

    @property
    def is_named(self) -> bool:
        """Whether it stands for a list of the policy."""
        return is_mapping(self.value) and "list" in self.value

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
    """One word or a list of them, in which a named list stands for its words."""
    if written.is_named:
        return _named_words(written)
    words: set[str] = set()
    entries, wrong = written.entries, False
    for item in entries:
        found = _named_words(item) if item.is_named else {word} if (word := word_of(item)) is not None else None
        wrong = wrong or not found
        words |= found or frozenset()
    return None if wrong or not entries else frozenset(words)


def _named_words(written: Written) -> frozenset[str] | None:
    """The words of a named list; those that are not known are reported where they stand."""
    found = written.named(ListKind.WORDS)
    if found is None or not isinstance(found.has, OneOf):
        return None
    known = written.known
    unknown = sorted(found.has.words - known) if known is not None else []
    for word in unknown:
        written.report.unknown(written.path, written.what, word, known or (), found.place_of(word))
    return None if unknown else found.has.words


def single[T](parse: Callable[[Written], T | None]) -> Callable[[Written], T | None]:
    """`is` takes one value; a list is `in`."""

    def parsed(written: Written) -> T | None:
        if isinstance(written.value, list) or written.is_named:
            written.wrong("`is` takes one value", "write `in` for a list")
            return None
        return parse(written)

    return parsed
