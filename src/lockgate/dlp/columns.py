"""The heading of the column a value stands in, for tables pasted as delimited text and rows of an SQL `INSERT`.

Separate because tables name their values once, far above them, where no reach in characters finds the name. It must never
look at more than one line above, beside the value's own (the heading, which is the first line of the block), or the list of
columns of the statement.
"""

import re

_DELIMITERS = "\t|;,"
_BLOCK_LIMIT = 4000
_CELL_LIMIT = 60
_COLUMNS = re.compile(r"insert\s+into\s+[\w.\"`\[\]]{1,80}\s*\(([^()]{1,400})\)\s*values\s*\(", re.IGNORECASE)
_STATEMENT_LIMIT = 600
_QUOTED = re.compile(r"'(?:[^']|'')*'")


def heading_of(text: str, position: int) -> str:
    """The heading above `text[position]`, or an empty string when it does not stand in a table."""
    return _of_statement(text, position) or _of_table(text, position)


def _of_statement(text: str, position: int) -> str:
    first = max(0, position - _BLOCK_LIMIT)
    values = max(text.rfind("VALUES", first, position), text.rfind("values", first, position))
    columns = _COLUMNS.search(text, max(first, values - _STATEMENT_LIMIT), position) if values >= 0 else None
    if columns is None:
        return ""
    before = _QUOTED.sub("''", text[columns.end() : position])
    row = before.rpartition("(")[2]
    if ")" in row or ";" in row:
        return ""
    names = columns[1].split(",")
    column = row.count(",")
    return names[column].strip(' "`[]') if column < len(names) else ""


def _of_table(text: str, position: int) -> str:
    blank = text.rfind("\n\n", max(0, position - _BLOCK_LIMIT), position)
    if blank < 0 and position > _BLOCK_LIMIT:
        return ""
    first = blank + 2 if blank >= 0 else 0
    line = text.rfind("\n", first, position) + 1
    if line <= first:
        return ""
    head_end = text.find("\n", first, line)
    for delimiter in _DELIMITERS:
        columns = text.count(delimiter, first, head_end)
        if not columns:
            continue
        cells = text[first:head_end].split(delimiter)
        column = text.count(delimiter, line, position)
        if column < len(cells) and max(map(len, cells)) <= _CELL_LIMIT:
            return cells[column]
    return ""
