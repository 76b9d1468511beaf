"""Collecting what is wrong with a policy file, so that the operator hears of everything at once.

Separate because the parser, the checker and the reader of cases all report in this one way. It must never stop at the
first problem.
"""

from collections.abc import Iterable

from lockgate.facts.problem import Document, Path, Place, Problem, UsageError, nearest_name
from lockgate.policy.problem_codes import INVALID_VALUE, UNKNOWN

_LISTED_NAMES = 12
_MOST_NAMES = 40
_ALL_OF = {"app": "all apps: lockgate apps list"}


class Report:
    """The problems of one document, with the notes: things that are allowed but worth knowing."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._problems: list[Problem] = []
        self._notes: list[Problem] = []

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong, in the order of the file."""
        return _in_file_order(self._problems)

    @property
    def notes(self) -> tuple[Problem, ...]:
        """What is worth knowing, in the order of the file."""
        return _in_file_order(self._notes)

    def wrong(self, path: Path, problem: str, help_text: str = "", *, at_key: bool = False, code: str = INVALID_VALUE) -> None:
        """Something is wrong at `path`: with its value, or with its key. `code` is one of `PROBLEM_CODES`."""
        self.wrong_at(self.document.key_place(path) if at_key else self.document.place(path), problem, help_text, code=code)

    def wrong_at(self, place: Place, problem: str, help_text: str = "", *, code: str = INVALID_VALUE) -> None:
        """Something is wrong at a place of whatever file."""
        self._problems.append(Problem(place=place, problem=problem, help=help_text, code=code))

    def note(self, path: Path, problem: str, help_text: str = "", *, code: str = "worth-knowing") -> None:
        """Something at `path` is worth knowing. `code` is one of `NOTE_CODES`."""
        self._notes.append(Problem(place=self.document.place(path), problem=problem, help=help_text, code=code))

    def unknown(self, path: Path, what: str, name: str, known: Iterable[str], place: Place | None = None) -> None:
        """`name` is not one of the `known` names; the nearest one, all of them, or how to list them is the help."""
        names = sorted(known)
        help_text = name_help(name, names) or _ALL_OF.get(what) or ("" if len(names) > _MOST_NAMES else _listed(names))
        code = UNKNOWN.get(what, "unknown-name")
        at_key = path[-1:] == (name,)
        place = place or (self.document.key_place(path) if at_key else self.document.place(path))
        self.wrong_at(place, f"unknown {what} `{name}`", help_text, code=code)

    def raise_if_wrong(self) -> None:
        """Raises UsageError with every problem, if there is one."""
        if self._problems:
            raise UsageError(*self.problems, notes=self.notes)


def name_help(name: str, known: Iterable[str]) -> str:
    """The nearest known name, or the known names when they are few."""
    names = sorted(known)
    ending = [full for full in names if full.endswith(f".{name}")]
    if len(ending) == 1:
        return f"did you mean `{ending[0]}`?"
    nearest = nearest_name(name, names)
    if nearest:
        return nearest
    if not names:
        return "none are known"
    return _listed(names) if len(names) <= _LISTED_NAMES else ""


def _listed(names: list[str]) -> str:
    return f"known here: {', '.join(names)}"


def _in_file_order(problems: list[Problem]) -> tuple[Problem, ...]:
    """Files one after the other, in the order in which they came up."""
    files = {file: number for number, file in enumerate(dict.fromkeys(each.place.file for each in problems if each.place))}
    return tuple(
        sorted(problems, key=lambda each: (files[each.place.file], each.place.line, each.place.column) if each.place else ())
    )
