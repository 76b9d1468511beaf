"""What is wrong with an operator's file or command: place, problem, help.

Separate because every loader reports in this one shape. Nothing here reads a file; a `Document` is what a reader made of one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import ClassVar

type Path = tuple[str | int, ...]
"""Where a value sits in a document: mapping keys and sequence indexes from the root."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A position in a file; `line` and `column` count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong. `problem` is a lower-case clause without a period, `help` the next step.

    `code` is a stable word for this kind of problem, for programs; empty where nobody gave one.
    """

    problem: str
    help: str = ""
    place: Place | None = None
    code: str = ""

    def __str__(self) -> str:
        head = f"{self.place}: {self.problem}" if self.place else self.problem
        return f"{head}\n  {self.help}" if self.help else head


class UsageError(Exception):
    """The operator's file or command is wrong; everything else that is raised is a bug of ours.

    `notes` are what else was worth knowing, for who asks.
    """

    EXIT_CODE: ClassVar = 3

    def __init__(self, *problems: Problem, notes: tuple[Problem, ...] = ()) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems
        self.notes = notes


class LatePlaces(Mapping[Path, Place]):
    """Positions that are worked out when the first of them is asked for: nobody asks about a file that is in order."""

    __slots__ = ("_find", "_found")

    def __init__(self, find: Callable[[], Mapping[Path, Place]]) -> None:
        self._find = find
        self._found: Mapping[Path, Place] | None = None

    def _places(self) -> Mapping[Path, Place]:
        if self._found is None:
            self._found = self._find()
        return self._found

    def __getitem__(self, path: Path) -> Place:
        return self._places()[path]

    def __iter__(self) -> Iterator[Path]:
        return iter(self._places())

    def __len__(self) -> int:
        return len(self._places())


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """A text file that a document names. `problem` says why there is no text of it."""

    file: str
    text: str = field(default="", repr=False)
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Plain data read from a file, with the position of every value and key.

    `data` holds only dict, list, str, int, float, bool and None. `places` maps the path of each value to where it starts,
    `key_places` the path of each value of a mapping to where its key starts. `attached` are files that it names, as it names
    them.
    """

    file: str
    data: object
    places: Mapping[Path, Place]
    key_places: Mapping[Path, Place] = field(default_factory=dict[Path, Place])
    attached: Mapping[str, Attached] = field(default_factory=dict[str, Attached])

    def key_place(self, path: Path) -> Place:
        """The position of the key of `path`, for complaints about the key itself."""
        return self.key_places.get(path) or self.place(path)

    def place(self, path: Path) -> Place:
        """The position of `path`, or of its nearest ancestor that has one."""
        for length in range(len(path), -1, -1):
            found = self.places.get(path[:length])
            if found is not None:
                return found
        return Place(file=self.file, line=1, column=1)


def nearest_name(name: str, known: Iterable[str]) -> str:
    """`did you mean `x`?` for the closest known name, or an empty string when none is close."""
    close = get_close_matches(name, sorted(known), n=1, cutoff=0.6)
    return f"did you mean `{close[0]}`?" if close else ""
