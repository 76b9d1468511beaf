"""One JSON value per line as one document: an array of them, written back line by line.

Separate because bodies of unknown apps come like this, and uploads of whole folders do.
"""

from lockgate.apps.formats.budget import Budget
from lockgate.apps.formats.json_text import Parsed, parse_json, write_json
from lockgate.apps.formats.json_view import items

_MOST_LINES = 10_000


def parse_json_lines(content: bytes) -> Parsed | None:
    """The values, when every line is one and there are at least two."""
    if content.count(b"\n") > _MOST_LINES:
        return None
    lines = [line for line in content.split(b"\n") if line.strip()]
    if not 2 <= len(lines) <= _MOST_LINES or lines[0].lstrip()[:1] not in (b"{", b"["):
        return None
    values: list[object] = []
    budget = Budget()
    for line in lines:
        parsed = parse_json(line, budget)
        if not isinstance(parsed, Parsed):
            return None
        values.append(parsed.value)
    return Parsed(
        value=values,
        write=lambda written: b"".join(write_json(value) + b"\n" for value in items(written)),
        budget=budget,
    )
