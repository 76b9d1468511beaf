"""Cases as tables: many exchanges that differ in a few facts, one row each.

Separate because a table is only another way to write cases: each row becomes one, with what all rows share, and is read as any
other. What is wrong with a cell is told at the cell, which is what `TablePlaces` is for.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import override

from lockgate.facts.problem import Document, Path, Place
from lockgate.policy.fields import Fields, is_list, is_mapping

TABLE_KEYS = ("name", "given", "expect", "columns", "rows")
_TABLES, _ROWS, _COLUMNS, _CASES = "tables", "rows", "columns", "cases"
_NAME = "name"
_TO_ROW = 4
"""Steps of a path to a row as a case."""


class TablePlaces(Mapping[Path, Place]):
    """The places of a document, where the keys of a row's case (`tables`, 0, `cases`, 2, `given`, `app`) are its cells.

    With `heads`, they are those of the columns: where the key itself is written.
    """

    def __init__(self, data: object, places: Mapping[Path, Place], given: Collection[str], *, heads: bool) -> None:
        self._data = data
        self._given = given
        self._places = places
        self._heads = heads

    @override
    def __getitem__(self, path: Path) -> Place:
        return self._places[self._translated(path) if len(path) >= _TO_ROW and path[2] == _CASES else path]

    @override
    def __iter__(self) -> Iterator[Path]:
        return iter(self._places)

    @override
    def __len__(self) -> int:
        return len(self._places)

    def _translated(self, path: Path) -> Path:
        _, table, _, row, *below = path
        here: Path = (_TABLES, table)
        columns = [_steps(name, self._given) for name in columns_of(self._data, table)]
        for length in range(len(below), 0, -1):
            steps = tuple(map(str, below[:length]))
            if steps in columns:
                column = columns.index(steps)
                return (*here, _COLUMNS, column) if self._heads else (*here, _ROWS, row, column)
        shared = (*here, *below)
        return shared if len(below) > 1 and shared in self._places else (*here, _ROWS, row)


def columns_of(data: object, table: str | int) -> list[str]:
    """The names of a table's columns, none when there is no such table."""
    tables = data.get(_TABLES) if is_mapping(data) else None
    found = tables[table] if is_list(tables) and isinstance(table, int) and table < len(tables) else None
    columns = found.get(_COLUMNS) if is_mapping(found) else None
    return [str(name) for name in columns] if is_list(columns) else []


def _steps(name: str, given: Collection[str]) -> tuple[str, ...]:
    """Where in a case a column's cells belong; `expect.` before the name of what both sides have means what is expected."""
    first, *_ = steps = tuple(name.split("."))
    if steps == (_NAME,) or first == "expect":
        return steps
    return ("given" if first in given else "expect", *steps)


def with_table_places(document: Document, given: Collection[str]) -> Document:
    """The same document, which knows where the cells of its tables are."""
    if not (is_mapping(document.data) and _TABLES in document.data):
        return document
    return replace(
        document,
        places=TablePlaces(document.data, document.places, given, heads=False),
        key_places=TablePlaces(document.data, document.places, given, heads=True),
    )


def table_cases(top: Fields, keys: Collection[str], given: Collection[str], expect: Collection[str]) -> tuple[Fields, ...]:
    """A case for each row of each table of the file. `keys` are those of a case, `given` and `expect` those below it."""
    cases: list[Fields] = []
    for number, table in enumerate(top.entries(_TABLES, TABLE_KEYS, what="a table")):
        names = _columns(table, given, expect)
        if names is None:
            continue
        rows = table.value(_ROWS)
        if not is_list(rows) or not rows:
            table.wrong(_ROWS, "`rows` is not a list of rows", "write each row on a line: `- [assistant, upload, block]`")
            continue
        for index, row in enumerate(rows):
            case = _case(table, names, row, index, given)
            if case is not None:
                cases.append(Fields(top.report, case, (_TABLES, number, _CASES, index), keys, what="a case"))
    return tuple(cases)


def _columns(table: Fields, given: Collection[str], expect: Collection[str]) -> list[str] | None:
    names = table.texts(_COLUMNS)
    if not names:
        table.wrong(_COLUMNS, "`columns` is missing", "name what each column says: `columns: [app, operation, verdict, rule]`")
        return None
    known = (_NAME, *given, *expect, *(f"expect.{key}" for key in expect if key in given))
    for index, name in enumerate(names):
        here = (*table.at(_COLUMNS), index)
        first, _, second = name.partition(".")
        if first not in known and not (first == "expect" and second.partition(".")[0] in expect):
            table.report.unknown(here, "column", name, known)
        elif name in names[:index]:
            table.report.wrong(here, f"the column `{name}` is there twice", "keep one of them")
    return list(names)


def _case(table: Fields, names: list[str], row: object, index: int, given: Collection[str]) -> dict[str, object] | None:
    here = (*table.at(_ROWS), index)
    if not is_list(row) or len(row) != len(names):
        found = f"{len(row)} cells" if is_list(row) else "no list"
        table.report.wrong(here, f"a row of {len(names)} cells is expected, found {found}", f"its columns: {', '.join(names)}")
        return None
    parts: dict[str, object] = {"given": _copy(table.value("given")), "expect": _copy(table.value("expect"))}
    told: list[str] = []
    title = ""
    for name, cell in zip(names, row, strict=True):
        side, *below = _steps(name, given)
        if not below:
            title = str(cell)
        elif cell is not None:
            _put(parts[side], below, cell)
        if side == "given":
            told.append(_shown(cell))
    return {"name": title or f"{table.text(_NAME)}: {', '.join(told)}", **parts}


def _copy(value: object) -> object:
    if is_mapping(value):
        return {key: _copy(entry) for key, entry in value.items()}
    return {} if value is None else value


def _put(target: object, steps: list[str], cell: object) -> None:
    """Set a value below a mapping; what stands in the way gives way, because the row says more than what all share."""
    if not is_mapping(target):
        return
    first, *rest = steps
    if not rest:
        target[first] = cell
        return
    below = target.get(first)
    if not is_mapping(below):
        below = {}
        target[first] = below
    _put(below, rest, cell)


def _shown(cell: object) -> str:
    match cell:
        case None:
            return "-"
        case list():
            return "+".join(map(str, cell))  # pyright: ignore[reportUnknownArgumentType]  # plain data of a document
        case bool():
            return str(cell).lower()
        case _:
            return str(cell)
