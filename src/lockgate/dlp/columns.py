"""The heading of the column a value stands in, for tables pasted as delimited text.

Separate because tables name their values once, far above them, where no reach in characters finds the name. It must never
look at more than one line above, beside the value's own: the heading, which is the first line of the block.
"""

_DELIMITERS = "\t|;,"
_BLOCK_LIMIT = 4000
_CELL_LIMIT = 60


def heading_of(text: str, position: int) -> str:
    """The heading above `text[position]`, or an empty string when it does not stand in a table."""
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
