"""Records as JSON lines, for other programs.

Separate because the field names are a public format: those of `Record`, in its order. Sealed text stays out unless it is
asked for, and is never opened here; the facts that are kept for policies are not the record's.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from lockgate.facts.record import Record


def record_fields(record: Record, *, with_sealed: bool = False) -> dict[str, Any]:
    """The fields of a record as JSON types. `captured` says whether there is sealed text; its bytes are base64."""
    shown: dict[str, Any] = msgspec.to_builtins(record)
    sealed = shown.pop("sealed")
    del shown["facts"]
    shown["captured"] = sealed is not None
    if with_sealed:
        shown["sealed"] = sealed
    return shown


def export_lines(records: Iterable[Record], *, with_sealed: bool = False) -> Iterator[bytes]:
    """One JSON object and a line feed per record."""
    for record in records:
        yield msgspec.json.encode(record_fields(record, with_sealed=with_sealed)) + b"\n"
